//! What is wrong is named, all of it, by the path of its field; what is right comes through as it is.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test")]

use secrecy::ExposeSecret as _;

use super::*;
use crate::{
    api::v1,
    control::InclusionChoice,
    domain::{edition::Edition, setup::VisualforceMethod},
    salesforce,
};

const SETUP: &str = "01932c07-aaaa-7bbb-8ccc-0123456789ab";
const ORG: &str = "00Dx0000000BV7z";

fn wrong<T: std::fmt::Debug>(parsed: Parsed<T>) -> Vec<(String, Wrong)> {
    let violations = parsed.unwrap_err();
    violations.iter().map(|violation| (violation.field.clone(), violation.wrong)).collect()
}

fn one(field: &str, what: Wrong) -> Vec<(String, Wrong)> {
    vec![(field.to_owned(), what)]
}

#[test]
fn r21_all_that_is_wrong_is_named_at_once() {
    let parsed = setup::seat_count(v1::SetSeatCountRequest {
        request_id: "no uuid".to_owned(),
        setup_id: "neither".to_owned(),
        etag: "x".repeat(10_000),
        seat_count: 0,
        validate_only: false,
    });
    let expected: Vec<(String, Wrong)> = vec![
        ("request_id".to_owned(), Wrong::NotAUuid),
        ("etag".to_owned(), Wrong::TooLarge { max: field::MAX_TOKEN_BYTES }),
        ("setup_id".to_owned(), Wrong::NotAUuid),
        ("seat_count".to_owned(), Wrong::OutOfRange { min: 1, max: 1_000_000 }),
    ];
    assert_eq!(wrong(parsed), expected);
}

#[test]
fn r31_seats_are_a_number_from_one_on() {
    let seats = |seat_count| {
        let message =
            v1::SetSeatCountRequest { setup_id: SETUP.to_owned(), seat_count, ..Default::default() };
        setup::seat_count(message).map(|parsed| parsed.answer)
    };
    for absurd in [0, -1, i32::MIN, 1_000_001, i32::MAX] {
        assert!(seats(absurd).is_err(), "{absurd}");
    }
    assert_eq!(seats(1), Ok(1));
    assert_eq!(seats(1_000_000), Ok(1_000_000));
}

#[test]
fn r23_a_choice_takes_exactly_one_known_value() {
    let edition = |edition| {
        let message = v1::SelectEditionRequest { setup_id: SETUP.to_owned(), edition, ..Default::default() };
        setup::edition(message).map(|parsed| parsed.answer)
    };
    assert_eq!(edition(v1::SalesforceEdition::Enterprise.into()), Ok(Edition::Enterprise));
    assert_eq!(wrong(edition(0)), one("edition", Wrong::Required));
    for unknown in [7, 99, -1, i32::MAX] {
        assert_eq!(wrong(edition(unknown)), one("edition", Wrong::UnknownValue));
    }
}

#[test]
fn r54_nothing_is_preselected() {
    let message = v1::ChooseObjectSyncRequest { setup_id: SETUP.to_owned(), ..Default::default() };
    let expected = [
        ("object_sync.accounts".to_owned(), Wrong::ChooseYesOrNo),
        ("object_sync.opportunities".to_owned(), Wrong::ChooseYesOrNo),
    ];
    assert_eq!(wrong(setup::object_sync(message)), expected);
    let message = v1::ChooseActivitySyncRequest { setup_id: SETUP.to_owned(), ..Default::default() };
    assert_eq!(wrong(setup::activity_sync(message)), one("activity_sync.tasks", Wrong::ChooseYesOrNo));
}

#[test]
fn r61_no_inclusion_list_is_chosen_explicitly() {
    use v1::choose_inclusion_list_request::Choice;
    let choose = |choice| {
        let message =
            v1::ChooseInclusionListRequest { setup_id: SETUP.to_owned(), choice, ..Default::default() };
        setup::inclusion_list(message).map(|parsed| parsed.answer)
    };
    assert_eq!(wrong(choose(None)), one("choice", Wrong::ExactlyOne));
    let none = choose(Some(Choice::NoList(v1::NoInclusionList::default()))).unwrap();
    assert!(matches!(none, InclusionChoice::NoList(stage) if stage == "subscriber"));
    let list = choose(Some(Choice::ListId("611".to_owned()))).unwrap();
    assert!(matches!(list, InclusionChoice::List(id) if id == "611"));
    for bad in ["6a", "-1", "1".repeat(33).as_str(), "\u{664}"] {
        let parsed = choose(Some(Choice::ListId(bad.to_owned())));
        assert_eq!(wrong(parsed), one("list_id", Wrong::NotAListId), "{bad}");
    }
}

#[test]
fn r38_the_token_is_trimmed_and_not_empty() {
    let token = |text: &str, not_used| {
        let message = v1::SubmitSecurityTokenRequest {
            setup_id: SETUP.to_owned(),
            security_token: text.to_owned(),
            not_used,
            ..Default::default()
        };
        setup::security_token(message).map(|parsed| parsed.answer)
    };
    assert_eq!(token(" \tAbC123 \r\n", false).unwrap().unwrap().expose_secret(), "AbC123");
    assert!(token("", true).unwrap().is_none());
    assert_eq!(wrong(token("", false)), one("security_token", Wrong::Required));
    assert_eq!(wrong(token(" \n ", false)), one("security_token", Wrong::Required));
    assert_eq!(wrong(token("two words", false)), one("security_token", Wrong::BadToken));
    assert_eq!(wrong(token("AbC\u{0}123", false)), one("security_token", Wrong::BadToken));
    assert_eq!(wrong(token(&"x".repeat(129), false)), one("security_token", Wrong::TooLong { max: 128 }));
    assert!(token(&"x".repeat(128), false).is_ok());
    assert_eq!(wrong(token("AbC123", true)), one("security_token", Wrong::TokenAndNotUsed));
}

fn connect(method: v1::salesforce_credential::Method) -> Parsed<connection::ConnectAccounts> {
    connection::connect(v1::ConnectAccountsRequest {
        setup_id: SETUP.to_owned(),
        credential: Some(v1::SalesforceCredential { method: Some(method) }),
        ..Default::default()
    })
}

#[test]
fn r45_each_missing_part_of_a_credential_is_named() {
    use v1::salesforce_credential::Method;
    let empty = connect(Method::Password(v1::SalesforcePassword::default()));
    let expected = [
        ("credential.password.username".to_owned(), Wrong::Required),
        ("credential.password.password".to_owned(), Wrong::Required),
    ];
    assert_eq!(wrong(empty), expected);
    let no_method = connection::connect(v1::ConnectAccountsRequest {
        setup_id: SETUP.to_owned(),
        credential: Some(v1::SalesforceCredential { method: None }),
        ..Default::default()
    });
    assert_eq!(wrong(no_method), one("credential", Wrong::ExactlyOne));
    let stored =
        connection::connect(v1::ConnectAccountsRequest { setup_id: SETUP.to_owned(), ..Default::default() });
    assert!(stored.unwrap().credential.is_none(), "left out: the stored one is used again");
    let bearer = connect(Method::JwtBearer(v1::SalesforceJwtBearer {
        client_id: "3MVG9".to_owned(),
        username: "admin@acme.com".to_owned(),
        private_key_pem: "not a key".to_owned(),
        login_url: "ftp://acme.my.salesforce.com".to_owned(),
    }));
    let expected = [
        ("credential.jwt_bearer.private_key_pem".to_owned(), Wrong::NotAKey),
        ("credential.jwt_bearer.login_url".to_owned(), Wrong::NotAnAddress),
    ];
    assert_eq!(wrong(bearer), expected);
}

#[test]
fn a_password_is_sent_as_it_is() {
    let method = v1::salesforce_credential::Method::Password(v1::SalesforcePassword {
        username: " admin@acme.com ".to_owned(),
        password: "  pässwörd  ".to_owned(),
        security_token: String::new(),
    });
    let login = connect(method).unwrap().credential.unwrap();
    let salesforce::Credential::Password { username, password, security_token } = login.credential else {
        panic!("a password login");
    };
    assert_eq!(username, "admin@acme.com");
    assert_eq!(password.expose_secret(), "  pässwörd  ");
    assert_eq!(security_token.expose_secret(), "");
}

#[test]
fn addresses_are_origins_and_nothing_more() {
    let mut violations = Violations::new();
    let mut parse = |text: &str| field::address(&mut violations, "login_url", text);
    assert_eq!(parse("https://Acme.my.salesforce.com/").as_deref(), Some("https://acme.my.salesforce.com"));
    assert_eq!(parse(" http://127.0.0.1:8081 ").as_deref(), Some("http://127.0.0.1:8081"));
    assert_eq!(
        parse("https://acme.my.salesforce.com:443").as_deref(),
        Some("https://acme.my.salesforce.com")
    );
    for bad in [
        "acme.my.salesforce.com",
        "https://",
        "https://user@acme.my.salesforce.com",
        "https://acme.my.salesforce.com/path",
        "https://acme.my.salesforce.com?x",
        "https://acme.my.salesforce.com#x",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https:acme.my.salesforce.com",
        "https:\\\\acme.my.salesforce.com",
        "https://acme\t.my.salesforce.com",
        "https://acme.my.salesforce\u{3002}com",
        "https://acme%2emy.salesforce.com",
        "https://0x7f.1",
    ] {
        assert_eq!(parse(bad), None, "{bad}");
    }
}

#[test]
fn characters_and_bytes_are_counted_as_documented() {
    let name = |text: String| {
        let message = v1::RegisterPortalRequest {
            credential: Some(v1::HubSpotCredential {
                method: Some(v1::hub_spot_credential::Method::StaticToken(v1::HubSpotStaticToken {
                    token: "pat-na1-x".to_owned(),
                })),
            }),
            display_name: text,
            ..Default::default()
        };
        portal::register(message).map(|parsed| parsed.display_name)
    };
    assert_eq!(name("会".repeat(255)).unwrap().chars().count(), 255, "characters, not bytes");
    assert_eq!(wrong(name("会".repeat(256))), one("display_name", Wrong::TooLong { max: 255 }));
    for bad in ["a\u{0}b", "a\nb", "a\u{1b}[31mb", "a\u{85}b"] {
        assert_eq!(wrong(name(bad.to_owned())), one("display_name", Wrong::InvalidCharacters), "{bad:?}");
    }
    let token = |bytes: usize| {
        let mut violations = Violations::new();
        field::secret(&mut violations, "token", "é".repeat(bytes / 2), 1_024).is_some()
    };
    assert!(token(1_024) && !token(1_026), "bytes, not characters");
}

#[test]
fn pages_have_bounds() {
    let page = |page_size| {
        portal::list(v1::ListPortalsRequest { page_size, page_token: String::new() }).map(|page| page.size)
    };
    assert_eq!((page(0), page(1), page(500)), (Ok(100), Ok(1), Ok(500)));
    for bad in [-1, 501, i32::MIN] {
        assert_eq!(wrong(page(bad)), one("page_size", Wrong::OutOfRange { min: 1, max: 500 }));
    }
}

#[test]
fn an_etag_that_is_not_ours_matches_nothing() {
    let mut violations = Violations::new();
    let mut parse = |text: &str| field::etag(&mut violations, "etag", text);
    assert_eq!((parse(""), parse("W-0"), parse("W-17")), (None, Some(0), Some(17)));
    for foreign in ["W-", "W--1", "W-+1", "W-01", "17", "w-17", "W-99999999999999999999", "W-1 ", "\"W-1\""] {
        assert_eq!(parse(foreign), Some(field::FOREIGN_VERSION), "{foreign}");
    }
    assert_eq!(violations, Violations::new(), "it is answered as a mismatch, not as a malformed request");
}

#[test]
fn shares_name_each_portal_once() {
    let share = |portal_id, api_call_limit| v1::ApiCallShare { portal_id, api_call_limit };
    let allocate = |shares| {
        let message = v1::AllocateApiCallsRequest { org_id: ORG.to_owned(), shares, ..Default::default() };
        org::allocate(message).map(|parsed| parsed.shares.len())
    };
    assert_eq!(allocate(vec![share(1, 10), share(2, 10)]), Ok(2));
    assert_eq!(wrong(allocate(Vec::new())), one("shares", Wrong::Required));
    let bad = allocate(vec![share(1, 10), share(1, 20), share(-3, 0)]);
    let expected = [
        ("shares[1].portal_id".to_owned(), Wrong::Duplicate),
        ("shares[2].portal_id".to_owned(), Wrong::Positive),
        ("shares[2].api_call_limit".to_owned(), Wrong::OutOfRange { min: 1, max: 10_000_000 }),
    ];
    assert_eq!(wrong(bad), expected);
    let many = allocate((1..=101).map(|portal| share(portal, 1)).collect());
    assert_eq!(wrong(many), one("shares", Wrong::TooMany { max: 100 }));
}

#[test]
fn unset_means_the_visualforce_component_and_unknown_is_refused() {
    let module = |method| {
        let message = v1::ConfirmVisualforceModuleRequest {
            setup_id: SETUP.to_owned(),
            added: true,
            method,
            ..Default::default()
        };
        setup::visualforce(message).map(|parsed| parsed.answer.method)
    };
    assert_eq!(module(0), Ok(VisualforceMethod::Visualforce));
    assert_eq!(module(2), Ok(VisualforceMethod::HubspotEmbed));
    assert_eq!(wrong(module(3)), one("method", Wrong::UnknownValue));
}

#[test]
fn two_requests_are_the_same_when_only_their_ids_differ() {
    let payload = |request_id: &str, seat_count| {
        let message = v1::SetSeatCountRequest {
            request_id: request_id.to_owned(),
            setup_id: SETUP.to_owned(),
            seat_count,
            ..Default::default()
        };
        setup::seat_count(message).unwrap().mutation.payload
    };
    let (a, b) = (SETUP, "01932c07-aaaa-7bbb-8ccc-000000000000");
    assert_eq!(payload(a, 10), payload(b, 10));
    assert_ne!(payload(a, 10), payload(a, 11));
}

#[test]
fn parsed_requests_print_no_secret() {
    let method = v1::salesforce_credential::Method::Password(v1::SalesforcePassword {
        username: "admin@acme.com".to_owned(),
        password: "CANARY-password".to_owned(),
        security_token: "CANARY-token".to_owned(),
    });
    let text = format!("{:?}", connect(method).unwrap());
    assert!(!text.contains("CANARY"), "{text}");
}
