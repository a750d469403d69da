//! The client of one installation: configuration, HTTP, and the ways to log in.

use std::{fmt, str::FromStr};

use http::{Method, header};
use secrecy::SecretString;
use url::Url;

use super::{
    api::Api,
    error::{SalesforceError, SalesforceErrorKind},
    host::{HostPolicy, HostRefused, Origin},
    oauth,
    session::Session,
    soap,
};
use crate::outbound::{DidItHappen, HttpSetupError, Timeouts, Transport};

/// Where to log in, what to be called, which field links the records.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Login address of production orgs.
    pub production_login: String,
    /// Login address of sandboxes.
    pub sandbox_login: String,
    /// Version of the SOAP `login()`: at most 64.0, the last one that has it.
    pub soap_version: String,
    /// Version of everything else.
    pub rest_version: String,
    /// Sent as `Sforce-Call-Options: client=…`, so that changes of ours can be told from others'.
    pub client_name: String,
    /// External-id field on Lead and Contact that holds the HubSpot id.
    pub external_id_field: String,
    /// Namespace of HubSpot's managed package.
    pub package_namespace: String,
    /// Origins beside Salesforce's own that may be called: simulators. Empty in production. The two login addresses
    /// above must be named here too when they are not Salesforce's.
    pub allowed_origins: Vec<String>,
    /// How long a call may take.
    pub timeouts: Timeouts,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            production_login: "https://login.salesforce.com".to_owned(),
            sandbox_login: "https://test.salesforce.com".to_owned(),
            soap_version: "64.0".to_owned(),
            rest_version: "67.0".to_owned(),
            client_name: "HubSpotConnector".to_owned(),
            external_id_field: "HubSpot_Id__c".to_owned(),
            package_namespace: "HubSpot_Inc".to_owned(),
            allowed_origins: Vec::new(),
            timeouts: Timeouts::default(),
        }
    }
}

impl ClientConfig {
    /// The default with one simulator in place of Salesforce.
    #[must_use]
    pub fn for_simulator(base_url: &str) -> Self {
        Self {
            production_login: base_url.to_owned(),
            sandbox_login: base_url.to_owned(),
            allowed_origins: vec![base_url.to_owned()],
            ..Self::default()
        }
    }
}

/// The configuration cannot work.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConfigError {
    /// An address is not allowed or not an address.
    #[error("{setting}: {reason}")]
    Address {
        /// The setting.
        setting: &'static str,
        /// Why it is refused.
        reason: HostRefused,
    },
    /// A version is not of the form `67.0`, or too high for SOAP `login()`.
    #[error("{setting}: not an API version that can be used")]
    Version {
        /// The setting.
        setting: &'static str,
    },
    /// A name that goes into queries or headers has other characters than letters, digits and underscores.
    #[error("{setting}: only letters, digits and underscores")]
    Name {
        /// The setting.
        setting: &'static str,
    },
    /// The HTTP client could not be built, for example without any CA certificates on the machine.
    #[error(transparent)]
    Http(#[from] HttpSetupError),
}

/// Production or sandbox: it decides the login host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// `login.salesforce.com`.
    Production,
    /// `test.salesforce.com`.
    Sandbox,
}

/// Where to log in.
#[derive(Debug, Clone)]
pub struct LoginTarget {
    /// Chooses the host when there is no My Domain.
    pub environment: Environment,
    /// The org's My Domain, for example `https://acme.my.salesforce.com`.
    pub my_domain: Option<String>,
}

/// How to log in. `Debug` shows the method and nothing secret.
#[derive(Clone)]
pub enum Credential {
    /// SOAP `login()`; gone with Summer '27.
    Password {
        /// The user name.
        username: String,
        /// The password, never trimmed.
        password: SecretString,
        /// The security token; empty from a trusted network.
        security_token: SecretString,
    },
    /// OAuth JWT bearer (RFC 7523).
    JwtBearer {
        /// The consumer key.
        client_id: String,
        /// The user to act as.
        username: String,
        /// RSA private key, PEM.
        private_key_pem: SecretString,
    },
    /// OAuth client credentials: My Domain only.
    ClientCredentials {
        /// The consumer key.
        client_id: String,
        /// The consumer secret.
        client_secret: SecretString,
    },
    /// OAuth refresh token.
    RefreshToken {
        /// The consumer key.
        client_id: String,
        /// The consumer secret; none for a public app.
        client_secret: Option<SecretString>,
        /// The refresh token.
        refresh_token: SecretString,
    },
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match self {
            Self::Password { .. } => "Password",
            Self::JwtBearer { .. } => "JwtBearer",
            Self::ClientCredentials { .. } => "ClientCredentials",
            Self::RefreshToken { .. } => "RefreshToken",
        };
        f.debug_struct(method).finish_non_exhaustive()
    }
}

/// The client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SalesforceClient {
    pub(super) transport: Transport,
    pub(super) config: std::sync::Arc<ClientConfig>,
    pub(super) hosts: HostPolicy,
}

impl SalesforceClient {
    /// Checks the configuration and builds the HTTP client. Opens no connection.
    ///
    /// # Errors
    /// [`ConfigError`] names the setting that cannot work.
    pub fn new(config: ClientConfig) -> Result<Self, ConfigError> {
        let exceptions = config
            .allowed_origins
            .iter()
            .map(|address| Origin::parse(address))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|reason| ConfigError::Address { setting: "allowed_origins", reason })?;
        let hosts = HostPolicy::new(exceptions);
        for (setting, address) in
            [("production_login", &config.production_login), ("sandbox_login", &config.sandbox_login)]
        {
            hosts.check(address).map_err(|reason| ConfigError::Address { setting, reason })?;
        }
        check_versions(&config)?;
        for (setting, name) in [
            ("client_name", &config.client_name),
            ("external_id_field", &config.external_id_field),
            ("package_namespace", &config.package_namespace),
        ] {
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return Err(ConfigError::Name { setting });
            }
        }
        let user_agent = concat!("hubspot-salesforce-connector/", env!("CARGO_PKG_VERSION"));
        let transport = Transport::new(user_agent, config.timeouts, hosts.exception_hosts())?;
        Ok(Self { transport, config: config.into(), hosts })
    }

    /// Logs in, once: nothing is retried, whatever happens, because failed logins lock users out.
    ///
    /// # Errors
    /// [`SalesforceError`]; with [`DidItHappen::Unknown`] the login may have counted.
    pub async fn login(
        &self,
        target: &LoginTarget,
        credential: &Credential,
    ) -> Result<Session, SalesforceError> {
        let origin = self.login_origin(target)?;
        match credential {
            Credential::Password { username, password, security_token } => {
                soap::login(self, &origin, username, password, security_token).await
            }
            Credential::ClientCredentials { .. } if is_shared_login_host(&origin) => {
                Err(SalesforceError::new(SalesforceErrorKind::MyDomainRequired, DidItHappen::No))
            }
            Credential::JwtBearer { .. }
            | Credential::ClientCredentials { .. }
            | Credential::RefreshToken { .. } => {
                oauth::login(self, &origin, target.environment, credential).await
            }
        }
    }

    /// The API of an org for one piece of work; it counts the calls made through it.
    ///
    /// # Errors
    /// `HostNotAllowed` when the session's instance is not (or no longer) allowed.
    pub fn api(&self, session: &Session) -> Result<Api, SalesforceError> {
        Api::new(self.clone(), session)
    }

    fn login_origin(&self, target: &LoginTarget) -> Result<Origin, SalesforceError> {
        let address = match (&target.my_domain, target.environment) {
            (Some(my_domain), _) => my_domain,
            (None, Environment::Production) => &self.config.production_login,
            (None, Environment::Sandbox) => &self.config.sandbox_login,
        };
        Ok(self.hosts.check(address)?)
    }

    /// A POST without any session, for logins.
    pub(super) fn login_request(
        &self,
        url: Url,
        content_type: &'static str,
        body: String,
    ) -> reqwest::RequestBuilder {
        self.transport.request(Method::POST, url).header(header::CONTENT_TYPE, content_type).body(body)
    }
}

fn is_shared_login_host(origin: &Origin) -> bool {
    matches!(origin.host(), "login.salesforce.com" | "test.salesforce.com")
}

fn check_versions(config: &ClientConfig) -> Result<(), ConfigError> {
    let major = |version: &str| version.strip_suffix(".0").and_then(|number| u32::from_str(number).ok());
    if !major(&config.soap_version).is_some_and(|number| (31..=64).contains(&number)) {
        return Err(ConfigError::Version { setting: "soap_version" });
    }
    if major(&config.rest_version).is_none_or(|number| number < 46) {
        return Err(ConfigError::Version { setting: "rest_version" });
    }
    Ok(())
}
