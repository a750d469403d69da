//! Keys: which one seals, what a rotation does, and what each server tells the others of its keys.
//!
//! The key ring says which keys there are; the database says which one seals. A rotation goes from one to the other
//! only when every running server holds the new one, and so nothing is ever sealed that another server can't open.

use std::time::Duration;

use thiserror::Error;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{Control, ControlError};
use crate::{
    domain::{
        Reason, Refusal,
        keys::{self, Facts, Key, RotationState},
    },
    store::{Call, Holding, KeyHolder, KeyRecord, KeyRotation, KeysSeen, StoreError},
    vault::{KeyId, SecretBytes},
};

/// A server that has not been heard of for so long does not count.
const LEAST_LIVE: Duration = Duration::from_secs(15);
/// How often a rotation looks whether servers that have not seen their new key ring yet have done so.
const LOOKS: u32 = 4;
/// How long it waits in between, whatever the interval is at which servers look.
const LEAST_WAIT: Duration = Duration::from_millis(500);
const MOST_WAIT: Duration = Duration::from_secs(2);

/// What this process is told about keys by configuration.
#[derive(Clone, Copy, Debug)]
pub struct KeySettings {
    /// How often to look for new keys and for a rotation.
    pub refresh_interval: Duration,
    /// Rows that are wrapped anew at once.
    pub rewrap_batch: u32,
}

impl KeySettings {
    pub(super) fn live(&self) -> time::Duration {
        let live = LEAST_LIVE.max(self.refresh_interval.saturating_mul(5));
        time::Duration::try_from(live).unwrap_or(time::Duration::MAX)
    }
}

/// Why a server with these keys can't be part of the installation.
#[derive(Debug, Error)]
pub enum JoinError {
    /// No key to seal with.
    #[error("the key ring has no key; `connectord new-key-file --add` adds one")]
    NoKey,
    /// The key that all seal with is not held.
    #[error(
        "this installation seals with key {0:?}, which this server does not hold: give it the key ring that the \
         other servers have"
    )]
    SealingKeyMissing(String),
    /// The fingerprint key is another one.
    #[error(
        "the fingerprint_key is not that of this installation: give this server the key ring that the other servers \
         have"
    )]
    OtherFingerprintKey,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The newest rotation.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// What is written down of it.
    pub record: KeyRotation,
    /// Where it stands.
    pub state: RotationState,
    /// Secrets that are under another key.
    pub left: i64,
}

/// The keys of an installation.
#[derive(Clone, Debug)]
pub struct KeyStatus {
    /// The key that seals.
    pub sealing: String,
    /// The newest key that this server holds.
    pub newest: Option<String>,
    /// All keys, by name.
    pub keys: Vec<Key>,
    /// The newest rotation.
    pub rotation: Option<Rotation>,
    /// The servers that run.
    pub servers: Vec<KeyHolder>,
}

impl Control {
    /// Announces this server and its keys, and learns which key seals.
    ///
    /// # Errors
    /// [`JoinError`] says what is wrong with its keys.
    pub async fn join_keys(&self) -> Result<(), JoinError> {
        let vault = &self.inner.vault;
        let holding = self.holding().ok_or(JoinError::NoKey)?;
        let check = vault.fingerprint("installation", &SecretBytes::new(Vec::new()));
        let seal = self.inner.store.join_keys(self.inner.server_id, &holding, &check).await?;
        let held = KeyId::parse(&seal.sealing_key_id).ok().filter(|_| holding.opens(&seal.sealing_key_id));
        let refused = match held {
            _ if seal.fingerprint_check != check => JoinError::OtherFingerprintKey,
            None => JoinError::SealingKeyMissing(seal.sealing_key_id),
            Some(id) => {
                vault.seal_with(id);
                return Ok(());
            }
        };
        self.inner.store.leave_keys(self.inner.server_id).await?;
        Err(refused)
    }

    /// What this server tells of its keys. `None` when it can't seal.
    fn holding(&self) -> Option<Holding> {
        let keys = self.inner.vault.keys();
        Some(Holding {
            key_ids: keys.held.iter().map(|id| id.as_str().to_owned()).collect(),
            key_family: keys.family,
            sealing_key_id: self.inner.vault.sealing_key()?.as_str().to_owned(),
        })
    }

    /// The keys of this installation.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn key_status(&self) -> Result<KeyStatus, ControlError> {
        Ok(self.status_of(self.inner.store.key_record(self.inner.settings.keys.live()).await?))
    }

    fn status_of(&self, record: KeyRecord) -> KeyStatus {
        let secrets = record.rows;
        let live: Vec<KeyHolder> = record.holders.into_iter().filter(|holder| holder.is_live).collect();
        let servers: Vec<(Vec<String>, Option<String>)> = live
            .iter()
            .map(|holder| (holder.holding.key_ids.clone(), holder.holding.key_family.clone()))
            .collect();
        let facts = Facts {
            sealing: &record.sealing_key_id,
            secrets: &secrets,
            servers: &servers,
            retired: &record.retired.into_iter().collect(),
        };
        let left = |rotation: &KeyRotation| {
            secrets.iter().filter(|(key, _)| **key != rotation.to_key_id).map(|(_, rows)| rows).sum()
        };
        let rotation = record.rotation.map(|record| {
            let left = if record.finished_at.is_some() { 0 } else { left(&record) };
            let state = keys::rotation_state(record.finished_at.is_some(), left, record.unreadable);
            Rotation { record, state, left }
        });
        KeyStatus {
            newest: self.inner.vault.keys().newest.map(|id| id.as_str().to_owned()),
            keys: keys::keys(facts),
            rotation,
            servers: live,
            sealing: record.sealing_key_id,
        }
    }

    /// Makes the newest key the one that seals, and has all secrets wrapped by it.
    ///
    /// # Errors
    /// `NO_NEW_KEY`, `KEY_NOT_EVERYWHERE`, `KEY_RETIRED`, `KEY_SERVICE_UNAVAILABLE`.
    pub async fn rotate_keys(&self, call: &Call) -> Result<KeyStatus, ControlError> {
        let mut seen = self.inner.store.look_at_keys(call, self.inner.settings.keys.live()).await?;
        let record = if seen.was_done(call)? {
            seen.record
        } else {
            let to = self.key_to_rotate_to().await?;
            let mut record = self.start_rotation(call, seen, &to).await?;
            self.inner.vault.seal_with(to);
            self.tend_keys().await;
            let own = record.holders.iter_mut().find(|holder| holder.server_id == self.inner.server_id);
            if let Some((own, holding)) = own.zip(self.holding()) {
                own.holding = holding;
            }
            record
        };
        self.inner.rewrap.notify_one();
        Ok(self.status_of(record))
    }

    /// The newest key, or a new one if that seals already and keys can be made.
    async fn key_to_rotate_to(&self) -> Result<KeyId, ControlError> {
        let vault = &self.inner.vault;
        vault.refresh().await?;
        let newest = vault.keys().newest;
        let newest = if newest == vault.sealing_key() { vault.make_key().await? } else { newest };
        Ok(newest.ok_or(Reason::NoNewKey)?)
    }

    /// Servers look at their key rings at their own pace; those that are about to are waited for.
    async fn start_rotation(
        &self,
        call: &Call,
        mut seen: KeysSeen,
        to: &KeyId,
    ) -> Result<KeyRecord, ControlError> {
        let (store, settings) = (&self.inner.store, self.inner.settings.keys);
        let mut looks = 0;
        loop {
            // What this server holds counts as well, and is known by now.
            if let Some(holding) = self.holding()
                && seen.hold(self.inner.server_id, &holding)
            {
                self.tend_keys().await;
            }
            match store.rotate_seen(call, &seen, to.as_str(), settings.live()).await {
                Err(StoreError::Refused(refusal))
                    if refusal.reason == Reason::KeyNotEverywhere && looks < LOOKS =>
                {
                    looks += 1;
                    tokio::time::sleep(settings.refresh_interval.clamp(LEAST_WAIT, MOST_WAIT)).await;
                    seen = store.look_at_keys(call, settings.live()).await?;
                    // The same call may have got through at another server meanwhile.
                    if seen.was_done(call)? {
                        return Ok(seen.record);
                    }
                }
                outcome => return Ok(outcome?),
            }
        }
    }

    /// Gives a key up.
    ///
    /// # Errors
    /// `KEY_IN_USE`, `KEY_NOT_FOUND`, `KEY_SERVICE_UNAVAILABLE`.
    pub async fn retire_key(&self, call: &Call, id: &str) -> Result<KeyStatus, ControlError> {
        let (store, live) = (&self.inner.store, self.inner.settings.keys.live());
        let not_found = || Refusal::new(Reason::KeyNotFound).with("key_id", id);
        let mut seen = store.look_at_keys(call, live).await?;
        let status = self.status_of(seen.record.clone());
        let id = KeyId::parse(id).ok().filter(|id| status.keys.iter().any(|key| key.id == id.as_str()));
        let id = id.ok_or_else(not_found)?;
        let along = self.inner.vault.given_up_with(&id)?;
        let along = along.iter().map(|id| id.as_str().to_owned()).collect();
        let record = if seen.was_done(call)? {
            seen.record
        } else {
            store.retire_seen(call, &seen, id.as_str(), along, live).await?
        };
        // Done again when the answer was lost: a key that is given up stays so.
        self.inner.vault.retire(&id).await?;
        Ok(self.status_of(record))
    }

    /// Looks for new keys, tells the others which are held, and seals with the one that was agreed on.
    async fn tend_keys(&self) {
        let vault = &self.inner.vault;
        // It has been logged; what was held before is held still.
        let _ = vault.refresh().await;
        let Some(holding) = self.holding() else { return };
        let agreed = match self.inner.store.announce_keys(self.inner.server_id, &holding).await {
            Ok(agreed) => agreed,
            Err(error) => {
                tracing::warn!(%error, "this server's keys were not announced");
                return;
            }
        };
        if agreed == holding.sealing_key_id {
            return;
        }
        let Some(id) = KeyId::parse(&agreed).ok().filter(|_| holding.opens(&agreed)) else {
            tracing::error!(key_id = agreed, "this server does not hold the key that seals");
            return;
        };
        vault.seal_with(id);
        tracing::info!(key_id = agreed, "secrets are sealed with another key from now on");
        let holding = Holding { sealing_key_id: agreed, ..holding };
        if let Err(error) = self.inner.store.announce_keys(self.inner.server_id, &holding).await {
            tracing::warn!(%error, "this server's keys were not announced");
        }
        self.inner.rewrap.notify_one();
    }

    async fn tend_keys_until(&self, stop: &CancellationToken) {
        let mut look = tokio::time::interval(self.inner.settings.keys.refresh_interval);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = look.tick() => self.tend_keys().await,
            }
        }
        if let Err(error) = self.inner.store.leave_keys(self.inner.server_id).await {
            tracing::info!(%error, "this server was not taken off the list of those that hold keys");
        }
    }
}

/// Follows the keys and wraps secrets anew until `stop`.
pub async fn run_keys(control: Control, stop: CancellationToken) {
    tokio::join!(control.tend_keys_until(&stop), control.rewrap_until(&stop));
}
