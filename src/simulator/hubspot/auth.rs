//! Who calls: the bearer token decides the portal and the scopes.

use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use time::OffsetDateTime;

use super::{
    error::{Failure, Outcome},
    limits::App,
    stamp,
    world::World,
};

/// The caller of one request.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub portal: u64,
    pub app: App,
    pub scopes: Vec<String>,
}

/// What a route asks of the caller's scopes.
#[derive(Debug, Clone)]
pub(super) enum Scopes {
    All(Vec<&'static str>),
    Any(Vec<&'static str>),
}

impl Scopes {
    pub(super) fn check(&self, caller: &Caller) -> Outcome<()> {
        let has = |scope: &&&str| caller.scopes.iter().any(|granted| granted == **scope);
        let missing: Vec<&str> = match self {
            Self::All(needed) => needed.iter().filter(|scope| !has(scope)).copied().collect(),
            Self::Any(needed) if needed.iter().any(|scope| has(&scope)) => Vec::new(),
            Self::Any(needed) => needed.clone(),
        };
        if missing.is_empty() { Ok(()) } else { Err(missing_scopes(&missing)) }
    }
}

/// Finds the caller; a static token or an OAuth access token.
pub(super) fn authenticate(world: &World, headers: &HeaderMap, now: OffsetDateTime) -> Outcome<Caller> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty())
        .map(|(_, token)| token.trim())
        .ok_or_else(unauthenticated)?;
    for portal in world.portals.values().filter(|portal| !portal.settings.revoked) {
        let tokens = portal.settings.tokens.iter().enumerate();
        if let Some((position, fixture)) = tokens.into_iter().find(|(_, fixture)| fixture.token == token) {
            return Ok(Caller {
                portal: portal.id(),
                app: App::Static(position),
                scopes: fixture.scopes.clone(),
            });
        }
    }
    let access = world.tokens.access(token).ok_or_else(unauthenticated)?;
    let portal = access.portal.and_then(|id| world.portals.get(&id)).ok_or_else(unauthenticated)?;
    if portal.settings.revoked || !world.tokens.is_installed(access) {
        return Err(unauthenticated());
    }
    if access.expires_at <= now {
        let ago = (now - access.expires_at).whole_seconds();
        return Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            Some("EXPIRED_AUTHENTICATION"),
            format!("The OAuth token used to make this call expired {ago} second(s) ago."),
        )
        .with_context("expire time", vec![stamp::iso(access.expires_at)]));
    }
    Ok(Caller {
        portal: portal.id(),
        app: App::OAuth(access.client_id.clone()),
        scopes: access.scopes.clone(),
    })
}

fn unauthenticated() -> Failure {
    Failure::new(
        StatusCode::UNAUTHORIZED,
        Some("INVALID_AUTHENTICATION"),
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more \
         details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    )
}

fn missing_scopes(missing: &[&str]) -> Failure {
    Failure::new(
        StatusCode::FORBIDDEN,
        Some("MISSING_SCOPES"),
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: \
         https://developers.hubspot.com/scopes.",
    )
    .with_error(json!({
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": missing},
    }))
}
