//! Words of a vendor, made fit to be shown, stored and logged: one line, bounded, without tokens or secrets.

use secrecy::{ExposeSecret, SecretString};

/// Long enough for every message in the vendors' catalogues.
const MAX_CHARS: usize = 600;
/// Shorter secrets would blank out ordinary words.
const MIN_SECRET_CHARS: usize = 4;
const REDACTED: &str = "[redacted]";

/// Vendor text without tokens, control characters and the given secrets.
pub(crate) fn vendor_text(raw: &str, secrets: &[&SecretString]) -> String {
    let mut text = raw.to_owned();
    for secret in secrets {
        // An echo may have lost the white space around it.
        let secret = secret.expose_secret().trim();
        if secret.chars().count() >= MIN_SECRET_CHARS {
            text = text.replace(secret, REDACTED);
        }
    }
    bounded(&without_tokens(&text))
}

/// One bounded line: control and direction-changing characters become spaces, runs of white space become one.
pub(crate) fn bounded(raw: &str) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in raw.split(|c: char| c.is_whitespace() || is_unprintable(c)).filter(|word| !word.is_empty()) {
        let separator = usize::from(length > 0);
        let word_length = word.chars().count();
        if length + separator + word_length > MAX_CHARS {
            line.extend(word.chars().take(MAX_CHARS.saturating_sub(length + separator)));
            line.push('…');
            break;
        }
        if separator == 1 {
            line.push(' ');
        }
        line.push_str(word);
        length += separator + word_length;
    }
    line
}

fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn without_tokens(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_token_char(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        clean.push_str(if looks_like_token(run) { REDACTED } else { run });
        let next = after.find(is_token_char).unwrap_or(after.len());
        let (between, remaining) = after.split_at(next);
        clean.push_str(between);
        rest = remaining;
    }
    clean
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '!')
}

/// Session ids (`00D…!…`), JSON web tokens, HubSpot access tokens.
fn looks_like_token(run: &str) -> bool {
    let session_id = run.find("00D").is_some_and(|start| run.split_at(start).1.contains('!'));
    let web_token = run.starts_with("eyJ") && run.len() > 40;
    let hubspot_token = run.starts_with("pat-") && run.len() > 20;
    session_id || web_token || hubspot_token
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::{MAX_CHARS, vendor_text};

    #[test]
    fn tokens_and_secrets_are_redacted() {
        let password = SecretString::from(" hunter2 & co ");
        let raw = "bad session 00Dx0000000BV7z!AR8AQAxo9U.x_y for 'hunter2 & co' and eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzTVZHOTkifQ.c2ln";
        assert_eq!(vendor_text(raw, &[&password]), "bad session [redacted] for '[redacted]' and [redacted]");
    }

    #[test]
    fn organization_ids_stay_readable() {
        assert_eq!(
            vendor_text("org 00Dx0000000BV7zEAG is locked!", &[]),
            "org 00Dx0000000BV7zEAG is locked!"
        );
    }

    #[test]
    fn text_is_one_bounded_line() {
        assert_eq!(vendor_text("a\r\n\u{1b}[31m b\u{202e}c", &[]), "a [31m b c");
        let long = vendor_text(&"x ".repeat(5_000), &[]);
        assert!(long.chars().count() <= MAX_CHARS + 1);
        assert!(long.ends_with('…'));
    }
}
