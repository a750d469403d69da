//! The doors for fuzzing: requests of every RPC, and everything else that comes in with a call.

mod build;
mod requests;
#[cfg(test)]
mod tests;

pub use requests::{one as request, seeds as request_seeds};

use http::{HeaderMap, HeaderValue};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    auth::fuzzing as auth,
    call::Call,
    layers::deadline,
    page_token::{Key, Paged},
};
use crate::{control::VerifyPlace, domain::OrgId, locale::Language, store::AuditKey};

const LIST: Paged<'static> = Paged { list: "ListPortals", filter: "portal=1" };

/// A page token, read as the token of each kind of list, and what comes in by metadata.
///
/// # Panics
/// When a token that is taken does not lead back to its key.
pub fn page_token(text: &str) {
    fn leads_back<K: Key + PartialEq>(text: &str) {
        let Ok(Some(key)) = LIST.key::<K>(Some(text)) else { return };
        let again = LIST.key::<K>(Some(&LIST.token(&key)));
        assert!(again.is_ok_and(|again| again == Some(key)), "{text}");
    }
    leads_back::<i64>(text);
    leads_back::<u32>(text);
    leads_back::<Uuid>(text);
    leads_back::<OrgId>(text);
    leads_back::<(i64, Uuid)>(text);
    leads_back::<(OffsetDateTime, Uuid)>(text);
    leads_back::<AuditKey>(text);
    leads_back::<VerifyPlace>(text);
}

/// Tokens that are taken, one for each kind of list.
#[must_use]
pub fn page_token_seeds() -> Vec<String> {
    let (at, id) = (OffsetDateTime::UNIX_EPOCH, Uuid::from_u128(7));
    vec![
        LIST.token(&62_515_i64),
        LIST.token(&id),
        LIST.token(&(5_i64, id)),
        LIST.token(&(at, id)),
        LIST.token(&AuditKey { occurred_at: at, portal_id: 0, sequence: 2 }),
        LIST.token(&VerifyPlace { portal_id: 1, sequence: 2, hash: [3; 32] }),
    ]
}

/// The value of each header that is read.
pub fn metadata(value: &[u8]) {
    auth::authorization(value);
    let Ok(value) = HeaderValue::from_bytes(value) else { return };
    let mut headers = HeaderMap::new();
    for name in ["x-request-id", "accept-language", "grpc-timeout"] {
        headers.insert(name, value.clone());
    }
    let call = Call::from_headers(&headers, std::sync::Arc::default());
    let id = call.request_id.as_str();
    assert!(HeaderValue::from_str(id).is_ok(), "it could not be answered with {id:?}");
    let _ = deadline::asked_for(&headers);
    if let Ok(text) = value.to_str() {
        let _ = Language::from_accept_language(text);
    }
}

/// Whether a token gets as far as its signature.
#[cfg(test)]
pub(crate) fn tokens_are_tried(value: &'static str) -> bool {
    auth::is_tried(value)
}

/// Documents that an issuer or its tokens bring.
pub fn issuer_documents(bytes: &[u8]) {
    auth::documents(bytes);
}
