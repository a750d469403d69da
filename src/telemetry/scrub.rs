//! Takes vendors' session ids and tokens out of log lines.

use std::io::{self, Write};

const MASK: &[u8] = b"***";

/// Shorter than any token, longer than the words that begin like one.
const SHORTEST_TOKEN: usize = 12;

/// A writer that masks secrets in what goes through. Each `write` must bring whole lines, as `tracing` does.
pub(super) struct Scrubbed<W>(W);

impl<W> Scrubbed<W> {
    pub(super) fn new(writer: W) -> Self {
        Self(writer)
    }
}

impl<W: Write> Write for Scrubbed<W> {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0.write_all(&scrub(lines))?;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn scrub(text: &[u8]) -> Vec<u8> {
    let mut scrubbed = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut inside_word = false;
    while let Some((&byte, after)) = rest.split_first() {
        match if inside_word { None } else { secret(rest) } {
            Some((shown, masked)) => {
                scrubbed.extend_from_slice(rest.get(..shown).unwrap_or_default());
                scrubbed.extend_from_slice(MASK);
                rest = rest.get(shown + masked..).unwrap_or_default();
            }
            None => {
                scrubbed.push(byte);
                inside_word = byte.is_ascii_alphanumeric();
                rest = after;
            }
        }
    }
    scrubbed
}

/// How many bytes at the start may be shown and how many after them must not, if a secret stands there.
fn secret(text: &[u8]) -> Option<(usize, usize)> {
    let is_of_session = |byte: &u8| byte.is_ascii_alphanumeric() || b"._".contains(byte);
    let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    if text.starts_with(b"00D") {
        // An organization id of 15 or 18 characters, `!`, the session itself. The id may be seen.
        let id_len = text.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let session = text.get(id_len..)?.strip_prefix(b"!")?;
        let session_len = session.iter().take_while(|byte| is_of_session(byte)).count();
        return (session_len >= SHORTEST_TOKEN).then_some((id_len + 1, session_len));
    }
    let token_len = text.strip_prefix(b"pat-")?.iter().take_while(|byte| is_of_token(byte)).count();
    (token_len >= SHORTEST_TOKEN).then_some((b"pat-".len(), token_len))
}

#[cfg(test)]
mod tests {
    use super::scrub;

    fn scrubbed(text: &str) -> String {
        String::from_utf8_lossy(&scrub(text.as_bytes())).into_owned()
    }

    #[test]
    fn session_ids_and_tokens_are_masked() {
        for (text, expected) in [
            (
                "sid=00Dx0000000BV7z!AR8AQBM8J_xr9kLqmZIRyQxZgLcM4Hgi41aGtW.qXGZ end",
                "sid=00Dx0000000BV7z!*** end",
            ),
            ("{\"t\":\"pat-na1-11111111-2222-3333-4444-555555555555\"}", "{\"t\":\"pat-***\"}"),
            ("00Dx0000000BV7z!short pat-na1", "00Dx0000000BV7z!short pat-na1"),
            (
                "org 00Dx0000000BV7z: compat-mode-is-switched-on é",
                "org 00Dx0000000BV7z: compat-mode-is-switched-on é",
            ),
        ] {
            assert_eq!(scrubbed(text), expected);
        }
    }
}
