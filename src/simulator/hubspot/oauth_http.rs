//! The OAuth endpoints: consent (given at once), token, introspection, revocation and the old metadata reads.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{
    fixture::OAuthAppFixture,
    oauth::{Access, Code, Install},
    stamp,
    wire::{Reply, Request, Version},
    world::World,
};

/// The person who consented, in every portal.
const USER_ID: u64 = 222_222;

/// A refusal in RFC 6749's words and HubSpot's.
struct Refused {
    error: &'static str,
    status: &'static str,
    message: &'static str,
}

const fn refused(error: &'static str, status: &'static str, message: &'static str) -> Refused {
    Refused { error, status, message }
}

const BAD_REFRESH_TOKEN: Refused =
    refused("invalid_grant", "BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked");
const BAD_CLIENT_ID: Refused = refused("invalid_client", "BAD_CLIENT_ID", "missing or unknown client id");
const BAD_CLIENT_SECRET: Refused =
    refused("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret");
const BAD_GRANT_TYPE: Refused =
    refused("unsupported_grant_type", "BAD_GRANT_TYPE", "missing or invalid grant_type");
const BAD_AUTH_CODE: Refused = refused("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code");
const BAD_REDIRECT_URI: Refused =
    refused("invalid_grant", "BAD_REDIRECT_URI", "missing or unknown redirect URI");
const BAD_CODE_VERIFIER: Refused =
    refused("invalid_grant", "BAD_CODE_VERIFIER", "code verifier does not match");
const BAD_SCOPES: Refused = refused("invalid_scope", "BAD_SCOPES", "scopes do not match those of the app");
const BAD_HUB: Refused = refused("access_denied", "BAD_HUB", "missing or unknown hub id");

type Form = HashMap<String, String>;

/// What an OAuth request was, for the journal, and its answer. `None`: there is no such route.
pub(super) fn answer(
    world: &mut World,
    request: &Request,
    now: OffsetDateTime,
    correlation_id: &str,
) -> Option<(&'static str, Option<u64>, Reply)> {
    let rest: Vec<&str> = request.segments.iter().skip(1).map(String::as_str).collect();
    let is_legacy = request.version == Version::V1;
    let reply = |result: Result<Reply, Refused>| match result {
        Ok(reply) => reply,
        Err(refused) => refused.reply(correlation_id),
    };
    Some(match (&request.method, rest.as_slice()) {
        (&Method::GET, ["authorize", hub @ ..]) => {
            let hub = hub.first().and_then(|hub| hub.parse().ok());
            ("oauth.authorize", hub, reply(authorize(world, request, hub, now)))
        }
        (&Method::POST, ["token"]) => {
            let mut portal = None;
            let result = token(world, &form(request), now, &mut portal);
            ("oauth.token", portal, reply(result))
        }
        (&Method::POST, ["token", "introspect"]) if !is_legacy => {
            ("oauth.introspect", None, reply(introspect(world, &form(request), now)))
        }
        (&Method::POST, ["token", "revoke"]) if !is_legacy => {
            ("oauth.revoke", None, reply(revoke(world, &form(request))))
        }
        (&Method::GET, ["access-tokens", token]) if is_legacy => {
            ("oauth.access-tokens", None, legacy_access(world, token, now, correlation_id))
        }
        (&Method::GET, ["refresh-tokens", token]) if is_legacy => {
            ("oauth.refresh-tokens", None, legacy_refresh(world, token, correlation_id))
        }
        (&Method::DELETE, ["refresh-tokens", token]) if is_legacy => {
            world.tokens.revoke(token);
            ("oauth.revoke", None, Reply::no_content())
        }
        _ => return None,
    })
}

impl Refused {
    fn reply(&self, correlation_id: &str) -> Reply {
        Reply::json(
            StatusCode::BAD_REQUEST,
            json!({
                "error": self.error,
                "error_description": self.message,
                "status": self.status,
                "message": self.message,
                "correlationId": correlation_id,
            }),
        )
    }
}

/// Body and query together: v1 clients may put secrets into the query.
fn form(request: &Request) -> Form {
    let body = url::form_urlencoded::parse(&request.body).into_owned();
    request.query.0.iter().cloned().chain(body).collect()
}

fn field<'a>(form: &'a Form, name: &str) -> &'a str {
    form.get(name).map_or("", String::as_str)
}

fn client<'a>(world: &'a World, form: &Form) -> Result<&'a OAuthAppFixture, Refused> {
    let app = world.app(field(form, "client_id")).ok_or(BAD_CLIENT_ID)?;
    if app.client_secret == field(form, "client_secret") { Ok(app) } else { Err(BAD_CLIENT_SECRET) }
}

/// Grants at once and sends the browser back with a code.
fn authorize(
    world: &mut World,
    request: &Request,
    hub: Option<u64>,
    now: OffsetDateTime,
) -> Result<Reply, Refused> {
    let parameter = |name: &str| request.query.first(name).unwrap_or_default().to_owned();
    let client_id = parameter("client_id");
    let app = world.app(&client_id).ok_or(BAD_CLIENT_ID)?.clone();
    let redirect_uri = parameter("redirect_uri");
    let is_allowed = app.redirect_uris.is_empty() || app.redirect_uris.contains(&redirect_uri);
    let mut target = url::Url::parse(&redirect_uri).map_err(|_| BAD_REDIRECT_URI)?;
    if !is_allowed {
        return Err(BAD_REDIRECT_URI);
    }
    let installable = world.portals.values().filter(|portal| {
        hub.is_none_or(|hub| hub == portal.id())
            && portal.settings.oauth_apps.iter().any(|listed| listed.client_id == client_id)
    });
    let portal = installable.map(|portal| portal.id()).next().ok_or(BAD_HUB)?;
    let mut scopes: Vec<String> = words(&parameter("scope"));
    if scopes.is_empty() || scopes.iter().any(|scope| !app.scopes.contains(scope)) {
        return Err(BAD_SCOPES);
    }
    // What the account cannot have of the optional scopes is dropped without a word.
    let optional = words(&parameter("optional_scope"));
    scopes.extend(optional.into_iter().filter(|scope| app.scopes.contains(scope)));
    if !scopes.iter().any(|scope| scope == "oauth") {
        scopes.push("oauth".to_owned());
    }
    let challenge = Some(parameter("code_challenge")).filter(|challenge| !challenge.is_empty());
    let challenge = challenge.map(|challenge| (challenge, parameter("code_challenge_method") == "S256"));
    let install = Install { portal, client_id, scopes };
    let code = world.tokens.issue_code(install, &redirect_uri, challenge, now);
    target.query_pairs_mut().append_pair("code", &code);
    if let Some(state) = request.query.first("state") {
        target.query_pairs_mut().append_pair("state", state);
    }
    Ok(Reply::redirect(target.into()))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn token(
    world: &mut World,
    form: &Form,
    now: OffsetDateTime,
    portal: &mut Option<u64>,
) -> Result<Reply, Refused> {
    let app = client(world, form)?.clone();
    match field(form, "grant_type") {
        "authorization_code" => {
            let code = world.tokens.take_code(field(form, "code"), now).ok_or(BAD_AUTH_CODE)?;
            *portal = Some(code.install.portal);
            check_code(&code, &app, form)?;
            check_portal(world, &code.install)?;
            let refresh_token = world.tokens.issue_refresh(code.install.clone());
            Ok(granted(world, &app, &code.install, &refresh_token, now))
        }
        "refresh_token" => {
            let given = field(form, "refresh_token");
            let install = world.tokens.refresh(given).cloned();
            let install =
                install.filter(|install| install.client_id == app.client_id).ok_or(BAD_REFRESH_TOKEN)?;
            *portal = Some(install.portal);
            check_portal(world, &install)?;
            let refresh_token =
                if app.rotate_refresh_tokens { world.tokens.rotate(given) } else { given.to_owned() };
            Ok(granted(world, &app, &install, &refresh_token, now))
        }
        "client_credentials" => {
            let asked = words(field(form, "scope"));
            let scopes = if asked.is_empty() { app.scopes.clone() } else { asked };
            let life = app.access_token_seconds;
            let access = Access {
                portal: None,
                client_id: app.client_id,
                scopes: scopes.clone(),
                expires_at: now + seconds(life),
            };
            let access_token = world.tokens.issue_access(access, now);
            Ok(Reply::ok(json!({
                "token_type": "bearer",
                "access_token": access_token,
                "scopes": scopes,
                "expires_in": life,
            })))
        }
        _ => Err(BAD_GRANT_TYPE),
    }
}

fn check_code(code: &Code, app: &OAuthAppFixture, form: &Form) -> Result<(), Refused> {
    if code.install.client_id != app.client_id {
        return Err(BAD_AUTH_CODE);
    }
    if code.redirect_uri != field(form, "redirect_uri") {
        return Err(BAD_REDIRECT_URI);
    }
    let verifier = field(form, "code_verifier");
    let fits = match &code.challenge {
        None => true,
        Some((challenge, false)) => challenge == verifier,
        Some((challenge, true)) => *challenge == URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())),
    };
    if fits { Ok(()) } else { Err(BAD_CODE_VERIFIER) }
}

fn check_portal(world: &World, install: &Install) -> Result<(), Refused> {
    match world.portals.get(&install.portal) {
        None => Err(BAD_HUB),
        Some(portal) if portal.settings.revoked => Err(BAD_REFRESH_TOKEN),
        Some(_) => Ok(()),
    }
}

fn granted(
    world: &mut World,
    app: &OAuthAppFixture,
    install: &Install,
    refresh_token: &str,
    now: OffsetDateTime,
) -> Reply {
    let access = Access {
        portal: Some(install.portal),
        client_id: install.client_id.clone(),
        scopes: install.scopes.clone(),
        expires_at: now + seconds(app.access_token_seconds),
    };
    let access_token = world.tokens.issue_access(access, now);
    Reply::ok(json!({
        "token_type": "bearer",
        "refresh_token": refresh_token,
        "access_token": access_token,
        "hub_id": install.portal,
        "user_id": USER_ID,
        "scopes": install.scopes,
        "expires_in": app.access_token_seconds,
        "token_use": "access_token",
    }))
}

fn introspect(world: &World, form: &Form, now: OffsetDateTime) -> Result<Reply, Refused> {
    let app = client(world, form)?;
    let token = ["token", "access_token", "refresh_token"].into_iter().find_map(|name| form.get(name));
    let token = token.map_or("", String::as_str);
    let body = active_access(world, token, now)
        .filter(|access| access.client_id == app.client_id)
        .map(|access| {
            let mut body = access_details(world, app, token, access, now);
            put(&mut body, "token_use", json!("access_token"));
            put(&mut body, "token_type", json!("Bearer"));
            put(&mut body, "client_id", json!(app.client_id));
            body
        })
        .or_else(|| {
            let install =
                active_refresh(world, token).filter(|install| install.client_id == app.client_id)?;
            let mut body = refresh_details(world, token, install);
            put(&mut body, "token_use", json!("refresh_token"));
            Some(body)
        });
    let body = body.map_or_else(
        || json!({"active": false}),
        |mut body| {
            put(&mut body, "active", json!(true));
            put(&mut body, "is_private_distribution", json!(true));
            body
        },
    );
    Ok(Reply::ok(body))
}

fn revoke(world: &mut World, form: &Form) -> Result<Reply, Refused> {
    client(world, form)?;
    let token = ["token", "refresh_token"].into_iter().find_map(|name| form.get(name));
    world.tokens.revoke(token.map_or("", String::as_str));
    Ok(Reply::ok(json!({})))
}

fn legacy_access(world: &World, token: &str, now: OffsetDateTime, correlation_id: &str) -> Reply {
    let details = active_access(world, token, now).and_then(|access| {
        let app = world.app(&access.client_id)?;
        let mut body = access_details(world, app, token, access, now);
        put(&mut body, "token_type", json!("access"));
        Some(body)
    });
    details.map_or_else(|| unknown_token("access token not found", correlation_id), Reply::ok)
}

fn legacy_refresh(world: &World, token: &str, correlation_id: &str) -> Reply {
    active_refresh(world, token).map_or_else(
        || unknown_token("refresh token not found", correlation_id),
        |install| Reply::ok(refresh_details(world, token, install)),
    )
}

fn unknown_token(message: &str, correlation_id: &str) -> Reply {
    Reply::json(
        StatusCode::NOT_FOUND,
        json!({
            "status": "error",
            "message": message,
            "correlationId": correlation_id,
            "category": "OBJECT_NOT_FOUND",
        }),
    )
}

fn active_access<'a>(world: &'a World, token: &str, now: OffsetDateTime) -> Option<&'a Access> {
    let access = world.tokens.access(token).filter(|access| access.expires_at > now)?;
    let portal = world.portals.get(&access.portal?)?;
    (!portal.settings.revoked && world.tokens.is_installed(access)).then_some(access)
}

fn active_refresh<'a>(world: &'a World, token: &str) -> Option<&'a Install> {
    let install = world.tokens.refresh(token)?;
    world.portals.get(&install.portal).filter(|portal| !portal.settings.revoked).map(|_| install)
}

fn access_details(
    world: &World,
    app: &OAuthAppFixture,
    token: &str,
    access: &Access,
    now: OffsetDateTime,
) -> Value {
    let portal = access.portal.and_then(|id| world.portals.get(&id));
    let domain = portal.map_or("", |portal| &portal.settings.hub_domain);
    let hublet = portal.map_or("", |portal| &portal.settings.data_hosting_location);
    json!({
        "token": token,
        "user": format!("admin@{domain}"),
        "hub_domain": domain,
        "scopes": access.scopes,
        "signed_access_token": {
            "expiresAt": stamp::epoch_ms(access.expires_at),
            "scopes": "",
            "hubId": access.portal,
            "userId": USER_ID,
            "appId": app.app_id,
            "signature": "",
            "scopeToScopeGroupPks": "",
            "newSignature": "",
            "hublet": hublet,
            "trialScopes": "",
            "trialScopeToScopeGroupPks": "",
            "isUserLevel": false,
            "isPrivateDistribution": true,
        },
        "hub_id": access.portal,
        "app_id": app.app_id,
        "expires_in": (access.expires_at - now).whole_seconds(),
        "user_id": USER_ID,
    })
}

fn refresh_details(world: &World, token: &str, install: &Install) -> Value {
    let domain = world.portals.get(&install.portal).map_or("", |portal| &portal.settings.hub_domain);
    json!({
        "token": token,
        "user": format!("admin@{domain}"),
        "hub_domain": domain,
        "scopes": install.scopes,
        "hub_id": install.portal,
        "client_id": install.client_id,
        "user_id": USER_ID,
        "token_type": "refresh",
    })
}

fn put(body: &mut Value, name: &str, value: Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// At most ten years: a fixture may say more than a date can hold.
fn seconds(count: u64) -> Duration {
    Duration::seconds(i64::from(u32::try_from(count).unwrap_or(u32::MAX).min(315_360_000)))
}
