//! Logging in with user name and password, whatever the protocol: the rules and their order.

use time::OffsetDateTime;

use super::{
    fixture::UserFixture,
    org::Org,
    request::{HostKind, Incoming},
    world::World,
};
use crate::simulator::journal::Journal;

/// Who logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The org's id.
    pub org_id: String,
    /// The user's id.
    pub user_id: String,
    /// The password must be changed before anything else.
    pub password_expired: bool,
}

/// Why a login was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Wrong name, password or token, wrong host, locked or inactive user: not told apart on purpose.
    Invalid,
    /// Right password, no token, unknown network.
    TokenNeeded,
    /// More than 3,600 logins within an hour.
    TooOften,
    /// SOAP `login()` is off in this org.
    SoapLoginDisabled,
    /// The edition has no API.
    ApiDisabledForOrg,
    /// The user has no "API Enabled".
    ApiDisabledForUser,
    /// The trial is over.
    TrialExpired,
}

/// Checks a login; every try of a known user is counted, also a failed one.
///
/// # Errors
/// The first rule that refuses.
pub fn login(
    world: &mut World,
    request: &Incoming,
    journal: &Journal,
    (username, secret): (&str, &str),
    soap: bool,
    now: OffsetDateTime,
) -> Result<Principal, Refusal> {
    let name = username.trim().to_lowercase();
    journal.count("login_attempts", &name);
    let (org_id, user_id) = {
        let (org, user) = world.find_user(&name).ok_or(Refusal::Invalid)?;
        (org.id.clone(), user.id.clone().unwrap_or_default())
    };
    let org = world.orgs.get_mut(&org_id).ok_or(Refusal::Invalid)?;
    if !org.note_login_try(&user_id, now) {
        return Err(Refusal::TooOften);
    }
    let user = org.user(&user_id).ok_or(Refusal::Invalid)?;
    if !host_fits(org, &request.host) || !user.is_active || org.is_locked(user, now) {
        return Err(Refusal::Invalid);
    }
    if soap && !org.fixture.soap_login_enabled {
        return Err(Refusal::SoapLoginDisabled);
    }
    let trusted = request
        .peer
        .is_some_and(|peer| org.fixture.trusted_ips.iter().any(|trusted| trusted.parse() == Ok(peer)));
    let outcome = check_secret(user, secret, trusted, now).and_then(|()| check_rights(org, user, now));
    let password_expired = user.password_expired;
    match outcome {
        Err(Refusal::Invalid) => org.note_login_outcome(&user_id, false, now),
        Err(_) => {}
        Ok(()) => {
            org.note_login_outcome(&user_id, true, now);
            journal.count("login_successes", &name);
        }
    }
    outcome.map(|()| Principal { org_id, user_id, password_expired })
}

fn check_secret(user: &UserFixture, secret: &str, trusted: bool, now: OffsetDateTime) -> Result<(), Refusal> {
    if secret == user.password {
        return if trusted || user.security_token.is_empty() { Ok(()) } else { Err(Refusal::TokenNeeded) };
    }
    let token = secret.strip_prefix(&user.password).ok_or(Refusal::Invalid)?;
    let is_active = user.token_active_at.is_none_or(|at| at <= now);
    if is_active && !token.is_empty() && token == user.security_token {
        Ok(())
    } else {
        Err(Refusal::Invalid)
    }
}

fn check_rights(org: &Org, user: &UserFixture, now: OffsetDateTime) -> Result<(), Refusal> {
    if org.fixture.trial_expiration.is_some_and(|end| end <= now) {
        return Err(Refusal::TrialExpired);
    }
    if !org.fixture.api_enabled {
        return Err(Refusal::ApiDisabledForOrg);
    }
    if !user.permissions.api_enabled {
        return Err(Refusal::ApiDisabledForUser);
    }
    Ok(())
}

/// Whether an org's users may log in at this host.
pub fn host_fits(org: &Org, host: &HostKind) -> bool {
    let generic = !org.fixture.my_domain_login_only;
    match host {
        HostKind::Any => true,
        HostKind::Login => generic && !org.fixture.is_sandbox,
        HostKind::Test => generic && org.fixture.is_sandbox,
        HostKind::MyDomain(domain) => domain.eq_ignore_ascii_case(&org.fixture.my_domain),
    }
}
