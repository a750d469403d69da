//! Date literals such as `LAST_N_DAYS:7`: the days they span.

use time::{Date, Duration, Month};

/// Names without `_N_` and the units that take a number.
const RANGES: &[&str] = &["TODAY", "YESTERDAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"];
const UNITS: &[&str] = &["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];

/// Whether a word is a date literal.
pub(super) fn is_range(name: &str) -> bool {
    RANGES.contains(&name) || unit_range(name).is_some()
}

/// `LAST_WEEK`, `THIS_MONTH`, `NEXT_N_DAYS` → direction, unit, whether it takes a number.
fn unit_range(name: &str) -> Option<(&str, &'static str, bool)> {
    let (direction, rest) = name.split_once('_')?;
    if !matches!(direction, "LAST" | "THIS" | "NEXT") {
        return None;
    }
    let (plural, takes_number) = match rest.strip_prefix("N_") {
        Some(rest) => (rest.strip_suffix('S')?, true),
        None => (rest, false),
    };
    let unit = UNITS.iter().find(|unit| **unit == plural)?;
    let known = if takes_number { direction != "THIS" } else { *unit != "DAY" };
    known.then_some((direction, unit, takes_number))
}

/// First day, and the day after the last one.
pub(super) fn span(name: &str, count: i64, today: Date) -> Option<(Date, Date)> {
    let day = |offset: i64| today.checked_add(Duration::days(offset));
    match name {
        "TODAY" => return Some((today, day(1)?)),
        "YESTERDAY" => return Some((day(-1)?, today)),
        "TOMORROW" => return Some((day(1)?, day(2)?)),
        "LAST_90_DAYS" => return Some((day(-90)?, day(1)?)),
        "NEXT_90_DAYS" => return Some((day(1)?, day(91)?)),
        _ => {}
    }
    let (direction, unit, _) = unit_range(name)?;
    let count = count.clamp(0, 10_000);
    if unit == "DAY" {
        // LAST_N_DAYS includes today, NEXT_N_DAYS begins tomorrow.
        return if direction == "LAST" {
            Some((day(-count)?, day(1)?))
        } else {
            Some((day(1)?, day(count + 1)?))
        };
    }
    let start = start_of(unit, today)?;
    match direction {
        "LAST" => Some((shift(unit, start, -count)?, start)),
        "THIS" => Some((start, shift(unit, start, 1)?)),
        _ => {
            let next = shift(unit, start, 1)?;
            Some((next, shift(unit, next, count)?))
        }
    }
}

fn start_of(unit: &str, today: Date) -> Option<Date> {
    match unit {
        // Weeks begin on Sunday in the locale en_US.
        "WEEK" => today.checked_sub(Duration::days(i64::from(today.weekday().number_days_from_sunday()))),
        "MONTH" => today.replace_day(1).ok(),
        "QUARTER" => {
            let first = (u8::from(today.month()) - 1) / 3 * 3 + 1;
            Date::from_calendar_date(today.year(), Month::try_from(first).ok()?, 1).ok()
        }
        _ => Date::from_calendar_date(today.year(), Month::January, 1).ok(),
    }
}

fn shift(unit: &str, start: Date, count: i64) -> Option<Date> {
    let months = match unit {
        "WEEK" => return start.checked_add(Duration::days(count * 7)),
        "MONTH" => count,
        "QUARTER" => count * 3,
        _ => count * 12,
    };
    let month = i64::from(start.year()) * 12 + i64::from(u8::from(start.month())) - 1 + months;
    let year = i32::try_from(month.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(month.rem_euclid(12)).ok()? + 1).ok()?;
    Date::from_calendar_date(year, month, 1).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn spans_of_a_monday() {
        let today = date!(2026 - 11 - 23);
        let cases = [
            ("TODAY", 1, date!(2026 - 11 - 23), date!(2026 - 11 - 24)),
            ("YESTERDAY", 1, date!(2026 - 11 - 22), date!(2026 - 11 - 23)),
            ("LAST_N_DAYS", 7, date!(2026 - 11 - 16), date!(2026 - 11 - 24)),
            ("NEXT_N_DAYS", 1, date!(2026 - 11 - 24), date!(2026 - 11 - 25)),
            ("THIS_WEEK", 1, date!(2026 - 11 - 22), date!(2026 - 11 - 29)),
            ("LAST_MONTH", 1, date!(2026 - 10 - 01), date!(2026 - 11 - 01)),
            ("NEXT_MONTH", 1, date!(2026 - 12 - 01), date!(2027 - 01 - 01)),
            ("THIS_QUARTER", 1, date!(2026 - 10 - 01), date!(2027 - 01 - 01)),
            ("LAST_N_YEARS", 2, date!(2024 - 01 - 01), date!(2026 - 01 - 01)),
        ];
        for (name, count, start, end) in cases {
            assert!(is_range(name), "{name}");
            assert_eq!(span(name, count, today), Some((start, end)), "{name}");
        }
        for no_range in ["THIS_N_DAYS", "LAST_DAY", "SOON", "LAST_N_DAY"] {
            assert!(!is_range(no_range), "{no_range}");
        }
    }
}
