//! The response of a watch as a server sends it.

use bytes::{Buf, BufMut, Bytes};
use prost::{
    DecodeError, Message,
    encoding::{DecodeContext, WireType, skip_field, string},
};

/// The field `resume_token` of every `Watch…Response`.
const RESUME_TOKEN: u32 = 6;

/// The response of a watch: the event in its encoding, which all who watch the same have in common, and the reader's own
/// token. On the wire it is what `WatchSetupResponse` and its like are.
///
/// It is only ever sent. Clients decode the messages of [`v1`](super::v1); of what is decoded into this one, the token
/// alone is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodedEvent {
    event: Bytes,
    resume_token: String,
}

impl EncodedEvent {
    /// `event` is the encoding of a response without its token.
    #[must_use]
    pub fn new(event: Bytes, resume_token: String) -> Self {
        Self { event, resume_token }
    }
}

impl Message for EncodedEvent {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        buffer.put_slice(&self.event);
        if !self.resume_token.is_empty() {
            string::encode(RESUME_TOKEN, &self.resume_token, buffer);
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        if tag == RESUME_TOKEN {
            return string::merge(wire_type, &mut self.resume_token, buffer, context);
        }
        skip_field(wire_type, tag, buffer, context)
    }

    fn encoded_len(&self) -> usize {
        let token = if self.resume_token.is_empty() {
            0
        } else {
            string::encoded_len(RESUME_TOKEN, &self.resume_token)
        };
        self.event.len() + token
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::v1;

    fn same<M: Message + Default + PartialEq + std::fmt::Debug>(whole: &M, event: &M, resume_token: &str) {
        let sent = EncodedEvent::new(event.encode_to_vec().into(), resume_token.to_owned());
        assert_eq!(sent.encode_to_vec(), whole.encode_to_vec());
        assert_eq!(sent.encoded_len(), whole.encoded_len());
        assert_eq!(M::decode(sent.encode_to_vec().as_slice()).as_ref(), Ok(whole));
    }

    macro_rules! same {
        ($($response:ident { $event:expr })*) => {$(
            for token in ["", "a-token"] {
                let event = v1::$response { event: Some($event), resume_token: String::new() };
                let whole = v1::$response { resume_token: token.to_owned(), ..event.clone() };
                same(&whole, &event, token);
            }
        )*};
    }

    #[test]
    fn the_token_of_every_watch_is_the_same_field() {
        let pool = prost_reflect::DescriptorPool::decode(crate::api::DESCRIPTOR).unwrap_or_default();
        let ours = pool.services().filter(|service| service.package_name() == "connector.v1");
        let methods = ours.flat_map(|service| service.methods().collect::<Vec<_>>());
        let watches: Vec<_> = methods.filter(prost_reflect::MethodDescriptor::is_server_streaming).collect();
        assert!(!watches.is_empty());
        for watch in watches {
            let token = watch.output().get_field_by_name("resume_token").map(|field| field.number());
            assert_eq!(token, Some(RESUME_TOKEN), "{}", watch.full_name());
        }
    }

    #[test]
    fn on_the_wire_it_is_the_response() {
        same! {
            WatchSetupResponse {
                v1::watch_setup_response::Event::Transition(v1::Setup { setup_id: "s".into(), ..Default::default() })
            }
            WatchTestContactResponse {
                v1::watch_test_contact_response::Event::Snapshot(v1::TestContact { portal_id: 7, ..Default::default() })
            }
            WatchConnectionsResponse {
                v1::watch_connections_response::Event::Heartbeat(v1::Heartbeat::default())
            }
            WatchSyncStatusResponse {
                v1::watch_sync_status_response::Event::Transition(v1::SyncStatus { portal_id: 7, ..Default::default() })
            }
        }
    }
}
