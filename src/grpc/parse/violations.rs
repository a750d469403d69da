//! Everything that is wrong with a request, collected in one pass.

use std::fmt;

use crate::locale::{self, Language};

/// A parsed request, or everything that is wrong with it.
pub type Parsed<T> = Result<T, Violations>;

/// What is wrong with one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It must be given.
    Required,
    /// It must not be empty.
    Empty,
    /// A number that is no value of the enum.
    UnknownValue,
    /// Too many characters.
    TooLong {
        /// Characters that are allowed.
        max: usize,
    },
    /// Too many bytes.
    TooLarge {
        /// Bytes that are allowed.
        max: usize,
    },
    /// Too many entries.
    TooMany {
        /// Entries that are allowed.
        max: usize,
    },
    /// Below or above its bounds.
    OutOfRange {
        /// The lowest value.
        min: i64,
        /// The highest value.
        max: i64,
    },
    /// It must be at least 1.
    Positive,
    /// Not a hyphenated UUID.
    NotAUuid,
    /// Not a Salesforce organization id.
    NotAnOrgId,
    /// Not a HubSpot list id.
    NotAListId,
    /// Not the address of an org.
    NotAnAddress,
    /// Not a private key in PEM.
    NotAKey,
    /// Neither yes nor no was chosen.
    ChooseYesOrNo,
    /// Control characters.
    InvalidCharacters,
    /// Not one word.
    BadToken,
    /// Named more than once.
    Duplicate,
    /// None, or more than one, of several.
    ExactlyOne,
    /// A token, and that none is used.
    TokenAndNotUsed,
    /// The bytes are not a message of this type.
    Undecodable,
}

impl Wrong {
    fn key(self) -> &'static str {
        match self {
            Self::Required => "violation-required",
            Self::Empty => "violation-empty",
            Self::UnknownValue => "violation-unknown-value",
            Self::TooLong { .. } => "violation-too-long",
            Self::TooLarge { .. } => "violation-too-large",
            Self::TooMany { .. } => "violation-too-many",
            Self::OutOfRange { .. } => "violation-out-of-range",
            Self::Positive => "violation-positive",
            Self::NotAUuid => "violation-not-a-uuid",
            Self::NotAnOrgId => "violation-not-an-org-id",
            Self::NotAListId => "violation-not-a-list-id",
            Self::NotAnAddress => "violation-not-an-address",
            Self::NotAKey => "violation-not-a-key",
            Self::ChooseYesOrNo => "violation-choose-yes-or-no",
            Self::InvalidCharacters | Self::Undecodable => "violation-invalid-characters",
            Self::BadToken => "violation-bad-token",
            Self::Duplicate => "violation-duplicate",
            Self::ExactlyOne => "violation-exactly-one",
            Self::TokenAndNotUsed => "violation-token-and-not-used",
        }
    }

    fn figures(self) -> Vec<(&'static str, String)> {
        match self {
            Self::TooLong { max } | Self::TooLarge { max } | Self::TooMany { max } => {
                vec![("max", max.to_string())]
            }
            Self::OutOfRange { min, max } => vec![("min", min.to_string()), ("max", max.to_string())],
            _ => Vec::new(),
        }
    }
}

/// A field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, for example `credential.password.username` or `shares[2].portal_id`.
    pub field: String,
    /// What is wrong.
    pub wrong: Wrong,
}

impl Violation {
    /// What is wrong, in words to show beside the field.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        let figures = self.wrong.figures();
        let args: Vec<(&str, &str)> = figures.iter().map(|(name, value)| (*name, value.as_str())).collect();
        locale::text(language, self.wrong.key(), &args)
    }
}

/// Collects violations while a request is parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    found: Vec<Violation>,
}

impl Violations {
    /// None so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One for the field.
    pub fn add(&mut self, field: impl Into<String>, wrong: Wrong) {
        self.found.push(Violation { field: field.into(), wrong });
    }

    /// All, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.found.iter()
    }

    /// The parsed request, if nothing was wrong. `parsed` gives `None` exactly when a part of it is missing, and
    /// whoever found that out has added a violation.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn finish<T>(self, parsed: Option<T>) -> Result<T, Self> {
        match parsed {
            Some(parsed) if self.found.is_empty() => Ok(parsed),
            Some(_) | None => Err(self),
        }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, violation) in self.found.iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}{}: {:?}", violation.field, violation.wrong)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}
