//! Who may call and what is sealed on the wire, from the configuration. A server that would let in everybody, or
//! nobody, or tokens in plain text over a network, does not start.

use std::collections::BTreeSet;

use crate::{
    config::{self, AuthConfig, CertificateConfig, Config, Portals, Required, TlsConfig},
    domain::{
        PortalId,
        access::{PortalGrant, Scope},
    },
    grpc::{
        Authentication,
        auth::{
            CertificateRule, JwksError, KeySource, KeySourceSettings, SanPattern, TokenAlgorithm,
            TokenSettings,
        },
        tls::{Tls, TlsError, TlsFiles},
    },
};

/// Why callers can't be authenticated as configured. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    /// Nothing is configured.
    #[error(
        "nobody could call: set auth.jwks_file or auth.jwks_url for tokens, or tls.client_ca_file and \
         [[auth.certificates]] for client certificates (`connectord new-token-key` makes a key for tokens)"
    )]
    NoAuthentication,
    /// Both are demanded and one is missing.
    #[error(
        "auth.require = \"both\" needs keys for tokens (auth.jwks_file or auth.jwks_url) and [[auth.certificates]]"
    )]
    NotBoth,
    /// Several sources of keys.
    #[error("auth.jwks_file, auth.jwks_url and auth.jwks exclude each other; give one")]
    SeveralKeySources,
    /// Tokens of whoever.
    #[error("auth.issuer, auth.audience and auth.algorithms must not be empty")]
    AnyIssuer,
    /// The keys.
    #[error("the keys for tokens: {0}")]
    Keys(#[from] JwksError),
    /// A rule for certificates.
    #[error("[[auth.certificates]] number {number}: {what}")]
    Rule {
        /// Which, counted from 1.
        number: usize,
        /// What is wrong.
        what: String,
    },
    /// Certificates that nobody verifies.
    #[error("[[auth.certificates]] needs tls.client_ca_file, tls.cert_file and tls.key_file")]
    CertificatesWithoutTls,
    /// Half of TLS.
    #[error(
        "tls.cert_file and tls.key_file belong together; tls.client_ca_file needs both, tls.client_crl_file all three"
    )]
    HalfTls,
    /// The files.
    #[error("[tls] {0}")]
    Tls(#[from] TlsError),
    /// Plain text on a network.
    #[error(
        "{0} can be reached from other machines, and tokens would travel in plain text: set tls.cert_file and \
         tls.key_file, or grpc.allow_plaintext = true if something in front of the server encrypts"
    )]
    Plaintext(std::net::SocketAddr),
}

/// What the server is started with.
pub(super) struct Security {
    pub(super) authentication: Authentication,
    pub(super) tls: Option<Tls>,
}

impl Security {
    /// Reads the keys and certificates that the configuration names.
    pub(super) fn new(config: &Config) -> Result<Self, SecurityError> {
        let tls = tls_files(&config.tls)?.map(Tls::load).transpose()?;
        if tls.is_none() && !config.grpc.listen.ip().is_loopback() && !config.grpc.allow_plaintext {
            return Err(SecurityError::Plaintext(config.grpc.listen));
        }
        let tokens = token_settings(&config.auth)?;
        let certificates = certificate_rules(&config.auth.certificates)?;
        if certificates.is_some() && config.tls.client_ca_file.is_none() {
            return Err(SecurityError::CertificatesWithoutTls);
        }
        let both = config.auth.require == Required::Both;
        match (&tokens, &certificates) {
            (None, None) => return Err(SecurityError::NoAuthentication),
            (Some(_), Some(_)) => {}
            _ if both => return Err(SecurityError::NotBoth),
            _ => {}
        }
        Ok(Self { authentication: Authentication::new(tokens, certificates, both)?, tls })
    }
}

fn tls_files(config: &TlsConfig) -> Result<Option<TlsFiles>, SecurityError> {
    let TlsConfig { cert_file, key_file, client_ca_file, client_crl_file, .. } = config;
    match (cert_file, key_file, client_ca_file, client_crl_file) {
        (None, None, None, None) => Ok(None),
        (Some(_), Some(_), None, Some(_)) => Err(SecurityError::HalfTls),
        (Some(certificate), Some(key), authorities, revocations) => Ok(Some(TlsFiles {
            certificate: certificate.clone(),
            key: key.clone(),
            client_authorities: authorities.clone(),
            client_revocations: revocations.clone(),
        })),
        _ => Err(SecurityError::HalfTls),
    }
}

fn token_settings(config: &AuthConfig) -> Result<Option<TokenSettings>, SecurityError> {
    let source = match (&config.jwks_file, &config.jwks_url, &config.jwks) {
        (None, None, None) => return Ok(None),
        (Some(path), None, None) => KeySource::File(path.clone()),
        (None, Some(url), None) => KeySource::Url(url.clone()),
        (None, None, Some(text)) => KeySource::Inline(text.clone()),
        _ => return Err(SecurityError::SeveralKeySources),
    };
    if config.issuer.is_empty() || config.audience.is_empty() || config.algorithms.is_empty() {
        return Err(SecurityError::AnyIssuer);
    }
    let algorithm = |algorithm: &config::Algorithm| match algorithm {
        config::Algorithm::Es256 => TokenAlgorithm::Es256,
        config::Algorithm::EdDsa => TokenAlgorithm::EdDsa,
        config::Algorithm::Rs256 => TokenAlgorithm::Rs256,
    };
    Ok(Some(TokenSettings {
        issuer: config.issuer.clone(),
        audience: config.audience.clone(),
        algorithms: config.algorithms.iter().map(algorithm).collect(),
        leeway: config.clock_leeway,
        keys: KeySourceSettings { source, refresh: config.jwks_refresh, max_age: config.jwks_max_age },
    }))
}

fn certificate_rules(configs: &[CertificateConfig]) -> Result<Option<Vec<CertificateRule>>, SecurityError> {
    let rule = |(at, config): (usize, &CertificateConfig)| {
        certificate_rule(config).map_err(|what| SecurityError::Rule { number: at + 1, what })
    };
    let rules = configs.iter().enumerate().map(rule).collect::<Result<Vec<_>, _>>()?;
    Ok((!rules.is_empty()).then_some(rules))
}

fn certificate_rule(config: &CertificateConfig) -> Result<CertificateRule, String> {
    let san = SanPattern::parse(&config.san).map_err(|what| format!("san {:?} {what}", config.san))?;
    let is_bad = |name: &String| {
        name.is_empty()
            || name.chars().any(char::is_control)
            || name.starts_with("handoff:")
            || name == "anonymous"
    };
    if config.principal.as_ref().is_some_and(is_bad) {
        return Err("principal is no name".to_owned());
    }
    let scope = |name: &String| {
        let names: Vec<&str> = Scope::ALL.iter().map(|scope| scope.name()).collect();
        Scope::from_name(name)
            .ok_or_else(|| format!("there is no scope {name:?}; there are {}", names.join(", ")))
    };
    let portal = |id: &i64| PortalId::parse(*id).ok_or_else(|| format!("{id} is no hub id"));
    Ok(CertificateRule {
        san,
        principal: config.principal.clone(),
        scopes: config.scopes.iter().map(scope).collect::<Result<BTreeSet<_>, _>>()?,
        portals: match &config.portals {
            Portals::All(_) => PortalGrant::All,
            Portals::Only(ids) => {
                PortalGrant::Only(ids.iter().map(portal).collect::<Result<BTreeSet<_>, _>>()?)
            }
        },
    })
}
