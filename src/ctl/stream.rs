//! Following a server stream: resumed after every break from the last token, so that nothing is seen twice.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::StatusExt as _;

use super::{client::Client, error::Error, render::Show};
use crate::api::v1::{self, watch_end, watch_reset};

/// The server speaks at least every 15 seconds. After three times that, the connection is taken for dead.
const SILENCE: Duration = Duration::from_secs(45);
/// Without a single message for this long, the server is taken for gone.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a message of a stream is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How things stand, or a part of it. True when more of the same snapshot follows.
    Snapshot { more: bool },
    /// A change.
    Transition,
    /// Nothing happened.
    Heartbeat,
    /// A snapshot follows that replaces what was known.
    Reset(watch_reset::Cause),
    /// The last message.
    End(watch_end::Cause),
    /// A message of a newer server.
    Unknown,
}

/// A message of one of the watch streams.
pub trait Watched: Show {
    /// What it is about.
    fn kind(&self) -> Kind;
    /// Where to go on after it. Empty when it can't be resumed after.
    fn resume_token(&self) -> &str;
}

/// What the consumer of a stream sees.
#[derive(Debug)]
pub enum Seen<'a, M> {
    /// A message: a snapshot, a transition or a reset. Each once.
    Message(Kind, &'a M),
    /// The connection broke and is being resumed. For the eyes only.
    Lost(&'a Status),
}

/// Why following came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The server said that there will be nothing more.
    Finished,
    /// The consumer has seen enough.
    Enough,
}

/// Follows a stream from `token` (empty: from a snapshot) until it is finished or `consumer` breaks off.
///
/// `open` opens the stream after a token. A broken stream, a server that goes away and a stream that has reached its
/// age are resumed; a refusal is not.
///
/// # Errors
/// [`Error::Rpc`] when the server refuses, or nothing is heard of it for two minutes; whatever `consumer` fails with.
pub async fn follow<M, O, C>(client: &Client, token: String, open: O, mut consumer: C) -> Result<Ended, Error>
where
    M: Watched,
    O: AsyncFn(Request<String>) -> Result<Response<Streaming<M>>, Status>,
    C: AsyncFnMut(Seen<'_, M>) -> Result<ControlFlow<()>, Error>,
{
    let mut token = token;
    let mut pauses = client.pauses();
    let mut last_heard = Instant::now();
    loop {
        let mut heard = false;
        let broken = match read(&open, &mut token, &mut heard, &mut consumer).await? {
            Read::Ended(ended) => return Ok(ended),
            Read::ResumeAtOnce => {
                last_heard = Instant::now();
                continue;
            }
            Read::Broken(status) => status,
        };
        if heard {
            last_heard = Instant::now();
            pauses = client.pauses();
        }
        if !is_passing(&broken) || last_heard.elapsed() > PATIENCE {
            return Err(client.failure(broken, None));
        }
        if consumer(Seen::Lost(&broken)).await?.is_break() {
            return Ok(Ended::Enough);
        }
        tokio::time::sleep(pauses.next().unwrap_or_default()).await;
    }
}

enum Read {
    Ended(Ended),
    ResumeAtOnce,
    Broken(Status),
}

/// Reads one opened stream to its end, keeping `token` up to date.
async fn read<M, O, C>(
    open: &O,
    token: &mut String,
    heard: &mut bool,
    consumer: &mut C,
) -> Result<Read, Error>
where
    M: Watched,
    O: AsyncFn(Request<String>) -> Result<Response<Streaming<M>>, Status>,
    C: AsyncFnMut(Seen<'_, M>) -> Result<ControlFlow<()>, Error>,
{
    let opened = tokio::time::timeout(SILENCE, open(Request::new(token.clone()))).await;
    let mut stream = match opened {
        Ok(Ok(response)) => response.into_inner(),
        Ok(Err(status)) => return Ok(Read::Broken(status)),
        Err(_) => return Ok(Read::Broken(Status::unavailable("the stream did not open"))),
    };
    loop {
        let message = match tokio::time::timeout(SILENCE, stream.message()).await {
            Ok(Ok(Some(message))) => message,
            Ok(Ok(None)) => return Ok(Read::Broken(Status::unavailable("the stream ended without a word"))),
            Ok(Err(status)) => return Ok(Read::Broken(status)),
            Err(_) => return Ok(Read::Broken(Status::unavailable("the stream fell silent"))),
        };
        let kind = message.kind();
        *heard |= !matches!(kind, Kind::End(_));
        let flow = match kind {
            Kind::Heartbeat | Kind::Unknown => ControlFlow::Continue(()),
            Kind::End(_) => ControlFlow::Continue(()),
            Kind::Snapshot { .. } | Kind::Transition | Kind::Reset(_) => {
                consumer(Seen::Message(kind, &message)).await?
            }
        };
        if !message.resume_token().is_empty() {
            message.resume_token().clone_into(token);
        }
        match kind {
            _ if flow.is_break() => return Ok(Read::Ended(Ended::Enough)),
            Kind::End(watch_end::Cause::Finished) => return Ok(Read::Ended(Ended::Finished)),
            Kind::End(watch_end::Cause::MaxAge) if *heard => return Ok(Read::ResumeAtOnce),
            Kind::End(_) => return Ok(Read::Broken(Status::unavailable("the server is going away"))),
            _ => {}
        }
    }
}

/// Whether it may pass by itself. Codes that transports make up for broken connections count only where no server
/// has put its own details.
fn is_passing(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted => true,
        Code::Unknown | Code::Internal | Code::Cancelled => status.get_error_details().error_info().is_none(),
        _ => false,
    }
}

macro_rules! watched {
    ($($message:ident, $module:ident, $more:expr;)*) => {$(
        impl Watched for v1::$message {
            fn kind(&self) -> Kind {
                use v1::$module::Event;
                match &self.event {
                    Some(Event::Snapshot(snapshot)) => Kind::Snapshot { more: $more(snapshot) },
                    Some(Event::Transition(_)) => Kind::Transition,
                    Some(Event::Heartbeat(_)) => Kind::Heartbeat,
                    Some(Event::Reset(reset)) => Kind::Reset(reset.cause()),
                    Some(Event::End(end)) => Kind::End(end.cause()),
                    None => Kind::Unknown,
                }
            }

            fn resume_token(&self) -> &str {
                &self.resume_token
            }
        }
    )*};
}

watched! {
    WatchSetupResponse, watch_setup_response, |_: &v1::Setup| false;
    WatchTestContactResponse, watch_test_contact_response, |_: &v1::TestContact| false;
    WatchConnectionsResponse, watch_connections_response, |snapshot: &v1::ConnectionSnapshot| snapshot.more;
    WatchSyncStatusResponse, watch_sync_status_response, |snapshot: &v1::SyncStatusSnapshot| snapshot.more;
}

#[cfg(test)]
mod tests;
