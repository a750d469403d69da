//! An issuer's JWKS over HTTP, which counts who asks and can fail in several ways.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::Result;
use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use tokio::{net::TcpListener, task::JoinHandle};

/// What it answers.
#[derive(Clone)]
pub enum Answer {
    Set(String),
    Status(u16),
    Garbage(Vec<u8>),
    Redirect(String),
}

#[derive(Clone)]
struct Shared {
    answer: Arc<Mutex<Answer>>,
    asked: Arc<AtomicUsize>,
}

pub struct JwksServer {
    pub url: url::Url,
    shared: Shared,
    task: JoinHandle<()>,
}

impl Drop for JwksServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shared): State<Shared>) -> axum::response::Response {
    let answer = shared.answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // Counted with the answer that it gets: who waits for the count knows what was read.
    shared.asked.fetch_add(1, Ordering::SeqCst);
    match answer {
        Answer::Set(text) => text.into_response(),
        Answer::Status(code) => {
            StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        Answer::Garbage(bytes) => bytes.into_response(),
        Answer::Redirect(to) => (StatusCode::FOUND, [("location", to)]).into_response(),
    }
}

impl JwksServer {
    pub async fn start(set: String) -> Result<Self> {
        let shared = Shared { answer: Arc::new(Mutex::new(Answer::Set(set))), asked: Arc::default() };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/jwks.json", listener.local_addr()?).parse()?;
        let router = Router::new().route("/jwks.json", get(answer)).with_state(shared.clone());
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, shared, task })
    }

    pub fn answers(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }
}
