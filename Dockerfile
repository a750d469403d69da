# syntax=docker/dockerfile:1
# The server and the admin tool, without the simulators. With them: --build-arg FEATURES=simulator
FROM rust:1.95-slim-bookworm AS build
# aws-lc is C and assembler.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
ARG FEATURES=""
# The query macros use the committed .sqlx; no database is asked.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --no-default-features --features "$FEATURES" --bins \
    && install -D --target-directory=/out target/release/connectord target/release/connectorctl

# glibc and CA certificates, no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/ /usr/local/bin/
COPY LICENSE /usr/share/doc/connector/LICENSE
USER 65532:65532
# Outside the container the loopback default would reach nobody.
ENV CONNECTOR_GRPC__LISTEN=0.0.0.0:50051 CONNECTOR_LOG__FORMAT=json
EXPOSE 50051
STOPSIGNAL SIGTERM
# No HEALTHCHECK: it would need a shell. The server speaks grpc.health.v1, also per service, which Kubernetes probes
# itself (livenessProbe.grpc, readinessProbe.grpc) and load balancers do too.
ENTRYPOINT ["/usr/local/bin/connectord"]
CMD ["serve"]
