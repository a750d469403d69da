//! Compiles the protocol buffers with protox (no system `protoc`) and keeps sqlx away from a database at build time.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

/// Messages that carry secrets: their `Debug` is written by hand in `src/api.rs`.
const SECRET_MESSAGES: &[&str] = &[
    "connector.v1.HubSpotStaticToken",
    "connector.v1.HubSpotOAuth",
    "connector.v1.SalesforcePassword",
    "connector.v1.SalesforceJwtBearer",
    "connector.v1.SalesforceClientCredentials",
    "connector.v1.SalesforceRefreshToken",
    "connector.v1.SubmitSecurityTokenRequest",
    "connector.v1.CreateHandoffResponse",
];

/// The responses of watches.
const WATCH_RESPONSES: &[&str] = &[
    ".connector.v1.WatchConnectionsResponse",
    ".connector.v1.WatchSetupResponse",
    ".connector.v1.WatchSyncStatusResponse",
    ".connector.v1.WatchTestContactResponse",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=.sqlx");
    println!("cargo:rerun-if-env-changed=SQLX_OFFLINE");
    if env::var_os("SQLX_OFFLINE").is_none() {
        // A stray DATABASE_URL in the shell would otherwise send the query macros to that database.
        println!("cargo:rustc-env=SQLX_OFFLINE=true");
    }

    let mut files: Vec<PathBuf> = fs::read_dir("proto/connector/v1")?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "proto"));
    files.sort();

    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    let descriptor_bytes = compiler.encode_file_descriptor_set();
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out_dir.join("descriptor.bin"), &descriptor_bytes)?;

    let descriptors = prost_types::FileDescriptorSet::decode(descriptor_bytes.as_slice())?;
    let mut builder = tonic_prost_build::configure().emit_rerun_if_changed(false).build_server(false);
    for message in SECRET_MESSAGES {
        builder = builder.skip_debug([*message]);
    }
    builder.compile_fds(descriptors.clone())?;

    // The servers, over the same messages; what watches send is encoded before it gets there.
    let servers = out_dir.join("servers");
    fs::create_dir_all(&servers)?;
    let mut builder = tonic_prost_build::configure()
        .emit_rerun_if_changed(false)
        .build_client(false)
        .codec_path("crate::api::SizedCodec")
        .out_dir(servers)
        .extern_path(".connector.v1", "crate::api::v1");
    for response in WATCH_RESPONSES {
        builder = builder.extern_path(response, "crate::api::EncodedEvent");
    }
    builder.compile_fds(descriptors)?;
    Ok(())
}
