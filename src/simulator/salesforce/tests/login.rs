//! SOAP `login()` and what follows it.
#![expect(clippy::unwrap_used, reason = "test")]

use time::Duration;

use super::{Simulator, between};
use crate::simulator::salesforce::{fixture::AnsweredHost, xml};

const U64: &str = "/services/Soap/u/64.0";
const ADMIN: &str = "admin@acme.example";

fn exception(body: &str) -> String {
    between(body, "<sf:exceptionCode>", "</sf:exceptionCode>")
}

async fn refusal(simulator: &Simulator, path: &str, username: &str, password: &str) -> String {
    let (status, body) = simulator.soap_login(path, username, password).await;
    assert_eq!(status, 500, "{body}");
    exception(&body)
}

#[tokio::test]
async fn the_answer_has_the_elements_of_its_version_in_the_order_of_the_wsdl() {
    let simulator = Simulator::start().await;
    for (path, has_chatter, has_locale) in [
        (U64, true, true),
        ("/services/Soap/u/38.0/", false, true),
        ("/services/Soap/u/35.0", false, false),
        ("/services/Soap/c/58.0", true, true),
    ] {
        let (status, body) = simulator.soap_login(path, ADMIN, "passwordtoken").await;
        assert_eq!(status, 200, "{body}");
        let envelope = xml::parse(&body).unwrap();
        let result = envelope.child("Body").unwrap().child("loginResponse").unwrap().child("result").unwrap();
        let names: Vec<&str> = result.children.iter().map(|child| child.name.as_str()).collect();
        let expected = [
            "metadataServerUrl",
            "passwordExpired",
            "sandbox",
            "serverUrl",
            "sessionId",
            "userId",
            "userInfo",
        ];
        assert_eq!(names, expected);
        let info: Vec<&str> =
            result.child("userInfo").unwrap().children.iter().map(|child| child.name.as_str()).collect();
        assert_eq!(info.contains(&"chatterExternal"), has_chatter, "{path}");
        assert_eq!(info.contains(&"orgDefaultCurrencyLocale"), has_locale, "{path}");
        assert_eq!(info.last(), Some(&"userUiSkin"));
        assert!(result.child_text("serverUrl").starts_with(&simulator.running.salesforce_url));
    }
}

#[tokio::test]
async fn versions_outside_the_supported_ones_are_refused() {
    let simulator = Simulator::start().await;
    for path in ["/services/Soap/u/65.0", "/services/Soap/u/30.0"] {
        assert_eq!(
            refusal(&simulator, path, ADMIN, "passwordtoken").await,
            "UNSUPPORTED_API_VERSION",
            "{path}"
        );
    }
}

#[tokio::test]
async fn password_token_and_host() {
    let simulator = Simulator::start().await;
    assert_eq!(refusal(&simulator, U64, ADMIN, "wrong").await, "INVALID_LOGIN");
    assert_eq!(refusal(&simulator, U64, "nobody@acme.example", "passwordtoken").await, "INVALID_LOGIN");
    assert_eq!(refusal(&simulator, U64, ADMIN, "passwordother").await, "INVALID_LOGIN");
    assert_eq!(refusal(&simulator, U64, ADMIN, "password").await, "LOGIN_MUST_USE_SECURITY_TOKEN");
    let test = "/test/services/Soap/u/64.0";
    assert_eq!(refusal(&simulator, test, ADMIN, "passwordtoken").await, "INVALID_LOGIN");
    assert_eq!(simulator.soap_login(test, "admin@acme.example.uat", "passwordtoken").await.0, 200);
    assert_eq!(simulator.soap_login("/my/acme/services/Soap/u/64.0", ADMIN, "passwordtoken").await.0, 200);
    let trust = |trusted: &str| {
        let trusted = vec![trusted.to_owned()];
        simulator.running.salesforce.edit_org("acme", |org| org.trusted_ips = trusted).unwrap();
    };
    trust("127.0.0.1");
    assert_eq!(simulator.soap_login(U64, ADMIN, "password").await.0, 200);
    trust("10.0.0.1");
    assert_eq!(refusal(&simulator, U64, ADMIN, "password").await, "LOGIN_MUST_USE_SECURITY_TOKEN");
}

#[tokio::test]
async fn a_fresh_token_works_after_a_while() {
    let simulator = Simulator::start().await;
    let active = simulator.running.clock.now() + Duration::minutes(20);
    simulator
        .running
        .salesforce
        .edit_org(ADMIN, |org| org.users.iter_mut().for_each(|user| user.token_active_at = Some(active)))
        .unwrap();
    assert_eq!(refusal(&simulator, U64, ADMIN, "passwordtoken").await, "INVALID_LOGIN");
    simulator.running.clock.advance(Duration::minutes(21));
    assert_eq!(simulator.soap_login(U64, ADMIN, "passwordtoken").await.0, 200);
}

#[tokio::test]
async fn ten_wrong_passwords_lock_for_a_quarter_of_an_hour() {
    let simulator = Simulator::start().await;
    for _ in 0..10 {
        assert_eq!(refusal(&simulator, U64, ADMIN, "wrong").await, "INVALID_LOGIN");
    }
    assert_eq!(refusal(&simulator, U64, ADMIN, "passwordtoken").await, "INVALID_LOGIN");
    let journal = &simulator.running.salesforce.frame().journal;
    assert_eq!(journal.counter("login_attempts", ADMIN), 11);
    assert_eq!(journal.counter("login_successes", ADMIN), 0);
    simulator.running.clock.advance(Duration::minutes(16));
    assert_eq!(simulator.soap_login(U64, ADMIN, "passwordtoken").await.0, 200);
    assert_eq!(journal.counter("login_successes", ADMIN), 1);
}

#[tokio::test]
async fn switches_of_the_org_and_the_user() {
    let simulator = Simulator::start().await;
    let fixtures = &simulator.running.salesforce;
    fixtures.edit_org("acme", |org| org.soap_login_enabled = false).unwrap();
    assert_eq!(refusal(&simulator, U64, ADMIN, "passwordtoken").await, "INVALID_OPERATION");
    fixtures.edit_org("acme", |org| (org.soap_login_enabled, org.api_enabled) = (true, false)).unwrap();
    assert_eq!(refusal(&simulator, U64, ADMIN, "passwordtoken").await, "API_DISABLED_FOR_ORG");
    fixtures
        .edit_org("acme", |org| {
            org.api_enabled = true;
            org.users.iter_mut().for_each(|user| user.permissions.api_enabled = false);
        })
        .unwrap();
    assert_eq!(refusal(&simulator, U64, ADMIN, "passwordtoken").await, "API_CURRENTLY_DISABLED");
    simulator.running.clock.advance(Duration::days(31));
    assert_eq!(refusal(&simulator, U64, "admin@trial.example", "passwordtoken").await, "TRIAL_EXPIRED");
}

#[tokio::test]
async fn an_expired_password_logs_in_to_a_session_that_can_do_nothing() {
    let simulator = Simulator::start().await;
    let fixtures = &simulator.running.salesforce;
    fixtures
        .edit_org("pro", |org| org.users.iter_mut().for_each(|user| user.password_expired = true))
        .unwrap();
    let (status, body) = simulator.soap_login(U64, "admin@pro.example", "passwordtoken").await;
    assert_eq!(status, 200);
    assert!(body.contains("<passwordExpired>true</passwordExpired>"));
    let session = simulator.session("admin@pro.example").await;
    let (status, body) = session.get("limits").await;
    assert_eq!((status, super::code(&body)), (403, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD"));
}

#[tokio::test]
async fn a_login_can_answer_another_host() {
    let simulator = Simulator::start().await;
    let fixtures = &simulator.running.salesforce;
    for (host, expected) in [
        (AnsweredHost::MyDomain, "https://acme.my.salesforce.com"),
        (AnsweredHost::Url("http://169.254.169.254/".to_owned()), "http://169.254.169.254"),
    ] {
        fixtures.edit_org("acme", |org| org.answered_host = host).unwrap();
        let (_, body) = simulator.soap_login(U64, ADMIN, "passwordtoken").await;
        let url = between(&body, "<serverUrl>", "</serverUrl>");
        assert!(url.starts_with(&format!("{expected}/services/Soap/u/64.0/")), "{url}");
    }
}

#[tokio::test]
async fn escaped_text_cdata_and_document_types() {
    let simulator = Simulator::start().await;
    let secret = |org: &mut crate::simulator::salesforce::fixture::OrgFixture| {
        org.users.iter_mut().for_each(|user| user.password = "a<b&c\"".to_owned());
    };
    simulator.running.salesforce.edit_org("acme", secret).unwrap();
    let login = |password: &'static str| simulator.soap_login(U64, ADMIN, password);
    assert_eq!(login("a&lt;b&amp;c&quot;token").await.0, 200);
    assert_eq!(login("<![CDATA[a<b&c\"token]]>").await.0, 200);
    let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><a/>";
    let response = simulator.http.post(simulator.url(U64)).body(bomb).send().await.unwrap();
    assert_eq!(response.status(), 500);
    assert!(response.text().await.unwrap().contains("soapenv:Client"));
}

#[tokio::test]
async fn calls_after_the_login_use_the_session() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    let call = |inner: &str| {
        let body = format!(
            "<Envelope><Header><SessionHeader><sessionId>{}</sessionId></SessionHeader></Header><Body>{inner}</Body>\
             </Envelope>",
            session.token
        );
        simulator.http.post(simulator.url("/services/Soap/u/64.0/00D5g000007ACME")).body(body).send()
    };
    let query = "<query><queryString>SELECT Id, Account.Name FROM Contact</queryString></query>";
    let text = call(query).await.unwrap().text().await.unwrap();
    assert!(text.contains("<sf:Name>Globex</sf:Name>") && text.contains("<size>1</size>"), "{text}");
    assert!(text.contains("<type>API REQUESTS</type>"));
    let text = call("<getUserInfo/>").await.unwrap().text().await.unwrap();
    assert!(text.contains("<organizationName>Acme</organizationName>"), "{text}");
    assert_eq!(call("<logout/>").await.unwrap().status(), 200);
    let response = call("<getServerTimestamp/>").await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(exception(&response.text().await.unwrap()), "INVALID_SESSION_ID");
}
