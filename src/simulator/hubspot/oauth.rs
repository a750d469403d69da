//! OAuth: what was granted, and the life of codes and tokens. The endpoints are in [`super::oauth_http`].

use std::collections::HashMap;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::fixture::OAuthAppFixture;

/// One-time codes are good for this long.
const CODE_LIFE: Duration = Duration::minutes(5);

/// Expired access tokens are still known, as expired, for this long.
const REMEMBERED: Duration = Duration::days(1);

/// An app installed in a portal.
#[derive(Debug, Clone)]
pub(super) struct Install {
    pub portal: u64,
    pub client_id: String,
    pub scopes: Vec<String>,
}

/// An access token; without a portal it stands for the app alone.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub portal: Option<u64>,
    pub client_id: String,
    pub scopes: Vec<String>,
    pub expires_at: OffsetDateTime,
}

/// A code on its way through the browser.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub install: Install,
    pub redirect_uri: String,
    /// `code_challenge` and whether it is hashed.
    pub challenge: Option<(String, bool)>,
    expires_at: OffsetDateTime,
}

/// All codes and tokens of one simulator.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    installs: HashMap<String, Install>,
    access: HashMap<String, Access>,
    codes: HashMap<String, Code>,
}

impl Tokens {
    /// An install that a fixture brings along.
    pub(super) fn install(&mut self, refresh_token: &str, portal: u64, app: &OAuthAppFixture) {
        let (client_id, scopes) = (app.client_id.clone(), app.scopes.clone());
        self.installs.insert(refresh_token.to_owned(), Install { portal, client_id, scopes });
    }

    pub(super) fn issued(&self) -> Vec<String> {
        self.access.keys().chain(self.installs.keys()).cloned().collect()
    }

    pub(super) fn access(&self, token: &str) -> Option<&Access> {
        self.access.get(token)
    }

    pub(super) fn refresh(&self, token: &str) -> Option<&Install> {
        self.installs.get(token)
    }

    /// Whether the install that an access token came from is still there.
    pub(super) fn is_installed(&self, access: &Access) -> bool {
        self.installs
            .values()
            .any(|install| Some(install.portal) == access.portal && install.client_id == access.client_id)
    }

    pub(super) fn issue_code(
        &mut self,
        install: Install,
        redirect_uri: &str,
        challenge: Option<(String, bool)>,
        now: OffsetDateTime,
    ) -> String {
        let code = format!("na1-{}", Uuid::new_v4());
        let redirect_uri = redirect_uri.to_owned();
        self.codes
            .insert(code.clone(), Code { install, redirect_uri, challenge, expires_at: now + CODE_LIFE });
        code
    }

    /// Takes a code out: it works once.
    pub(super) fn take_code(&mut self, code: &str, now: OffsetDateTime) -> Option<Code> {
        self.codes.remove(code).filter(|code| code.expires_at > now)
    }

    pub(super) fn issue_refresh(&mut self, install: Install) -> String {
        let token = format!("na1-{}", Uuid::new_v4());
        self.installs.insert(token.clone(), install);
        token
    }

    pub(super) fn issue_access(&mut self, access: Access, now: OffsetDateTime) -> String {
        self.access.retain(|_, old| old.expires_at + REMEMBERED > now);
        let token = format!("sim-access-{}", Uuid::new_v4().simple());
        self.access.insert(token.clone(), access);
        token
    }

    /// Replaces a refresh token; the old one is worth nothing from here on.
    pub(super) fn rotate(&mut self, refresh_token: &str) -> String {
        match self.installs.remove(refresh_token) {
            Some(install) => self.issue_refresh(install),
            None => refresh_token.to_owned(),
        }
    }

    /// Ends an install, with every access token of it.
    pub(super) fn revoke(&mut self, refresh_token: &str) {
        if let Some(install) = self.installs.remove(refresh_token) {
            self.access.retain(|_, access| {
                access.portal != Some(install.portal) || access.client_id != install.client_id
            });
        }
    }

    /// Ends every install of an app in a portal.
    pub(super) fn uninstall(&mut self, portal: u64, client_id: &str) {
        self.installs.retain(|_, install| install.portal != portal || install.client_id != client_id);
        self.access.retain(|_, access| access.portal != Some(portal) || access.client_id != client_id);
    }

    pub(super) fn forget_portal(&mut self, portal: u64) {
        self.installs.retain(|_, install| install.portal != portal);
        self.access.retain(|_, access| access.portal != Some(portal));
        self.codes.retain(|_, code| code.install.portal != portal);
    }
}
