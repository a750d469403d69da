//! Record ids: 15 characters where case matters, or 18 with a checksum over the case.

use std::fmt;

/// A Salesforce id in its 18-character form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SalesforceId(String);

/// The text is not a Salesforce id: not 15 or 18 of `A–Z a–z 0–9`, or with a wrong checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a Salesforce id")]
pub struct InvalidId;

impl SalesforceId {
    /// Reads either form; both give the same value.
    ///
    /// # Errors
    /// [`InvalidId`] for another length or alphabet, or a checksum that contradicts the first 15 characters.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidId);
        }
        let (id, checksum) = text.split_at_checked(15).ok_or(InvalidId)?;
        let expected = checksum_of(id);
        match checksum.len() {
            0 => Ok(Self(format!("{id}{expected}"))),
            3 if checksum.eq_ignore_ascii_case(&expected) => Ok(Self(format!("{id}{expected}"))),
            _ => Err(InvalidId),
        }
    }

    /// The 18 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SalesforceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One character for each five: which of them are capitals, the first being the lowest bit.
fn checksum_of(id: &str) -> String {
    id.as_bytes()
        .chunks(5)
        .map(|chunk| {
            let capitals = chunk
                .iter()
                .enumerate()
                .filter(|(_, byte)| byte.is_ascii_uppercase())
                .fold(0_u8, |bits, (position, _)| bits | (1 << position));
            char::from(if capitals < 26 { b'A' + capitals } else { b'0' + (capitals - 26) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{InvalidId, SalesforceId};

    #[test]
    fn both_forms_are_the_same_id() {
        for (short, suffix) in [
            ("005x00000012Q9P", "AAU"),
            ("003q000000KvQ1t", "AAF"),
            ("a00D0000008pQRA", "IA2"),
            ("0012o00003OBzVS", "AA1"),
            ("00Di0000000icUB", "EAY"),
            ("00DB0000000DFgj", "MAG"),
            ("0XA4H000000TNRh", "WAO"),
            ("00Dx0000000BV7z", "EAG"),
        ] {
            let long = format!("{short}{suffix}");
            assert_eq!(SalesforceId::parse(short).map(|id| id.as_str().to_owned()), Ok(long.clone()));
            assert_eq!(SalesforceId::parse(&long), SalesforceId::parse(short));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in [
            "",
            "00D",
            "00Dx0000000BV7zEAX",
            "00Dx0000000BV7zEA",
            "00Dx0000000BV7!",
            "00Dx0000000BV7zEAGA",
            "００Dx0000000BV7z",
        ] {
            assert_eq!(SalesforceId::parse(wrong), Err(InvalidId), "{wrong}");
        }
    }
}
