//! Standard output: tables for people, JSON for programs.

use std::io::{self, Write as _};

use clap::ValueEnum;

use super::{error::Error, lang::Lang};

/// What standard output carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for people.
    #[default]
    Table,
    /// One JSON document; of a watch, one JSON object per line.
    Json,
}

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The language of labels.
    pub lang: Lang,
    /// Whether standard output takes colours.
    pub color: bool,
    /// Whether standard error takes colours.
    pub color_errors: bool,
    /// Columns to wrap tables at. None leaves them as wide as they are, for pipes and files.
    pub width: Option<u16>,
}

/// Writes to standard output with a final newline.
///
/// # Errors
/// When it can't be written; a closed pipe is [`Error::PipeClosed`].
pub fn write(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    write!(out, "{text}{newline}").and_then(|()| out.flush()).map_err(Error::from)
}

/// Seconds and nanoseconds as `2026-07-06 09:30:00Z`; nothing for no time.
pub fn time(timestamp: Option<&prost_types::Timestamp>) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
    timestamp
        .and_then(|timestamp| time::OffsetDateTime::from_unix_timestamp(timestamp.seconds).ok())
        .and_then(|time| time.format(format).ok())
        .unwrap_or_default()
}

/// The beginning of a fingerprint: enough for eyes that compare two of them.
pub fn short(fingerprint: &str) -> String {
    const SHOWN: usize = 12;
    fingerprint.chars().take(SHOWN).collect()
}

/// The same without control characters but line breaks: words of the vendors must not steer the terminal.
pub fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\n' { ' ' } else { letter }).collect()
}

/// A number with thousands separators.
pub fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        grouped.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        let cases =
            [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567"), (110_000, "110,000")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!(number(i64::MIN), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn words_of_others_cannot_steer_the_terminal() {
        assert_eq!(printable("Acme\u{1b}[2J\r\u{7}\nCorp"), "Acme [2J  \nCorp");
    }

    #[test]
    fn times_are_utc_to_the_second_and_absent_times_are_empty() {
        let timestamp = prost_types::Timestamp { seconds: 1_467_797_400, nanos: 5 };
        assert_eq!(time(Some(&timestamp)), "2016-07-06 09:30:00Z");
        assert_eq!(time(None), "");
        assert_eq!(time(Some(&prost_types::Timestamp { seconds: i64::MAX, nanos: 0 })), "");
    }
}
