//! HashiCorp Vault's transit engine as its documentation describes it, as far as data keys need it.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::Listener,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use connector::config::Config;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
    server::TlsStream,
};

use crate::auth::authority::Issued;

/// Accepts over TLS; a handshake that fails is the client's to tell.
struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl TlsListener {
    async fn bind(issued: &Issued) -> Result<Self> {
        let chain = CertificateDer::pem_slice_iter(issued.chain.as_bytes()).collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { tcp: TcpListener::bind("127.0.0.1:0").await?, acceptor })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, address)) = self.tcp.accept().await
                && let Ok(stream) = self.acceptor.accept(stream).await
            {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

const TOKEN: &str = "hvs.fake-token";
pub const KEY: &str = "connector";

#[derive(Default)]
struct Inner {
    /// Version 1 first.
    versions: Vec<[u8; 32]>,
    min_decryption_version: usize,
    is_sealed: bool,
    decrypts: u64,
}

/// A Vault with one transit key.
#[derive(Clone)]
pub struct FakeVault {
    inner: Arc<Mutex<Inner>>,
    address: SocketAddr,
    token_file: PathBuf,
}

impl FakeVault {
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (vault, routes) = Self::at(listener.local_addr()?)?;
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(vault)
    }

    /// The same over TLS, with this certificate.
    pub async fn start_tls(issued: &Issued) -> Result<Self> {
        let listener = TlsListener::bind(issued).await?;
        let (vault, routes) = Self::at(listener.tcp.local_addr()?)?;
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(vault)
    }

    fn at(address: SocketAddr) -> Result<(Self, Router)> {
        let token_file = std::env::temp_dir().join(format!("connector-vault-token-{}", address.port()));
        std::fs::write(&token_file, TOKEN)?;
        let inner = Inner { versions: vec![rand::random()], min_decryption_version: 1, ..Inner::default() };
        let vault = Self { inner: Arc::new(Mutex::new(inner)), address, token_file };
        let routes = Router::new()
            .route("/v1/transit/keys/{name}", get(read))
            .route("/v1/transit/keys/{name}/rotate", post(rotate))
            .route("/v1/transit/keys/{name}/config", post(configure))
            .route("/v1/transit/encrypt/{name}", post(encrypt))
            .route("/v1/transit/decrypt/{name}", post(decrypt))
            .with_state(vault.clone());
        Ok((vault, routes))
    }

    /// Keys from here over TLS, trusted by this authority.
    pub fn configure_tls(&self, config: &mut Config, authority: Option<PathBuf>) -> Result<()> {
        self.configure(config)?;
        config.vault.transit_address = Some(format!("https://localhost:{}", self.address.port()).parse()?);
        config.vault.transit_ca_file = authority;
        Ok(())
    }

    /// Keys from here.
    pub fn configure(&self, config: &mut Config) -> Result<()> {
        config.vault.transit_address = Some(format!("http://{}", self.address).parse()?);
        config.vault.transit_key = Some(KEY.to_owned());
        config.vault.transit_token_file = Some(self.token_file.clone());
        Ok(())
    }

    pub fn seal(&self, is_sealed: bool) {
        self.with(|inner| inner.is_sealed = is_sealed);
    }

    pub fn decrypts(&self) -> u64 {
        self.with(|inner| inner.decrypts)
    }

    pub fn min_decryption_version(&self) -> usize {
        self.with(|inner| inner.min_decryption_version)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What every path does first.
    fn admit(&self, headers: &HeaderMap, name: &str) -> Result<(), Refused> {
        if headers.get("x-vault-token").and_then(|token| token.to_str().ok()) != Some(TOKEN) {
            return Err(refuse(StatusCode::FORBIDDEN, "permission denied"));
        }
        if self.with(|inner| inner.is_sealed) {
            return Err(refuse(StatusCode::SERVICE_UNAVAILABLE, "Vault is sealed"));
        }
        if name == KEY { Ok(()) } else { Err(refuse(StatusCode::NOT_FOUND, "")) }
    }
}

/// A status with Vault's words.
struct Refused(StatusCode, &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "errors": [self.1] }))).into_response()
    }
}

fn refuse(status: StatusCode, words: &'static str) -> Refused {
    Refused(status, words)
}

fn data(data: &Value) -> Response {
    Json(json!({"request_id": "x", "lease_id": "", "renewable": false, "data": data})).into_response()
}

fn bytes(body: &Value, field: &str) -> Result<Vec<u8>, Refused> {
    let text = body.get(field).and_then(Value::as_str).unwrap_or_default();
    BASE64_STANDARD.decode(text).map_err(|_| refuse(StatusCode::BAD_REQUEST, "failed to base64-decode"))
}

fn key(bytes: &[u8; 32]) -> Result<RandomizedNonceKey, Refused> {
    RandomizedNonceKey::new(&AES_256_GCM, bytes).map_err(|_| refuse(StatusCode::INTERNAL_SERVER_ERROR, "key"))
}

async fn read(
    State(vault): State<FakeVault>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    vault.admit(&headers, &name)?;
    Ok(vault.with(|inner| {
        data(&json!({
            "type": "aes256-gcm96", "name": name, "latest_version": inner.versions.len(),
            "min_decryption_version": inner.min_decryption_version, "min_encryption_version": 0,
            "derived": false, "exportable": false, "supports_encryption": true, "supports_decryption": true,
        }))
    }))
}

async fn rotate(
    State(vault): State<FakeVault>,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    vault.admit(&headers, &name)?;
    vault.with(|inner| inner.versions.push(rand::random()));
    Ok(data(&json!({})))
}

async fn configure(
    State(vault): State<FakeVault>,
    headers: HeaderMap,
    Path(name): Path<String>,
    Json(body): Json<Value>,
) -> Result<Response, Refused> {
    vault.admit(&headers, &name)?;
    let version = body.get("min_decryption_version").and_then(Value::as_u64).unwrap_or_default();
    let version = usize::try_from(version).unwrap_or_default();
    vault.with(|inner| {
        if version == 0 || version > inner.versions.len() {
            return Err(refuse(StatusCode::BAD_REQUEST, "cannot set min decryption version"));
        }
        inner.min_decryption_version = version;
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

async fn encrypt(
    State(vault): State<FakeVault>,
    headers: HeaderMap,
    Path(name): Path<String>,
    Json(body): Json<Value>,
) -> Result<Response, Refused> {
    vault.admit(&headers, &name)?;
    let (mut plain, aad) = (bytes(&body, "plaintext")?, bytes(&body, "associated_data")?);
    let asked = body.get("key_version").and_then(Value::as_u64).unwrap_or_default();
    vault.with(|inner| {
        let version =
            if asked == 0 { inner.versions.len() } else { usize::try_from(asked).unwrap_or_default() };
        let Some(found) = version.checked_sub(1).and_then(|index| inner.versions.get(index)) else {
            return Err(refuse(
                StatusCode::BAD_REQUEST,
                "requested version for encryption is higher than the latest",
            ));
        };
        let nonce = key(found)?
            .seal_in_place_append_tag(Aad::from(aad.as_slice()), &mut plain)
            .map_err(|_| refuse(StatusCode::INTERNAL_SERVER_ERROR, "seal"))?;
        let sealed = [nonce.as_ref().as_slice(), plain.as_slice()].concat();
        let ciphertext = format!("vault:v{version}:{}", BASE64_STANDARD.encode(sealed));
        Ok(data(&json!({"ciphertext": ciphertext, "key_version": version})))
    })
}

async fn decrypt(
    State(vault): State<FakeVault>,
    headers: HeaderMap,
    Path(name): Path<String>,
    Json(body): Json<Value>,
) -> Result<Response, Refused> {
    vault.admit(&headers, &name)?;
    let aad = bytes(&body, "associated_data")?;
    let ciphertext = body.get("ciphertext").and_then(Value::as_str).unwrap_or_default();
    let invalid = || refuse(StatusCode::BAD_REQUEST, "invalid ciphertext: no prefix");
    let (version, sealed) =
        ciphertext.strip_prefix("vault:v").and_then(|rest| rest.split_once(':')).ok_or_else(invalid)?;
    let version: usize = version.parse().map_err(|_| invalid())?;
    let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| invalid())?;
    vault.with(|inner| {
        inner.decrypts += 1;
        if version < inner.min_decryption_version {
            return Err(refuse(
                StatusCode::BAD_REQUEST,
                "ciphertext version is disallowed by policy (too old)",
            ));
        }
        let found = version.checked_sub(1).and_then(|index| inner.versions.get(index)).ok_or_else(invalid)?;
        let (nonce, sealed) = sealed.split_at_checked(12).ok_or_else(invalid)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| invalid())?;
        let mut buffer = sealed.to_vec();
        let plain = key(found)?
            .open_in_place(nonce, Aad::from(aad.as_slice()), &mut buffer)
            .map_err(|_| refuse(StatusCode::BAD_REQUEST, "cipher: message authentication failed"))?;
        Ok(data(&json!({ "plaintext": BASE64_STANDARD.encode(plain) })))
    })
}
