//! What clients of all kinds rely on: ids, languages, health, reflection, gRPC-Web.

use futures::stream;
use prost::Message as _;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use super::*;

#[tokio::test]
async fn the_request_id_comes_back_with_answers_and_errors() {
    let server = Server::start(ServerSettings::default()).await;
    let mut client = server.client().await;
    let with_id = |portal_id| {
        let mut request = Request::new(get(portal_id));
        request.metadata_mut().insert("x-request-id", "abc-123".parse().unwrap());
        request
    };
    let answer = client.get_sync_status(with_id(FINE)).await.unwrap();
    assert_eq!(answer.metadata().get("x-request-id").unwrap(), "abc-123");
    let status = client.get_sync_status(with_id(REFUSES)).await.unwrap_err();
    assert_eq!(status.get_error_details().request_info().unwrap().request_id, "abc-123");
    let made_up = client.get_sync_status(get(FINE)).await.unwrap();
    assert_eq!(made_up.metadata().get("x-request-id").unwrap().len(), 36);
    server.stop().await;
}

#[tokio::test]
async fn people_read_their_language_and_developers_english() {
    let server = Server::start(ServerSettings::default()).await;
    let mut client = server.client().await;
    let mut request = Request::new(get(REFUSES));
    request.metadata_mut().insert("accept-language", "fr, ja;q=0.8".parse().unwrap());
    let status = client.get_sync_status(request).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert!(status.message().is_ascii() && status.message().contains('4'), "{}", status.message());
    let localized = status.get_error_details().localized_message().unwrap().clone();
    assert_eq!(localized.locale, "ja");
    assert!(localized.message.contains("ポータル"), "{}", localized.message);
    server.stop().await;
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let server = Server::start(ServerSettings::default()).await;
    let mut grpc = tonic::client::Grpc::new(server.line().await);
    for path in ["/connector.v1.SyncService/Nothing", "/connector.v1.NoService/Get"] {
        grpc.ready().await.unwrap();
        let codec: tonic_prost::ProstCodec<v1::GetSyncStatusRequest, v1::GetSyncStatusResponse> =
            tonic_prost::ProstCodec::default();
        let status = grpc.unary(Request::new(get(FINE)), path.parse().unwrap(), codec).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn health_is_told_per_service_and_to_watchers() {
    let server = Server::start(ServerSettings::default()).await;
    let mut health = HealthClient::new(server.channel().await);
    for service in ["", "connector.v1.SyncService"] {
        let asked = HealthCheckRequest { service: service.to_owned() };
        let answer = health.check(asked).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::NotServing, "{service:?} before it is ready");
    }
    let mut watching = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watching.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    server.readiness.set(true).await;
    assert_eq!(watching.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    // The end is announced, and the watch does not hold it up.
    let watcher = tokio::spawn(async move {
        let announced = watching.message().await.unwrap().unwrap().status();
        (announced, watching.message().await.unwrap_err().code())
    });
    server.stop().await;
    assert_eq!(watcher.await.unwrap(), (ServingStatus::NotServing, Code::Unavailable));
}

#[tokio::test]
async fn reflection_knows_our_services() {
    let server = Server::start(ServerSettings::default()).await;
    let mut reflection = ServerReflectionClient::new(server.line().await);
    let asked = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = reflection.server_reflection_info(stream::iter([asked])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("a list of services");
    };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    for name in crate::grpc::names().into_iter().chain(["grpc.health.v1.Health"]) {
        assert!(names.iter().any(|known| known == name), "{name} is not among {names:?}");
    }
    drop(answers);
    server.stop().await;
}

#[tokio::test]
async fn a_reflection_stream_ends_with_the_token_that_opened_it() {
    let server = Server::start(ServerSettings::default()).await;
    let line = server.line_for("local", Duration::from_secs(2)).await;
    let asked = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let (asks, asking) = tokio::sync::mpsc::channel(1);
    asks.send(asked).await.unwrap();
    let asking = tokio_stream::wrappers::ReceiverStream::new(asking);
    let answers = ServerReflectionClient::new(line).server_reflection_info(asking).await;
    let mut answers = answers.unwrap().into_inner();
    answers.message().await.unwrap().unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), answers.message()).await.unwrap().unwrap_err();
    assert_eq!(ended.code(), Code::Unauthenticated, "{ended:?}");
    assert_eq!(reason_of(&ended), "UNAUTHENTICATED");
    drop((asks, answers));
    server.stop().await;
}

/// A message with the five bytes before it.
fn framed(message: &impl prost::Message) -> Vec<u8> {
    let bytes = message.encode_to_vec();
    let mut frame = vec![0];
    frame.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    frame.extend(bytes);
    frame
}

#[tokio::test]
async fn grpc_web_is_spoken_on_the_same_port() {
    let origin = "https://admin.example.com";
    let settings = ServerSettings { web_origins: vec![origin.parse().unwrap()], ..ServerSettings::default() };
    let server = Server::start(settings).await;
    let http = reqwest::Client::builder().http1_only().no_proxy().build().unwrap();
    let url = format!("{}/connector.v1.SyncService/GetSyncStatus", server.url());
    let post = |portal_id| {
        http.post(&url)
            .header("content-type", "application/grpc-web+proto")
            .header("x-grpc-web", "1")
            .header("origin", origin)
            .header("authorization", bearer(&server.issuer, "local", HOUR))
            .body(framed(&get(portal_id)))
    };
    let answer = post(FINE).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get("access-control-allow-origin").unwrap(), origin);
    let exposed = answer.headers().get("access-control-expose-headers").unwrap().to_str().unwrap().to_owned();
    assert!(exposed.contains("grpc-status-details-bin"), "{exposed}");
    let body = answer.bytes().await.unwrap();
    let length = usize::try_from(u32::from_be_bytes(body.get(1..5).unwrap().try_into().unwrap())).unwrap();
    let message = v1::GetSyncStatusResponse::decode(body.get(5..5 + length).unwrap()).unwrap();
    assert_eq!(message.status.unwrap().operator, "local");
    let trailers = String::from_utf8_lossy(body.get(5 + length..).unwrap()).into_owned();
    assert!(trailers.contains("grpc-status:0"), "{trailers}");

    let refused = post(REFUSES).send().await.unwrap();
    assert_eq!(refused.headers().get("grpc-status").unwrap(), "5");
    assert!(refused.headers().contains_key("grpc-status-details-bin"));
    drop(http);
    server.stop().await;
}

#[tokio::test]
async fn pages_of_other_origins_may_not_call() {
    let server = Server::start(ServerSettings::default()).await;
    let http = reqwest::Client::builder().http1_only().no_proxy().build().unwrap();
    let url = format!("{}/connector.v1.SyncService/GetSyncStatus", server.url());
    let preflight = http
        .request(http::Method::OPTIONS, &url)
        .header("origin", "https://evil.example.com")
        .header("access-control-request-method", "POST")
        .send()
        .await
        .unwrap();
    assert!(!preflight.headers().contains_key("access-control-allow-origin"));
    drop(http);
    server.stop().await;
}
