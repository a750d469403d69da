//! SOAP partner `login()`: user name, password and security token for a session.

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{
    client::SalesforceClient,
    error::{SalesforceError, SalesforceErrorKind},
    host::Origin,
    id::SalesforceId,
    refusal,
    session::Session,
    xml::{self, Element},
};
use crate::outbound::{Answer, DidItHappen};

/// A login answer has about 3 KiB.
const MAX_XML_BYTES: usize = 1024 * 1024;

pub(super) async fn login(
    client: &SalesforceClient,
    origin: &Origin,
    username: &str,
    password: &SecretString,
    security_token: &SecretString,
) -> Result<Session, SalesforceError> {
    let unusable =
        |what| SalesforceError::new(SalesforceErrorKind::CredentialUnusable { what }, DidItHappen::No);
    let url = origin
        .at(&format!("/services/Soap/u/{}", client.config.soap_version))
        .map_err(|_| unusable("the login address"))?;
    let envelope = envelope(&client.config.client_name, username, password, security_token)
        .ok_or_else(|| unusable("user name, password or token hold characters that cannot be sent"))?;
    let request = client
        .login_request(url, "text/xml; charset=UTF-8", envelope.as_str().to_owned())
        .header("SOAPAction", "\"\"");
    let answer = client.transport.send(request, MAX_XML_BYTES).await?;
    read(client, &answer, &[password, security_token])
}

/// `None` for characters that XML cannot carry.
fn envelope(
    client_name: &str,
    username: &str,
    password: &SecretString,
    security_token: &SecretString,
) -> Option<Zeroizing<String>> {
    let username = xml::escape(username)?;
    let password = Zeroizing::new(xml::escape(password.expose_secret())?);
    let token = Zeroizing::new(xml::escape(security_token.expose_secret())?);
    Some(Zeroizing::new(format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <env:Envelope xmlns:env=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:urn=\"urn:partner.soap.sforce.com\">\
         <env:Header><urn:CallOptions><urn:client>{client_name}</urn:client></urn:CallOptions></env:Header>\
         <env:Body><urn:login><urn:username>{username}</urn:username>\
         <urn:password>{}{}</urn:password></urn:login></env:Body></env:Envelope>",
        password.as_str(),
        token.as_str(),
    )))
}

fn read(
    client: &SalesforceClient,
    answer: &Answer,
    secrets: &[&SecretString],
) -> Result<Session, SalesforceError> {
    let status = answer.status;
    if status.is_redirection() {
        return Err(refusal::rest(status, &[]));
    }
    let document = match xml::parse(&answer.body) {
        Ok(document) => document,
        // A maintenance page: HTML behind a 5xx.
        Err(_) if status.is_server_error() => return Err(refusal::rest(status, &[])),
        Err(error) => return Err(SalesforceError::malformed(error.to_string(), status.as_u16())),
    };
    if let Some(fault) = document.find("Fault") {
        return Err(read_fault(status, fault, secrets));
    }
    let result = document
        .find("loginResponse")
        .and_then(|response| response.child("result"))
        .ok_or_else(|| SalesforceError::malformed("no login result", status.as_u16()))?;
    if result.text_of("passwordExpired") == Some("true") {
        return Err(SalesforceError::new(SalesforceErrorKind::PasswordExpired, DidItHappen::Yes)
            .with_vendor(status.as_u16(), "", ""));
    }
    session(client, result, status)
}

/// `exceptionCode` is the reliable one; `faultcode` comes bare and with a prefix.
fn read_fault(status: StatusCode, fault: &Element, secrets: &[&SecretString]) -> SalesforceError {
    let faultcode = fault.text_of("faultcode").unwrap_or_default();
    let code = fault
        .find("exceptionCode")
        .map(Element::text)
        .filter(|code| !code.is_empty())
        .unwrap_or_else(|| faultcode.rsplit(':').next().unwrap_or_default());
    let words = fault
        .find("exceptionMessage")
        .map(Element::text)
        .filter(|words| !words.is_empty())
        .or_else(|| fault.text_of("faultstring"))
        .unwrap_or_default();
    refusal::login_fault(status, code, words, secrets)
}

fn session(
    client: &SalesforceClient,
    result: &Element,
    status: StatusCode,
) -> Result<Session, SalesforceError> {
    let malformed = |what: &str| SalesforceError::malformed(what, status.as_u16());
    let text = |name: &'static str| result.text_of(name).ok_or_else(|| malformed(name));
    let user_info = result.child("userInfo").ok_or_else(|| malformed("userInfo"))?;
    let org_id = user_info.text_of("organizationId").ok_or_else(|| malformed("organizationId"))?;
    let instance = client.hosts.check(text("serverUrl")?).map_err(|refused| {
        SalesforceError::new(SalesforceErrorKind::HostNotAllowed(refused), DidItHappen::Yes)
    })?;
    Ok(Session {
        access_token: SecretString::from(text("sessionId")?),
        instance,
        org_id: SalesforceId::parse(org_id).map_err(|_| malformed("organizationId"))?,
        user_id: SalesforceId::parse(text("userId")?).map_err(|_| malformed("userId"))?,
        api_version: client.config.rest_version.clone(),
        sandbox: match result.text_of("sandbox") {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        },
        issued_at: OffsetDateTime::now_utc(),
        seconds_valid: user_info.text_of("sessionSecondsValid").and_then(|seconds| seconds.parse().ok()),
        rotated_refresh_token: None,
    })
}

#[cfg(test)]
#[path = "soap_tests.rs"]
mod tests;
