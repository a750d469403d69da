//! Requests of `KeyService`.

use super::{
    field,
    mutation::{Mutation, mutation},
    violations::{Parsed, Violations},
};
use crate::api::v1;

/// The longest name of a key.
const MAX_KEY_ID: usize = 64;

/// `RotateKeysRequest`, or everything that is wrong with it.
pub fn rotate(mut message: v1::RotateKeysRequest) -> Parsed<Mutation> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    v.finish(Some(mutation))
}

/// A key to be given up.
#[derive(Debug)]
pub struct RetireKey {
    /// The frame.
    pub mutation: Mutation,
    /// Its name.
    pub key_id: String,
}

/// `RetireKeyRequest`, or everything that is wrong with it.
pub fn retire(mut message: v1::RetireKeyRequest) -> Parsed<RetireKey> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let key_id = field::required_text(&mut v, "key_id", &message.key_id, MAX_KEY_ID);
    let parsed = || Some(RetireKey { mutation, key_id: key_id? });
    v.finish(parsed())
}
