//! TLS: the server's certificate, and whose client certificates are taken. Read from files, and again when they change.
//!
//! A handshake uses what was read last. Connections that exist stay as they are, but a client certificate is judged
//! again now and then (`still_takes`), so that an authority or a certificate that was withdrawn has an end.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, RootCertStore, ServerConfig,
        crypto::{CryptoProvider, aws_lc_rs},
        pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime, pem::PemObject},
        server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    },
};
use tokio_util::sync::CancellationToken;

use crate::private_file;

/// PEM files larger than this are something else. Lists of revoked certificates can be long.
const MAX_PEM_BYTES: u64 = 16 * 1024 * 1024;
/// HTTP/2 for gRPC, HTTP/1.1 for gRPC-Web.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's chain, its own certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Authorities of client certificates; without them none is asked for.
    pub client_authorities: Option<PathBuf>,
    /// Revoked client certificates.
    pub client_revocations: Option<PathBuf>,
}

/// Why the files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file without what belongs into it.
    #[error("{}: no {what} in PEM form", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What is missing.
        what: &'static str,
    },
    /// Certificate and key, or an authority, can't be used.
    #[error("certificate, key or authorities can't be used: {0}")]
    Unusable(String),
}

/// TLS as it is now. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    files: Arc<TlsFiles>,
    now: Arc<RwLock<Arc<Loaded>>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

/// What was read.
struct Loaded {
    acceptor: TlsAcceptor,
    verifier: Option<Arc<dyn ClientCertVerifier>>,
}

/// By what a change of a file is seen: also links that were led elsewhere.
#[derive(Debug, PartialEq, Eq)]
struct Stamp(Vec<Option<(SystemTime, u64)>>);

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When one is missing or they don't fit together.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let loaded = Loaded::read(&files)?;
        Ok(Self { files: Arc::new(files), now: Arc::new(RwLock::new(Arc::new(loaded))) })
    }

    /// Looks at the files every `interval` until `stop`, and reads them when they have changed. Files that can't be
    /// used are told and left; the last good ones stay in use.
    pub async fn keep_fresh(&self, interval: Duration, stop: CancellationToken) {
        // Unknown, so that a change between start and now is not missed.
        let mut seen = None;
        loop {
            let stamp = self.files.stamp();
            if seen.as_ref() != Some(&stamp) {
                let is_first = seen.is_none();
                match Loaded::read(&self.files) {
                    Ok(loaded) => {
                        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
                        if !is_first {
                            tracing::info!("TLS certificates were read again");
                        }
                    }
                    Err(error) => {
                        tracing::error!(%error, "TLS certificates can't be used; the last good ones stay");
                    }
                }
                seen = Some(stamp);
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(interval) => {}
            }
        }
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// For the next handshake.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.loaded().acceptor.clone()
    }

    /// Whether a client with this chain would be let in now.
    pub(super) fn still_takes(&self, chain: &[CertificateDer<'static>]) -> bool {
        let (loaded, Some((certificate, others))) = (self.loaded(), chain.split_first()) else {
            return false;
        };
        let verifier = loaded.verifier.as_ref();
        verifier
            .is_some_and(|verifier| verifier.verify_client_cert(certificate, others, UnixTime::now()).is_ok())
    }
}

impl TlsFiles {
    fn all(&self) -> impl Iterator<Item = &Path> {
        let optional = [&self.client_authorities, &self.client_revocations].into_iter().flatten();
        [&self.certificate, &self.key].into_iter().chain(optional).map(PathBuf::as_path)
    }

    fn stamp(&self) -> Stamp {
        let look = |path: &Path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, identity(&metadata)))
        };
        Stamp(self.all().map(look).collect())
    }
}

#[cfg(unix)]
fn identity(metadata: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.ino() ^ metadata.len().rotate_left(32)
}

#[cfg(not(unix))]
fn identity(metadata: &fs::Metadata) -> u64 {
    metadata.len()
}

impl Loaded {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = certificates(&files.certificate)?;
        let key = private_key(&files.key)?;
        let authorities = files.client_authorities.as_deref();
        let verifier = authorities
            .map(|path| verifier(path, files.client_revocations.as_deref(), &provider))
            .transpose()?;
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?;
        let builder = match &verifier {
            Some(verifier) => builder.with_client_cert_verifier(Arc::clone(verifier)),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| unusable(&error))?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        // A resumed session would bring back a client certificate that nobody looked at again.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), verifier })
    }
}

/// A certificate is not demanded in the handshake: probes have none, and who needs one is told so by a status.
fn verifier(
    authorities: &Path,
    revocations: Option<&Path>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authorities)? {
        roots.add(certificate).map_err(|error| unusable(&error))?;
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .allow_unauthenticated();
    if let Some(path) = revocations {
        let text = read(path)?;
        let lists = CertificateRevocationListDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
        let lists = lists.ok().filter(|lists| !lists.is_empty());
        let lists = lists.ok_or_else(|| pem(path, "certificate revocation list"))?;
        // Authorities that publish no list are not shut out by those that do.
        builder = builder.with_crls(lists).allow_unknown_revocation_status();
    }
    builder.build().map_err(|error| unusable(&error))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(|| pem(path, "certificate"))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = private_file::read(path, MAX_PEM_BYTES).map_err(|source| io_error(path, source))?;
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| pem(path, "private key"))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    use io::Read as _;
    let mut text = Vec::new();
    let file = fs::File::open(path).map_err(|source| io_error(path, source))?;
    file.take(MAX_PEM_BYTES).read_to_end(&mut text).map_err(|source| io_error(path, source))?;
    Ok(text)
}

fn io_error(path: &Path, source: io::Error) -> TlsError {
    TlsError::Io { path: path.to_owned(), source }
}

fn pem(path: &Path, what: &'static str) -> TlsError {
    TlsError::Pem { path: path.to_owned(), what }
}

fn unusable(error: &dyn fmt::Display) -> TlsError {
    TlsError::Unusable(error.to_string())
}

/// The name of the protocol that handshakes fail in; `rustls` itself is not seen outside of this file.
pub(super) type Stream<T> = tokio_rustls::server::TlsStream<T>;

/// The chain that the other side proved to have.
pub(super) fn client_chain<T>(stream: &Stream<T>) -> Option<Vec<CertificateDer<'static>>> {
    let (_, connection): (_, &rustls::ServerConnection) = stream.get_ref();
    Some(connection.peer_certificates()?.iter().map(|certificate| certificate.clone().into_owned()).collect())
}
