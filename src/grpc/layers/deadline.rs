//! Our own deadline: tonic answers an expired one with `CANCELLED` and without details.
//!
//! It bounds the time to the headers. A unary answer comes with them; a stream lives on and has an age of its own.

use std::time::Duration;

use axum::{extract::Request, response::Response};
use http::HeaderMap;

use super::{Inner, call_of, refuse};
use crate::domain::Reason;

/// No deadline is longer, whatever is asked for.
const LONGEST: Duration = Duration::from_secs(300);
/// RPCs that wait for a vendor: their clients give up after 30 seconds per call and they make a few.
const ASKS_A_VENDOR: &[&str] = &[
    "/connector.v1.ConnectionService/CheckConnection",
    "/connector.v1.InclusionListService/ClearInclusionList",
    "/connector.v1.InclusionListService/CreateSmartList",
    "/connector.v1.InclusionListService/ListSmartLists",
    "/connector.v1.InclusionListService/SetInclusionList",
    "/connector.v1.PortalService/RegisterPortal",
    "/connector.v1.PortalService/UpdatePortalCredential",
    "/connector.v1.SetupService/ChooseInclusionList",
    "/connector.v1.SyncService/UpdateSyncSettings",
];
/// How much longer those may take when the client names no deadline.
const VENDOR_FACTOR: u32 = 6;

/// Whether a call waits for a vendor.
pub(super) fn asks_a_vendor(path: &str) -> bool {
    ASKS_A_VENDOR.contains(&path)
}

/// Answers `DEADLINE_EXCEEDED` when the time is up; the handler is dropped then. What it has begun in the database
/// runs to its end in a task of its own.
pub(super) async fn bound_time(default: Duration, request: Request, next: impl Inner) -> Response {
    let Some(call) = call_of(&request) else { return next.run(request).await };
    let usual = if asks_a_vendor(request.uri().path()) { default * VENDOR_FACTOR } else { default };
    let time = asked_for(request.headers()).unwrap_or(usual).min(LONGEST);
    match tokio::time::timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => refuse(&call, &Reason::DeadlineExceeded.into()),
    }
}

/// `grpc-timeout`: at most eight digits and a unit. One that can't be read is left out, as in tonic.
pub(in crate::grpc) fn asked_for(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeout(value: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", http::HeaderValue::from_static(value));
        asked_for(&headers)
    }

    #[test]
    fn who_asks_a_vendor_exists() {
        let pool = prost_reflect::DescriptorPool::decode(crate::api::DESCRIPTOR).unwrap_or_default();
        let mut paths = Vec::new();
        for service in pool.services() {
            let name = service.full_name().to_owned();
            paths.extend(service.methods().map(|method| format!("/{name}/{}", method.name())));
        }
        for path in ASKS_A_VENDOR {
            assert!(paths.iter().any(|known| known == path), "{path}");
        }
    }

    #[test]
    fn grpc_timeout_is_read_as_the_protocol_says() {
        assert_eq!(timeout("1H"), Some(Duration::from_secs(3_600)));
        assert_eq!(timeout("2M"), Some(Duration::from_secs(120)));
        assert_eq!(timeout("10S"), Some(Duration::from_secs(10)));
        assert_eq!(timeout("250m"), Some(Duration::from_millis(250)));
        assert_eq!(timeout("99999999u"), Some(Duration::from_micros(99_999_999)));
        assert_eq!(timeout("1n"), Some(Duration::from_nanos(1)));
        for bad in ["", "S", "1", "1s", "-1S", "+1S", "123456789S", "1.5S", " 1S"] {
            assert_eq!(timeout(bad), None, "{bad:?}");
        }
    }
}
