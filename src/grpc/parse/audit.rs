//! Requests of `AuditService`.

use prost_types::Timestamp;
use time::OffsetDateTime;

use super::{
    field::{self, Page},
    violations::{Parsed, Violations, Wrong},
};
use crate::{api::v1, audit::ChainHead, domain::PortalId, store::AuditFilter};

/// Characters of a method's name.
const MAX_METHOD_CHARS: usize = 100;
/// Signed heads in one request.
const MAX_HEADS: usize = 1_000;
/// Rows that are verified in one call, when no number is given.
const DEFAULT_ROWS: i32 = 5_000;
/// Rows that are verified in one call at most.
const MAX_ROWS: i32 = 20_000;

/// Which audit events to list.
#[derive(Debug)]
pub struct ListAuditEvents {
    /// The filter.
    pub filter: AuditFilter,
    /// The page.
    pub page: Page,
}

/// `ListAuditEventsRequest`, or everything that is wrong with it.
pub fn list(message: v1::ListAuditEventsRequest) -> Parsed<ListAuditEvents> {
    let mut v = Violations::new();
    let filter = AuditFilter {
        portal_id: field::any_portal_id(&mut v, "portal_id", message.portal_id),
        granted: None,
        from: moment(&mut v, "start_time", message.start_time),
        until: moment(&mut v, "end_time", message.end_time),
        method: wanted(&mut v, "method", &message.method, MAX_METHOD_CHARS),
        principal: wanted(&mut v, "principal", &message.principal, field::MAX_NAME_CHARS),
    };
    let page = field::page(&mut v, message.page_size, message.page_token);
    v.finish(page.map(|page| ListAuditEvents { filter, page }))
}

/// What to verify.
#[derive(Debug)]
pub struct VerifyAuditTrail {
    /// Only this portal.
    pub portal_id: Option<PortalId>,
    /// Heads that must be rows.
    pub heads: Vec<ChainHead>,
    /// Rows at most.
    pub max_rows: i32,
    /// Where to begin; opaque here.
    pub position: Option<String>,
}

/// `VerifyAuditTrailRequest`, or everything that is wrong with it.
pub fn verify(message: v1::VerifyAuditTrailRequest) -> Parsed<VerifyAuditTrail> {
    let mut v = Violations::new();
    let portal_id = field::any_portal_id(&mut v, "portal_id", message.portal_id);
    let max_rows = match message.max_rows {
        0 => Some(DEFAULT_ROWS),
        rows => field::within(&mut v, "max_rows", rows, 1..=MAX_ROWS),
    };
    let position = field::opaque(&mut v, "position", message.position);
    if message.heads.len() > MAX_HEADS {
        v.add("heads", Wrong::TooMany { max: MAX_HEADS });
    }
    let heads = message
        .heads
        .into_iter()
        .take(MAX_HEADS)
        .enumerate()
        .filter_map(|(position, head)| signed_head(&mut v, position, &head))
        .collect();
    v.finish(max_rows.map(|max_rows| VerifyAuditTrail { portal_id, heads, max_rows, position }))
}

fn signed_head(violations: &mut Violations, position: usize, head: &v1::AuditHead) -> Option<ChainHead> {
    let at = |name: &str| format!("heads[{position}].{name}");
    let portal_id = field::within(violations, &at("portal_id"), head.portal_id, 0..=i64::MAX);
    let sequence = field::within(violations, &at("sequence"), head.sequence, 1..=i64::MAX);
    let hash = head.hash.as_slice().try_into().ok();
    if hash.is_none() {
        violations.add(at("hash"), Wrong::OutOfRange { min: 32, max: 32 });
    }
    Some(ChainHead { portal_id: portal_id?, sequence: sequence?, hash: hash? })
}

fn moment(violations: &mut Violations, field: &str, at: Option<Timestamp>) -> Option<OffsetDateTime> {
    let at = at?;
    let nanos = i128::from(at.seconds) * 1_000_000_000 + i128::from(at.nanos);
    // PostgreSQL's own bounds are wider than what a year of four digits can say.
    let moment = OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .ok()
        .filter(|moment| moment.year() >= 1 && (0..1_000_000_000).contains(&at.nanos));
    if moment.is_none() {
        violations.add(field, Wrong::UnknownValue);
    }
    moment
}

/// A text to compare with; `None` when it is empty.
fn wanted(violations: &mut Violations, field: &str, text: &str, max: usize) -> Option<String> {
    field::text(violations, field, text, max).filter(|text| !text.is_empty())
}
