//! The SOAP API: `login()` by version, and the calls that clients make right after it.

use time::OffsetDateTime;

use super::{
    Salesforce,
    answer::Answer,
    request::Incoming,
    world::World,
    xml::{self, Element, escaped},
};

mod calls;
mod login;

/// The newest version that has `login()`.
const LAST_LOGIN_VERSION: u16 = 64;

/// One SOAP dialect at one version.
#[derive(Clone, Copy, Debug)]
struct Dialect {
    /// `partner` or `enterprise`.
    name: &'static str,
    version: u16,
}

/// A fault: code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    /// Element in `detail`.
    kind: &'static str,
    code: &'static str,
    message: String,
}

impl Fault {
    fn new(kind: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into() }
    }
}

/// Answers a request below `/services/Soap`, and says who called.
pub fn handle(
    simulator: &Salesforce,
    world: &mut World,
    request: &Incoming,
    now: OffsetDateTime,
) -> (Answer, Option<String>) {
    let Some(dialect) = dialect(&request.path) else {
        return (Answer::empty(404).kind("soap_other"), None);
    };
    if request.method != axum::http::Method::POST {
        return (Answer::empty(405).kind("soap_other"), None);
    }
    let envelope = std::str::from_utf8(&request.body).ok().and_then(xml::parse);
    let Some(body) =
        envelope.as_ref().filter(|root| root.name == "Envelope").and_then(|root| root.child("Body"))
    else {
        return (
            client_fault("The element type \"Envelope\" with a \"Body\" was expected, without a DOCTYPE"),
            None,
        );
    };
    let Some(call) = body.children.first() else {
        return (client_fault("The SOAP body is empty"), None);
    };
    if dialect.version < *super::rest::VERSIONS.start() {
        let message = "Your API version is not supported. Please use a newer version.";
        let fault = Fault::new("UnexpectedErrorFault", "UNSUPPORTED_API_VERSION", message);
        return (fault.answer(dialect).kind(kind_of(call)), None);
    }
    if call.name == "login" {
        return login::handle(simulator, world, request, dialect, call, now);
    }
    let header = envelope.as_ref().and_then(|root| root.child("Header"));
    let token = header
        .and_then(|header| header.child("SessionHeader"))
        .map(|session| session.child_text("sessionId"));
    calls::handle(simulator, world, dialect, (token.unwrap_or_default(), call), now)
}

fn kind_of(call: &Element) -> &'static str {
    if call.name == "login" { "soap_login" } else { "soap_other" }
}

fn dialect(path: &str) -> Option<Dialect> {
    let rest = path.strip_prefix("/services/Soap/")?;
    let mut segments = rest.split('/');
    let name = match segments.next()? {
        "u" => "partner",
        "c" => "enterprise",
        _ => return None,
    };
    let version = segments.next()?.split('.').next()?.parse().ok()?;
    Some(Dialect { name, version })
}

fn client_fault(message: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body><soapenv:Fault>\
         <faultcode>soapenv:Client</faultcode><faultstring>{}</faultstring></soapenv:Fault></soapenv:Body>\
         </soapenv:Envelope>",
        escaped(message)
    );
    Answer::text(500, "text/xml;charset=utf-8", body).kind("soap_other")
}

impl Fault {
    fn answer(&self, dialect: Dialect) -> Answer {
        let Self { kind, code, message } = self;
        let message = escaped(message);
        // Faults of a login have a bare code, those of other calls a prefixed one.
        let prefix = if *kind == "LoginFault" { "" } else { "sf:" };
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
             xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:sf=\"urn:fault.{}.soap.sforce.com\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
             <soapenv:Body><soapenv:Fault><faultcode>{prefix}{code}</faultcode>\
             <faultstring>{code}: {message}</faultstring><detail><sf:{kind} xsi:type=\"sf:{kind}\">\
             <sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{message}</sf:exceptionMessage>\
             </sf:{kind}></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>",
            dialect.name
        );
        Answer::text(500, "text/xml;charset=utf-8", body)
    }
}

/// A successful answer: `inner` is the content of the response element's `result`s.
fn success(dialect: Dialect, header: &str, call: &str, inner: &str) -> Answer {
    let header =
        if header.is_empty() { String::new() } else { format!("<soapenv:Header>{header}</soapenv:Header>") };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:{0}.soap.sforce.com\" \
         xmlns:sf=\"urn:sobject.{0}.soap.sforce.com\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">{header}\
         <soapenv:Body><{call}Response>{inner}</{call}Response></soapenv:Body></soapenv:Envelope>",
        dialect.name
    );
    Answer::text(200, "text/xml;charset=utf-8", body)
}
