//! Hand-offs: whoever walks the wizard and is no Salesforce administrator lets one do the steps in Salesforce (R28).

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{HandoffId, PortalId, SetupId};

/// How long one lasts unless asked otherwise.
pub const DEFAULT_HOURS: i32 = 7 * 24;
/// The longest that may be asked for.
pub const MAX_HOURS: i32 = 30 * 24;

/// A hand-off, without its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// Its id.
    pub id: HandoffId,
    /// The only setup that it opens.
    pub setup_id: SetupId,
    /// The setup's portal.
    pub portal_id: PortalId,
    /// Who made it.
    pub created_by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// From then on it opens nothing.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// When it was taken back.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<OffsetDateTime>,
}

impl Handoff {
    /// A new one for so many hours.
    #[must_use]
    pub fn new(
        id: HandoffId,
        setup_id: SetupId,
        portal_id: PortalId,
        hours: i32,
        by: String,
        at: OffsetDateTime,
    ) -> Self {
        let expires_at = at + Duration::hours(hours.clamp(1, MAX_HOURS).into());
        Self { id, setup_id, portal_id, created_by: by, created_at: at, expires_at, revoked_at: None }
    }

    /// The same, taken back. One that was taken back before keeps its time.
    #[must_use]
    pub fn revoked(self, at: OffsetDateTime) -> Self {
        Self { revoked_at: self.revoked_at.or(Some(at)), ..self }
    }

    /// Whether it opens anything, as far as it knows itself: an abandoned setup closes it as well.
    #[must_use]
    pub fn is_open(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "test")]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn handoff(hours: i32) -> Handoff {
        let portal_id = PortalId::parse(1).unwrap();
        let (id, setup_id) = (HandoffId(Uuid::from_u128(1)), SetupId(Uuid::from_u128(2)));
        Handoff::new(id, setup_id, portal_id, hours, "somebody".to_owned(), NOW)
    }

    #[test]
    fn r28_a_hand_off_ends_by_time_or_when_it_is_taken_back() {
        let week = handoff(DEFAULT_HOURS);
        assert!(week.is_open(NOW + Duration::days(7) - Duration::SECOND));
        assert!(!week.is_open(NOW + Duration::days(7)));
        assert_eq!(handoff(i32::MAX).expires_at, NOW + Duration::days(30));
        let revoked = week.revoked(NOW + Duration::HOUR);
        assert!(!revoked.is_open(NOW));
        assert_eq!(revoked.clone().revoked(NOW + Duration::DAY), revoked);
    }
}
