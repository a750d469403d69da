//! Parsers of single fields. Each takes the collector, the path of the field and its value; what is wrong is added,
//! and the answer is `None`.

use std::ops::RangeInclusive;

use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use super::violations::{Violations, Wrong};
use crate::{
    api::v1,
    domain::{ConnectionId, HandoffId, OrgId, PortalId, SetupId, TestContactId},
};

/// Names for people, names of lists, user names, lifecycle stages: HubSpot's and Salesforce's own bound, characters.
pub const MAX_NAME_CHARS: usize = 255;
/// Bytes of an etag, a page token or a resume token. Ours are far shorter.
pub const MAX_TOKEN_BYTES: usize = 4_096;
/// Digits of a HubSpot list id.
pub const MAX_LIST_ID_DIGITS: usize = 32;
/// Bytes of an org's address.
pub const MAX_ADDRESS_BYTES: usize = 255;
/// Entries of a page, when none is asked for.
pub const DEFAULT_PAGE_SIZE: i32 = 100;
/// Entries of a page at most.
pub const MAX_PAGE_SIZE: i32 = 500;
/// An etag that is not one of ours matches no version.
pub const FOREIGN_VERSION: i64 = i64::MIN;

/// The page that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Entries, from 1 to [`MAX_PAGE_SIZE`].
    pub size: i32,
    /// Where it starts; `None` for the first. Opaque here.
    pub token: Option<String>,
}

/// Makes a mutation repeatable: a UUID, or empty.
pub fn request_id(violations: &mut Violations, text: &str) -> Option<Uuid> {
    if text.is_empty() {
        return None;
    }
    let id = (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten();
    if id.is_none() {
        violations.add("request_id", Wrong::NotAUuid);
    }
    id
}

/// The version that an etag stands for; `None` when none was sent. One that is not ours is [`FOREIGN_VERSION`]: it
/// is answered like every other that does not match.
pub fn etag(violations: &mut Violations, field: &str, text: &str) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    if text.len() > MAX_TOKEN_BYTES {
        violations.add(field, Wrong::TooLarge { max: MAX_TOKEN_BYTES });
        return None;
    }
    let canonical = |digits: &str| {
        let version: i64 = digits.parse().ok()?;
        (version >= 0 && version.to_string() == digits).then_some(version)
    };
    Some(text.strip_prefix("W-").and_then(canonical).unwrap_or(FOREIGN_VERSION))
}

/// A portal, by its hub id.
pub fn portal_id(violations: &mut Violations, field: &str, hub_id: i64) -> Option<PortalId> {
    let wrong = if hub_id == 0 { Wrong::Required } else { Wrong::Positive };
    or_wrong(violations, field, PortalId::parse(hub_id), wrong)
}

/// A portal, or all of them when it is 0.
pub fn any_portal_id(violations: &mut Violations, field: &str, hub_id: i64) -> Option<PortalId> {
    if hub_id == 0 { None } else { portal_id(violations, field, hub_id) }
}

/// A setup.
pub fn setup_id(violations: &mut Violations, text: &str) -> Option<SetupId> {
    or_wrong(violations, "setup_id", SetupId::parse(text), uuid_or_required(text))
}

/// A test contact.
pub fn test_contact_id(violations: &mut Violations, text: &str) -> Option<TestContactId> {
    or_wrong(violations, "test_contact_id", TestContactId::parse(text), uuid_or_required(text))
}

/// A hand-off.
pub fn handoff_id(violations: &mut Violations, text: &str) -> Option<HandoffId> {
    or_wrong(violations, "handoff_id", HandoffId::parse(text), uuid_or_required(text))
}

/// A connection.
pub fn connection_id(violations: &mut Violations, text: &str) -> Option<ConnectionId> {
    or_wrong(violations, "connection_id", ConnectionId::parse(text), uuid_or_required(text))
}

fn uuid_or_required(text: &str) -> Wrong {
    if text.is_empty() { Wrong::Required } else { Wrong::NotAUuid }
}

/// An org.
pub fn org_id(violations: &mut Violations, field: &str, text: &str) -> Option<OrgId> {
    let wrong = if text.is_empty() { Wrong::Required } else { Wrong::NotAnOrgId };
    or_wrong(violations, field, OrgId::parse(text), wrong)
}

/// An org, or none when it is empty.
pub fn any_org_id(violations: &mut Violations, field: &str, text: &str) -> Option<OrgId> {
    if text.is_empty() { None } else { org_id(violations, field, text) }
}

/// A page: 0 entries means the default.
pub fn page(violations: &mut Violations, size: i32, token: String) -> Option<Page> {
    let size = match size {
        0 => Some(DEFAULT_PAGE_SIZE),
        _ => within(violations, "page_size", size, 1..=MAX_PAGE_SIZE),
    };
    let token = opaque(violations, "page_token", token);
    Some(Page { size: size?, token })
}

/// A token of ours, judged where it is read; `None` when it is empty.
pub fn opaque(violations: &mut Violations, field: &str, token: String) -> Option<String> {
    if token.len() > MAX_TOKEN_BYTES {
        violations.add(field, Wrong::TooLarge { max: MAX_TOKEN_BYTES });
        return None;
    }
    (!token.is_empty()).then_some(token)
}

/// A number within bounds.
pub fn within<N>(violations: &mut Violations, field: &str, number: N, bounds: RangeInclusive<N>) -> Option<N>
where
    N: Copy + PartialOrd + Into<i64>,
{
    if bounds.contains(&number) {
        return Some(number);
    }
    violations.add(field, Wrong::OutOfRange { min: (*bounds.start()).into(), max: (*bounds.end()).into() });
    None
}

/// A text for people: trimmed, at most so many characters, no control characters (a NUL least of all: Postgres
/// can't hold it). It may be empty.
pub fn text(violations: &mut Violations, field: &str, text: &str, max_chars: usize) -> Option<String> {
    let text = text.trim();
    if text.chars().count() > max_chars {
        violations.add(field, Wrong::TooLong { max: max_chars });
        None
    } else if text.chars().any(char::is_control) {
        violations.add(field, Wrong::InvalidCharacters);
        None
    } else {
        Some(text.to_owned())
    }
}

/// Like [`text`], but not empty.
pub fn required_text(
    violations: &mut Violations,
    field: &str,
    value: &str,
    max_chars: usize,
) -> Option<String> {
    if value.trim().is_empty() {
        violations.add(field, Wrong::Required);
        return None;
    }
    text(violations, field, value, max_chars)
}

/// A text with a bound in bytes: an identifier that a vendor gave.
pub fn identifier(violations: &mut Violations, field: &str, value: &str, max_bytes: usize) -> Option<String> {
    let value = value.trim();
    if value.is_empty() {
        violations.add(field, Wrong::Required);
        None
    } else if value.len() > max_bytes {
        violations.add(field, Wrong::TooLarge { max: max_bytes });
        None
    } else if value.chars().any(char::is_control) {
        violations.add(field, Wrong::InvalidCharacters);
        None
    } else {
        Some(value.to_owned())
    }
}

/// A secret as it is, not trimmed. Control characters other than line ends can be sent to no vendor.
pub fn secret(
    violations: &mut Violations,
    field: &str,
    value: String,
    max_bytes: usize,
) -> Option<SecretString> {
    let value = SecretString::from(value);
    let text = secrecy::ExposeSecret::expose_secret(&value);
    let wrong = if text.is_empty() {
        Some(Wrong::Required)
    } else if text.len() > max_bytes {
        Some(Wrong::TooLarge { max: max_bytes })
    } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Some(Wrong::InvalidCharacters)
    } else {
        None
    };
    match wrong {
        Some(wrong) => {
            violations.add(field, wrong);
            None
        }
        None => Some(value),
    }
}

/// A secret that is one word: white space around it came with copying.
pub fn secret_word(
    violations: &mut Violations,
    field: &str,
    value: String,
    max_chars: usize,
) -> Option<SecretString> {
    let value = SecretString::from(value);
    let word = secrecy::ExposeSecret::expose_secret(&value).trim();
    let wrong = if word.is_empty() {
        Wrong::Required
    } else if word.chars().count() > max_chars {
        Wrong::TooLong { max: max_chars }
    } else if word.chars().any(|c| c.is_control() || c.is_whitespace()) {
        Wrong::BadToken
    } else {
        return Some(SecretString::from(word));
    };
    violations.add(field, wrong);
    None
}

/// The address of an org, as `scheme://host[:port]`. Whether the host is allowed is decided where it is called.
pub fn address(violations: &mut Violations, field: &str, value: &str) -> Option<String> {
    let value = value.trim();
    let plain = |url: &Url| {
        matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
    };
    if value.is_empty() {
        violations.add(field, Wrong::Required);
        return None;
    }
    if value.len() > MAX_ADDRESS_BYTES {
        violations.add(field, Wrong::TooLarge { max: MAX_ADDRESS_BYTES });
        return None;
    }
    let origin = Url::parse(value).ok().filter(plain).and_then(|url| as_written(value, &url));
    or_wrong(violations, field, origin, Wrong::NotAnAddress)
}

/// The origin of an address in which a parser had nothing to mend: what one reader mends (escapes, wide dots, numbers
/// that turn into addresses), another one may read differently.
fn as_written(value: &str, url: &Url) -> Option<String> {
    let origin = url.origin().ascii_serialization();
    let written = value.strip_suffix('/').unwrap_or(value).to_ascii_lowercase();
    let port = url.port_or_known_default()?;
    (written == origin || written == format!("{origin}:{port}")).then_some(origin)
}

/// HubSpot's id of a list.
pub fn list_id(violations: &mut Violations, field: &str, value: &str) -> Option<String> {
    let value = value.trim();
    if value.is_empty() {
        violations.add(field, Wrong::Required);
        return None;
    }
    let digits = value.len() <= MAX_LIST_ID_DIGITS && value.bytes().all(|byte| byte.is_ascii_digit());
    or_wrong(violations, field, digits.then(|| value.to_owned()), Wrong::NotAListId)
}

/// A value of an enum that must be chosen.
pub fn chosen<E: TryFrom<i32>>(violations: &mut Violations, field: &str, number: i32) -> Option<E> {
    let wrong = if number == 0 { Wrong::Required } else { Wrong::UnknownValue };
    let value = if number == 0 { None } else { E::try_from(number).ok() };
    or_wrong(violations, field, value, wrong)
}

/// A value of an enum that may be left out.
pub fn optional<E: TryFrom<i32>>(violations: &mut Violations, field: &str, number: i32) -> Option<E> {
    if number == 0 { None } else { chosen(violations, field, number) }
}

/// Yes or no; nothing is preselected.
pub fn choice(violations: &mut Violations, field: &str, number: i32) -> Option<bool> {
    match v1::Choice::try_from(number) {
        Ok(v1::Choice::Yes) => Some(true),
        Ok(v1::Choice::No) => Some(false),
        Ok(v1::Choice::Unspecified) => or_wrong(violations, field, None, Wrong::ChooseYesOrNo),
        Err(_) => or_wrong(violations, field, None, Wrong::UnknownValue),
    }
}

/// Adds a violation where there is no value.
pub fn or_wrong<T>(violations: &mut Violations, field: &str, value: Option<T>, wrong: Wrong) -> Option<T> {
    if value.is_none() {
        violations.add(field, wrong);
    }
    value
}
