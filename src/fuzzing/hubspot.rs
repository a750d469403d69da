//! HubSpot's answers: JSON, and OAuth's.

use std::sync::LazyLock;

use secrecy::SecretString;

use super::vendor::{CANARY, judge, judge_login, part, seeds as vendor_seeds, with_answers};
use crate::hubspot::{ClientConfig, Credential, HubSpotClient, PortalApi, Properties};

/// Ways to use HubSpot, chosen by the first byte; the upper half with OAuth, whose token has to be got first.
const USES: u8 = 16;

static CLIENT: LazyLock<Option<HubSpotClient>> =
    LazyLock::new(|| HubSpotClient::new(&ClientConfig::default()).ok());

#[cfg(test)]
pub(super) fn is_ready() -> bool {
    CLIENT.is_some()
}

fn credential(by_oauth: bool) -> Credential {
    if by_oauth {
        Credential::OAuth {
            client_id: "client".to_owned(),
            client_secret: SecretString::from(CANARY),
            refresh_token: SecretString::from("another-CANARY-token"),
        }
    } else {
        Credential::StaticToken(SecretString::from("pat-eu1-token"))
    }
}

/// Uses HubSpot, which answers with these bytes.
///
/// # Panics
/// When an answer makes something panic, or an error tells a secret.
pub fn hubspot(data: &[u8]) {
    let Some((which, data)) = data.split_first() else { return };
    let Some(client) = CLIENT.as_ref() else { return };
    let which = which % (USES * 2);
    let api = client.portal(credential(which >= USES));
    with_answers(data, use_it(&api, which % USES));
}

async fn use_it(api: &PortalApi, which: u8) {
    let properties = Properties::from([("email".to_owned(), "a@b.co".to_owned())]);
    match which {
        0 => {
            let account = api.account_info().await;
            judge(&account);
            if let Ok(account) = account {
                let _ = account.contact_url("51");
            }
        }
        1 => judge(&api.create_contact(&properties).await),
        2 => judge(&api.contact_by_id("51", &["email"]).await),
        3 => judge(&api.contact_by_email("a@b.co", &["email"]).await),
        4 => judge(&api.update_contact("51", &properties).await),
        5 => judge(&api.archive_contact("51").await),
        6 => judge(&api.contacts_by_id(&["51", "52"], &["email"]).await),
        7 => {
            let page = api.smart_lists("", 1, 100).await;
            judge(&page);
            if let Ok(page) = page {
                assert!(page.next_offset.is_none_or(|next| next > 1), "it would be read for ever: {page:?}");
            }
        }
        8 => judge(&api.list("7").await),
        9 => judge(&api.create_smart_list("Leads", &["lead"]).await),
        10 => judge(&api.list_by_name("Leads").await),
        11 => judge(&api.lists_of_contact("51").await),
        12 => judge(&api.contact_property("lifecyclestage").await),
        13 => judge(&api.lifecycle_stages().await),
        _ => judge_login(&api.refresh().await),
    }
    let _ = format!("{:?}", api.take_token_update().await);
}

/// Answers as they are documented.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |name: &str| SEEDS.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
    let one = |status, name| vec![part(status, None, seed(name))];
    let behind_token = |status, name| [one(200, "token.json"), one(status, name)].concat();
    let mut lists = Vec::new();
    for (status, name) in [
        (200, "account.json"),
        (200, "contact.json"),
        (200, "batch.json"),
        (200, "list.json"),
        (200, "search.json"),
        (200, "memberships.json"),
        (200, "property.json"),
        (400, "oauth_error.json"),
        (409, "conflict.json"),
        (403, "scopes.json"),
    ] {
        lists.push(one(status, name));
        lists.push(behind_token(status, name));
    }
    lists.push(vec![part(429, Some("10"), seed("rate.json"))]);
    lists.push([behind_token(401, "expired.json"), behind_token(200, "contact.json")].concat());
    lists.push(vec![part(204, None, "")]);
    vendor_seeds(USES * 2, &lists)
}

/// Also read by people: `fuzz/seeds/hubspot`.
const SEEDS: &[(&str, &str)] = &[
    ("account.json", include_str!("../../fuzz/seeds/hubspot/account.json")),
    ("contact.json", include_str!("../../fuzz/seeds/hubspot/contact.json")),
    ("batch.json", include_str!("../../fuzz/seeds/hubspot/batch.json")),
    ("list.json", include_str!("../../fuzz/seeds/hubspot/list.json")),
    ("search.json", include_str!("../../fuzz/seeds/hubspot/search.json")),
    ("memberships.json", include_str!("../../fuzz/seeds/hubspot/memberships.json")),
    ("property.json", include_str!("../../fuzz/seeds/hubspot/property.json")),
    ("token.json", include_str!("../../fuzz/seeds/hubspot/token.json")),
    ("expired.json", include_str!("../../fuzz/seeds/hubspot/expired.json")),
    ("oauth_error.json", include_str!("../../fuzz/seeds/hubspot/oauth_error.json")),
    ("conflict.json", include_str!("../../fuzz/seeds/hubspot/conflict.json")),
    ("rate.json", include_str!("../../fuzz/seeds/hubspot/rate.json")),
    ("scopes.json", include_str!("../../fuzz/seeds/hubspot/scopes.json")),
];
