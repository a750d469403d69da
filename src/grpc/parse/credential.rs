//! Credentials. Secrets go from the message into a `SecretString` and are printed by nothing.

use secrecy::SecretString;

use super::{
    field::{self, MAX_NAME_CHARS},
    violations::{Violations, Wrong},
};
use crate::{api::v1, control::SalesforceLogin, hubspot, salesforce};

/// Characters of a security token. Salesforce's have 24 or 25.
pub const MAX_SECURITY_TOKEN_CHARS: usize = 128;
/// Bytes of a password, a client id, a client secret, a HubSpot token.
const MAX_SECRET_BYTES: usize = 1_024;
/// Bytes of a Salesforce refresh token.
const MAX_REFRESH_TOKEN_BYTES: usize = 2_048;
/// Bytes of a private key: RSA with 16,384 bits and its PEM frame fit.
const MAX_PRIVATE_KEY_BYTES: usize = 16 * 1_024;
/// Bytes of a HubSpot client id.
const MAX_HUBSPOT_CLIENT_ID_BYTES: usize = 255;

/// A HubSpot credential that must be there.
pub fn hubspot(
    violations: &mut Violations,
    given: Option<v1::HubSpotCredential>,
) -> Option<hubspot::Credential> {
    use v1::hub_spot_credential::Method;
    let Some(given) = given else { return field::or_wrong(violations, "credential", None, Wrong::Required) };
    match given.method {
        Some(Method::StaticToken(method)) => {
            hubspot_token(violations, method).map(hubspot::Credential::StaticToken)
        }
        Some(Method::Oauth(method)) => hubspot_oauth(violations, method),
        None => field::or_wrong(violations, "credential", None, Wrong::ExactlyOne),
    }
}

fn hubspot_token(violations: &mut Violations, method: v1::HubSpotStaticToken) -> Option<SecretString> {
    let path = "credential.static_token.token";
    let token = SecretString::from(method.token);
    // White space around a token came with copying; what is inside is HubSpot's business.
    let trimmed = secrecy::ExposeSecret::expose_secret(&token).trim().to_owned();
    single_line_secret(violations, path, trimmed, MAX_SECRET_BYTES)
}

fn hubspot_oauth(violations: &mut Violations, method: v1::HubSpotOAuth) -> Option<hubspot::Credential> {
    let at = |name: &str| format!("credential.oauth.{name}");
    let id = field::identifier(violations, &at("client_id"), &method.client_id, MAX_HUBSPOT_CLIENT_ID_BYTES);
    let secret = single_line_secret(violations, &at("client_secret"), method.client_secret, MAX_SECRET_BYTES);
    let token = single_line_secret(violations, &at("refresh_token"), method.refresh_token, MAX_SECRET_BYTES);
    Some(hubspot::Credential::OAuth { client_id: id?, client_secret: secret?, refresh_token: token? })
}

/// A Salesforce credential that may be left out.
pub fn salesforce(
    violations: &mut Violations,
    given: Option<v1::SalesforceCredential>,
) -> Option<SalesforceLogin> {
    use v1::salesforce_credential::Method;
    match given?.method {
        Some(Method::Password(method)) => password(violations, method),
        Some(Method::JwtBearer(method)) => jwt_bearer(violations, method),
        Some(Method::ClientCredentials(method)) => client_credentials(violations, method),
        Some(Method::RefreshToken(method)) => refresh_token(violations, method),
        None => field::or_wrong(violations, "credential", None, Wrong::ExactlyOne),
    }
}

fn password(violations: &mut Violations, method: v1::SalesforcePassword) -> Option<SalesforceLogin> {
    let at = |name: &str| format!("credential.password.{name}");
    let username = field::required_text(violations, &at("username"), &method.username, MAX_NAME_CHARS);
    let password = field::secret(violations, &at("password"), method.password, MAX_SECRET_BYTES);
    let security_token = if method.security_token.is_empty() {
        None
    } else {
        field::secret_word(violations, &at("security_token"), method.security_token, MAX_SECURITY_TOKEN_CHARS)
    };
    let security_token = security_token.unwrap_or_default();
    Some(SalesforceLogin {
        credential: salesforce::Credential::Password {
            username: username?,
            password: password?,
            security_token,
        },
        my_domain: None,
    })
}

fn jwt_bearer(violations: &mut Violations, method: v1::SalesforceJwtBearer) -> Option<SalesforceLogin> {
    let at = |name: &str| format!("credential.jwt_bearer.{name}");
    let client_id = field::identifier(violations, &at("client_id"), &method.client_id, MAX_SECRET_BYTES);
    let username = field::required_text(violations, &at("username"), &method.username, MAX_NAME_CHARS);
    let key = private_key(violations, &at("private_key_pem"), method.private_key_pem);
    let my_domain = optional_address(violations, &at("login_url"), &method.login_url);
    Some(SalesforceLogin {
        credential: salesforce::Credential::JwtBearer {
            client_id: client_id?,
            username: username?,
            private_key_pem: key?,
        },
        my_domain,
    })
}

fn client_credentials(
    violations: &mut Violations,
    method: v1::SalesforceClientCredentials,
) -> Option<SalesforceLogin> {
    let at = |name: &str| format!("credential.client_credentials.{name}");
    let client_id = field::identifier(violations, &at("client_id"), &method.client_id, MAX_SECRET_BYTES);
    let secret = single_line_secret(violations, &at("client_secret"), method.client_secret, MAX_SECRET_BYTES);
    let my_domain = field::address(violations, &at("login_url"), &method.login_url);
    Some(SalesforceLogin {
        credential: salesforce::Credential::ClientCredentials {
            client_id: client_id?,
            client_secret: secret?,
        },
        my_domain: Some(my_domain?),
    })
}

fn refresh_token(violations: &mut Violations, method: v1::SalesforceRefreshToken) -> Option<SalesforceLogin> {
    let at = |name: &str| format!("credential.refresh_token.{name}");
    let client_id = field::identifier(violations, &at("client_id"), &method.client_id, MAX_SECRET_BYTES);
    let client_secret = if method.client_secret.is_empty() {
        None
    } else {
        single_line_secret(violations, &at("client_secret"), method.client_secret, MAX_SECRET_BYTES)
    };
    let token =
        single_line_secret(violations, &at("refresh_token"), method.refresh_token, MAX_REFRESH_TOKEN_BYTES);
    let my_domain = optional_address(violations, &at("login_url"), &method.login_url);
    Some(SalesforceLogin {
        credential: salesforce::Credential::RefreshToken {
            client_id: client_id?,
            client_secret,
            refresh_token: token?,
        },
        my_domain,
    })
}

/// A secret that goes into a header or a form: no control characters at all.
fn single_line_secret(
    violations: &mut Violations,
    path: &str,
    value: String,
    max_bytes: usize,
) -> Option<SecretString> {
    let secret = field::secret(violations, path, value, max_bytes)?;
    if secrecy::ExposeSecret::expose_secret(&secret).chars().any(char::is_control) {
        return field::or_wrong(violations, path, None, Wrong::InvalidCharacters);
    }
    Some(secret)
}

/// A key that can sign: a header alone, or a public key, is none.
fn private_key(violations: &mut Violations, path: &str, value: String) -> Option<SecretString> {
    let key = field::secret(violations, path, value, MAX_PRIVATE_KEY_BYTES)?;
    let signs = salesforce::is_rsa_private_key(&key);
    field::or_wrong(violations, path, signs.then_some(key), Wrong::NotAKey)
}

fn optional_address(violations: &mut Violations, path: &str, value: &str) -> Option<String> {
    if value.trim().is_empty() { None } else { field::address(violations, path, value) }
}
