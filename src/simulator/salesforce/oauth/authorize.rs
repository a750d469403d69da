//! The web server flow: `/authorize` approves at once, the code is exchanged once, PKCE is checked.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use time::OffsetDateTime;
use url::Url;

use super::{Form, Granted, OAuthError, Tokens, app};
use crate::simulator::salesforce::{
    answer::Answer,
    request::Incoming,
    world::{Code, Grant, World},
};

/// Approves for the user of `login_hint`, or else the org's first user; `simulate=deny` plays a user who refuses.
pub(super) fn authorize(world: &mut World, request: &Incoming, now: OffsetDateTime) -> Answer {
    let form = Form(if request.body.is_empty() { request.query.clone() } else { request.form() });
    let refuse = |error: &str, text: &str| {
        Answer::text(400, "text/html; charset=UTF-8", format!("error={error}&error_description={text}"))
    };
    let client_id = form.get("client_id").unwrap_or_default();
    let hinted = form.get("login_hint").and_then(|name| world.find_user(name));
    let hinted_org = hinted.map(|(org, _)| org.id.clone());
    let Some((org, app)) = world.find_app(client_id, hinted_org.as_deref()) else {
        return refuse("invalid_client_id", "client identifier invalid");
    };
    let redirect_uri = form.get("redirect_uri").unwrap_or_default();
    let known = app.redirect_uris.is_empty() || app.redirect_uris.iter().any(|known| known == redirect_uri);
    let (Ok(mut target), true) = (Url::parse(redirect_uri), known) else {
        return refuse("redirect_uri_mismatch", "redirect_uri must match configuration");
    };
    let user = hinted.map(|(_, user)| user).or_else(|| org.fixture.users.first());
    let user_id = user.and_then(|user| user.id.clone());
    let org_id = org.id.clone();
    let challenge = form.get("code_challenge").map(str::to_owned);
    let missing_challenge = app.requires_pkce && challenge.is_none();
    let state = form.get("state").map(str::to_owned);
    let mut reply: Vec<(&str, String)> = Vec::new();
    match user_id {
        _ if form.get("response_type") != Some("code") => {
            reply.push(("error", "unsupported_response_type".to_owned()));
        }
        _ if missing_challenge => reply.push(("error", "invalid_request".to_owned())),
        Some(user_id) if form.get("simulate") != Some("deny") => {
            let scope = form.get("scope").unwrap_or("api refresh_token").to_owned();
            let grant = Grant { org_id, user_id, client_id: client_id.to_owned(), scope, number: 0 };
            let redirect_uri = redirect_uri.to_owned();
            reply.push(("code", world.open_code(Code { grant, redirect_uri, challenge, issued: now })));
        }
        _ => {
            reply.push(("error", "access-denied".to_owned()));
            reply.push(("error_description", "end-user denied authorization".to_owned()));
        }
    }
    reply.extend(state.map(|state| ("state", state)));
    target.query_pairs_mut().extend_pairs(reply);
    Answer::empty(302).header("location", target.to_string())
}

/// The code exchange.
pub(super) fn exchange(
    world: &mut World,
    request: &Incoming,
    form: &Form,
    now: OffsetDateTime,
) -> Granted<Tokens> {
    let expired = OAuthError("invalid_grant", "expired authorization code");
    let text = form.get("code").ok_or(expired.clone())?;
    let org_id = world.codes.get(text).map(|code| code.grant.org_id.clone());
    let (_, app) = app(world, request, form, org_id.as_deref(), false)?;
    let code =
        world.take_code(text, now).filter(|code| code.grant.client_id == app.client_id).ok_or(expired)?;
    if form.get("redirect_uri") != Some(code.redirect_uri.as_str()) {
        return Err(OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration"));
    }
    match (&code.challenge, form.get("code_verifier")) {
        (None, _) => {}
        (Some(challenge), Some(verifier)) if *challenge == challenge_of(verifier) => {}
        _ => return Err(OAuthError("invalid_grant", "invalid code verifier")),
    }
    let scopes = code.grant.scope.split([' ', '+']).collect::<Vec<_>>();
    let wants_refresh = scopes.contains(&"refresh_token") || scopes.contains(&"offline_access");
    let refresh_token = wants_refresh.then(|| world.open_grant(code.grant.clone()));
    let Grant { org_id, user_id, scope, .. } = code.grant;
    Ok(Tokens { org_id, user_id, app: Some(app), scope, refresh_token, password_expired: false })
}

fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_challenge_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(super::challenge_of(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
