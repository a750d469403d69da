//! Connections come, stay within their bounds, and go.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::Code;

use super::*;
use crate::grpc::ConnectionLimits;

fn limited(total: usize) -> ServerSettings {
    let connections = ConnectionLimits { total, per_address: total };
    ServerSettings { connections, ..ServerSettings::default() }
}

/// Waits until the other side closes, whatever it says before.
async fn closed(connection: &mut TcpStream) -> bool {
    let mut said = [0; 256];
    let end = async { while connection.read(&mut said).await.is_ok_and(|bytes| bytes > 0) {} };
    tokio::time::timeout(Duration::from_secs(5), end).await.is_ok()
}

#[tokio::test]
async fn silent_connections_make_room_for_those_who_have_something_to_say() {
    let server = Server::start(limited(2)).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut another = TcpStream::connect(server.address).await.unwrap();
    let mut client = server.client().await;
    client.get_sync_status(get(FINE)).await.unwrap();
    assert!(closed(&mut silent).await, "the oldest silent one goes");
    let mut second = server.client().await;
    second.get_sync_status(get(FINE)).await.unwrap();
    assert!(closed(&mut another).await, "then the next");
    let mut third = TcpStream::connect(server.address).await.unwrap();
    assert!(closed(&mut third).await, "those who are in use stay");
    client.get_sync_status(get(FINE)).await.unwrap();
    drop((client, second));
    server.stop().await;
}

#[tokio::test]
async fn who_says_nothing_or_half_a_word_is_shown_out() {
    let first_request = Duration::from_millis(200);
    let server = Server::start(ServerSettings { first_request, ..ServerSettings::default() }).await;
    let mut client = server.client().await;
    client.get_sync_status(get(FINE)).await.unwrap();
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut halting = TcpStream::connect(server.address).await.unwrap();
    halting.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    let mut web = TcpStream::connect(server.address).await.unwrap();
    web.write_all(b"POST /connector.v1.SyncService/GetSyncStatus HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    // A whole preface and settings, and then no request.
    let mut polite = TcpStream::connect(server.address).await.unwrap();
    polite.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    for connection in [&mut silent, &mut halting, &mut web, &mut polite] {
        assert!(closed(connection).await);
    }
    client.get_sync_status(get(FINE)).await.unwrap();
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn calls_under_way_end_before_the_server_does() {
    let server = Server::start(ServerSettings::default()).await;
    let mut client = server.client().await;
    let call = tokio::spawn(async move { client.get_sync_status(get(HANGS)).await });
    server.fake.hanging.notified().await;
    let (address, go_on) = (server.address, server.fake.go_on.clone());
    let stopping = tokio::spawn(server.stop());
    // The listener closes first: who comes now is to try another server.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    go_on.notify_one();
    assert!(call.await.unwrap().is_ok(), "the call under way is answered");
    stopping.await.unwrap();
}

#[tokio::test]
async fn the_hard_token_cuts_what_does_not_end() {
    let server = Server::start(ServerSettings::default()).await;
    let mut client = server.client().await;
    let mut stream =
        client.watch_sync_status(v1::WatchSyncStatusRequest::default()).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    server.shutdown.soft.cancel();
    server.shutdown.hard.cancel();
    assert_ne!(stream.message().await.unwrap_err().code(), Code::Ok);
    server.stop().await;
}
