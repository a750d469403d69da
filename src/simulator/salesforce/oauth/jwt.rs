//! JWT bearer assertions: signed by the app's key, for an approved user, for this host, for at most a few minutes.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::{Form, Granted, OAuthError, Tokens};
use crate::simulator::salesforce::{
    Salesforce, auth,
    org::Org,
    request::{HostKind, Incoming},
    world::World,
};

/// An assertion may not expire later than this many seconds from now (three minutes, and clocks that differ).
const MAX_LIFETIME: i64 = 180 + 120;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    #[serde(alias = "prn")]
    sub: String,
    aud: Value,
    exp: i64,
}

pub(super) fn bearer(
    simulator: &Salesforce,
    world: &World,
    request: &Incoming,
    form: &Form,
    now: OffsetDateTime,
) -> Granted<Tokens> {
    let invalid = OAuthError("invalid_grant", "invalid assertion");
    let assertion = form.get("assertion").ok_or(invalid.clone())?;
    // Who it claims to be from decides which key it is checked with; nothing is believed before that.
    let claimed =
        jsonwebtoken::dangerous::insecure_decode::<Claims>(assertion).map_err(|_| invalid.clone())?.claims;
    let org = world.find_user(&claimed.sub).map(|(org, _)| org);
    let (_, app) = world
        .find_app(&claimed.iss, org.map(|org| org.id.as_str()))
        .or_else(|| world.find_app(&claimed.iss, None))
        .ok_or(OAuthError("invalid_client_id", "client identifier invalid"))?;
    let key = app.public_key_pem.as_deref().and_then(|pem| DecodingKey::from_rsa_pem(pem.as_bytes()).ok());
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let key = key.ok_or(invalid.clone())?;
    let claims = jsonwebtoken::decode::<Claims>(assertion, &key, &validation).map_err(|_| invalid)?.claims;
    let expires_in = claims.exp - now.unix_timestamp();
    if expires_in <= 0 || expires_in > MAX_LIFETIME {
        return Err(OAuthError("invalid_grant", "expired authorization code"));
    }
    let refused = OAuthError("invalid_grant", "user hasn't approved this consumer");
    let org = org.ok_or(refused.clone())?;
    let user = org.user_named(&claims.sub).ok_or(refused.clone())?;
    if !audience_fits(simulator, org, &claims.aud) {
        return Err(OAuthError("invalid_grant", "Audience validation failed"));
    }
    let approved = app.approved_users.is_empty()
        || app.approved_users.iter().any(|name| name.eq_ignore_ascii_case(&user.username));
    let app_is_here = org.fixture.oauth_apps.iter().any(|other| other.client_id == app.client_id);
    if !approved || !app_is_here || !auth::host_fits(org, &request.host) {
        return Err(refused);
    }
    Ok(Tokens {
        org_id: org.id.clone(),
        user_id: user.id.clone().unwrap_or_default(),
        app: Some(app.clone()),
        scope: "api web".to_owned(),
        refresh_token: None,
        password_expired: false,
    })
}

/// `https://login.salesforce.com` (or `test`, for a sandbox), the org's My Domain, or the simulator's own URLs.
fn audience_fits(simulator: &Salesforce, org: &Org, audience: &Value) -> bool {
    let Some(audience) = audience.as_str() else { return false };
    let audience = audience.trim_end_matches('/');
    let own = simulator.base_url();
    let (generic, prefix) = if org.fixture.is_sandbox { ("test", "/test") } else { ("login", "/login") };
    let known = [
        format!("https://{generic}.salesforce.com"),
        format!("https://{}", org.fixture.my_domain_host()),
        own.to_owned(),
        format!("{own}{prefix}"),
        format!("{own}/my/{}", org.fixture.my_domain),
    ];
    debug_assert!(auth::host_fits(org, &HostKind::Any), "the plain base URL stands for every host");
    known.iter().any(|known| known.eq_ignore_ascii_case(audience))
}
