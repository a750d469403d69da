//! The OAuth token endpoint: JWT bearer, client credentials, refresh token.

use aws_lc_rs::rsa::KeyPair;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{
    client::{Credential, Environment, SalesforceClient},
    error::{SalesforceError, SalesforceErrorKind},
    host::Origin,
    id::SalesforceId,
    refusal,
    session::Session,
};
use crate::outbound::{Answer, DidItHappen, json};

const MAX_JSON_BYTES: usize = 1024 * 1024;
/// Salesforce takes assertions of up to three minutes; less room would fail on clocks that run apart.
const ASSERTION_SECONDS: i64 = 170;
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    instance_url: String,
    /// The identity address; its last two segments are org and user.
    id: String,
    /// Milliseconds since 1970, as a string.
    #[serde(default)]
    issued_at: Option<String>,
    #[serde(default)]
    refresh_token: Option<SecretString>,
}

pub(super) async fn login(
    client: &SalesforceClient,
    origin: &Origin,
    environment: Environment,
    credential: &Credential,
) -> Result<Session, SalesforceError> {
    let url = origin.at("/services/oauth2/token").map_err(|_| unusable("the login address"))?;
    let form = form(client, origin, environment, credential)?;
    let request = client.login_request(url, "application/x-www-form-urlencoded", form.as_str().to_owned());
    let answer = client.transport.send(request, MAX_JSON_BYTES).await?;
    read(client, &answer, &secrets_of(credential))
}

fn form(
    client: &SalesforceClient,
    origin: &Origin,
    environment: Environment,
    credential: &Credential,
) -> Result<Zeroizing<String>, SalesforceError> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    match credential {
        Credential::JwtBearer { client_id, username, private_key_pem } => {
            let audience = audience(client, origin, environment);
            let assertion = Zeroizing::new(assertion(client_id, username, &audience, private_key_pem)?);
            form.append_pair("grant_type", JWT_BEARER).append_pair("assertion", &assertion);
        }
        Credential::ClientCredentials { client_id, client_secret } => {
            form.append_pair("grant_type", "client_credentials")
                .append_pair("client_id", client_id)
                .append_pair("client_secret", client_secret.expose_secret());
        }
        Credential::RefreshToken { client_id, client_secret, refresh_token } => {
            form.append_pair("grant_type", "refresh_token")
                .append_pair("client_id", client_id)
                .append_pair("refresh_token", refresh_token.expose_secret());
            if let Some(client_secret) = client_secret {
                form.append_pair("client_secret", client_secret.expose_secret());
            }
        }
        Credential::Password { .. } => return Err(unusable("a password is not an OAuth grant")),
    }
    Ok(Zeroizing::new(form.finish()))
}

/// Salesforce names its login host as the audience, also for assertions sent to a My Domain; a simulator is its own.
fn audience(client: &SalesforceClient, origin: &Origin, environment: Environment) -> String {
    if origin.host().ends_with(".salesforce.com") {
        match environment {
            Environment::Production => client.config.production_login.clone(),
            Environment::Sandbox => client.config.sandbox_login.clone(),
        }
    } else {
        origin.to_string()
    }
}

/// Whether a text is an RSA private key in PEM that can sign.
#[must_use]
pub fn is_rsa_private_key(pem: &SecretString) -> bool {
    pem.expose_secret().contains("PRIVATE KEY-----")
        && rsa_key(pem).is_some_and(|key| KeyPair::from_der(key.as_bytes()).is_ok())
}

fn rsa_key(pem: &SecretString) -> Option<EncodingKey> {
    EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes()).ok()
}

fn assertion(
    client_id: &str,
    username: &str,
    audience: &str,
    private_key_pem: &SecretString,
) -> Result<String, SalesforceError> {
    let key = rsa_key(private_key_pem).ok_or_else(|| unusable("the private key is not an RSA key in PEM"))?;
    let exp = OffsetDateTime::now_utc().unix_timestamp() + ASSERTION_SECONDS;
    let claims = Claims { iss: client_id, sub: username, aud: audience, exp };
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key)
        .map_err(|_| unusable("the private key cannot sign"))
}

fn read(
    client: &SalesforceClient,
    answer: &Answer,
    secrets: &[&SecretString],
) -> Result<Session, SalesforceError> {
    let status = answer.status;
    if !status.is_success() {
        return Err(refusal::oauth(status, &answer.body, secrets));
    }
    let malformed = |what: &str| SalesforceError::malformed(what, status.as_u16());
    let token: TokenAnswer =
        json::parse(&answer.body).map_err(|error| SalesforceError::from_json(&error, status.as_u16()))?;
    let instance = client.hosts.check(&token.instance_url).map_err(|refused| {
        SalesforceError::new(SalesforceErrorKind::HostNotAllowed(refused), DidItHappen::Yes)
    })?;
    let mut segments = token.id.rsplit('/');
    let mut next_id = |what| {
        let segment = segments.next().unwrap_or_default();
        SalesforceId::parse(segment).map_err(|_| malformed(what))
    };
    let user_id = next_id("the user id in id")?;
    let org_id = next_id("the organization id in id")?;
    Ok(Session {
        access_token: token.access_token,
        instance,
        org_id,
        user_id,
        api_version: client.config.rest_version.clone(),
        sandbox: None,
        issued_at: token.issued_at.as_deref().and_then(from_millis).unwrap_or_else(OffsetDateTime::now_utc),
        seconds_valid: None,
        rotated_refresh_token: token.refresh_token,
    })
}

fn from_millis(text: &str) -> Option<OffsetDateTime> {
    let millis: i64 = text.parse().ok()?;
    OffsetDateTime::from_unix_timestamp(millis / 1_000).ok()
}

fn secrets_of(credential: &Credential) -> Vec<&SecretString> {
    match credential {
        Credential::Password { password, security_token, .. } => vec![password, security_token],
        Credential::JwtBearer { private_key_pem, .. } => vec![private_key_pem],
        Credential::ClientCredentials { client_secret, .. } => vec![client_secret],
        Credential::RefreshToken { client_secret, refresh_token, .. } => {
            client_secret.iter().chain([refresh_token]).collect()
        }
    }
}

fn unusable(what: &'static str) -> SalesforceError {
    SalesforceError::new(SalesforceErrorKind::CredentialUnusable { what }, DidItHappen::No)
}

#[cfg(test)]
#[path = "oauth_tests.rs"]
mod tests;
