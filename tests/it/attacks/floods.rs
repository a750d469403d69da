//! Frames without end: the server closes the connection, stops reading, or takes them in its stride; its memory stays
//! as it was, and others are answered.

use std::{fmt::Debug, time::Duration};

use anyhow::{Context as _, Result, ensure};

use super::{
    frames::{
        CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, Flooded, HEADERS, PING, PRIORITY, RST_STREAM,
        SETTINGS, WINDOW_UPDATE, Wire, call, field, frame, remembered_field,
    },
    victim::{EMPTY_MESSAGE, GET_PORTAL, Victim, WATCH},
};

/// How long each flood lasts that is not ended.
const TIME: Duration = Duration::from_millis(700);
/// How long a flood may last that is to be ended; a busy machine takes a while.
const PATIENCE: Duration = Duration::from_secs(20);
/// Attackers at once.
const ATTACKERS: usize = 4;
/// What the process may grow by for all floods of a test.
const MEMORY_MIB: u64 = 48;

/// What must become of a flood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The connection is closed.
    Closed,
    /// Others are served all the same.
    Survived,
}

struct Flood {
    name: &'static str,
    /// Before it.
    opening: Vec<u8>,
    fate: Fate,
    /// Makes the next frames.
    next: fn(&mut Attacker) -> Vec<u8>,
}

/// What the next frames depend on.
#[derive(Clone)]
struct Attacker {
    stream: u32,
    token: Option<String>,
    message: Vec<u8>,
}

impl Attacker {
    /// Many times the same, for the next streams.
    fn streams(&mut self, each: impl Fn(&Self, u32) -> Vec<u8>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..100 {
            self.stream += 2;
            bytes.extend(each(self, self.stream));
        }
        bytes
    }

    fn whole_call(&self, stream: u32) -> Vec<u8> {
        let mut bytes = frame(HEADERS, END_HEADERS, stream, &call(GET_PORTAL, self.token.as_deref()));
        bytes.extend(frame(DATA, END_STREAM, stream, &self.message));
        bytes
    }
}

fn resets(attacker: &mut Attacker) -> Vec<u8> {
    attacker.streams(|attacker, stream| {
        let headers = call(GET_PORTAL, attacker.token.as_deref());
        let mut bytes = frame(HEADERS, END_HEADERS | END_STREAM, stream, &headers);
        bytes.extend(frame(RST_STREAM, 0, stream, &CANCEL));
        bytes
    })
}

fn calls_and_resets(attacker: &mut Attacker) -> Vec<u8> {
    attacker.streams(|attacker, stream| {
        let mut bytes = attacker.whole_call(stream);
        bytes.extend(frame(RST_STREAM, 0, stream, &CANCEL));
        bytes
    })
}

fn calls(attacker: &mut Attacker) -> Vec<u8> {
    attacker.streams(Attacker::whole_call)
}

/// Requests that break the protocol, so that the server resets them itself.
fn broken_requests(attacker: &mut Attacker) -> Vec<u8> {
    attacker.streams(|_, stream| {
        let headers = [call(GET_PORTAL, None), field("connection", "close")].concat();
        frame(HEADERS, END_HEADERS, stream, &headers)
    })
}

/// Streams that are reset by the server because their window grows over the edge.
fn broken_windows(attacker: &mut Attacker) -> Vec<u8> {
    attacker.streams(|attacker, stream| {
        let mut bytes = frame(HEADERS, END_HEADERS, stream, &call(WATCH, attacker.token.as_deref()));
        bytes.extend(frame(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes()));
        bytes
    })
}

/// A few bytes that mean 4,000 each time.
fn header_bombs(attacker: &mut Attacker) -> Vec<u8> {
    // Index 62 is the field that was remembered last.
    let bomb = [call(GET_PORTAL, None), vec![0xbe; 8_000]].concat();
    attacker.streams(|_, stream| frame(HEADERS, END_HEADERS | END_STREAM, stream, &bomb))
}

fn remembered(attacker: &mut Attacker) -> Vec<u8> {
    let large = "x".repeat(3_900);
    attacker.streams(|_, stream| {
        let fields = [call(GET_PORTAL, None), remembered_field("x-large", &large)].concat();
        frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields)
    })
}

fn repeated(frame: &[u8]) -> Vec<u8> {
    frame.repeat(16 * 1024 / frame.len().max(1))
}

fn endless_header() -> Vec<u8> {
    frame(HEADERS, 0, 1, &call(GET_PORTAL, None))
}

fn open_call(token: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, &call(GET_PORTAL, Some(token)))
}

/// Streams and their resets.
fn of_streams(_: &str) -> Vec<Flood> {
    let remember = [call(GET_PORTAL, None), remembered_field("x-large", &"x".repeat(3_900))].concat();
    let opening = frame(HEADERS, END_HEADERS | END_STREAM, 1, &remember);
    let flood = |name, next, fate| Flood { name, opening: Vec::new(), fate, next };
    vec![
        flood("rapid resets", resets, Fate::Closed),
        flood("rapid resets of whole calls", calls_and_resets, Fate::Closed),
        flood("requests that are reset by the server", broken_requests, Fate::Closed),
        flood("windows that are reset by the server", broken_windows, Fate::Closed),
        flood("more calls than streams", calls, Fate::Survived),
        flood("large fields", remembered, Fate::Survived),
        Flood { opening, ..flood("small bytes for large fields", header_bombs, Fate::Survived) },
    ]
}

/// Frames that belong to no call, or never end one.
fn of_frames(token: &str) -> Vec<Flood> {
    let plain = |name, next| Flood { name, opening: Vec::new(), fate: Fate::Survived, next };
    let after = |opening, name, next| Flood { name, opening, fate: Fate::Closed, next };
    vec![
        after(endless_header(), "continuations", |_| {
            frame(CONTINUATION, 0, 1, &repeated(&field("x-more", "and more")))
        }),
        after(endless_header(), "empty continuations", |_| repeated(&frame(CONTINUATION, 0, 1, &[]))),
        after(open_call(token), "empty data", |_| repeated(&frame(DATA, 0, 1, &[]))),
        after(open_call(token), "padding alone", |_| repeated(&frame(DATA, 8, 1, &[3, 0, 0, 0]))),
        plain("pings", |_| repeated(&frame(PING, 0, 0, &[7; 8]))),
        plain("settings", |_| repeated(&frame(SETTINGS, 0, 0, &[]))),
        plain("windows a byte at a time", |_| repeated(&frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]))),
        plain("priorities", |_| repeated(&frame(PRIORITY, 0, 3, &[0, 0, 0, 0, 16]))),
        plain("frames that nobody knows", |_| repeated(&frame(0xbb, 0, 0, &[1; 64]))),
    ]
}

/// One attacker's connections, one after the other while they are closed.
async fn attack(victim: &Victim, flood: &Flood) -> Result<Vec<Flooded>> {
    let deadline = tokio::time::Instant::now() + TIME;
    let mut floods = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        if left < TIME / 10 && !floods.is_empty() {
            return Ok(floods);
        }
        let mut wire = Wire::open(victim.address()?).await?;
        let mut attacker =
            Attacker { stream: 1, token: Some(victim.token().to_owned()), message: victim.get_portal() };
        wire.send(&flood.opening).await;
        let time = if flood.fate == Fate::Closed { PATIENCE } else { left };
        floods.push(wire.flood(time, || (flood.next)(&mut attacker)).await?);
    }
}

fn ensure_fate(flood: &Flood, floods: &[Flooded]) -> Result<()> {
    let closed = floods.iter().filter(|flooded| flooded.is_closed).count();
    let is_as_expected = match flood.fate {
        Fate::Closed => closed == floods.len(),
        Fate::Survived => true,
    };
    ensure!(is_as_expected, "not {:?}: {floods:?}", flood.fate);
    ensure!(floods.iter().any(|flooded| flooded.bytes_sent > 1_000), "it was no flood: {floods:?}");
    Ok(())
}

async fn survive(floods: fn(&str) -> Vec<Flood>) -> Result<()> {
    let victim = Victim::start(&[]).await?;
    for flood in floods(victim.token()) {
        let witness = victim.witness().await?;
        let attacks = (0..ATTACKERS).map(|_| attack(&victim, &flood));
        let all: Vec<Vec<Flooded>> = futures::future::try_join_all(attacks).await?;
        for floods in &all {
            ensure_fate(&flood, floods).context(flood.name)?;
        }
        let seen = witness.ends().await.context(flood.name)?;
        let grown = victim.ensure_small(MEMORY_MIB).context(flood.name)?;
        tell(flood.name, &all, (grown, &seen));
    }
    ensure!(
        victim.descriptors()? <= victim.calm_descriptors + 4 * ATTACKERS,
        "connections were left: {}",
        victim.descriptors()?
    );
    Ok(())
}

fn tell(name: &str, all: &[Vec<Flooded>], seen: impl Debug) {
    let flat: Vec<&Flooded> = all.iter().flatten().collect();
    let (closed, sent) = (
        flat.iter().filter(|flooded| flooded.is_closed).count(),
        flat.iter().map(|flooded| flooded.bytes_sent).sum::<usize>(),
    );
    let goaway: std::collections::BTreeSet<_> = flat.iter().filter_map(|flooded| flooded.goaway).collect();
    eprintln!("{name}: {closed} of {} closed, {goaway:?}, {sent} bytes sent: {seen:?}", flat.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_streams_harm_nobody() -> Result<()> {
    survive(of_streams).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_frames_harm_nobody() -> Result<()> {
    survive(of_frames).await
}

/// Whoever does not read the answers to its frames is not read any more: they would have to be kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_reads_are_not_piled_up() -> Result<()> {
    let victim = Victim::start(&[]).await?;
    let witness = victim.witness().await?;
    let floods =
        [frame(PING, 0, 0, &[7; 8]), frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0])].map(async |flood| {
            let wire = Wire::open_narrow(victim.address()?).await?;
            wire.until_stalled(&repeated(&flood), Duration::from_secs(60)).await
        });
    let sent = futures::future::try_join_all(floods).await?;
    let mut calls =
        Attacker { stream: 1, token: Some(victim.token().to_owned()), message: victim.get_portal() };
    let mut wire = Wire::open_narrow(victim.address()?).await?;
    // No answer fits into the window.
    wire.send(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])).await;
    for _ in 0..50 {
        wire.send(&calls.streams(Attacker::whole_call)).await;
    }
    let seen = witness.ends().await?;
    let grown = victim.ensure_small(MEMORY_MIB)?;
    eprintln!("answers that nobody reads: {sent:?} bytes sent, {grown} MiB, {seen:?}");
    Ok(())
}

/// Streams that are open and whose messages nobody takes: the server keeps places, no messages.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_nobody_reads_cost_no_memory() -> Result<()> {
    let victim = Victim::start(&[]).await?;
    let witness = victim.witness().await?;
    let mut wires = Vec::new();
    for _ in 0..ATTACKERS {
        let mut wire = Wire::open(victim.address()?).await?;
        // No answer fits into the window.
        let mut bytes = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
        for stream in (1..).step_by(2).take(64) {
            bytes.extend(frame(HEADERS, END_HEADERS, stream, &call(WATCH, Some(victim.token()))));
            bytes.extend(frame(DATA, END_STREAM, stream, &EMPTY_MESSAGE));
        }
        ensure!(wire.send(&bytes).await && wire.is_answered(Duration::from_secs(30)).await?);
        wires.push(wire);
    }
    // Some hundred heartbeats for each of them.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let seen = witness.ends().await?;
    let grown = victim.ensure_small(MEMORY_MIB)?;
    eprintln!("{} streams that nobody reads: {grown} MiB, {seen:?}", 64 * ATTACKERS);
    Ok(())
}
