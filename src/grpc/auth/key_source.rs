//! Where the keys come from, read again and again: a key that is no longer published is refused soon after, and a new
//! one is known without a restart.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::jwks::{JwksError, Key, KeySet, MAX_JWKS_BYTES, TokenAlgorithm};
use crate::outbound::{Timeouts, Transport};

/// Key ids that are not known lead to one look at the source within this time, whoever sends them.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(30);
/// Calls that wait for that look; more are refused at once, so that made-up key ids take no capacity.
const WAITING: usize = 64;
/// A source that fails is asked again after this, if that is sooner than usual.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Together with the usual interval below a minute: by then a revoked key is refused.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(3),
    idle: Duration::from_secs(5),
    total: Duration::from_secs(10),
};

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The set itself; it never changes.
    Inline(String),
    /// A file.
    File(PathBuf),
    /// An address, `https` unless it is on this machine.
    Url(Url),
}

/// Where the keys come from and how fresh they have to be.
#[derive(Clone, Debug)]
pub struct KeySourceSettings {
    /// Where they are.
    pub source: KeySource,
    /// How often they are read again.
    pub refresh: Duration,
    /// Keys that could not be read again for this long are no longer trusted.
    pub max_age: Duration,
}

/// A key as it was found; a revoked one is told by its absence from the set of today.
pub(super) struct FoundKey {
    id: String,
    key: Arc<Key>,
}

impl FoundKey {
    pub(super) fn algorithm(&self) -> TokenAlgorithm {
        self.key.algorithm
    }

    pub(super) fn decoding(&self) -> &jsonwebtoken::DecodingKey {
        &self.key.decoding
    }
}

/// The keys of today, with the text that they were read from.
struct Today {
    keys: Arc<KeySet>,
    text: Vec<u8>,
    read_at: Instant,
}

/// An issuer's keys, kept fresh.
pub(super) struct Keys {
    settings: KeySourceSettings,
    algorithms: Vec<TokenAlgorithm>,
    transport: Option<Transport>,
    today: RwLock<Option<Today>>,
    /// Held while the source is read because of an unknown key id; holds when that was done last.
    asked_for_unknown: tokio::sync::Mutex<Option<Instant>>,
    waiting: Semaphore,
    /// What went wrong last, so that it is logged once.
    trouble: Mutex<Option<JwksError>>,
}

impl Keys {
    /// Reads what is on this machine; an address is asked by [`Keys::keep_fresh`], as it may be away for a while.
    pub(super) fn new(
        settings: KeySourceSettings,
        algorithms: Vec<TokenAlgorithm>,
    ) -> Result<Self, JwksError> {
        let transport = match &settings.source {
            KeySource::Url(url) => {
                // The operator named the host; where it leads is the operator's business.
                let host = url.host_str().unwrap_or_default().to_owned();
                let transport = Transport::new("hubspot-salesforce-connector", TIMEOUTS, vec![host]);
                Some(transport.map_err(|error| JwksError::Unreachable(error.to_string()))?)
            }
            KeySource::Inline(_) | KeySource::File(_) => None,
        };
        let keys = Self {
            settings,
            algorithms,
            transport,
            today: RwLock::new(None),
            asked_for_unknown: tokio::sync::Mutex::new(None),
            waiting: Semaphore::new(WAITING),
            trouble: Mutex::new(None),
        };
        if let Some(text) = keys.read_here()? {
            keys.take(text)?;
            if keys.current().is_none_or(|set| set.is_empty()) {
                return Err(JwksError::NoUsableKey);
            }
        }
        Ok(keys)
    }

    /// Reads the keys again and again until `stop`.
    pub(super) async fn keep_fresh(&self, stop: CancellationToken) {
        loop {
            let pause = match (self.refresh().await, &self.settings.source) {
                (_, KeySource::Inline(_)) => return stop.cancelled().await,
                (true, _) => self.settings.refresh,
                (false, _) => AFTER_FAILURE.min(self.settings.refresh),
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// The key of this id. One that is not known may be new: the source is asked, but seldom.
    pub(super) async fn find(&self, id: &str) -> Option<FoundKey> {
        let known = |set: &KeySet| set.get(id).map(|key| FoundKey { id: id.to_owned(), key });
        let seen = self.current();
        if let Some(found) = seen.as_deref().and_then(known) {
            return Some(found);
        }
        if matches!(self.settings.source, KeySource::Inline(_)) {
            return None;
        }
        let _waiting = self.waiting.try_acquire().ok()?;
        let mut asked = self.asked_for_unknown.lock().await;
        let now = self.current();
        if let Some(found) = now.as_deref().and_then(known) {
            // Somebody else had it fetched while we waited.
            return Some(found);
        }
        if asked.is_some_and(|at| at.elapsed() < UNKNOWN_KEY_PAUSE) {
            return None;
        }
        *asked = Some(Instant::now());
        tracing::info!("a token names a key that is not known; the keys are read again");
        self.refresh().await;
        self.current().as_deref().and_then(known)
    }

    /// Whether a key that was found before is still published.
    pub(super) fn are_good(&self, found: &FoundKey) -> bool {
        self.current().is_some_and(|set| {
            set.get(&found.id).is_some_and(|key| {
                Arc::ptr_eq(&key, &found.key)
                    || (key.algorithm == found.key.algorithm && same(&key.decoding, &found.key.decoding))
            })
        })
    }

    /// The keys of today, unless they are too old.
    fn current(&self) -> Option<Arc<KeySet>> {
        let today = self.today.read().unwrap_or_else(PoisonError::into_inner);
        let today = today.as_ref()?;
        let is_fixed = matches!(self.settings.source, KeySource::Inline(_));
        (is_fixed || today.read_at.elapsed() <= self.settings.max_age).then(|| Arc::clone(&today.keys))
    }

    /// Reads the source once. Keys stay as they are when that fails, until they are too old.
    async fn refresh(&self) -> bool {
        let outcome = match (&self.settings.source, &self.transport) {
            (KeySource::Url(url), Some(transport)) => fetch(transport, url).await,
            _ => self.read_here().map(Option::unwrap_or_default),
        };
        let outcome = outcome.and_then(|text| self.take(text));
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(()) => {
                if trouble.take().is_some() {
                    tracing::info!("the keys for tokens can be read again");
                }
                true
            }
            Err(error) => {
                if trouble.as_ref() != Some(&error) {
                    tracing::error!(%error, trusted_for = ?self.settings.max_age, "the keys for tokens can't be read");
                    *trouble = Some(error);
                }
                false
            }
        }
    }

    /// What is on this machine; nothing for an address. A file of this size is read faster than a task is switched.
    fn read_here(&self) -> Result<Option<Vec<u8>>, JwksError> {
        match &self.settings.source {
            KeySource::Url(_) => Ok(None),
            KeySource::Inline(text) => Ok(Some(text.clone().into_bytes())),
            KeySource::File(path) => {
                use std::io::Read as _;
                let mut text = Vec::new();
                std::fs::File::open(path)
                    .and_then(|file| file.take(MAX_JWKS_BYTES as u64 + 1).read_to_end(&mut text))
                    .map_err(|error| JwksError::Unreadable(format!("{}: {error}", path.display())))?;
                Ok(Some(text))
            }
        }
    }

    /// Takes over a text, if it is a set of keys. The same text leaves the keys as they are.
    fn take(&self, text: Vec<u8>) -> Result<(), JwksError> {
        let read_at = Instant::now();
        {
            let mut today = self.today.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(today) = today.as_mut().filter(|today| today.text == text) {
                today.read_at = read_at;
                return Ok(());
            }
        }
        let keys = Arc::new(KeySet::parse(&text, &self.algorithms)?);
        if keys.is_empty() {
            tracing::warn!("{}: no token is taken any more", JwksError::NoUsableKey);
        }
        tracing::info!(keys = ?keys.ids(), "the keys for tokens");
        *self.today.write().unwrap_or_else(PoisonError::into_inner) = Some(Today { keys, text, read_at });
        Ok(())
    }
}

fn same(left: &jsonwebtoken::DecodingKey, right: &jsonwebtoken::DecodingKey) -> bool {
    use jsonwebtoken::DecodingKeyKind::{RsaModulusExponent, SecretOrDer};
    match (left.kind(), right.kind()) {
        (SecretOrDer(left), SecretOrDer(right)) => left == right,
        (RsaModulusExponent { n, e }, RsaModulusExponent { n: other_n, e: other_e }) => {
            n == other_n && e == other_e
        }
        _ => false,
    }
}

async fn fetch(transport: &Transport, url: &Url) -> Result<Vec<u8>, JwksError> {
    let request = transport.request(http::Method::GET, url.clone());
    let answer = transport.send(request, MAX_JWKS_BYTES).await;
    let answer = answer.map_err(|error| JwksError::Unreachable(error.to_string()))?;
    if answer.status != http::StatusCode::OK {
        return Err(JwksError::Unreachable(format!("it answers {}", answer.status.as_u16())));
    }
    Ok(answer.body.to_vec())
}
