#![expect(clippy::unwrap_used, reason = "test")]

use std::collections::BTreeSet;

use super::*;
use crate::domain::{PortalId, access::Scope};

fn headers(values: &[&'static str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::AUTHORIZATION, http::HeaderValue::from_static(value));
    }
    headers
}

#[test]
fn one_bearer_token_and_nothing_else() {
    for good in ["Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c "] {
        assert_eq!(bearer(&headers(&[good])), Ok(Some(&b"a.b.c"[..])), "{good:?}");
    }
    assert_eq!(bearer(&headers(&[])), Ok(None));
    for bad in [&["Bearer"][..], &["Basic a.b.c"], &["Bearera.b.c"], &[""], &["Bearer a", "Bearer b"]] {
        assert_eq!(bearer(&headers(bad)), Err(Rejected::Scheme), "{bad:?}");
    }
}

#[tokio::test]
async fn nobody_is_let_in_but_to_health() {
    let nobody = Authentication::nobody();
    let health = nobody.authenticate("/grpc.health.v1.Health/Check", &headers(&[]), None).await.unwrap();
    assert_eq!(health.name(), "anonymous");
    assert!(health.access().scopes.is_empty() && !health.access().sees_portal(PortalId::parse(1).unwrap()));
    for path in
        ["/connector.v1.PortalService/GetPortal", "/grpc.health.v1.Health", "/grpc.reflection.v1.X/Y", ""]
    {
        let refused = nobody.authenticate(path, &headers(&[]), None).await;
        assert_eq!(refused.err(), Some(Rejected::Nothing), "{path}");
        let refused = nobody.authenticate(path, &headers(&["Bearer a.b.c"]), None).await;
        assert_eq!(refused.err(), Some(Rejected::TokensOff), "{path}");
    }
}

#[test]
fn of_token_and_certificate_together_only_what_both_allow() {
    let portals =
        |ids: &[i64]| PortalGrant::Only(ids.iter().map(|id| PortalId::parse(*id).unwrap()).collect());
    let access = |scopes: &[Scope], portals| Access {
        scopes: scopes.iter().copied().collect(),
        portals,
        ..Access::full("token")
    };
    let token = access(&[Scope::Setup, Scope::Connect], portals(&[1, 2]));
    let certificate = access(&[Scope::Connect, Scope::StatusRead], portals(&[2, 3]));
    let both = overlap(token.clone(), &certificate);
    assert_eq!(both.scopes, BTreeSet::from([Scope::Connect]));
    assert_eq!(both.portals, portals(&[2]));
    let wide = Access { portals: PortalGrant::All, ..certificate };
    assert_eq!(overlap(token.clone(), &wide).portals, portals(&[1, 2]));
    assert_eq!(overlap(wide, &token).portals, portals(&[1, 2]));
}
