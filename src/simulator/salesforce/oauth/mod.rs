//! OAuth 2.0: the token endpoint and its grants.

use aws_lc_rs::hmac;
use axum::http::Method;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, json};
use time::OffsetDateTime;

use super::{
    Salesforce,
    answer::Answer,
    auth::{self, Refusal},
    fixture::OAuthApp,
    request::{HostKind, Incoming},
    world::{Grant, Session, World},
};

mod authorize;
mod identity;
mod jwt;

/// What an OAuth endpoint refuses with: `error`, `error_description`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OAuthError(&'static str, &'static str);

type Granted<T> = Result<T, OAuthError>;

/// Parameters of a form or query, read by name.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

/// What a grant comes to.
struct Tokens {
    org_id: String,
    user_id: String,
    app: Option<OAuthApp>,
    scope: String,
    refresh_token: Option<String>,
    password_expired: bool,
}

/// Answers a request below `/services/oauth2`, and says who called.
pub fn handle(
    simulator: &Salesforce,
    world: &mut World,
    request: &Incoming,
    now: OffsetDateTime,
) -> (Answer, Option<String>) {
    let endpoint = request.path.strip_prefix("/services/oauth2/").unwrap_or_default();
    match (&request.method, endpoint) {
        (&Method::POST, "token") => token(simulator, world, request, now),
        (_, "token") => {
            let error = OAuthError("invalid_request", "must use HTTP POST");
            (error.answer().kind("oauth_token"), None)
        }
        (_, "authorize") => (authorize::authorize(world, request, now).kind("oauth_authorize"), None),
        (_, "revoke") => (identity::revoke(world, request).kind("oauth_revoke"), None),
        (&Method::POST, "introspect") => {
            (identity::introspect(world, request, now).kind("oauth_introspect"), None)
        }
        (_, "userinfo") => identity::userinfo(simulator, world, request, now),
        _ => (Answer::empty(404), None),
    }
}

/// Answers `/id/<org>/<user>`, and says who called.
pub fn handle_identity(
    simulator: &Salesforce,
    world: &mut World,
    request: &Incoming,
    now: OffsetDateTime,
) -> (Answer, Option<String>) {
    identity::identity(simulator, world, request, now)
}

/// Answers `/.well-known/openid-configuration`.
pub fn discovery(simulator: &Salesforce, request: &Incoming) -> Answer {
    identity::discovery(simulator, request)
}

impl OAuthError {
    fn answer(&self) -> Answer {
        Answer::json(400, json!({"error": self.0, "error_description": self.1})).header("pragma", "no-cache")
    }
}

fn token(
    simulator: &Salesforce,
    world: &mut World,
    request: &Incoming,
    now: OffsetDateTime,
) -> (Answer, Option<String>) {
    let form = Form(if request.body.is_empty() { request.query.clone() } else { request.form() });
    let granted = match form.get("grant_type").unwrap_or_default() {
        "refresh_token" => refresh(world, request, &form),
        "authorization_code" => authorize::exchange(world, request, &form, now),
        "client_credentials" => client_credentials(world, request, &form),
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => jwt::bearer(simulator, world, request, &form, now),
        "password" => password(simulator, world, request, &form, now),
        _ => Err(OAuthError("unsupported_grant_type", "grant type not supported")),
    };
    let granted = granted.and_then(|tokens| check_user(world, &tokens, now).map(|()| tokens));
    match granted {
        Ok(tokens) => issue(simulator, world, request, tokens, now),
        Err(error) => (error.answer().kind("oauth_token"), None),
    }
}

/// The rules that hold for every grant.
fn check_user(world: &World, tokens: &Tokens, now: OffsetDateTime) -> Granted<()> {
    let org = world.orgs.get(&tokens.org_id).ok_or(OAuthError("invalid_grant", "inactive organization"))?;
    let user = org.user(&tokens.user_id).ok_or(OAuthError("invalid_grant", "inactive user"))?;
    if !user.is_active {
        return Err(OAuthError("invalid_grant", "inactive user"));
    }
    if org.fixture.trial_expiration.is_some_and(|end| end <= now) {
        return Err(OAuthError("invalid_grant", "inactive organization"));
    }
    match &tokens.app {
        Some(app) if !app.installed => {
            Err(OAuthError("app_not_found", "External client app is not installed in this org"))
        }
        Some(app) if app.blocked => Err(OAuthError("OAUTH_APP_BLOCKED", "this app is blocked by admin")),
        _ => Ok(()),
    }
}

fn issue(
    simulator: &Salesforce,
    world: &mut World,
    request: &Incoming,
    tokens: Tokens,
    now: OffsetDateTime,
) -> (Answer, Option<String>) {
    let access_token = world.open_session(Session {
        org_id: tokens.org_id.clone(),
        user_id: tokens.user_id.clone(),
        issued: now,
        last_used: now,
        password_expired: tokens.password_expired,
        client_id: tokens.app.as_ref().map(|app| app.client_id.clone()),
        scope: tokens.scope.clone(),
    });
    let Some(org) = world.orgs.get(&tokens.org_id) else { return (Answer::empty(404), None) };
    let principal = org.user(&tokens.user_id).map(|user| user.username.clone());
    if let Some(name) = &principal {
        simulator.frame().journal.count("oauth_logins", name);
    }
    let id = format!("{}/id/{}/{}", simulator.request_base(request), tokens.org_id, tokens.user_id);
    let issued_at = (now.unix_timestamp_nanos() / 1_000_000).to_string();
    let secret = tokens.app.as_ref().and_then(|app| app.client_secret.clone()).unwrap_or_default();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = STANDARD.encode(hmac::sign(&key, format!("{id}{issued_at}").as_bytes()));
    let mut body = Map::new();
    for (name, value) in [
        ("access_token", access_token),
        ("signature", signature),
        ("scope", tokens.scope),
        ("instance_url", simulator.answered_url(org, request)),
        ("id", id),
        ("token_type", "Bearer".to_owned()),
        ("issued_at", issued_at),
    ] {
        body.insert(name.to_owned(), value.into());
    }
    if let Some(refresh_token) = tokens.refresh_token {
        body.insert("refresh_token".to_owned(), refresh_token.into());
    }
    (Answer::ok(body.into()).header("pragma", "no-cache").kind("oauth_token"), principal)
}

/// Client id and secret: in the body, or HTTP Basic.
fn client(request: &Incoming, form: &Form) -> (Option<String>, Option<String>) {
    let basic = request.header("authorization").and_then(|header| header.split_once(' '));
    let basic = basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let decoded = basic.and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok());
    if let Some((id, secret)) = decoded
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|pair| pair.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned())))
    {
        let plain = |text: &str| super::request::decode_segment(text);
        return (Some(plain(&id)), Some(plain(&secret)));
    }
    (form.get("client_id").map(str::to_owned), form.get("client_secret").map(str::to_owned))
}

/// The app of the request, in the given org or wherever it is; its secret is checked if it has one.
fn app(
    world: &World,
    request: &Incoming,
    form: &Form,
    org_id: Option<&str>,
    secret_needed: bool,
) -> Granted<(String, OAuthApp)> {
    let (id, secret) = client(request, form);
    let id = id.ok_or(OAuthError("invalid_client_id", "client identifier invalid"))?;
    let (org, app) =
        world.find_app(&id, org_id).ok_or(OAuthError("invalid_client_id", "client identifier invalid"))?;
    let secret_fits = match (&app.client_secret, &secret) {
        (Some(known), Some(given)) => known == given,
        (Some(_), None) => !secret_needed,
        (None, _) => true,
    };
    if !secret_fits {
        return Err(OAuthError("invalid_client", "invalid client credentials"));
    }
    Ok((org.id.clone(), app.clone()))
}

fn refresh(world: &mut World, request: &Incoming, form: &Form) -> Granted<Tokens> {
    let expired = OAuthError("invalid_grant", "expired access/refresh token");
    let token = form.get("refresh_token").ok_or(expired.clone())?;
    let (client_id, _) = client(request, form);
    let grant = world.grants.get(token).cloned();
    // An unknown app is told before an unknown token.
    let org_id = grant.as_ref().map(|grant| grant.org_id.clone());
    let (_, app) = app(world, request, form, org_id.as_deref(), true)?;
    let grant = grant.filter(|grant| Some(&grant.client_id) == client_id.as_ref()).ok_or(expired)?;
    let refresh_token = if app.rotates_refresh_tokens {
        world.grants.remove(token);
        Some(world.open_grant(grant.clone()))
    } else {
        None
    };
    let Grant { org_id, user_id, scope, .. } = grant;
    Ok(Tokens { org_id, user_id, app: Some(app), scope, refresh_token, password_expired: false })
}

fn client_credentials(world: &World, request: &Incoming, form: &Form) -> Granted<Tokens> {
    let my_domain = match &request.host {
        HostKind::Login | HostKind::Test => {
            return Err(OAuthError("invalid_grant", "request not supported on this domain"));
        }
        HostKind::MyDomain(domain) => Some(domain),
        HostKind::Any => None,
    };
    let org = my_domain.and_then(|domain| {
        world.orgs.values().find(|org| org.fixture.my_domain.eq_ignore_ascii_case(domain))
    });
    let (org_id, app) = app(world, request, form, org.map(|org| org.id.as_str()), true)?;
    if client(request, form).1.is_none() {
        return Err(OAuthError("invalid_client", "invalid client credentials"));
    }
    let nobody = OAuthError("invalid_grant", "no client credentials user enabled");
    let run_as = app.run_as.as_deref().ok_or(nobody.clone())?;
    let user = world.orgs.get(&org_id).and_then(|org| org.user_named(run_as)).ok_or(nobody)?;
    let user_id = user.id.clone().unwrap_or_default();
    Ok(Tokens {
        org_id,
        user_id,
        app: Some(app),
        scope: "api".to_owned(),
        refresh_token: None,
        password_expired: false,
    })
}

fn password(
    simulator: &Salesforce,
    world: &mut World,
    request: &Incoming,
    form: &Form,
    now: OffsetDateTime,
) -> Granted<Tokens> {
    let failure = OAuthError("invalid_grant", "authentication failure");
    let username = form.get("username").unwrap_or_default().to_owned();
    let org_id = world.find_user(&username).map(|(org, _)| org.id.clone());
    let (_, app) = app(world, request, form, org_id.as_deref(), true)?;
    let allowed = org_id.and_then(|id| world.orgs.get(&id)).is_none_or(|org| org.fixture.oauth_password_flow);
    if !allowed {
        return Err(failure);
    }
    let credentials = (username.as_str(), form.get("password").unwrap_or_default());
    let who = auth::login(world, request, &simulator.frame().journal, credentials, false, now).map_err(
        |refusal| match refusal {
            Refusal::TrialExpired => OAuthError("invalid_grant", "inactive organization"),
            Refusal::TooOften => OAuthError("invalid_grant", "login rate exceeded"),
            _ => failure,
        },
    )?;
    Ok(Tokens {
        org_id: who.org_id,
        user_id: who.user_id,
        app: Some(app),
        scope: "api".to_owned(),
        refresh_token: None,
        password_expired: who.password_expired,
    })
}
