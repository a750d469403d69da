//! A caller whose credential was found good, for as long as it stays so.

use std::{
    collections::BTreeSet,
    fmt,
    future::pending,
    sync::{Arc, LazyLock},
    time::Duration,
};

use futures::future::BoxFuture;
use time::OffsetDateTime;

use crate::domain::access::{Access, PortalGrant};

/// What is allowed without a credential; every call begins with it.
static NOTHING: LazyLock<Arc<Access>> = LazyLock::new(|| {
    let portals = PortalGrant::none();
    Arc::new(Access { scopes: BTreeSet::new(), portals, ..Access::full("anonymous") })
});

/// Asks whether a credential still holds: whether its key was withdrawn, or the hand-off.
pub type StillValid = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// Who calls, what it may do, and how to learn that it no longer may.
#[derive(Clone)]
pub struct Caller {
    access: Arc<Access>,
    is_anonymous: bool,
    still_valid: Option<StillValid>,
}

impl Caller {
    /// A caller whose credential ends by its own time and not before.
    #[must_use]
    pub fn with_access(access: Access) -> Self {
        Self { access: Arc::new(access), is_anonymous: false, still_valid: None }
    }

    /// The same, whose credential can be withdrawn.
    #[must_use]
    pub fn revocable(access: Access, still_valid: StillValid) -> Self {
        Self { access: Arc::new(access), is_anonymous: false, still_valid: Some(still_valid) }
    }

    /// Whoever has shown no credential: may do nothing.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { access: Arc::clone(&NOTHING), is_anonymous: true, still_valid: None }
    }

    /// Whether no credential was shown.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.is_anonymous
    }

    /// Its name, as audit rows and answers show it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.access.principal
    }

    /// What it may do.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Comes back when the credential holds no longer. Its own end is noticed at once, a withdrawal within `every`.
    pub async fn ended(&self, every: Duration) {
        loop {
            let now = OffsetDateTime::now_utc();
            if !self.access.is_valid(now) {
                return;
            }
            if let Some(still_valid) = &self.still_valid
                && !still_valid().await
            {
                return;
            }
            let left = self.access.expires_at.map(|end| Duration::try_from(end - now).unwrap_or_default());
            match (left, &self.still_valid) {
                (None, None) => pending().await,
                (Some(left), None) => tokio::time::sleep(left).await,
                (left, Some(_)) => tokio::time::sleep(left.map_or(every, |left| left.min(every))).await,
            }
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("access", &self.access).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const EVERY: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn a_withdrawn_credential_is_noticed() {
        let good = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&good);
        let still_valid: StillValid = Arc::new(move || {
            let asked = Arc::clone(&asked);
            Box::pin(async move { asked.load(Ordering::SeqCst) })
        });
        let caller = Caller::revocable(Access::full("somebody"), still_valid);
        let mut ended = Box::pin(caller.ended(EVERY));
        assert!(futures::poll!(ended.as_mut()).is_pending(), "it holds");
        good.store(false, Ordering::SeqCst);
        ended.await;
    }

    #[tokio::test]
    async fn a_credential_ends_by_its_own_time() {
        let ends = |expires_at| Caller::with_access(Access { expires_at, ..Access::full("somebody") });
        ends(Some(OffsetDateTime::now_utc())).ended(EVERY).await;
        ends(Some(OffsetDateTime::now_utc() + Duration::from_millis(5))).ended(EVERY).await;
    }
}
