#!/bin/bash
# Makes the secrets that docker-compose.yml mounts, once: keys and passwords that exist are left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=deploy/secrets
# Where the servers write the signed heads of the audit trail.
heads=deploy/audit
umask 077
mkdir -p "$folder" "$heads"

random() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }
# In an address, so without the characters that would end a password there.
random_password() { head -c 24 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'; }

for role in postgres owner app audit_reader; do
    [ -e "$folder/${role}_password" ] || random_password >"$folder/${role}_password"
done
for role in owner app audit_reader; do
    printf 'postgres://connector_%s:%s@postgres/connector' "$role" "$(cat "$folder/${role}_password")" \
        >"$folder/${role}_database_url"
done
if [ ! -e "$folder/keyring.json" ]; then
    printf '{\n  "current": "1",\n  "keys": {\n    "1": "%s"\n  },\n  "fingerprint_key": "%s"\n}\n' \
        "$(random)" "$(random)" >"$folder/keyring.json"
fi

# The key that signs tokens, the operator's token, and the key that signs the audit trail. By a program at hand, else by the image.
connectord() {
    if [ -n "${CONNECTORD:-}" ]; then
        "$CONNECTORD" "$@"
    else
        docker image inspect connector >/dev/null 2>&1 || docker compose build server-1 >&2
        docker run --rm --network none --user "$(id -u):$(id -g)" --volume "$PWD/$folder:/$folder" --workdir / connector "$@"
    fi
}
[ -e "$folder/token-key.json" ] || connectord new-token-key "$folder/token-key.json" --jwks "$folder/jwks.json"
[ -e "$folder/operator.token" ] ||
    connectord issue-token --key "$folder/token-key.json" --subject operator --all-scopes --all-portals \
        --expires-in 90d --out "$folder/operator.token"

[ -e "$folder/audit.pem" ] || connectord new-audit-key "$folder/audit.pem"

# The database's image reads its files under a user of its own; the folder keeps others on this machine out.
chmod 644 "$folder"/*_password

# Compose mounts the files as they are, so the servers run as the one who may read them: not as root.
if [ "$(id -u)" = 0 ]; then
    chown -R 65532:65532 "$folder" "$heads"
else
    user="$(id -u):$(id -g)"
    touch .env
    grep -q '^CONNECTOR_USER=' .env || printf 'CONNECTOR_USER=%s\n' "$user" >>.env
fi
echo "secrets are in $folder; back keyring.json up: without it nothing that was sealed can be opened"
echo "connectorctl --token-file $folder/operator.token; it is good for 90 days, then delete it and run this again"
