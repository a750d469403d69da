//! Certificate authorities for tests, and folders with what they issue.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use connector::config::Config;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType,
    SerialNumber,
};
use time::{Duration, OffsetDateTime};
use tonic::transport::{self, Channel, ClientTlsConfig, Endpoint, Identity};

/// An authority and its certificate.
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub struct Issued {
    pub chain: String,
    pub key: String,
    pub serial: SerialNumber,
}

/// For how long, counted from now.
pub const FINE: (Duration, Duration) = (Duration::hours(-1), Duration::hours(1));
pub const EXPIRED: (Duration, Duration) = (Duration::hours(-2), Duration::hours(-1));
pub const NOT_YET: (Duration, Duration) = (Duration::hours(1), Duration::hours(2));

impl Authority {
    pub fn new() -> Result<Self> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        // Names tell authorities apart, also in lists of revoked certificates.
        let name = format!("authority {}", uuid::Uuid::now_v7());
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    fn issue(
        &self,
        names: Vec<SanType>,
        usage: ExtendedKeyUsagePurpose,
        valid: (Duration, Duration),
    ) -> Result<Issued> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.subject_alt_names = names;
        params.extended_key_usages = vec![usage];
        let now = OffsetDateTime::now_utc();
        params.not_before = now + valid.0;
        params.not_after = now + valid.1;
        let serial = SerialNumber::from(u64::from(rand::random::<u32>()) + 1);
        params.serial_number = Some(serial.clone());
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { chain: certificate.pem(), key: key.serialize_pem(), serial })
    }

    /// A certificate for `localhost`.
    pub fn server(&self) -> Result<Issued> {
        self.server_for("localhost", FINE)
    }

    /// A server's certificate for a DNS name.
    pub fn server_for(&self, name: &str, valid: (Duration, Duration)) -> Result<Issued> {
        self.issue(vec![san(name)?], ExtendedKeyUsagePurpose::ServerAuth, valid)
    }

    /// A client's certificate for a URI, or a DNS name.
    pub fn client(&self, name: &str, valid: (Duration, Duration)) -> Result<Issued> {
        self.issue(vec![san(name)?], ExtendedKeyUsagePurpose::ClientAuth, valid)
    }

    /// A certificate that is for servers and not for clients.
    pub fn no_client(&self, name: &str) -> Result<Issued> {
        self.issue(vec![san(name)?], ExtendedKeyUsagePurpose::ServerAuth, FINE)
    }

    /// A list with these certificates.
    pub fn revoke(&self, issued: &[&Issued]) -> Result<String> {
        let now = OffsetDateTime::now_utc();
        let revoked = |issued: &&Issued| RevokedCertParams {
            serial_number: issued.serial.clone(),
            revocation_time: now,
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: now - Duration::hours(1),
            next_update: now + Duration::hours(1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: issued.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer)?.pem()?)
    }
}

fn san(name: &str) -> Result<SanType> {
    let text = name.try_into()?;
    Ok(if name.contains("://") { SanType::URI(text) } else { SanType::DnsName(text) })
}

/// The folder that a server reads its certificates from.
pub struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    pub fn new() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("connector-tls-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder)?;
        Ok(Self(folder))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Replaces a file, for its owner alone.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let beside = self.path("beside");
        std::fs::write(&beside, text)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(std::fs::rename(&beside, self.path(name))?)
    }

    pub fn serve(&self, issued: &Issued) -> Result<()> {
        self.write("server.key", &issued.key)?;
        self.write("server.pem", &issued.chain)
    }

    /// Has a server serve what is in the folder.
    pub fn configure(&self, config: &mut Config) {
        config.tls.cert_file = Some(self.path("server.pem"));
        config.tls.key_file = Some(self.path("server.key"));
        config.tls.reload_interval = std::time::Duration::from_millis(20);
    }
}

/// A connection that trusts this authority, with a client's certificate if it has one.
pub async fn connect(url: &str, authority: &str, client: Option<&Issued>) -> Result<Channel> {
    let tls = ClientTlsConfig::new()
        .ca_certificate(transport::Certificate::from_pem(authority))
        .domain_name("localhost");
    let tls = match client {
        Some(issued) => tls.identity(Identity::from_pem(&issued.chain, &issued.key)),
        None => tls,
    };
    Ok(Endpoint::from_shared(url.to_owned())?.tls_config(tls)?.connect().await?)
}

/// The path as a configuration has it.
pub fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path")
}
