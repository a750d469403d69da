//! What several tests of the room share.
#![expect(clippy::unwrap_used, reason = "test")]

use secrecy::SecretString;
use time::macros::datetime;

use super::{Api, ClientConfig, Origin, SalesforceClient, SalesforceId, Session};

/// A session as a login would have yielded it.
pub(super) fn session(url: &str) -> Session {
    Session {
        access_token: SecretString::from("00Dx0000000BV7z!CANARY"),
        instance: Origin::parse(url).unwrap(),
        org_id: SalesforceId::parse("00Dx0000000BV7z").unwrap(),
        user_id: SalesforceId::parse("005x00000012Q9P").unwrap(),
        api_version: "67.0".to_owned(),
        sandbox: None,
        issued_at: datetime!(2026-11-23 10:00 UTC),
        seconds_valid: None,
        rotated_refresh_token: None,
    }
}

/// The API at a server of the test.
pub(super) fn api(url: &str) -> Api {
    let client = SalesforceClient::new(ClientConfig::for_simulator(url)).unwrap();
    client.api(&session(url)).unwrap()
}
