//! Hand-offs to Salesforce administrators (R28): made, listed, taken back, and recognised by their token.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{Control, ControlError};
use crate::{
    domain::{
        HandoffId, Reason, SetupId,
        access::{Access, HandoffAccess},
        handoff::Handoff,
        setup::Status,
    },
    store::{Call, Page, Target, TokenHash},
};

/// What every token begins with, so that people and scanners know one when they see it.
pub const TOKEN_PREFIX: &str = "hsh_";
/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// How long it is remembered what a token opens: another server's taking back is noticed that late.
const REMEMBERED: Duration = Duration::from_secs(15);
/// Most tokens that are remembered.
const MAX_REMEMBERED: usize = 1_024;

/// A hand-off that was just made.
#[derive(Debug)]
pub struct NewHandoff {
    /// The hand-off.
    pub handoff: Handoff,
    /// Its token, given away this once. `None` when the request was sent again: it is stored nowhere.
    pub token: Option<SecretString>,
}

/// What tokens opened a moment ago. Only those that did open something: a wrong one is looked up each time.
#[derive(Default)]
pub(super) struct Opened(Mutex<HashMap<TokenHash, (Instant, Handoff)>>);

impl Opened {
    async fn get(&self, hash: &TokenHash) -> Option<Handoff> {
        let opened = self.0.lock().await;
        opened.get(hash).filter(|(at, _)| at.elapsed() < REMEMBERED).map(|(_, handoff)| handoff.clone())
    }

    async fn keep(&self, hash: TokenHash, handoff: Handoff) {
        let mut opened = self.0.lock().await;
        if opened.len() >= MAX_REMEMBERED {
            opened.retain(|_, (at, _)| at.elapsed() < REMEMBERED);
        }
        if opened.len() >= MAX_REMEMBERED {
            opened.clear();
        }
        opened.insert(hash, (Instant::now(), handoff));
    }

    /// This server's own changes count at once.
    pub(super) async fn forget(&self) {
        self.0.lock().await.clear();
    }
}

impl Control {
    /// Makes a hand-off of a setup that is not abandoned.
    ///
    /// # Errors
    /// `SETUP_NOT_FOUND`, `SETUP_NOT_ACTIVE`.
    pub async fn create_handoff(
        &self,
        call: &Call,
        setup_id: SetupId,
        hours: i32,
    ) -> Result<NewHandoff, ControlError> {
        let id = HandoffId(Uuid::now_v7());
        let token = new_token()?;
        let hash = hash(token.expose_secret());
        let principal = call.principal.clone();
        let handoff = self
            .inner
            .store
            .change(call, Target::Setup(setup_id), move |tx| {
                let principal = principal.clone();
                Box::pin(async move {
                    if tx.setup(setup_id).await?.status == Status::Abandoned {
                        return Err(Reason::SetupNotActive.into());
                    }
                    let handoff = Handoff::new(id, setup_id, tx.portal_id(), hours, principal, tx.now());
                    tx.add_handoff(handoff, &hash).await
                })
            })
            .await?;
        let is_first = handoff.id == id;
        Ok(NewHandoff { handoff, token: is_first.then_some(token) })
    }

    /// Hand-offs of a setup, newest first, before one.
    ///
    /// # Errors
    /// `SETUP_NOT_FOUND`.
    pub async fn handoffs(
        &self,
        setup_id: SetupId,
        before: Option<Uuid>,
        size: i64,
    ) -> Result<Page<Handoff>, ControlError> {
        let page = self.inner.store.handoffs(setup_id, before, size).await?;
        // A setup that has some is there.
        if page.items.is_empty() {
            self.inner.store.portal_of_setup(setup_id).await?.ok_or(Reason::SetupNotFound)?;
        }
        Ok(page)
    }

    /// Takes a hand-off back. Idempotent.
    ///
    /// # Errors
    /// `SETUP_NOT_FOUND`, `HANDOFF_NOT_FOUND`.
    pub async fn revoke_handoff(
        &self,
        call: &Call,
        setup_id: SetupId,
        id: HandoffId,
    ) -> Result<Handoff, ControlError> {
        let revoked = self
            .inner
            .store
            .change(call, Target::Handoff(setup_id, id), move |tx| {
                Box::pin(async move {
                    let handoff = tx.handoff(setup_id, id).await?;
                    if handoff.revoked_at.is_some() {
                        return Ok(handoff);
                    }
                    let now = tx.now();
                    tx.save_revoked(handoff.revoked(now)).await
                })
            })
            .await?;
        self.inner.opened.forget().await;
        Ok(revoked)
    }

    /// What a token opens; `None` when it opens nothing, whatever the cause.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn handoff_access(&self, token: &SecretString) -> Result<Option<Access>, ControlError> {
        let token = token.expose_secret();
        if !is_token(token) {
            return Ok(None);
        }
        let hash = hash(token);
        let mut handoff = self.inner.opened.get(&hash).await;
        if handoff.is_none() {
            handoff = self.inner.store.open_handoff(&hash).await?;
            if let Some(handoff) = &handoff {
                self.inner.opened.keep(hash, handoff.clone()).await;
            }
        }
        let handoff = handoff.filter(|handoff| handoff.is_open(OffsetDateTime::now_utc()));
        Ok(handoff.map(|handoff| {
            let opens = HandoffAccess { id: handoff.id, setup_id: handoff.setup_id };
            Access::handoff(opens, handoff.portal_id, handoff.expires_at)
        }))
    }
}

fn new_token() -> Result<SecretString, ControlError> {
    let mut bytes = [0; TOKEN_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| ControlError::Vault("made"))?;
    Ok(SecretString::from(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
}

fn is_token(text: &str) -> bool {
    let decoded = |rest: &str| URL_SAFE_NO_PAD.decode(rest).ok();
    text.strip_prefix(TOKEN_PREFIX).and_then(decoded).is_some_and(|bytes| bytes.len() == TOKEN_BYTES)
}

fn hash(token: &str) -> TokenHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "test")]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_random_and_known_by_their_form() {
        let tokens: std::collections::BTreeSet<String> =
            (0..1_000).map(|_| new_token().unwrap().expose_secret().to_owned()).collect();
        assert_eq!(tokens.len(), 1_000);
        for token in &tokens {
            assert!(is_token(token) && token.len() == 47, "{token}");
        }
        for bad in ["", "hsh_", "hsh_AAAA", "HSH_", "Bearer hsh_"] {
            assert!(!is_token(bad), "{bad}");
        }
        let first = tokens.first().unwrap();
        assert!(!is_token(&format!("{first}A")) && !is_token(&first.replace("hsh_", "hsx_")));
    }
}
