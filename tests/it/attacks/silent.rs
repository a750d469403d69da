//! Connections that say nothing, or take for ever to say it.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use super::{
    frames::{HEADERS, PREFACE, SETTINGS, call, frame},
    victim::{Victim, raise_own_descriptors},
    witness::{Dial, Witness},
};
use crate::{
    auth::authority::{Authority, Folder},
    harness::{World, eventually},
    kills::process::Process,
};

/// What the server is told.
const FIRST_REQUEST: Duration = Duration::from_secs(2);
/// A busy machine closes a thousand connections later than it should.
const SLACK: Duration = Duration::from_secs(15);
/// How many say nothing.
const SILENT: usize = 1_000;
/// How many of each kind say something, a byte a second.
const SLOW: usize = 15;
/// What the process may grow by for all of them: a twentieth of a MiB each.
const MEMORY_MIB: u64 = 50;

const SETTINGS_OF_SILENCE: [(&str, &str); 3] = [
    ("CONNECTOR_GRPC__FIRST_REQUEST", "2s"),
    ("CONNECTOR_GRPC__MAX_CONNECTIONS", "3000"),
    ("CONNECTOR_GRPC__MAX_CONNECTIONS_PER_ADDRESS", "3000"),
];

/// Says the first words at once and the rest a byte a second, and waits for the end: how long it took.
async fn until_closed(mut stream: TcpStream, first: Vec<u8>, rest: Vec<u8>) -> Result<Duration> {
    let began = Instant::now();
    let end = async {
        // It may be gone before a word was said.
        let _ = stream.write_all(&first).await;
        let (mut from, mut to) = stream.split();
        let talk = async {
            for byte in rest {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if to.write_all(&[byte]).await.is_err() {
                    break;
                }
            }
            std::future::pending::<()>().await;
        };
        let mut said = [0; 512];
        let listen = async { while from.read(&mut said).await.is_ok_and(|count| count > 0) {} };
        tokio::select! {
            () = talk => {}
            () = listen => {}
        }
    };
    tokio::time::timeout(FIRST_REQUEST + SLACK, end).await.context("it was left open")?;
    Ok(began.elapsed())
}

/// What slow ones say at once, and then byte by byte.
fn slow_words() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let hello = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
    let headers = frame(HEADERS, 4, 1, &call("/connector.v1.PortalService/GetPortal", None));
    let web =
        b"POST /connector.v1.PortalService/GetPortal HTTP/1.1\r\nhost: connector\r\nx-slow: aaaaaaaaaaaa";
    let (half, rest) = PREFACE.split_at(10);
    vec![
        ("the preface, byte by byte", Vec::new(), PREFACE.to_vec()),
        ("half a preface", half.to_vec(), rest.to_vec()),
        ("headers, byte by byte", hello.clone(), headers),
        ("a preface and nothing more", hello, Vec::new()),
        ("HTTP/1.1, byte by byte", web.to_vec(), b"aaaaaaaaaaaaaaaaaaaaaaaaa".to_vec()),
    ]
}

/// All of them at once; each must be held until its time has come, and closed then.
async fn besiege(address: SocketAddr, words: Vec<(&'static str, Vec<u8>, Vec<u8>)>) -> Result<usize> {
    let mut attackers = JoinSet::new();
    for (what, first, rest) in words {
        let stream = TcpStream::connect(address).await.context("open a connection")?;
        attackers.spawn(async move { until_closed(stream, first, rest).await.context(what) });
    }
    let mut closed = 0;
    while let Some(took) = attackers.join_next().await {
        let took = took??;
        // Timers tick in milliseconds.
        ensure!(took + Duration::from_millis(20) >= FIRST_REQUEST, "closed after {took:?}: it was refused");
        closed += 1;
    }
    Ok(closed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_silent_connections_and_slow_ones_go_in_time() -> Result<()> {
    raise_own_descriptors()?;
    let victim = Victim::start(&SETTINGS_OF_SILENCE).await?;
    let witness = victim.witness().await?;
    let silent = std::iter::repeat_n(("silence", Vec::new(), Vec::new()), SILENT);
    let slow = slow_words().into_iter().flat_map(|words| std::iter::repeat_n(words, SLOW));
    let closed = besiege(victim.address()?, silent.chain(slow).collect()).await?;
    ensure!(closed == SILENT + 5 * SLOW, "{closed}");
    let seen = witness.ends().await?;
    let grown = victim.ensure_small(MEMORY_MIB)?;
    eventually("their descriptors are given back", async || {
        Ok((victim.descriptors()? <= victim.calm_descriptors + 10).then_some(()))
    })
    .await?;
    eprintln!("{closed} silent and slow connections: {grown} MiB, {seen:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_handshakes_that_never_end_go_in_time() -> Result<()> {
    let (authority, folder) = (Authority::new()?, Folder::new()?);
    folder.serve(&authority.server()?)?;
    let world = World::without_server(|_| ()).await?;
    let files = [folder.path("server.pem"), folder.path("server.key")].map(|path| path.display().to_string());
    let [certificate, key] = &files;
    let tls = [("CONNECTOR_TLS__CERT_FILE", certificate.as_str()), ("CONNECTOR_TLS__KEY_FILE", key.as_str())];
    let settings: Vec<_> =
        SETTINGS_OF_SILENCE.into_iter().chain(tls).chain([("CONNECTOR_GRPC__HEARTBEAT", "200ms")]).collect();
    let (stdout, stderr) = (std::process::Stdio::null(), std::process::Stdio::inherit());
    let process = Process::start_with(&world, "", &settings, stdout, stderr).await?;
    let dial = Dial::plain(&process.url, &world.token).tls(authority.pem());
    let portal_id = dial.clients().await?.register(connector::simulator::hubspot::seed::TOKEN_A).await?;
    let calm = super::victim::peak_kib(process.id()?)?;
    let witness = Witness::begin(dial, portal_id).await?;

    // The beginning of a ClientHello that says how long it will be.
    let hello = vec![0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03];
    let silent = std::iter::repeat_n(("no handshake", Vec::new(), Vec::new()), 150);
    let half = std::iter::repeat_n(("half a handshake", hello.clone(), Vec::new()), 150);
    let slow = std::iter::repeat_n(("a slow handshake", hello, vec![0; 60]), 50);
    let address = process.url.trim_start_matches("https://").parse()?;
    let closed = besiege(address, silent.chain(half).chain(slow).collect()).await?;
    ensure!(closed == 350, "{closed}");
    let seen = witness.ends().await?;
    let grown = super::victim::peak_kib(process.id()?)?.saturating_sub(calm) / 1_024;
    ensure!(grown <= MEMORY_MIB, "the server grew by {grown} MiB");
    eprintln!("{closed} handshakes: {grown} MiB, {seen:?}");
    Ok(())
}
