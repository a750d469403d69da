//! Page tokens: where the next page begins, and of which list.
//!
//! Opaque to clients, readable to us, and bound to the list and its filter: one that was made for another query is
//! refused instead of answered with nonsense. They hold keys and no secrets, so they are not signed.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::Message;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{domain::Reason, store::Page};

/// Form of the token. One of another form is refused, and its client starts with the first page.
const VERSION: &str = "1";
/// Bytes of the filter's digest that the token holds.
const FILTER_BYTES: usize = 8;
/// A page ends before it grows over this, however many items were asked for: a response must fit into the message
/// size that clients take.
const MAX_PAGE_BYTES: usize = 3 * 1024 * 1024;

/// A list that is paged, with the filter that its pages share.
#[derive(Clone, Copy, Debug)]
pub struct Paged<'a> {
    /// The RPC.
    pub list: &'static str,
    /// Everything that selects its items.
    pub filter: &'a str,
}

/// A key to go on after.
pub trait Key: Sized {
    /// As text, without a colon at its ends.
    fn write(&self) -> String;
    /// From that text.
    fn read(text: &str) -> Option<Self>;
}

impl Paged<'_> {
    /// The token of the page that begins after a key.
    #[must_use]
    pub fn token(&self, key: &impl Key) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}{}", self.head(), key.write()))
    }

    /// Converts a page, as much of it as fits, and makes the token of the next one.
    pub fn fill<T, M: Message, K: Key>(
        &self,
        page: &Page<T>,
        convert: impl Fn(&T) -> M,
        key: impl Fn(&T) -> K,
    ) -> (Vec<M>, String) {
        let mut messages = Vec::with_capacity(page.items.len());
        let mut bytes = 0;
        for item in &page.items {
            let message = convert(item);
            bytes += message.encoded_len();
            if bytes > MAX_PAGE_BYTES && !messages.is_empty() {
                break;
            }
            messages.push(message);
        }
        let more = page.more || messages.len() < page.items.len();
        let last = messages.len().checked_sub(1).and_then(|at| page.items.get(at)).map(key);
        (messages, self.next(more, last))
    }

    /// The token of the next page: empty when there is none, or nothing to go on after.
    #[must_use]
    pub fn next(&self, more: bool, last: Option<impl Key>) -> String {
        last.filter(|_| more).map(|key| self.token(&key)).unwrap_or_default()
    }

    /// The key in a token; `None` for the first page.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID` when it is not ours, or of another list or filter.
    pub fn key<K: Key>(&self, token: Option<&str>) -> Result<Option<K>, Reason> {
        let Some(token) = token else { return Ok(None) };
        let read = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
            K::read(text.strip_prefix(&self.head())?)
        };
        read().map(Some).ok_or(Reason::PageTokenInvalid)
    }

    fn head(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.filter.as_bytes());
        let filter: String =
            digest.as_ref().iter().take(FILTER_BYTES).map(|byte| format!("{byte:02x}")).collect();
        format!("{VERSION}:{}:{filter}:", self.list)
    }
}

impl Key for i64 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Key for u32 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Key for Uuid {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        Self::try_parse(text).ok()
    }
}

impl Key for crate::domain::OrgId {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Key for (i64, Uuid) {
    fn write(&self) -> String {
        format!("{}:{}", self.0, self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (number, id) = text.split_once(':')?;
        Some((number.parse().ok()?, Uuid::try_parse(id).ok()?))
    }
}

impl Key for (OffsetDateTime, Uuid) {
    fn write(&self) -> String {
        format!("{}:{}", self.0.unix_timestamp_nanos(), self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (nanos, id) = text.split_once(':')?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos.parse().ok()?).ok()?;
        Some((at, Uuid::try_parse(id).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTALS: Paged<'static> = Paged { list: "ListPortals", filter: "" };

    #[test]
    fn a_token_leads_back_to_its_key_and_only_in_its_own_list() {
        let token = PORTALS.token(&62_515_i64);
        assert_eq!(PORTALS.key::<i64>(Some(&token)), Ok(Some(62_515)));
        assert_eq!(PORTALS.key::<i64>(None), Ok(None));
        for other in
            [Paged { list: "ListOrgs", filter: "" }, Paged { list: "ListPortals", filter: "portal=1" }]
        {
            assert_eq!(other.key::<i64>(Some(&token)), Err(Reason::PageTokenInvalid));
        }
        for bad in ["x", "AAAA", "!", "MTo", token.get(1..).unwrap_or_default(), &format!("{token}AA")] {
            assert_eq!(PORTALS.key::<i64>(Some(bad)), Err(Reason::PageTokenInvalid), "{bad}");
        }
    }

    #[test]
    fn a_page_ends_before_it_is_too_large_and_the_next_one_goes_on() {
        let items: Vec<i64> = (1..=5).collect();
        let large = |_: &i64| "x".repeat(MAX_PAGE_BYTES / 2 - 100);
        let page = Page { items: items.clone(), more: false };
        let (messages, token) = PORTALS.fill(&page, large, |item| *item);
        assert_eq!(messages.len(), 2);
        assert_eq!(PORTALS.key(Some(&token)), Ok(Some(2_i64)));
        let (messages, token) = PORTALS.fill(&page, |_| String::new(), |item| *item);
        assert_eq!((messages.len(), token.as_str()), (5, ""));
        let (_, token) = PORTALS.fill(&Page { items, more: true }, |_| String::new(), |item| *item);
        assert_eq!(PORTALS.key(Some(&token)), Ok(Some(5_i64)));
        let huge = |_: &i64| "x".repeat(MAX_PAGE_BYTES * 2);
        let (messages, _) = PORTALS.fill(&page, huge, |item| *item);
        assert_eq!(messages.len(), 1, "always at least one");
    }

    #[test]
    fn keys_of_two_parts_survive_the_way() {
        let key = (OffsetDateTime::UNIX_EPOCH + time::Duration::nanoseconds(1_234_567), Uuid::from_u128(7));
        let token = PORTALS.token(&key);
        assert_eq!(PORTALS.key(Some(&token)), Ok(Some(key)));
        let key = (-5_i64, Uuid::from_u128(u128::MAX));
        assert_eq!(PORTALS.key(Some(&PORTALS.token(&key))), Ok(Some(key)));
    }
}
