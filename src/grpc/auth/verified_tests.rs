//! A token that was verified before is judged anew.
#![expect(clippy::unwrap_used, reason = "test")]

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use secrecy::ExposeSecret as _;

use super::{
    Authentication, KeySource, KeySourceSettings, Rejected, TokenAlgorithm, TokenSettings, jwt::TokenError,
    verified::KEPT,
};
use crate::{
    domain::access::{PortalGrant, Scope},
    issuer::{Issuer, Order},
};

const PATH: &str = "/connector.v1.PortalService/GetPortal";

fn authentication(issuer: &Issuer) -> Authentication {
    let minute = Duration::from_secs(60);
    let tokens = TokenSettings {
        issuer: "test".to_owned(),
        audience: "test".to_owned(),
        algorithms: vec![TokenAlgorithm::EdDsa],
        leeway: Duration::ZERO,
        keys: KeySourceSettings {
            source: KeySource::Inline(issuer.jwks()),
            refresh: minute,
            max_age: minute,
        },
    };
    Authentication::new(Some(tokens), None, false).unwrap()
}

fn shown(issuer: &Issuer, subject: &str, lifetime: Duration) -> HeaderMap {
    let order = Order {
        issuer: "test",
        audience: "test",
        subject,
        scopes: [Scope::Setup].into(),
        portals: PortalGrant::All,
        lifetime,
    };
    let value = format!("Bearer {}", issuer.issue(&order).unwrap().expose_secret());
    HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(&value).unwrap())])
}

#[tokio::test]
async fn a_token_that_is_remembered_ends_when_it_says() {
    let issuer = Issuer::generate().unwrap();
    let authentication = authentication(&issuer);
    let shown = shown(&issuer, "somebody", Duration::from_secs(2));
    for _ in 0..3 {
        let caller = authentication.authenticate(PATH, &shown, None).await.unwrap();
        assert_eq!(caller.name(), "somebody");
    }
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    for _ in 0..2 {
        let refused = authentication.authenticate(PATH, &shown, None).await.err();
        assert_eq!(refused, Some(Rejected::Token(TokenError::Expired)));
    }
}

#[tokio::test]
async fn what_is_remembered_of_one_token_opens_nothing_to_another() {
    let (issuer, stranger) = (Issuer::generate().unwrap(), Issuer::generate().unwrap());
    let authentication = authentication(&issuer);
    let hour = Duration::from_secs(3_600);
    let good = shown(&issuer, "somebody", hour);
    authentication.authenticate(PATH, &good, None).await.unwrap();
    let forged = shown(&stranger, "somebody", hour);
    assert!(authentication.authenticate(PATH, &forged, None).await.is_err());
    // Its claims with another signature, and the other way round.
    let text = |headers: &HeaderMap| headers.get(header::AUTHORIZATION).unwrap().to_str().unwrap().to_owned();
    let (good_text, other) = (text(&good), text(&shown(&issuer, "another", hour)));
    let (claims, _) = good_text.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    let mixed = HeaderValue::from_str(&format!("{claims}.{signature}")).unwrap();
    let mixed = HeaderMap::from_iter([(header::AUTHORIZATION, mixed)]);
    let refused = authentication.authenticate(PATH, &mixed, None).await.err();
    assert_eq!(refused, Some(Rejected::Token(TokenError::Signature)));
}

#[tokio::test]
async fn few_tokens_are_remembered_and_all_are_taken() {
    let issuer = Issuer::generate().unwrap();
    let authentication = authentication(&issuer);
    let first = shown(&issuer, "first", Duration::from_secs(3_600));
    authentication.authenticate(PATH, &first, None).await.unwrap();
    for number in 0..=KEPT {
        let shown = shown(&issuer, &number.to_string(), Duration::from_secs(3_600));
        authentication.authenticate(PATH, &shown, None).await.unwrap();
    }
    let kept = authentication.remembered();
    assert!((1..=KEPT).contains(&kept), "{kept}");
    authentication.authenticate(PATH, &first, None).await.unwrap();
}
