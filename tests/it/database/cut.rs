//! The network between server and database, cut after every so many bytes of what the database sends back, up to the
//! answer to COMMIT: what was asked for happened once or not at all, and asking again by the same request id tells.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, Step},
    domain::PortalId,
    store::{Call, Store, Target},
};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
};
use tonic::{Code, Status};
use url::Url;

use super::raw::{connect, count, store};
use crate::harness::{
    World, eventually,
    walk::{Walk, request_id},
};

/// Cuts, spread over the exchange; the last bytes, with the answer to COMMIT, are cut one by one.
const CUTS: i64 = 150;
const LAST: i64 = 60;

/// Forwards to the database until so many bytes have come back from it.
#[derive(Clone, Default)]
struct Line {
    /// Bytes that still come through. What is far above every exchange is not armed.
    left: Arc<AtomicI64>,
    /// Stays cut, also for new connections.
    is_down: Arc<AtomicBool>,
}

const UNCUT: i64 = i64::MAX / 2;

impl Line {
    fn mend(&self) {
        self.is_down.store(false, Ordering::Release);
        self.left.store(UNCUT, Ordering::Release);
    }

    fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::Release);
    }

    /// Bytes that came back since the line was mended.
    fn carried(&self) -> i64 {
        UNCUT - self.left.load(Ordering::Acquire)
    }

    /// A line to the database of this URL, which then leads over it.
    fn lay(self, url: &mut SecretString, stays_down: bool) -> Result<()> {
        let mut address: Url = url.expose_secret().parse()?;
        let database = database_of(url.expose_secret())?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        address.set_host(Some("127.0.0.1"))?;
        address.set_port(Some(listener.local_addr()?.port())).map_err(|()| anyhow::anyhow!("no port"))?;
        *url = SecretString::from(String::from(address));
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (line, database) = (self.clone(), database.clone());
                tokio::spawn(async move {
                    if line.is_down.load(Ordering::Acquire) {
                        return;
                    }
                    match database {
                        Database::Tcp(host, port) => {
                            if let Ok(server) = TcpStream::connect((host, port)).await {
                                line.carry(client, server, stays_down).await;
                            }
                        }
                        Database::Socket(path) => {
                            if let Ok(server) = UnixStream::connect(path).await {
                                line.carry(client, server, stays_down).await;
                            }
                        }
                    }
                });
            }
        });
        Ok(())
    }

    async fn carry<S: AsyncRead + AsyncWrite>(&self, client: TcpStream, server: S, stays_down: bool) {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = tokio::io::split(server);
        let asking = async { tokio::io::copy(&mut from_client, &mut to_server).await };
        let answering = async {
            let mut buffer = vec![0; 16 * 1_024];
            loop {
                let read = from_server.read(&mut buffer).await?;
                if self.is_down.load(Ordering::Acquire) {
                    return Ok::<_, std::io::Error>(());
                }
                let left = self.left.fetch_sub(i64::try_from(read).unwrap_or(i64::MAX), Ordering::AcqRel);
                let through = usize::try_from(left.max(0)).unwrap_or(usize::MAX).min(read);
                to_client.write_all(buffer.get(..through).unwrap_or_default()).await?;
                if through < read || read == 0 {
                    if through < read {
                        self.is_down.store(stays_down, Ordering::Release);
                        self.left.store(UNCUT, Ordering::Release);
                    }
                    return Ok(());
                }
            }
        };
        // Whichever ends first ends both: all halves are dropped here.
        tokio::select! {
            _ = asking => {}
            _ = answering => {}
        }
    }
}

/// Where a database listens.
#[derive(Clone)]
enum Database {
    Tcp(String, u16),
    Socket(PathBuf),
}

fn database_of(url: &str) -> Result<Database> {
    let options: PgConnectOptions = url.parse()?;
    let port = options.get_port();
    Ok(match options.get_socket() {
        Some(folder) => Database::Socket(folder.join(format!(".s.PGSQL.{port}"))),
        None => Database::Tcp(options.get_host().to_owned(), port),
    })
}

async fn world_over(line: &Line, stays_down: bool) -> Result<World> {
    line.mend();
    let mut laid = Ok(());
    let world = World::start_with(|config| {
        // Nobody else speaks while an exchange is cut.
        config.worker.poll_interval = Duration::from_secs(3_600);
        config.watch.poll_interval = Duration::from_secs(3_600);
        config.database.acquire_timeout = Duration::from_millis(500);
        if let Some(url) = &mut config.database.url {
            laid = line.clone().lay(url, stays_down);
        }
    })
    .await?;
    laid?;
    Ok(world)
}

async fn seats(walk: &Walk, request_id: &str, seat_count: i32) -> Result<v1::Setup, Status> {
    let setup_id = walk.setup_id.clone();
    let request = v1::SetSeatCountRequest {
        request_id: request_id.to_owned(),
        setup_id,
        seat_count,
        ..Default::default()
    };
    Ok(walk.clients.setups.clone().set_seat_count(request).await?.into_inner().setup.unwrap_or_default())
}

/// Where to cut an exchange of so many bytes.
fn places(carried: i64) -> Vec<i64> {
    let spread = (0..CUTS).map(|number| number * (carried - LAST).max(0) / CUTS);
    let mut places: Vec<i64> = spread.chain((carried - LAST).max(0)..=carried).collect();
    places.dedup();
    places
}

/// What the server knows of the portal before an exchange.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    /// All of it: it writes and reads nothing.
    Good,
    /// Somebody changed the portal meanwhile: its write is refused, so it reads, and writes again.
    Stale,
}

/// Leaves a row in the audit trail of the portal, past the server.
async fn change_outside(outside: &Store, portal_id: i64) -> Result<()> {
    let call = Call { is_internal: false, ..Call::internal("outside") };
    let portal = Target::Portal(PortalId::parse(portal_id).context("no portal id")?);
    outside.change(&call, portal, |tx| Box::pin(async move { tx.view_sync().await.map(|_| ()) })).await?;
    Ok(())
}

async fn at_every_place(stays_down: bool, memory: Memory) -> Result<()> {
    let line = Line::default();
    let world = world_over(&line, stays_down).await?;
    let walk = Walk::before(&world, Step::SeatCount).await?;
    let mut direct = connect(&world.database).await?;
    let events = "select count(*) from portal_events";
    // As every later one, it changes an answer that was given.
    seats(&walk, &request_id(), 1).await?;
    let outside = store(&world.database, 1).await?;
    if memory == Memory::Stale {
        change_outside(&outside, walk.portal_id).await?;
    }
    line.mend();
    seats(&walk, &request_id(), 2).await?;
    let carried = line.carried();
    let fewest = if memory == Memory::Stale { 500 } else { 40 };
    ensure!(carried > fewest, "only {carried} bytes came back");

    let (mut asked_again, mut told) = (0, 0);
    for (place, seat_count) in places(carried).into_iter().zip(3..) {
        let before = count(&mut direct, events).await?;
        let id = request_id();
        if memory == Memory::Stale {
            change_outside(&outside, walk.portal_id).await?;
        }
        line.mend();
        line.cut_after(place);
        let first = seats(&walk, &id, seat_count).await;
        line.mend();
        let happened = count(&mut direct, events).await? - before;
        ensure!((0..=1).contains(&happened), "cut after {place}: it happened {happened} times");
        if let Err(status) = &first {
            ensure!(status.code() == Code::Unavailable, "cut after {place}: {status:?}");
            asked_again += 1;
            told += happened;
        } else {
            ensure!(happened == 1, "cut after {place}: acknowledged, but it did not happen");
        }
        // Once the line is mended, a broken connection may still be in the pool.
        let again = eventually("it is answered", async || match seats(&walk, &id, seat_count).await {
            Ok(setup) => Ok(Some(setup)),
            Err(status) if status.code() == Code::Unavailable => Ok(None),
            Err(status) => Err(status.into()),
        })
        .await?;
        if let Ok(first) = first {
            ensure!(first == again, "cut after {place}: another answer");
        }
        ensure!(again.answers.as_ref().is_some_and(|answers| answers.seat_count == seat_count), "{again:?}");
        ensure!(count(&mut direct, events).await? - before == 1, "cut after {place}: not once in the end");
    }
    eprintln!("{carried} bytes; {asked_again} calls were cut off, of which {told} had happened");
    // How many of those had happened is chance: the length of an exchange is not the same each time.
    ensure!(!stays_down || asked_again > 0, "nobody was cut off");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_once_anywhere_a_change_happens_once() -> Result<()> {
    at_every_place(false, Memory::Good).await?;
    at_every_place(false, Memory::Stale).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_for_good_anywhere_a_change_happens_once_or_not_at_all() -> Result<()> {
    at_every_place(true, Memory::Good).await?;
    at_every_place(true, Memory::Stale).await
}
