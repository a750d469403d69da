//! One connection: perhaps TLS, then HTTP/2 or gRPC-Web over HTTP/1.1, with an end that it can't put off.

use std::{
    convert::Infallible,
    future::poll_fn,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};

use axum::{Router, body::Body};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::{
    accept::Ticket,
    auth::ClientCertificate,
    coalesced::Coalesced,
    held_body::HeldBody,
    tls::{self, Tls},
};

/// Connections without a call under way end after this; clients open another when they need one.
const IDLE: Duration = Duration::from_secs(300);
/// Connections are asked to end at this age, so that load moves to new replicas.
const MAX_AGE: Duration = Duration::from_secs(1_800);
/// What a connection gets from then on for what is under way: longer than a stream lives. One whose streams are not
/// read at all ends then.
const LAST_WORDS: Duration = Duration::from_secs(900);
/// How often HTTP/2 asks whether the other side is alive, and how long it waits for the answer.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// Streams that the peer may break by invalid frames before its connection ends.
const MAX_LOCAL_RESETS: usize = 100;
/// Longest TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Header list of a request, in bytes.
const MAX_HEADER_LIST: u32 = 16 * 1024;

/// What ends connections: `closing` asks, `hard` cuts.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    pub(super) closing: CancellationToken,
    pub(super) hard: CancellationToken,
    /// A connection that has not made a request by then is cut.
    pub(super) first_request: Duration,
}

/// The protocol's settings, the same for every connection.
pub(super) fn protocol(max_streams: u32, first_request: Duration) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .max_concurrent_streams(max_streams)
        .max_local_error_reset_streams(MAX_LOCAL_RESETS)
        .max_header_list_size(MAX_HEADER_LIST);
    builder.http1().timer(TokioTimer::new()).header_read_timeout(first_request);
    builder
}

/// What every connection is served with.
#[derive(Clone)]
pub(super) struct House {
    pub(super) router: Router,
    pub(super) protocol: auto::Builder<TokioExecutor>,
    /// Plain text without it.
    pub(super) tls: Option<Tls>,
    pub(super) ends: Ends,
}

/// Serves a connection until it ends.
pub(super) async fn serve(stream: TcpStream, ticket: Ticket, house: House) {
    let began = Instant::now();
    let Some(tls) = house.tls.clone() else { return speak(stream, ticket, began, house, None).await };
    let Some(stream) = shake_hands(stream, &ticket, &tls, &house.ends).await else { return };
    let certificate = tls::client_chain(&stream).map(|chain| ClientCertificate::new(chain, tls));
    speak(stream, ticket, began, house, certificate).await;
}

/// The TLS handshake, which has a time of its own.
async fn shake_hands(
    stream: TcpStream,
    ticket: &Ticket,
    tls: &Tls,
    ends: &Ends,
) -> Option<tls::Stream<TcpStream>> {
    let outcome = tokio::select! {
        outcome = tls.acceptor().accept(stream) => outcome,
        () = tokio::time::sleep(HANDSHAKE.min(ends.first_request)) => {
            tracing::debug!("no TLS handshake in time");
            return None;
        }
        () = ticket.evicted().cancelled() => return None,
        () = ends.closing.cancelled() => return None,
        () = ends.hard.cancelled() => return None,
    };
    // Scanners and clients that don't trust the certificate: at every level above, anybody could fill the log.
    outcome.inspect_err(|error| tracing::debug!(%error, "the TLS handshake failed")).ok()
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    ticket: Ticket,
    began: Instant,
    house: House,
    certificate: Option<ClientCertificate>,
) {
    let House { router, protocol, ends, .. } = house;
    let evicted = ticket.evicted().clone();
    let activity = Arc::new(Activity::new(ticket, began, ends.first_request));
    let (seen, visitor) = (Arc::clone(&activity), Visitor(Arc::clone(&activity)));
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let under_way = Activity::begin(&seen);
        let (mut router, certificate, visitor) = (router.clone(), certificate.clone(), visitor.clone());
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(visitor);
            if let Some(certificate) = certificate {
                request.extensions_mut().insert(certificate);
            }
            let response = router.call(request).await?;
            Ok::<_, Infallible>(response.map(|body| HeldBody::new(body, under_way)))
        }
    });
    let (stream, written) = Coalesced::halves(stream);
    let connection = protocol.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let mut is_ending = false;
    loop {
        tokio::select! {
            result = poll_fn(|context| {
                let polled = connection.as_mut().poll(context);
                match written.drain(context) {
                    Poll::Ready(Err(error)) if polled.is_pending() => Poll::Ready(Err(error.into())),
                    _ => polled,
                }
            }) => {
                if let Err(error) = result {
                    tracing::debug!(%error, "connection ended with an error");
                }
                return;
            }
            () = tokio::time::sleep_until(activity.next_look()) => match activity.verdict(Instant::now()) {
                Verdict::Stay => {}
                Verdict::AskToEnd if is_ending => {}
                Verdict::AskToEnd => {
                    is_ending = true;
                    activity.is_asked_to_end.store(true, Ordering::Release);
                    connection.as_mut().graceful_shutdown();
                }
                Verdict::Cut => return,
            },
            () = ends.closing.cancelled(), if !is_ending => {
                is_ending = true;
                activity.is_asked_to_end.store(true, Ordering::Release);
                connection.as_mut().graceful_shutdown();
            }
            () = ends.hard.cancelled() => return,
            () = evicted.cancelled() => return,
        }
    }
}

/// What to do with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Stay,
    AskToEnd,
    Cut,
}

/// What a connection has been doing.
#[derive(Debug)]
struct Activity {
    ticket: Ticket,
    first_request: Duration,
    began: Instant,
    has_spoken: AtomicBool,
    is_recognized: AtomicBool,
    under_way: AtomicUsize,
    last_end: Mutex<Instant>,
    is_asked_to_end: AtomicBool,
}

impl Activity {
    fn new(ticket: Ticket, began: Instant, first_request: Duration) -> Self {
        Self {
            ticket,
            first_request,
            began,
            has_spoken: AtomicBool::new(false),
            is_recognized: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
            last_end: Mutex::new(Instant::now()),
            is_asked_to_end: AtomicBool::new(false),
        }
    }

    fn begin(this: &Arc<Self>) -> UnderWay {
        this.under_way.fetch_add(1, Ordering::AcqRel);
        this.has_spoken.store(true, Ordering::Release);
        UnderWay(Arc::clone(this))
    }

    fn has_spoken(&self) -> bool {
        self.has_spoken.load(Ordering::Acquire)
    }

    /// Since when nothing is under way; `None` while something is.
    fn idle_since(&self) -> Option<Instant> {
        let is_idle = self.under_way.load(Ordering::Acquire) == 0;
        is_idle.then(|| *self.last_end.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When the verdict may become another one.
    fn next_look(&self) -> Instant {
        if !self.has_spoken() {
            return self.began + self.first_request;
        }
        let end = self.began + MAX_AGE;
        if self.is_asked_to_end.load(Ordering::Acquire) {
            return end + LAST_WORDS;
        }
        let idle_end = self.idle_since().unwrap_or_else(Instant::now) + IDLE;
        idle_end.min(end)
    }

    fn verdict(&self, now: Instant) -> Verdict {
        let age = now - self.began;
        let is_idle = || self.idle_since().is_some_and(|since| now - since >= IDLE);
        if age >= MAX_AGE + LAST_WORDS || (!self.has_spoken() && age >= self.first_request) {
            Verdict::Cut
        } else if age >= MAX_AGE || is_idle() {
            Verdict::AskToEnd
        } else {
            Verdict::Stay
        }
    }
}

/// Whoever is at the other end of the connection that a request came by.
#[derive(Clone)]
pub(super) struct Visitor(Arc<Activity>);

impl Visitor {
    /// It has shown a good credential: its connection makes room for nobody any more.
    pub(super) fn is_recognized(&self) {
        if !self.0.is_recognized.swap(true, Ordering::AcqRel) {
            self.0.ticket.is_recognized();
        }
    }
}

/// A call under way, from its headers to the last byte of its answer.
struct UnderWay(Arc<Activity>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        *self.0.last_end.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use super::*;
    use crate::grpc::accept::{ConnectionLimits, Door};

    const FIRST_REQUEST: Duration = Duration::from_secs(10);

    fn activity() -> Arc<Activity> {
        let door = Door::new(ConnectionLimits { total: 1, per_address: 1 });
        Arc::new(Activity::new(door.admit([127, 0, 0, 1].into()).unwrap(), Instant::now(), FIRST_REQUEST))
    }

    #[test]
    fn a_connection_ends_when_silent_idle_or_old() {
        let silent = activity();
        assert_eq!(silent.verdict(silent.began + FIRST_REQUEST / 2), Verdict::Stay);
        assert_eq!(silent.next_look(), silent.began + FIRST_REQUEST);
        assert_eq!(silent.verdict(silent.began + FIRST_REQUEST), Verdict::Cut);

        let used = activity();
        let call = Activity::begin(&used);
        assert_eq!(used.verdict(used.began + FIRST_REQUEST), Verdict::Stay);
        assert_eq!(used.verdict(used.began + IDLE * 2), Verdict::Stay, "a stream is not idle");
        drop(call);
        *used.last_end.lock().unwrap() = used.began + Duration::from_secs(60);
        assert_eq!(used.verdict(used.began + IDLE), Verdict::Stay, "idle since the end of the call");
        assert_eq!(used.verdict(used.began + IDLE + Duration::from_secs(60)), Verdict::AskToEnd);

        let busy = activity();
        let _call = Activity::begin(&busy);
        assert_eq!(busy.verdict(busy.began + MAX_AGE), Verdict::AskToEnd);
        assert_eq!(busy.verdict(busy.began + MAX_AGE + LAST_WORDS), Verdict::Cut);
    }
}
