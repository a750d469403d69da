//! The HTTP server of a simulator: HTTP/1.1 and HTTP/2 on one port, and the faults around every handler.
//!
//! It has its own accept loop because only the owner of a connection can drop it without an answer.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{Router, body::Body, http::Request, response::Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{SimulatorError, frame::Frame};

mod exchange;

/// How long answers in progress may take after a stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// A bound address that does not serve yet.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    addr: SocketAddr,
}

/// Binds `addr`.
///
/// # Errors
/// [`SimulatorError::Bind`] with what the system said.
pub async fn bind(vendor: &'static str, addr: SocketAddr) -> Result<Listener, SimulatorError> {
    let fail = |source| SimulatorError::Bind { vendor, addr, source };
    let listener = TcpListener::bind(addr).await.map_err(fail)?;
    let addr = listener.local_addr().map_err(fail)?;
    Ok(Listener { listener, addr })
}

impl Listener {
    /// `http://` and the bound address; an unspecified address becomes loopback.
    pub fn base_url(&self) -> String {
        if self.addr.ip().is_unspecified() {
            format!("http://127.0.0.1:{}", self.addr.port())
        } else {
            format!("http://{}", self.addr)
        }
    }

    /// Serves `routes` in tasks of `tasks` until `stop`.
    pub fn serve(self, frame: Frame, routes: Router, stop: CancellationToken, tasks: &TaskTracker) {
        let connections = tasks.clone();
        tasks.spawn(async move {
            loop {
                let accepted = tokio::select! {
                    () = stop.cancelled() => break,
                    accepted = self.listener.accept() => accepted,
                };
                match accepted {
                    Ok((stream, peer)) => {
                        let serving = connection(stream, peer, frame.clone(), routes.clone(), stop.clone());
                        connections.spawn(serving);
                    }
                    Err(error) => {
                        // Out of file descriptors, mostly: a pause lets others close before the next try.
                        tracing::warn!(%error, "simulator could not accept a connection");
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
            }
            frame.faults.clear();
        });
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    frame: Frame,
    routes: Router,
    stop: CancellationToken,
) {
    let cut = CancellationToken::new();
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "simulator connection without TCP_NODELAY");
    }
    let service = service_fn({
        let cut = cut.clone();
        move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            let exchange = exchange::run(frame.clone(), routes.clone(), cut.clone(), request.map(Body::new));
            // In its own task: as at the real vendor, what was received is carried out even if the client hangs up.
            let task = tokio::spawn(exchange);
            let cut = cut.clone();
            async move {
                let answer = task.await.unwrap_or_else(|error| exchange::crashed(&error));
                if cut.is_cancelled() {
                    // Nothing may be written any more; the connection is about to be dropped, and this with it.
                    std::future::pending::<()>().await;
                }
                Ok::<Response, Infallible>(answer)
            }
        }
    });
    let server = auto::Builder::new(TokioExecutor::new());
    let mut serving = std::pin::pin!(server.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        result = serving.as_mut() => {
            if let Err(error) = result {
                tracing::trace!(%error, "simulator connection ended early");
            }
            return;
        }
        () = cut.cancelled() => return,
        () = stop.cancelled() => serving.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(SHUTDOWN_GRACE, serving).await;
}
