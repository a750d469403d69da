//! Credentials on their way between the caller, the vault and the vendors. `Debug` shows the method and nothing secret.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Control, ControlError};
use crate::{
    domain::{
        PortalId, Reason, Refusal,
        connection::LoginIdentity,
        portal::{CredentialInfo, CredentialMethod},
    },
    hubspot, salesforce,
    store::{SecretKind, SecretRole, SecretRow},
    vault::{OpenError, SealContext, SecretBytes},
};

/// HubSpot's credential, as its client takes it.
pub use crate::hubspot::Credential as HubSpotCredential;

/// How to log in to Salesforce.
#[derive(Clone, Debug)]
pub struct SalesforceLogin {
    /// The credential. A password's token may be empty: it is then carried over from its step.
    pub credential: salesforce::Credential,
    /// The org's My Domain.
    pub my_domain: Option<String>,
}

/// The stored form, which the vault seals. A field that is added must have a default.
#[derive(Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
enum Stored {
    Password {
        username: String,
        password: String,
    },
    JwtBearer {
        client_id: String,
        username: String,
        private_key_pem: String,
        my_domain: Option<String>,
    },
    ClientCredentials {
        client_id: String,
        client_secret: String,
        my_domain: Option<String>,
    },
    RefreshToken {
        client_id: String,
        client_secret: Option<String>,
        refresh_token: String,
        my_domain: Option<String>,
    },
    StaticToken {
        token: String,
    },
}

/// The stored form of HubSpot's access token.
#[derive(Serialize, Deserialize)]
struct StoredAccess {
    token: String,
    /// Seconds since 1970.
    expires_at: i64,
}

pub(super) fn read_access_token(bytes: &SecretBytes) -> Result<hubspot::AccessToken, ControlError> {
    let stored: StoredAccess =
        serde_json::from_slice(bytes.expose()).map_err(|_| ControlError::Vault("read"))?;
    let expires_at =
        OffsetDateTime::from_unix_timestamp(stored.expires_at).map_err(|_| ControlError::Vault("read"))?;
    Ok(hubspot::AccessToken { token: stored.token.into(), expires_at })
}

impl Stored {
    fn seal_bytes(&self) -> SecretBytes {
        // Strings always serialize.
        SecretBytes::new(serde_json::to_vec(self).unwrap_or_default())
    }

    fn read(bytes: &SecretBytes) -> Result<Self, ControlError> {
        serde_json::from_slice(bytes.expose()).map_err(|_| ControlError::Vault("read"))
    }
}

fn plain(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

impl SalesforceLogin {
    /// The method.
    #[must_use]
    pub fn method(&self) -> CredentialMethod {
        match self.credential {
            salesforce::Credential::Password { .. } => CredentialMethod::Password,
            salesforce::Credential::JwtBearer { .. } => CredentialMethod::JwtBearer,
            salesforce::Credential::ClientCredentials { .. } => CredentialMethod::ClientCredentials,
            salesforce::Credential::RefreshToken { .. } => CredentialMethod::RefreshToken,
        }
    }

    /// The user name, where the method has one.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        match &self.credential {
            salesforce::Credential::Password { username, .. }
            | salesforce::Credential::JwtBearer { username, .. } => Some(username),
            salesforce::Credential::ClientCredentials { .. }
            | salesforce::Credential::RefreshToken { .. } => None,
        }
    }

    /// Whom it logs in as, for counting: the user, or else the app.
    fn user(&self) -> String {
        match &self.credential {
            salesforce::Credential::Password { username, .. }
            | salesforce::Credential::JwtBearer { username, .. } => username.to_lowercase(),
            salesforce::Credential::ClientCredentials { client_id, .. }
            | salesforce::Credential::RefreshToken { client_id, .. } => client_id.clone(),
        }
    }

    /// Everything that is sent, framed, for fingerprints.
    fn sent(&self) -> SecretBytes {
        let mut parts = vec![self.user(), self.my_domain.clone().unwrap_or_default()];
        match &self.credential {
            salesforce::Credential::Password { password, security_token, .. } => {
                parts.extend([plain(password), plain(security_token)]);
            }
            salesforce::Credential::JwtBearer { client_id, private_key_pem, .. } => {
                parts.extend([client_id.clone(), plain(private_key_pem)]);
            }
            salesforce::Credential::ClientCredentials { client_secret, .. } => {
                parts.push(plain(client_secret));
            }
            salesforce::Credential::RefreshToken { client_secret, refresh_token, .. } => {
                parts.extend([client_secret.as_ref().map(plain).unwrap_or_default(), plain(refresh_token)]);
            }
        }
        SecretBytes::new(parts.join("\0").into_bytes())
    }

    /// The same with a security token, if it is a password login without one.
    #[must_use]
    pub fn with_token(mut self, token: Option<SecretString>) -> Self {
        if let (salesforce::Credential::Password { security_token, .. }, Some(token)) =
            (&mut self.credential, token)
            && security_token.expose_secret().is_empty()
        {
            *security_token = token;
        }
        self
    }

    /// The token that the request brought along, if it did.
    pub(super) fn own_token(&self) -> Option<&SecretString> {
        match &self.credential {
            salesforce::Credential::Password { security_token, .. }
                if !security_token.expose_secret().is_empty() =>
            {
                Some(security_token)
            }
            _ => None,
        }
    }

    /// A password without the token that goes with it.
    pub(super) fn lacks_token(&self) -> bool {
        self.method() == CredentialMethod::Password && self.own_token().is_none()
    }

    /// The same with the refresh token that replaces the one that was used.
    pub(super) fn rotated(mut self, token: &SecretString) -> Self {
        if let salesforce::Credential::RefreshToken { refresh_token, .. } = &mut self.credential {
            *refresh_token = token.clone();
        }
        self
    }

    /// What is stored. A password's token is not part of it: it has a step and a secret of its own.
    pub(super) fn to_bytes(&self) -> SecretBytes {
        let my_domain = self.my_domain.clone();
        match &self.credential {
            salesforce::Credential::Password { username, password, .. } => {
                Stored::Password { username: username.clone(), password: plain(password) }
            }
            salesforce::Credential::JwtBearer { client_id, username, private_key_pem } => Stored::JwtBearer {
                client_id: client_id.clone(),
                username: username.clone(),
                private_key_pem: plain(private_key_pem),
                my_domain,
            },
            salesforce::Credential::ClientCredentials { client_id, client_secret } => {
                Stored::ClientCredentials {
                    client_id: client_id.clone(),
                    client_secret: plain(client_secret),
                    my_domain,
                }
            }
            salesforce::Credential::RefreshToken { client_id, client_secret, refresh_token } => {
                Stored::RefreshToken {
                    client_id: client_id.clone(),
                    client_secret: client_secret.as_ref().map(plain),
                    refresh_token: plain(refresh_token),
                    my_domain,
                }
            }
        }
        .seal_bytes()
    }

    pub(super) fn from_bytes(bytes: &SecretBytes) -> Result<Self, ControlError> {
        let (credential, my_domain) = match Stored::read(bytes)? {
            Stored::Password { username, password } => (
                salesforce::Credential::Password {
                    username,
                    password: password.into(),
                    security_token: SecretString::default(),
                },
                None,
            ),
            Stored::JwtBearer { client_id, username, private_key_pem, my_domain } => (
                salesforce::Credential::JwtBearer {
                    client_id,
                    username,
                    private_key_pem: private_key_pem.into(),
                },
                my_domain,
            ),
            Stored::ClientCredentials { client_id, client_secret, my_domain } => (
                salesforce::Credential::ClientCredentials { client_id, client_secret: client_secret.into() },
                my_domain,
            ),
            Stored::RefreshToken { client_id, client_secret, refresh_token, my_domain } => (
                salesforce::Credential::RefreshToken {
                    client_id,
                    client_secret: client_secret.map(Into::into),
                    refresh_token: refresh_token.into(),
                },
                my_domain,
            ),
            Stored::StaticToken { .. } => return Err(ControlError::Vault("read")),
        };
        Ok(Self { credential, my_domain })
    }
}

fn hubspot_bytes(credential: &HubSpotCredential) -> SecretBytes {
    match credential {
        hubspot::Credential::StaticToken(token) => Stored::StaticToken { token: plain(token) },
        hubspot::Credential::OAuth { client_id, client_secret, refresh_token } => Stored::RefreshToken {
            client_id: client_id.clone(),
            client_secret: Some(plain(client_secret)),
            refresh_token: plain(refresh_token),
            my_domain: None,
        },
    }
    .seal_bytes()
}

/// A key that is not at hand may be later; a secret that was changed or moved never opens.
fn unreadable(portal_id: PortalId, kind: SecretKind, row: &SecretRow, error: &OpenError) -> ControlError {
    let secret_id = row.secret_id;
    tracing::error!(%portal_id, %secret_id, kind = kind.name(), %error, "a stored secret does not open");
    match error {
        OpenError::UnknownKey(_) | OpenError::Unavailable(_) => error.clone().into(),
        OpenError::Malformed | OpenError::UnknownVersion(_) | OpenError::Rejected => {
            Refusal::new(Reason::StoredSecretUnreadable).with("secret", kind.name()).into()
        }
    }
}

/// The row that a seal is bound to: the portal is part of it, so that a row can't be given to another portal.
pub(super) fn seal_row(portal_id: PortalId, secret_id: Uuid) -> String {
    format!("{portal_id}/{secret_id}")
}

impl Control {
    /// Seals a secret for a row that has yet to be written.
    async fn seal(
        &self,
        portal_id: PortalId,
        kind: SecretKind,
        bytes: &SecretBytes,
        info: CredentialInfo,
    ) -> Result<SecretRow, ControlError> {
        let secret_id = Uuid::now_v7();
        let row = seal_row(portal_id, secret_id);
        let context = SealContext { table: "secrets", row: &row, field: kind.name(), version: 1 };
        let sealed = self.inner.vault.seal(&context, bytes).await?;
        Ok(SecretRow { secret_id, version: 1, sealed, info })
    }

    /// Opens a stored secret.
    pub(super) async fn open_secret(
        &self,
        portal_id: PortalId,
        kind: SecretKind,
        role: SecretRole,
    ) -> Result<Option<(SecretBytes, SecretRow)>, ControlError> {
        match self.inner.store.secret(portal_id, kind, role).await? {
            Some(row) => self.open_row(portal_id, kind, row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Opens a secret that was read.
    pub(super) async fn open_row(
        &self,
        portal_id: PortalId,
        kind: SecretKind,
        row: SecretRow,
    ) -> Result<(SecretBytes, SecretRow), ControlError> {
        let place = seal_row(portal_id, row.secret_id);
        let version = u32::try_from(row.version).unwrap_or(0);
        let context = SealContext { table: "secrets", row: &place, field: kind.name(), version };
        match self.inner.vault.open(&context, &row.sealed).await {
            Ok(bytes) => Ok((bytes, row)),
            Err(error) => Err(unreadable(portal_id, kind, &row, &error)),
        }
    }

    pub(super) async fn seal_salesforce_login(
        &self,
        portal_id: PortalId,
        login: &SalesforceLogin,
    ) -> Result<SecretRow, ControlError> {
        let bytes = login.to_bytes();
        let info = CredentialInfo {
            method: login.method(),
            username: login.username().map(str::to_owned),
            fingerprint: self.inner.vault.fingerprint("salesforce_credential", &bytes),
            set_at: OffsetDateTime::now_utc(),
        };
        self.seal(portal_id, SecretKind::SalesforceCredential, &bytes, info).await
    }

    pub(super) async fn seal_hubspot_credential(
        &self,
        portal_id: PortalId,
        credential: &HubSpotCredential,
    ) -> Result<SecretRow, ControlError> {
        let bytes = hubspot_bytes(credential);
        let info = CredentialInfo {
            method: match credential {
                hubspot::Credential::StaticToken(_) => CredentialMethod::StaticToken,
                hubspot::Credential::OAuth { .. } => CredentialMethod::RefreshToken,
            },
            username: None,
            fingerprint: self.inner.vault.fingerprint("hubspot_credential", &bytes),
            set_at: OffsetDateTime::now_utc(),
        };
        self.seal(portal_id, SecretKind::HubspotCredential, &bytes, info).await
    }

    pub(super) fn read_hubspot_credential(
        &self,
        bytes: &SecretBytes,
    ) -> Result<HubSpotCredential, ControlError> {
        match Stored::read(bytes)? {
            Stored::StaticToken { token } => Ok(hubspot::Credential::StaticToken(token.into())),
            Stored::RefreshToken { client_id, client_secret: Some(client_secret), refresh_token, .. } => {
                Ok(hubspot::Credential::OAuth {
                    client_id,
                    client_secret: client_secret.into(),
                    refresh_token: refresh_token.into(),
                })
            }
            _ => Err(ControlError::Vault("read")),
        }
    }

    pub(super) async fn seal_access_token(
        &self,
        portal_id: PortalId,
        access: &hubspot::AccessToken,
    ) -> Result<SecretRow, ControlError> {
        let stored =
            StoredAccess { token: plain(&access.token), expires_at: access.expires_at.unix_timestamp() };
        // A text and a number always serialize.
        let bytes = SecretBytes::new(serde_json::to_vec(&stored).unwrap_or_default());
        let info = CredentialInfo {
            method: CredentialMethod::RefreshToken,
            username: None,
            fingerprint: self.inner.vault.fingerprint("hubspot_access_token", &bytes),
            set_at: OffsetDateTime::now_utc(),
        };
        self.seal(portal_id, SecretKind::HubspotAccessToken, &bytes, info).await
    }

    /// Seals a security token; its fingerprint is what the setup shows.
    pub(super) async fn seal_token(
        &self,
        portal_id: PortalId,
        token: &SecretString,
    ) -> Result<SecretRow, ControlError> {
        let bytes = SecretBytes::new(plain(token).into_bytes());
        let info = CredentialInfo {
            method: CredentialMethod::Password,
            username: None,
            fingerprint: self.inner.vault.fingerprint("security_token", &bytes),
            set_at: OffsetDateTime::now_utc(),
        };
        self.seal(portal_id, SecretKind::SecurityToken, &bytes, info).await
    }

    /// The security token that goes with the credential of a role: a candidate may have come with its own.
    pub(super) async fn stored_token(
        &self,
        portal_id: PortalId,
        role: SecretRole,
    ) -> Result<Option<SecretString>, ControlError> {
        let mut opened = self.open_secret(portal_id, SecretKind::SecurityToken, role).await?;
        if opened.is_none() && role == SecretRole::Candidate {
            opened = self.open_secret(portal_id, SecretKind::SecurityToken, SecretRole::Current).await?;
        }
        Ok(opened.and_then(|(bytes, _)| bytes.into_text()))
    }

    pub(super) async fn seal_session(
        &self,
        portal_id: PortalId,
        session: &salesforce::Session,
    ) -> Result<SecretRow, ControlError> {
        let bytes = SecretBytes::new(session.to_bytes().to_vec());
        let info = CredentialInfo {
            method: CredentialMethod::Password,
            username: None,
            fingerprint: self.inner.vault.fingerprint("salesforce_session", &bytes),
            set_at: OffsetDateTime::now_utc(),
        };
        self.seal(portal_id, SecretKind::SalesforceSession, &bytes, info).await
    }

    /// Who logs in, for counting logins and finding who shares a user.
    pub(super) fn login_identity(&self, login: &SalesforceLogin) -> LoginIdentity {
        let user = SecretBytes::new(login.user().into_bytes());
        LoginIdentity {
            method: login.method(),
            user_key: self.inner.vault.fingerprint("salesforce_user", &user),
            fingerprint: self.inner.vault.fingerprint("salesforce_login", &login.sent()),
        }
    }
}
