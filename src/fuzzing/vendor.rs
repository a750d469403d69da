//! A vendor's answers from bytes: parts divided by 0xff, which no text contains. The first byte of a part chooses the
//! status; with the second one odd, the first line is the value of the headers that are read.

use std::{cell::RefCell, collections::VecDeque};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::outbound::{Answer, canned};

const STATUSES: &[u16] = &[
    200, 201, 202, 204, 207, 300, 302, 400, 401, 403, 404, 405, 409, 414, 420, 423, 429, 431, 500, 502, 503,
    504,
];
const HEADERS: &[&str] =
    &["sforce-limit-info", "retry-after", "x-hubspot-ratelimit-daily", "x-hubspot-ratelimit-daily-remaining"];
/// Secrets that a vendor may echo, and that no error may repeat.
pub(super) const CANARY: &str = "CANARY-7c1d-secret";
/// More parts than any use of a vendor has.
const MAX_PARTS: usize = 16;

thread_local! {
    static RUNTIME: RefCell<Option<tokio::runtime::Runtime>> =
        RefCell::new(tokio::runtime::Builder::new_current_thread().build().ok());
}

/// The answers that these bytes stand for.
fn answers(data: &[u8]) -> VecDeque<Answer> {
    data.split(|byte| *byte == 0xff).take(MAX_PARTS).filter_map(answer).collect()
}

fn answer(part: &[u8]) -> Option<Answer> {
    let [status, form, rest @ ..] = part else { return None };
    let status = STATUSES.get(usize::from(*status) % STATUSES.len())?;
    let mut headers = HeaderMap::new();
    let mut body = rest;
    if form % 2 == 1 {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        body = after.get(1..).unwrap_or_default();
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.extend(HEADERS.iter().map(|name| (http::HeaderName::from_static(name), value.clone())));
        }
    }
    let status = StatusCode::from_u16(*status).ok()?;
    Some(Answer { status, headers, body: Bytes::copy_from_slice(body) })
}

/// Runs the use of a vendor to its end with these answers and no network.
pub(super) fn with_answers(data: &[u8], work: impl Future<Output = ()>) {
    RUNTIME.with_borrow(|runtime| {
        let Some(runtime) = runtime else { return };
        canned::answering(answers(data), || runtime.block_on(work));
    });
}

/// An error says what it says on one bounded line.
///
/// # Panics
/// When it does not.
pub(super) fn judge<T: std::fmt::Debug, E: std::error::Error>(outcome: &Result<T, E>) {
    let Err(error) = outcome else { return };
    let text = error.to_string();
    assert!(!text.contains(['\n', '\r', '\u{1b}', '\u{202e}']), "{error:?}");
    assert!(text.len() < 64 * 1024 && format!("{error:?}").len() < 64 * 1024, "{} bytes", text.len());
}

/// And of a call that carried secrets, without any of them.
///
/// # Panics
/// When it does not.
pub(super) fn judge_login<T: std::fmt::Debug, E: std::error::Error>(outcome: &Result<T, E>) {
    judge(outcome);
    let Err(error) = outcome else { return };
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains(CANARY), "a secret is told: {text}");
    }
}

/// A part of the input.
pub(super) fn part(status: u16, header: Option<&str>, body: &str) -> Vec<u8> {
    let at = STATUSES.iter().position(|known| *known == status).unwrap_or(0);
    let mut part = vec![u8::try_from(at).unwrap_or(0), u8::from(header.is_some())];
    if let Some(header) = header {
        part.extend_from_slice(header.as_bytes());
        part.push(b'\n');
    }
    part.extend_from_slice(body.as_bytes());
    part
}

/// Each use with each list of answers.
pub(super) fn seeds(uses: u8, lists: &[Vec<Vec<u8>>]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for which in 0..uses {
        for list in lists {
            let mut seed = vec![which];
            seed.extend(list.join(&0xff));
            seeds.push(seed);
        }
    }
    seeds
}
