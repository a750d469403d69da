//! Bad input and bad luck: each has its code, and nothing else suffers.

use bytes::Bytes;
use prost::Message;
use tonic::{Code, client::Grpc, codec::CompressionEncoding};
use tonic_prost::ProstCodec;

use super::*;
use crate::grpc::CallerLimits;

const PAUSE: &str = "/connector.v1.SyncService/PauseSync";

/// Sends any message at all to a method.
async fn send<M: Message + Default + 'static>(
    server: &Server,
    path: &'static str,
    message: M,
    gzip: bool,
) -> Status {
    let mut grpc = Grpc::new(server.line().await);
    if gzip {
        grpc = grpc.send_compressed(CompressionEncoding::Gzip);
    }
    grpc.ready().await.unwrap();
    let codec: ProstCodec<M, v1::PauseSyncResponse> = ProstCodec::default();
    grpc.unary(Request::new(message), path.parse().unwrap(), codec).await.unwrap_err()
}

#[tokio::test]
async fn what_cannot_be_decoded_is_the_callers_fault_and_names_the_field() {
    let server = Server::start(ServerSettings::default()).await;
    // As a message, bytes are field 1: here not UTF-8 where a text belongs.
    let status = send(&server, PAUSE, Bytes::from_static(b"\xff\xfe"), false).await;
    assert_eq!((status.code(), reason_of(&status).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
    let violations = status.get_error_details().bad_request().unwrap().field_violations.clone();
    assert_eq!(violations.first().unwrap().field, "request_id");
    // A number where a text belongs.
    let status = send(&server, PAUSE, 7_u64, false).await;
    assert_eq!((status.code(), reason_of(&status).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
    server.stop().await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_also_when_it_is_small_on_the_wire() {
    let server = Server::start(ServerSettings::default()).await;
    let large = || v1::PauseSyncRequest { reason: "x".repeat(2 * 1024 * 1024), ..Default::default() };
    let plain = send(&server, PAUSE, large(), false).await;
    assert_eq!((plain.code(), reason_of(&plain).as_str()), (Code::OutOfRange, "MESSAGE_TOO_LARGE"));
    let bomb = v1::PauseSyncRequest { reason: "x".repeat(64 * 1024 * 1024), ..Default::default() };
    let bomb = send(&server, PAUSE, bomb, true).await;
    assert_eq!((bomb.code(), reason_of(&bomb).as_str()), (Code::OutOfRange, "MESSAGE_TOO_LARGE"));
    let just_right = v1::PauseSyncRequest { reason: "x".repeat(1024 * 1024 - 64), ..Default::default() };
    server.client().await.pause_sync(just_right).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_panic_is_one_rpcs_defect() {
    let server = Server::start(ServerSettings::default()).await;
    let mut client = server.client().await;
    let mut other =
        client.watch_sync_status(v1::WatchSyncStatusRequest::default()).await.unwrap().into_inner();
    assert!(other.message().await.unwrap().is_some());

    let status = client.get_sync_status(get(PANICS)).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_str()), (Code::Internal, "INTERNAL_ERROR"));
    assert!(!format!("{status:?}").contains("as asked"));
    let id = status.get_error_details().request_info().unwrap().request_id.clone();
    assert_eq!(status.metadata().get("x-request-id").unwrap(), id.as_str());

    let asked = v1::WatchSyncStatusRequest { portal_id: PANICS, ..Default::default() };
    let mut stream = client.watch_sync_status(asked).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    assert_eq!(stream.message().await.unwrap_err().code(), Code::Internal);

    client.get_sync_status(get(FINE)).await.unwrap();
    assert!(futures::poll!(std::pin::pin!(other.message())).is_pending(), "the other stream lives");
    drop((other, stream));
    server.stop().await;
}

#[tokio::test]
async fn an_expired_deadline_is_deadline_exceeded() {
    let settings =
        ServerSettings { default_deadline: Duration::from_millis(50), ..ServerSettings::default() };
    let server = Server::start(settings).await;
    let mut client = server.client().await;
    let status = client.get_sync_status(get(HANGS)).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    // A stream that is open is not bounded by it.
    let mut stream =
        client.watch_sync_status(v1::WatchSyncStatusRequest::default()).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    let silence = tokio::time::timeout(Duration::from_millis(150), stream.message()).await;
    assert!(silence.is_err(), "three deadlines later it is still open");
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn too_much_at_once_is_refused_and_health_still_answers() {
    let server = Server::start(ServerSettings { max_calls: 1, ..ServerSettings::default() }).await;
    let mut hanging = server.client().await;
    let hanging = tokio::spawn(async move { hanging.get_sync_status(get(HANGS)).await });
    server.fake.hanging.notified().await;

    let mut client = server.client().await;
    let status = client.get_sync_status(get(FINE)).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_str()), (Code::ResourceExhausted, "SERVICE_OVERLOADED"));
    assert!(status.get_error_details().retry_info().is_some());
    let mut health = tonic_health::pb::health_client::HealthClient::new(server.channel().await);
    health.check(tonic_health::pb::HealthCheckRequest::default()).await.unwrap();

    server.fake.go_on.notify_one();
    hanging.await.unwrap().unwrap();
    client.get_sync_status(get(FINE)).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn without_the_token_only_health_is_open() {
    let server = Server::start(ServerSettings::default()).await;
    let mut client = SyncServiceClient::new(server.channel().await);
    let other_key = bearer(&Issuer::generate().unwrap(), "local", HOUR);
    for shown in [None, Some("Bearer s3cret"), Some("Bearer "), Some(other_key.as_str())] {
        let mut request = Request::new(get(FINE));
        if let Some(shown) = shown {
            request.metadata_mut().insert("authorization", shown.parse().unwrap());
        }
        let status = client.get_sync_status(request).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_str()), (Code::Unauthenticated, "UNAUTHENTICATED"));
    }
    let answer = server.client().await.get_sync_status(get(FINE)).await.unwrap().into_inner();
    assert_eq!(answer.status.unwrap().operator, "local");
    let mut health = tonic_health::pb::health_client::HealthClient::new(server.channel().await);
    health.check(tonic_health::pb::HealthCheckRequest::default()).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn one_callers_calls_and_streams_leave_room_for_others() {
    let caller = CallerLimits { calls: 1, streams: 2 };
    let server = Server::start(ServerSettings { caller, ..ServerSettings::default() }).await;
    let watch = || v1::WatchSyncStatusRequest::default();
    let refused = |status: Status| {
        assert!(status.get_error_details().retry_info().is_some());
        (status.code(), reason_of(&status))
    };
    let full = (Code::ResourceExhausted, "CALLER_LIMIT_REACHED".to_owned());

    let mut hanging = SyncServiceClient::new(server.line_of("greedy").await);
    let hanging = tokio::spawn(async move { hanging.get_sync_status(get(HANGS)).await });
    server.fake.hanging.notified().await;
    // Over another connection: it is the caller that counts.
    let mut greedy = SyncServiceClient::new(server.line_of("greedy").await);
    assert_eq!(refused(greedy.get_sync_status(get(FINE)).await.unwrap_err()), full);
    let first = greedy.watch_sync_status(watch()).await.unwrap().into_inner();
    let _second = greedy.watch_sync_status(watch()).await.unwrap().into_inner();
    assert_eq!(refused(greedy.watch_sync_status(watch()).await.unwrap_err()), full);

    let mut modest = SyncServiceClient::new(server.line_of("modest").await);
    modest.get_sync_status(get(FINE)).await.unwrap();
    let _stream = modest.watch_sync_status(watch()).await.unwrap().into_inner();

    server.fake.go_on.notify_one();
    hanging.await.unwrap().unwrap();
    greedy.get_sync_status(get(FINE)).await.unwrap();
    drop(first);
    while greedy.watch_sync_status(watch()).await.is_err() {
        tokio::task::yield_now().await;
    }
    server.shutdown.hard.cancel();
    server.stop().await;
}
