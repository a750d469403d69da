//! How the servers put messages into their encoding: with room for what is sent, and no more.

use std::{any::TypeId, marker::PhantomData};

use prost::Message;
use tonic::codec::{BufferSettings, Codec};
use tonic_prost::{ProstCodec, ProstDecoder, ProstEncoder};

use super::EncodedEvent;

/// What a stream sets aside from its beginning to its end, in bytes. It grows for a longer message.
///
/// By default a call has 8 KiB. That is nothing for an answer, which goes at once, and most of what a watch takes: there may
/// be very many, and each of them is silent most of the time.
const STREAM_BUFFER: usize = 256;
/// Messages that wait are sent together, until they are this long. As it is by default.
const TOGETHER: usize = 32 * 1024;

/// Encodes `T` and decodes `U`.
#[derive(Debug, Clone)]
pub struct SizedCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for SizedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for SizedCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        let is_streamed = TypeId::of::<T>() == TypeId::of::<EncodedEvent>();
        ProstCodec::<T, U>::raw_encoder(if is_streamed {
            BufferSettings::new(STREAM_BUFFER, TOGETHER)
        } else {
            BufferSettings::default()
        })
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::default())
    }
}

#[cfg(test)]
mod tests {
    use tonic::codec::Encoder as _;

    use super::*;
    use crate::api::v1;

    #[test]
    fn only_watches_are_short_of_room() {
        let watch = SizedCodec::<EncodedEvent, v1::WatchSetupRequest>::default().encoder();
        let answer = SizedCodec::<v1::GetSetupResponse, v1::GetSetupRequest>::default().encoder();
        let settings = |settings: BufferSettings| format!("{settings:?}");
        assert_eq!(settings(watch.buffer_settings()), settings(BufferSettings::new(STREAM_BUFFER, TOGETHER)));
        assert_eq!(settings(answer.buffer_settings()), settings(BufferSettings::default()));
    }
}
