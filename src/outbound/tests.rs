#![expect(clippy::unwrap_used, reason = "test")]

use std::time::{Duration, Instant};

use http::Method;
use tokio::io::AsyncWriteExt;

use super::{
    DidItHappen, Timeouts, Transport, TransportError,
    testing::{Reply, ScriptedServer, cutting_server, nobody, raw_server},
};

const CAP: usize = 64 * 1024;

async fn get(url: &str) -> Result<super::Answer, TransportError> {
    get_within(url, Timeouts::default()).await
}

async fn get_within(url: &str, timeouts: Timeouts) -> Result<super::Answer, TransportError> {
    let transport = Transport::new("test", timeouts, vec!["127.0.0.1".to_owned()]).unwrap();
    let request = transport.request(Method::GET, url::Url::parse(url).unwrap());
    transport.send(request, CAP).await
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = ScriptedServer::start([Reply::text(200, "secret")]).await;
    for status in [301, 302, 303, 307, 308] {
        let server =
            ScriptedServer::start([Reply::text(status, "").header("location", elsewhere.url.clone())]).await;
        assert_eq!(get(&server.url).await.unwrap().status.as_u16(), status);
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_body_at_the_cap_is_read_and_one_byte_more_is_not() {
    let server =
        ScriptedServer::start([Reply::bytes(200, vec![b'a'; CAP]), Reply::bytes(200, vec![b'a'; CAP + 1])])
            .await;
    assert_eq!(get(&server.url).await.unwrap().body.len(), CAP);
    assert_eq!(get(&server.url).await.unwrap_err(), TransportError::TooLarge { limit: CAP });
}

#[cfg(feature = "simulator")]
#[tokio::test]
async fn the_cap_counts_bytes_after_decompression() {
    use std::io::Write;
    let compress = |length: usize| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; length]).unwrap();
        encoder.finish().unwrap()
    };
    let bomb = compress(64 * 1024 * 1024);
    assert!(bomb.len() < 2 * CAP, "the bomb is small on the wire");
    let server = ScriptedServer::start([
        Reply::bytes(200, compress(CAP)).header("content-encoding", "gzip"),
        Reply::bytes(200, bomb).header("content-encoding", "gzip"),
    ])
    .await;
    assert_eq!(get(&server.url).await.unwrap().body.len(), CAP);
    assert_eq!(get(&server.url).await.unwrap_err(), TransportError::TooLarge { limit: CAP });
}

#[tokio::test]
async fn nobody_listening_means_that_nothing_happened() {
    let error = get(&nobody().await).await.unwrap_err();
    assert!(matches!(error, TransportError::Unreachable(_)), "{error:?}");
    assert_eq!(error.effect(), DidItHappen::No);
}

#[tokio::test]
async fn a_cut_after_the_request_leaves_the_effect_unknown() {
    let error = get(&cutting_server().await).await.unwrap_err();
    assert!(matches!(error, TransportError::Cut(_)), "{error:?}");
    assert_eq!(error.effect(), DidItHappen::Unknown);

    let half = raw_server(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await.ok();
    })
    .await;
    let error = get(&half).await.unwrap_err();
    assert!(matches!(error, TransportError::Cut(_)), "{error:?}");
    assert_eq!(error.effect(), DidItHappen::Unknown);
}

#[tokio::test]
async fn silence_ends_at_the_idle_time_out_and_a_trickle_at_the_total() {
    let silent = raw_server(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let patient = Duration::from_secs(60);
    let soon = Duration::from_millis(400);
    let started = Instant::now();
    let error =
        get_within(&silent, Timeouts { connect: patient, idle: soon, total: patient }).await.unwrap_err();
    assert_eq!(error, TransportError::TimedOut);
    assert_eq!(error.effect(), DidItHappen::Unknown);

    let trickle = raw_server(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await.ok();
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        while stream.write_all(b"x").await.is_ok() {
            pace.tick().await;
        }
    })
    .await;
    let timeouts = Timeouts { connect: patient, idle: patient, total: soon };
    assert_eq!(get_within(&trickle, timeouts).await.unwrap_err(), TransportError::TimedOut);
    assert!(started.elapsed() < patient, "each time-out works by itself");
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_refused_unless_trusted() {
    let server = ScriptedServer::start([Reply::text(200, "inside")]).await;
    let by_name = server.url.replace("127.0.0.1", "localhost");
    let error = get(&by_name).await.unwrap_err();
    assert_eq!(error, TransportError::AddressRefused);
    assert_eq!(error.effect(), DidItHappen::No);
    assert!(server.asked().is_empty());

    let trusting = Transport::new("test", Timeouts::default(), vec!["localhost".to_owned()]).unwrap();
    let request = trusting.request(Method::GET, url::Url::parse(&by_name).unwrap());
    assert_eq!(&trusting.send(request, CAP).await.unwrap().body[..], b"inside");
}
