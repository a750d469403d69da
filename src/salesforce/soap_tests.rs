#![expect(clippy::unwrap_used, reason = "test")]

use secrecy::{ExposeSecret, SecretString};

use crate::outbound::testing::{Reply, ScriptedServer, cutting_server, nobody};
use crate::salesforce::{
    ClientConfig, Credential, DidItHappen, Environment, HostRefused, LoginTarget, SalesforceClient,
    SalesforceError, SalesforceErrorKind as Kind, Session,
};

const SUCCESS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><loginResponse><result>
<metadataServerUrl>https://acme.my.salesforce.com/services/Soap/m/64.0/00Dx0000000BV7z</metadataServerUrl>
<passwordExpired>false</passwordExpired><sandbox>false</sandbox>
<serverUrl>https://acme.my.salesforce.com/services/Soap/u/64.0/00Dx0000000BV7z</serverUrl>
<sessionId>00Dx0000000BV7z!AR8AQ.CANARY_session</sessionId><userId>005x00000012Q9PAAU</userId>
<userInfo><accessibilityMode>false</accessibilityMode><organizationId>00Dx0000000BV7zEAG</organizationId><organizationName>Acme</organizationName>
<roleId xsi:nil="true"/><sessionSecondsValid>7200</sessionSecondsValid><userId>005x00000012Q9PAAU</userId><userName>admin@acme.com</userName></userInfo>
</result></loginResponse></soapenv:Body></soapenv:Envelope>"#;

const INVALID_LOGIN: &str = r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: Invalid username, password, security token; or user locked out.</faultstring><detail><sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode><sf:exceptionMessage>Invalid username, password, security token; or user locked out.</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"#;

const PASSWORD: &str = " p<a>s&s\"w'ord ";

async fn login_at(url: &str) -> Result<Session, SalesforceError> {
    let client = SalesforceClient::new(ClientConfig::for_simulator(url)).unwrap();
    let target = LoginTarget { environment: Environment::Production, my_domain: None };
    let credential = Credential::Password {
        username: "admin@acme.com".to_owned(),
        password: SecretString::from(PASSWORD),
        security_token: SecretString::from("CANARYtoken"),
    };
    client.login(&target, &credential).await
}

async fn login(status: u16, body: &str) -> Result<Session, SalesforceError> {
    let server = ScriptedServer::start([Reply::text(status, body)]).await;
    let outcome = login_at(&server.url).await;
    assert_eq!(server.asked().len(), 1, "exactly one login, whatever came of it");
    outcome
}

#[tokio::test]
async fn a_login_yields_the_whole_session() {
    let session = login(200, SUCCESS).await.unwrap();
    assert_eq!(session.access_token.expose_secret(), "00Dx0000000BV7z!AR8AQ.CANARY_session");
    assert_eq!(session.instance.to_string(), "https://acme.my.salesforce.com");
    assert_eq!(session.org_id.as_str(), "00Dx0000000BV7zEAG");
    assert_eq!(session.user_id.as_str(), "005x00000012Q9PAAU");
    assert_eq!(session.sandbox, Some(false));
    assert_eq!(session.seconds_valid, Some(7_200));
    assert_eq!(session.api_version, "67.0");
    assert!(!format!("{session:?}").contains("CANARY"));
}

#[tokio::test]
async fn the_password_arrives_as_it_is_followed_by_the_token() {
    let server = ScriptedServer::start([Reply::text(200, SUCCESS)]).await;
    login_at(&server.url).await.unwrap();
    let asked = server.asked().remove(0);
    assert_eq!(asked.path_and_query, "/services/Soap/u/64.0");
    assert_eq!(asked.header("content-type"), "text/xml; charset=UTF-8");
    assert_eq!(asked.header("soapaction"), "\"\"");
    let sent = " p&lt;a&gt;s&amp;s&quot;w&apos;ord CANARYtoken";
    assert!(asked.body.contains(&format!("<urn:password>{sent}</urn:password>")), "{}", asked.body);
    assert!(asked.body.contains("<urn:client>HubSpotConnector</urn:client>"));
}

#[tokio::test]
async fn a_fault_is_a_definite_refusal() {
    let error = login(500, INVALID_LOGIN).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::LoginRefused);
    assert_eq!(error.effect(), DidItHappen::No);
    assert_eq!(error.code(), Some("INVALID_LOGIN"));
    assert_eq!(error.vendor_text(), "Invalid username, password, security token; or user locked out.");
}

#[tokio::test]
async fn a_fault_with_a_prefix_and_without_detail_is_understood() {
    let body = "<e:Envelope xmlns:e='x'><e:Body><e:Fault><faultcode>sf:INVALID_OPERATION</faultcode><faultstring>SOAP API login() is disabled by default in this org.</faultstring></e:Fault></e:Body></e:Envelope>";
    let error = login(500, body).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::SoapLoginDisabled);
    assert_eq!(error.code(), Some("INVALID_OPERATION"));
}

#[tokio::test]
async fn an_expired_password_is_a_failure_although_it_comes_with_a_session() {
    let body = SUCCESS.replace("<passwordExpired>false", "<passwordExpired>true");
    let error = login(200, &body).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&Kind::PasswordExpired, DidItHappen::Yes));
}

#[tokio::test]
async fn a_session_at_a_foreign_host_is_refused() {
    for host in
        ["evil.com", "acme.my.salesforce.com.evil.com", "acme.my.salesforce.com@evil.com", "127.0.0.1"]
    {
        let body = SUCCESS.replace(
            "https://acme.my.salesforce.com/services/Soap/u",
            &format!("https://{host}/services/Soap/u"),
        );
        let error = login(200, &body).await.unwrap_err();
        assert!(matches!(error.kind(), Kind::HostNotAllowed(_)), "{host}: {error:?}");
        assert_eq!(error.effect(), DidItHappen::Yes, "the login itself took place");
    }
    let plain = SUCCESS.replace("<serverUrl>https", "<serverUrl>http");
    let error = login(200, &plain).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::HostNotAllowed(HostRefused::NotHttps));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_says_what_may_have_happened() {
    let doctype = format!("<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>{SUCCESS}");
    let error = login(200, &doctype).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Malformed(_)), "{error:?}");
    assert_eq!(error.effect(), DidItHappen::Yes);

    let error = login(503, "<html><body>Down<br></body>").await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&Kind::Unavailable, DidItHappen::Unknown));

    let error = login(200, &SUCCESS.replace("sessionId", "other")).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Malformed(_)), "{error:?}");
    assert!(!format!("{error:?}").contains("CANARY"));

    let error = login_at(&cutting_server().await).await.unwrap_err();
    assert_eq!(error.effect(), DidItHappen::Unknown);
    let error = login_at(&nobody().await).await.unwrap_err();
    assert_eq!(error.effect(), DidItHappen::No);
}

#[tokio::test]
async fn an_echoed_secret_does_not_reach_the_error() {
    let body = INVALID_LOGIN
        .replace("security token;", "CANARYtoken p&lt;a&gt;s&amp;s\"w'ord 00Dx0000000BV7z!CANARY;");
    let error = login(500, &body).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("CANARY") && shown.contains("[redacted]"), "{shown}");
}

#[tokio::test]
async fn an_oversized_answer_is_refused() {
    let body = SUCCESS.replace("Acme", &"A".repeat(1024 * 1024));
    let error = login(200, &body).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Malformed(_)), "{error:?}");
}

#[tokio::test]
async fn a_login_address_that_is_not_salesforces_is_never_called() {
    let server = ScriptedServer::start([]).await;
    let client = SalesforceClient::new(ClientConfig::default()).unwrap();
    let target = LoginTarget { environment: Environment::Sandbox, my_domain: Some(server.url.clone()) };
    let credential = Credential::Password {
        username: "a".to_owned(),
        password: SecretString::from("b"),
        security_token: SecretString::from(""),
    };
    let error = client.login(&target, &credential).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::HostNotAllowed(_)));
    assert_eq!(error.effect(), DidItHappen::No);
    assert!(server.asked().is_empty());
}
