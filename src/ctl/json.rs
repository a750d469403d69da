//! Messages as canonical proto JSON, by reflection: what the API can say, `--output json` can print.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};

use super::error::Error;
use crate::api;

static POOL: LazyLock<Result<DescriptorPool, String>> =
    LazyLock::new(|| DescriptorPool::decode(api::DESCRIPTOR).map_err(|error| error.to_string()));

/// Proto field names, 64-bit numbers as strings, times as RFC 3339. Fields that have no presence are always printed,
/// so that a script finds the same keys in every answer.
const OPTIONS: SerializeOptions =
    SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);

/// The JSON of a message whose full name in the descriptor is `name`.
pub fn value<M: prost::Message>(name: &str, message: &M) -> Result<serde_json::Value, Error> {
    let pool = POOL.as_ref().map_err(|error| Error::Internal(error.clone()))?;
    let descriptor = pool
        .get_message_by_name(name)
        .ok_or_else(|| Error::Internal(format!("{name} is not in the descriptor")))?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())
        .map_err(|error| Error::Internal(error.to_string()))?;
    dynamic
        .serialize_with_options(serde_json::value::Serializer, &OPTIONS)
        .map_err(|error| Error::Internal(error.to_string()))
}
