//! Who a token belongs to: identity URL, userinfo, introspection, revocation, discovery.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Form, OAuthError, app};
use crate::simulator::salesforce::{
    Salesforce, answer::Answer, fixture::UserFixture, moment, org::Org, request::Incoming, world::World,
};

pub(super) fn identity(
    simulator: &Salesforce,
    world: &mut World,
    request: &Incoming,
    now: OffsetDateTime,
) -> (Answer, Option<String>) {
    let mut segments = request.path.trim_start_matches("/id/").split('/');
    let asked =
        (segments.next().unwrap_or_default().to_owned(), segments.next().unwrap_or_default().to_owned());
    let Some((org, user)) = caller(world, request, now) else { return (bad_token().kind("identity"), None) };
    let belongs = |given: &str, own: &str| !given.is_empty() && own.starts_with(given);
    if !belongs(&asked.0, &org.id) || !belongs(&asked.1, user.id.as_deref().unwrap_or_default()) {
        return (Answer::text(403, "text/plain", "Wrong_Org").kind("identity"), None);
    }
    let version = (request.param("version") == Some("latest"))
        .then(|| format!("{}.0", super::super::rest::VERSIONS.end()));
    let mut body = claims(simulator, org, user, request, version.as_deref().unwrap_or("{version}"));
    if let Some(body) = body.as_object_mut() {
        body.insert("id".to_owned(), id_url(simulator, org, user, request).into());
        body.insert("asserted_user".to_owned(), true.into());
        body.insert("username".to_owned(), user.username.as_str().into());
        body.insert("display_name".to_owned(), user.full_name().into());
        body.insert("nick_name".to_owned(), user.username.split('@').next().unwrap_or_default().into());
        body.insert("first_name".to_owned(), user.first_name.as_str().into());
        body.insert("last_name".to_owned(), user.last_name.as_str().into());
        body.insert("timezone".to_owned(), "America/Los_Angeles".into());
        body.insert("last_modified_date".to_owned(), moment::rest(org.created).into());
    }
    (Answer::ok(body).kind("identity"), Some(user.username.clone()))
}

pub(super) fn userinfo(
    simulator: &Salesforce,
    world: &mut World,
    request: &Incoming,
    now: OffsetDateTime,
) -> (Answer, Option<String>) {
    let Some((org, user)) = caller(world, request, now) else { return (bad_token().kind("userinfo"), None) };
    let mut body = claims(simulator, org, user, request, "{version}");
    if let Some(body) = body.as_object_mut() {
        body.insert("sub".to_owned(), id_url(simulator, org, user, request).into());
        body.insert("preferred_username".to_owned(), user.username.as_str().into());
        body.insert("nickname".to_owned(), user.username.split('@').next().unwrap_or_default().into());
        body.insert("name".to_owned(), user.full_name().into());
        body.insert("given_name".to_owned(), user.first_name.as_str().into());
        body.insert("family_name".to_owned(), user.last_name.as_str().into());
        body.insert("zoneinfo".to_owned(), "America/Los_Angeles".into());
        body.insert("is_salesforce_integration_user".to_owned(), false.into());
        body.insert("updated_at".to_owned(), moment::rest(org.created).replace(".000+0000", "Z").into());
    }
    (Answer::ok(body).kind("userinfo"), Some(user.username.clone()))
}

fn bad_token() -> Answer {
    Answer::text(403, "text/plain", "Bad_OAuth_Token")
}

fn caller<'w>(
    world: &'w mut World,
    request: &Incoming,
    now: OffsetDateTime,
) -> Option<(&'w Org, &'w UserFixture)> {
    let token = request.token().or_else(|| request.param("oauth_token"))?.to_owned();
    let session = world.session(&token, now)?;
    let org = world.orgs.get(&session.org_id)?;
    org.user(&session.user_id).filter(|user| user.is_active).map(|user| (org, user))
}

fn id_url(simulator: &Salesforce, org: &Org, user: &UserFixture, request: &Incoming) -> String {
    format!("{}/id/{}/{}", simulator.request_base(request), org.id, user.id.as_deref().unwrap_or_default())
}

fn claims(simulator: &Salesforce, org: &Org, user: &UserFixture, request: &Incoming, version: &str) -> Value {
    let base = simulator.answered_url(org, request);
    let rest = format!("{base}/services/data/v{version}");
    let soap = |letter: char| {
        format!(
            "{base}/services/Soap/{letter}/{version}/{}",
            crate::simulator::salesforce::ids::short(&org.id)
        )
    };
    json!({
        "user_id": user.id,
        "organization_id": org.id,
        "email": user.email,
        "email_verified": true,
        "active": user.is_active,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": -28_800_000,
        "is_app_installed": true,
        "photos": {
            "picture": format!("{base}/profilephoto/005/F"),
            "thumbnail": format!("{base}/profilephoto/005/T"),
        },
        "urls": {
            "enterprise": soap('c'),
            "metadata": soap('m'),
            "partner": soap('u'),
            "rest": format!("{rest}/"),
            "sobjects": format!("{rest}/sobjects/"),
            "search": format!("{rest}/search/"),
            "query": format!("{rest}/query/"),
            "recent": format!("{rest}/recent/"),
            "profile": format!("{base}/{}", user.id.as_deref().unwrap_or_default()),
            "custom_domain": base,
        },
    })
}

pub(super) fn revoke(world: &mut World, request: &Incoming) -> Answer {
    let form = Form(if request.body.is_empty() { request.query.clone() } else { request.form() });
    let token = form.get("token").unwrap_or_default();
    if let Some(grant) = world.grants.remove(token) {
        // A refresh token takes the sessions with it that came from it.
        world.sessions.retain(|_, session| {
            session.user_id != grant.user_id || session.client_id.as_ref() != Some(&grant.client_id)
        });
        return Answer::empty(200);
    }
    if world.sessions.remove(token).is_some() {
        return Answer::empty(200);
    }
    OAuthError("unsupported_token_type", "this token is not supported").answer()
}

pub(super) fn introspect(world: &mut World, request: &Incoming, now: OffsetDateTime) -> Answer {
    let form = Form(request.form());
    if let Err(error) = app(world, request, &form, None, true) {
        return Answer::json(401, json!({"error": error.0, "error_description": error.1}));
    }
    let token = form.get("token").unwrap_or_default();
    let session = world.sessions.get(token).cloned().filter(|_| world.session(token, now).is_some());
    let username = |org: &str, user: &str| {
        world.orgs.get(org).and_then(|org| org.user(user)).map(|user| user.username.clone())
    };
    if let Some(session) = session {
        let seconds = world.orgs.get(&session.org_id).map_or(0, |org| org.fixture.session_seconds);
        return Answer::ok(json!({
            "active": true, "scope": session.scope, "client_id": session.client_id, "token_type": "access_token",
            "username": username(&session.org_id, &session.user_id), "exp": now.unix_timestamp() + seconds,
            "iat": session.issued.unix_timestamp(), "nbf": session.issued.unix_timestamp(),
        }));
    }
    match world.grants.get(token) {
        Some(grant) => Answer::ok(json!({
            "active": true, "scope": grant.scope, "client_id": grant.client_id, "token_type": "refresh_token",
            "username": username(&grant.org_id, &grant.user_id),
        })),
        None => Answer::ok(json!({"active": false})),
    }
}

pub(super) fn discovery(simulator: &Salesforce, request: &Incoming) -> Answer {
    let base = simulator.request_base(request);
    let endpoint = |name: &str| format!("{base}/services/oauth2/{name}");
    Answer::ok(json!({
        "issuer": base,
        "authorization_endpoint": endpoint("authorize"),
        "token_endpoint": endpoint("token"),
        "revocation_endpoint": endpoint("revoke"),
        "userinfo_endpoint": endpoint("userinfo"),
        "introspection_endpoint": endpoint("introspect"),
        "jwks_uri": format!("{base}/id/keys"),
        "scopes_supported": ["api", "refresh_token", "offline_access", "full", "web", "id", "openid", "profile", "email"],
        "response_types_supported": ["code", "token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
    }))
}
