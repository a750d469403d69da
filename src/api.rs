//! The generated gRPC API, `connector.v1`, and its descriptor.
//!
//! Nothing here but what the compiler makes of `proto/`, `Debug` for the messages that carry secrets, and the one
//! message that a server sends in another form than clients get it: the response of a watch. The servers' codec gives that
//! one less room.

mod codec;
mod encoded_event;

use std::fmt;

pub use codec::SizedCodec;
pub use encoded_event::EncodedEvent;

/// The messages and clients of `connector.v1`.
#[expect(clippy::large_enum_variant, clippy::allow_attributes_without_reason, reason = "generated code")]
pub mod v1 {
    tonic::include_proto!("connector.v1");
}

/// The servers of `connector.v1`. Every watch sends [`EncodedEvent`]s.
#[expect(clippy::allow_attributes, clippy::allow_attributes_without_reason, reason = "generated code")]
pub mod servers {
    include!(concat!(env!("OUT_DIR"), "/servers/connector.v1.rs"));
}

/// The encoded `FileDescriptorSet` with source info, as reflection serves it.
pub const DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

macro_rules! redacted_debug {
    ($($message:ident { $($shown:ident),* })*) => {$(
        impl fmt::Debug for v1::$message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($message))$(.field(stringify!($shown), &self.$shown))*.finish_non_exhaustive()
            }
        }
    )*};
}

redacted_debug! {
    HubSpotStaticToken {}
    HubSpotOAuth { client_id }
    SalesforcePassword { username }
    SalesforceJwtBearer { client_id, username, login_url }
    SalesforceClientCredentials { client_id, login_url }
    SalesforceRefreshToken { client_id, login_url }
    CreateHandoffResponse { handoff }
    SubmitSecurityTokenRequest { request_id, setup_id, etag, not_used, validate_only }
}
