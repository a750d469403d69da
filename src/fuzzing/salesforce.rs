//! Salesforce's answers: SOAP, REST and OAuth.

use std::sync::LazyLock;

use secrecy::SecretString;
use time::OffsetDateTime;

use super::vendor::{CANARY, judge, judge_login, part, seeds as vendor_seeds, with_answers};
use crate::salesforce::{
    Api, ClientConfig, Credential, CrmObject, Environment, LoginTarget, NewPerson, ProbeScope,
    SalesforceClient, SalesforceId, Session, by_external_id, delete_synced, match_and_upsert, probe,
};

/// Ways to use Salesforce, chosen by the first byte.
const USES: u8 = 12;
const RECORD: &str = "00Qx0000000BV7zEAG";

static CLIENT: LazyLock<Option<SalesforceClient>> =
    LazyLock::new(|| SalesforceClient::new(ClientConfig::default()).ok());

#[cfg(test)]
pub(super) fn is_ready() -> bool {
    api().is_some()
}

/// A session that a login of before left behind.
fn api() -> Option<Api> {
    let session = Session {
        access_token: SecretString::from("00Dx0000000BV7z!AR8"),
        instance: crate::salesforce::Origin::parse("https://acme.my.salesforce.com").ok()?,
        org_id: SalesforceId::parse("00Dx0000000BV7z").ok()?,
        user_id: SalesforceId::parse("005x00000012Q9P").ok()?,
        api_version: "67.0".to_owned(),
        sandbox: Some(false),
        issued_at: OffsetDateTime::UNIX_EPOCH,
        seconds_valid: None,
        rotated_refresh_token: None,
    };
    CLIENT.as_ref()?.api(&session).ok()
}

fn credential(method: u8) -> Credential {
    let secret = || SecretString::from(CANARY);
    match method {
        0 => Credential::Password {
            username: "admin@acme.com".to_owned(),
            password: secret(),
            security_token: SecretString::from("another-CANARY-token"),
        },
        1 => Credential::ClientCredentials { client_id: "client".to_owned(), client_secret: secret() },
        _ => Credential::RefreshToken {
            client_id: "client".to_owned(),
            client_secret: Some(SecretString::from("another-CANARY-token")),
            refresh_token: secret(),
        },
    }
}

fn person() -> NewPerson {
    NewPerson {
        external_id: "62515-701".to_owned(),
        email: "test@acme.com".to_owned(),
        first_name: Some("Test".to_owned()),
        last_name: "Contact".to_owned(),
        company: Some("Acme".to_owned()),
        phone: None,
        lead_source: Some("HubSpot".to_owned()),
    }
}

/// Uses Salesforce, which answers with these bytes.
///
/// # Panics
/// When an answer makes something panic, or an error tells a secret.
pub fn salesforce(data: &[u8]) {
    let Some((which, data)) = data.split_first() else { return };
    let Some(client) = CLIENT.as_ref() else { return };
    with_answers(data, use_it(client, which % USES));
}

async fn use_it(client: &SalesforceClient, which: u8) {
    if which < 3 {
        let my_domain = Some("https://acme.my.salesforce.com".to_owned());
        let target = LoginTarget { environment: Environment::Production, my_domain };
        let outcome = client.login(&target, &credential(which)).await;
        judge_login(&outcome);
        if let Ok(session) = outcome {
            // What it keeps is what it reads again.
            assert!(Session::from_bytes(&session.to_bytes()).is_ok(), "{session:?}");
            judge(&client.api(&session).map(|api| api.calls()));
        }
        return;
    }
    let Some(api) = api() else { return };
    let Ok(record) = SalesforceId::parse(RECORD) else { return };
    match which {
        3 => {
            let report = probe(&api, &ProbeScope::default()).await;
            let _ = format!("{report:?}");
        }
        4 => judge(&api.daily_limit().await),
        5 => judge(&match_and_upsert(&api, &person()).await),
        6 => judge(&delete_synced(&api, None, "62515-701").await),
        7 => judge(&by_external_id(&api, "62515-701").await),
        8 => judge(&api.find_people_by_email("test@acme.com").await),
        9 => judge(&api.retrieve(CrmObject::Lead, &record, &["Email", "LastName"]).await),
        10 => judge(&api.update(CrmObject::Contact, &record, &std::collections::BTreeMap::new()).await),
        _ => judge(&api.delete(CrmObject::Lead, &record).await),
    }
    let _ = api.limit_info();
}

/// Answers as they are documented.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |name: &str| SEEDS.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
    let one = |status, name| vec![part(status, None, seed(name))];
    let limited = |status, name| vec![part(status, Some("api-usage=18/5000"), seed(name))];
    let lists = [
        one(200, "login.xml"),
        one(500, "fault.xml"),
        one(200, "token.json"),
        one(400, "oauth_error.json"),
        limited(200, "composite_probe.json"),
        vec![part(200, None, &seed("composite_probe.json").replace("25", "4294967295"))],
        limited(200, "composite_rows.json"),
        [limited(200, "composite_empty.json"), one(201, "written.json")].concat(),
        one(200, "limits.json"),
        one(200, "describe.json"),
        one(400, "error.json"),
        one(400, "duplicate.json"),
        one(300, "multiple.json"),
        vec![part(204, None, ""), part(204, None, "")],
        vec![part(503, Some("120"), "<html>maintenance</html>")],
    ];
    vendor_seeds(USES, &lists)
}

/// Also read by people: `fuzz/seeds/salesforce`.
const SEEDS: &[(&str, &str)] = &[
    ("login.xml", include_str!("../../fuzz/seeds/salesforce/login.xml")),
    ("fault.xml", include_str!("../../fuzz/seeds/salesforce/fault.xml")),
    ("token.json", include_str!("../../fuzz/seeds/salesforce/token.json")),
    ("oauth_error.json", include_str!("../../fuzz/seeds/salesforce/oauth_error.json")),
    ("composite_probe.json", include_str!("../../fuzz/seeds/salesforce/composite_probe.json")),
    ("composite_rows.json", include_str!("../../fuzz/seeds/salesforce/composite_rows.json")),
    ("composite_empty.json", include_str!("../../fuzz/seeds/salesforce/composite_empty.json")),
    ("written.json", include_str!("../../fuzz/seeds/salesforce/written.json")),
    ("limits.json", include_str!("../../fuzz/seeds/salesforce/limits.json")),
    ("describe.json", include_str!("../../fuzz/seeds/salesforce/describe.json")),
    ("error.json", include_str!("../../fuzz/seeds/salesforce/error.json")),
    ("duplicate.json", include_str!("../../fuzz/seeds/salesforce/duplicate.json")),
    ("multiple.json", include_str!("../../fuzz/seeds/salesforce/multiple.json")),
];
