//! What a connection writes goes to the socket at once, when everything that is ready has been written.
//!
//! HTTP/2 flushes after each frame of data: an answer, and each message of each stream, is a system call and a wake-up of
//! the other side. Here a flush does nothing, and [`Coalesced::drain`], called each time the connection has been polled,
//! writes what has gathered. Nobody waits for more to come.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What gathers at most, in bytes: then it is written, or whoever writes waits for the socket.
const FULL: usize = 32 * 1024;

/// A socket, one half of which is the connection's, and one for [`drain`](Self::drain).
pub(super) struct Coalesced<S>(Arc<Mutex<Inner<S>>>);

struct Inner<S> {
    socket: S,
    waiting: BytesMut,
}

impl<S: AsyncWrite + Unpin> Coalesced<S> {
    pub(super) fn halves(socket: S) -> (Self, Self) {
        let inner = Arc::new(Mutex::new(Inner { socket, waiting: BytesMut::new() }));
        (Self(Arc::clone(&inner)), Self(inner))
    }

    /// Writes what waits. When the socket takes no more, the task is woken once it does.
    pub(super) fn drain(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.locked().drain(context)
    }

    fn locked(&self) -> MutexGuard<'_, Inner<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncWrite + Unpin> Inner<S> {
    fn drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waiting.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !self.waiting.is_empty() {
            let written = ready!(Pin::new(&mut self.socket).poll_write(context, &self.waiting))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting.advance(written);
        }
        // A silent connection keeps nothing.
        self.waiting = BytesMut::new();
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn make_room(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waiting.len() < FULL { Poll::Ready(Ok(())) } else { self.drain(context) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Coalesced<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut inner.socket).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Coalesced<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.locked();
        ready!(inner.make_room(context))?;
        let before = inner.waiting.len();
        for slice in slices {
            inner.waiting.extend_from_slice(slice);
        }
        Poll::Ready(Ok(inner.waiting.len() - before))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.locked();
        ready!(inner.drain(context))?;
        Pin::new(&mut inner.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn what_is_flushed_goes_with_the_drain() {
        let (near, mut far) = tokio::io::duplex(1_024);
        let (mut writer, drain) = Coalesced::halves(near);
        for part in ["one ", "two ", "three"] {
            writer.write_all(part.as_bytes()).await.unwrap();
            writer.flush().await.unwrap();
        }
        let mut read = [0; 64];
        let nothing = tokio::time::timeout(std::time::Duration::from_millis(20), far.read(&mut read)).await;
        assert!(nothing.is_err(), "nothing goes by itself");
        poll_fn(|context| drain.drain(context)).await.unwrap();
        let length = far.read(&mut read).await.unwrap();
        assert_eq!(read.get(..length), Some(b"one two three".as_slice()));
    }

    #[tokio::test]
    async fn who_does_not_read_is_waited_for_and_loses_nothing() {
        let (near, mut far) = tokio::io::duplex(1_024);
        let (mut writer, drain) = Coalesced::halves(near);
        let sent: Vec<u8> = (0..8 * FULL).map(|number| u8::try_from(number % 251).unwrap()).collect();
        let bytes = sent.clone();
        let writing = tokio::spawn(async move {
            for part in bytes.chunks(1_000) {
                writer.write_all(part).await.unwrap();
            }
            writer.shutdown().await.unwrap();
        });
        tokio::task::yield_now().await;
        assert!(drain.locked().waiting.len() < FULL + 1_000, "no more than a connection may keep");
        let mut read = Vec::new();
        far.read_to_end(&mut read).await.unwrap();
        assert!(read == sent);
        writing.await.unwrap();
        assert_eq!(drain.locked().waiting.capacity(), 0);
    }
}
