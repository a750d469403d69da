//! Fail points.

/// Passes a fail point.
pub async fn hit(_name: &str) {
    std::future::ready(()).await;
}
