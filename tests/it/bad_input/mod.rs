//! Whatever a client sends: the right code, the field's name, and nothing changed.
//!
//! Driven by the API's descriptor, so that no RPC and no field can be forgotten.

mod bytes;
mod fields;
mod repeats;
mod scene;
mod values;
mod wire;
