//! Messages of the descriptor's making: each byte of the input decides something, so that what comes out decodes and
//! gets to where fields are judged.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};

/// Texts that some field takes, or just does not.
const TEXTS: &[&str] = &[
    "",
    " ",
    "01932c07-aaaa-7bbb-8ccc-0123456789ab",
    "00000000-0000-0000-0000-000000000000",
    "W-1",
    "W-9223372036854775807",
    "00Dx0000000BV7z",
    "00Dx0000000BV7zEAG",
    "https://acme.my.salesforce.com",
    "https://acme--uat.sandbox.my.salesforce.com:443/services",
    "https://acme.lightning.force.com",
    "acme.my.salesforce.com.evil.example",
    "http://[::ffff:127.0.0.1]/",
    "admin@acme.com",
    "2",
    "subscriber",
    "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
    "a\u{0}b",
    "\u{202e}txt\u{feff}",
    "会社",
    "'; drop table portals; --",
];
const NUMBERS: &[i64] =
    &[0, 1, -1, 2, 4, 99, 500, 501, 62_515, 1_000_000, i64::MAX, i64::MIN, 253_402_300_800];
/// Deeper than any message of the API.
const MAX_DEPTH: usize = 6;
/// Longer than any text that a field takes.
const LONG: usize = 70_000;

/// What is left of the input.
pub(super) struct Entropy<'a>(pub(super) &'a [u8]);

impl Entropy<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken.to_vec()
    }

    fn number(&mut self) -> i64 {
        let choice = usize::from(self.byte());
        NUMBERS
            .get(choice)
            .copied()
            .unwrap_or_else(|| self.bytes(8).iter().fold(0, |number, byte| number << 8 | i64::from(*byte)))
    }

    fn text(&mut self) -> String {
        let choice = self.byte();
        match TEXTS.get(usize::from(choice)) {
            Some(text) => (*text).to_owned(),
            None if choice == u8::MAX => "x".repeat(LONG),
            None => String::from_utf8_lossy(&self.bytes(usize::from(choice % 64))).into_owned(),
        }
    }
}

/// A message with some of its fields.
pub(super) fn message(of: &MessageDescriptor, entropy: &mut Entropy<'_>, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields() {
        // Most fields are there: what is missing is complained about first.
        if entropy.byte() % 8 == 7 {
            continue;
        }
        let value = if field.is_map() {
            Value::Map([(MapKey::String(entropy.text()), Value::String(entropy.text()))].into())
        } else if field.is_list() {
            let count = entropy.byte() % 4;
            Value::List((0..count).map(|_| one(&field, entropy, depth)).collect())
        } else {
            one(&field, entropy, depth)
        };
        // A kind that does not fit is left out.
        let _ = message.try_set_field(&field, value);
    }
    message
}

fn one(field: &FieldDescriptor, entropy: &mut Entropy<'_>, depth: usize) -> Value {
    match field.kind() {
        Kind::String => Value::String(entropy.text()),
        Kind::Bytes => {
            let length = usize::from(entropy.byte());
            Value::Bytes(entropy.bytes(length).into())
        }
        Kind::Bool => Value::Bool(entropy.byte() % 2 == 1),
        Kind::Enum(_) => Value::EnumNumber(i32::from(entropy.byte()) - 1),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(truncated(entropy.number())),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(truncated(entropy.number()).unsigned_abs()),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(entropy.number()),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(entropy.number().unsigned_abs()),
        Kind::Float => Value::F32(f32::from(entropy.byte())),
        Kind::Double => Value::F64(f64::from(entropy.byte())),
        Kind::Message(inner) if depth < MAX_DEPTH => Value::Message(message(&inner, entropy, depth + 1)),
        Kind::Message(inner) => Value::Message(DynamicMessage::new(inner)),
    }
}

fn truncated(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}
