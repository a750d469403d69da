//! Points in time and days, as Salesforce writes and reads them.

use time::{
    Date, OffsetDateTime, PrimitiveDateTime, UtcOffset,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};

const REST: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].000+0000");
const SOAP: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const HTTP: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
const COMPACT_OFFSET: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]][offset_hour sign:mandatory][offset_minute]"
);
const NO_OFFSET: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]");

/// `2026-11-23T10:00:00.000+0000`: how REST shows a time. UTC and whole seconds, so texts sort as times do.
pub fn rest(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(REST).unwrap_or_default()
}

/// `2026-11-23T10:00:00.000Z`: how SOAP shows a time.
pub fn soap(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(SOAP).unwrap_or_default()
}

/// `2026-11-23`.
pub fn day(day: Date) -> String {
    day.format(DAY).unwrap_or_default()
}

/// `Mon, 23 Nov 2026 10:00:00 GMT`, for HTTP headers.
pub fn http(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(HTTP).unwrap_or_default()
}

/// Reads what an HTTP header says.
pub fn parse_http(text: &str) -> Option<OffsetDateTime> {
    PrimitiveDateTime::parse(text, HTTP).ok().map(PrimitiveDateTime::assume_utc)
}

/// Reads a time with `Z`, `+hh:mm` or `+hhmm`; without an offset it is taken as UTC.
pub fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(text, COMPACT_OFFSET))
        .or_else(|_| PrimitiveDateTime::parse(text, NO_OFFSET).map(PrimitiveDateTime::assume_utc))
        .ok()
}

/// Reads a day.
pub fn parse_day(text: &str) -> Option<Date> {
    Date::parse(text, DAY).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "test")]
mod tests {
    use super::*;

    #[test]
    fn every_accepted_spelling_is_the_same_time() {
        let spellings = [
            "2026-11-23T10:00:00Z",
            "2026-11-23T10:00:00.000Z",
            "2026-11-23T10:00:00.000+0000",
            "2026-11-23T11:00:00+01:00",
            "2026-11-23T19:00:00.000+0900",
            "2026-11-23T10:00:00",
        ];
        for spelling in spellings {
            assert_eq!(rest(parse(spelling).unwrap()), "2026-11-23T10:00:00.000+0000", "{spelling}");
        }
        assert!(parse("2026-11-23").is_none());
        assert!(parse("tomorrow").is_none());
    }

    #[test]
    fn http_dates_come_back() {
        let at = parse("2026-11-23T10:00:00Z").unwrap();
        assert_eq!(http(at), "Mon, 23 Nov 2026 10:00:00 GMT");
        assert_eq!(parse_http(&http(at)), Some(at));
    }
}
