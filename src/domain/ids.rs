//! Identifiers. Each is parsed once, at the edge, and is valid from then on.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A HubSpot account, by its hub id (positive).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PortalId(i64);

impl PortalId {
    /// The portal with this hub id, unless it is zero or negative.
    #[must_use]
    pub fn parse(hub_id: i64) -> Option<Self> {
        (hub_id > 0).then_some(Self(hub_id))
    }

    /// The hub id.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for PortalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Parses the usual hyphenated form, and no other.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

uuid_ids! {
    /// A portal's run through the wizard.
    SetupId,
    /// An attempt to connect.
    AttemptId,
    /// A mapping of a portal to an org.
    ConnectionId,
    /// A test contact.
    TestContactId,
    /// A hand-off of a setup's steps to a Salesforce administrator.
    HandoffId,
}

/// A Salesforce org, by its 18-character organization id. The 15-character form is the same org.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrgId(String);

impl OrgId {
    /// Accepts the 15-character form and the 18-character form with a right checksum; the key prefix must be `00D`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_ascii() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let base = text.get(..15)?;
        if !base.starts_with("00D") {
            return None;
        }
        let checksum = Self::checksum(base);
        match text.get(15..)? {
            "" => Some(Self(format!("{base}{checksum}"))),
            given if given.eq_ignore_ascii_case(&checksum) => Some(Self(format!("{base}{checksum}"))),
            _ => None,
        }
    }

    /// The 18 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For each five characters: bit i is set where character i is upper case; the sum selects a letter or digit.
    fn checksum(base: &str) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
        base.as_bytes()
            .chunks(5)
            .map(|chunk| {
                let index = chunk
                    .iter()
                    .enumerate()
                    .filter(|(_, byte)| byte.is_ascii_uppercase())
                    .fold(0usize, |sum, (position, _)| sum | (1 << position));
                ALPHABET.get(index).copied().map_or('A', char::from)
            })
            .collect()
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r16_the_15_and_18_character_forms_are_the_same_org() {
        for (short, checksum) in [("00Di0000000icUB", "EAY"), ("00DB0000000DFgj", "MAG")] {
            let from_short = OrgId::parse(short);
            assert_eq!(from_short, OrgId::parse(&format!("{short}{checksum}")));
            assert_eq!(from_short.map(|id| id.as_str().to_owned()), Some(format!("{short}{checksum}")));
        }
    }

    #[test]
    fn bad_org_ids_are_refused() {
        for bad in [
            "",
            "00Di0000000icU",
            "00Di0000000icUBEA",
            "00Di0000000icUBAAA",
            "001i0000000icUB",
            "00Dï000000icUB",
        ] {
            assert_eq!(OrgId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_hyphenated_uuids_are_ids() {
        assert!(SetupId::parse("01932c07-aaaa-7bbb-8ccc-0123456789ab").is_some());
        assert!(SetupId::parse("01932c07aaaa7bbb8ccc0123456789ab").is_none());
        assert!(SetupId::parse("{01932c07-aaaa-7bbb-8ccc-0123456789ab}").is_none());
    }
}
