//! Times as HubSpot writes them: ISO-8601 UTC with milliseconds, or epoch milliseconds; both are read.

use time::format_description::FormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

const ISO: &[FormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const DAY: &[FormatItem<'static>] = format_description!("[year]-[month]-[day]");

/// `2025-11-03T23:36:13.632Z`.
pub(super) fn iso(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(ISO).unwrap_or_default()
}

/// Milliseconds since 1970.
pub(super) fn epoch_ms(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// Cuts to whole milliseconds, the resolution of everything that HubSpot stores.
pub(super) fn whole_ms(at: OffsetDateTime) -> OffsetDateTime {
    from_epoch_ms(epoch_ms(at)).unwrap_or(at)
}

pub(super) fn from_epoch_ms(ms: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()
}

/// Epoch milliseconds, RFC 3339 or a plain day; `None` for anything else.
pub(super) fn parse(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim();
    if let Ok(ms) = text.parse::<i64>() {
        return from_epoch_ms(ms);
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .or_else(|| parse_day(text).map(|day| day.midnight().assume_utc()))
}

/// A plain day, `2026-11-23`.
pub(super) fn parse_day(text: &str) -> Option<Date> {
    Date::parse(text.trim(), DAY).ok()
}

/// A plain day, as date properties hold it.
pub(super) fn day(at: OffsetDateTime) -> String {
    at.date().format(DAY).unwrap_or_default()
}
