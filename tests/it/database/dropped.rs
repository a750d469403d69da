//! Callers who go away at every await. Nothing they leave behind may be handed to the next one: no open transaction,
//! and no half of a change. The planted variants show that the check sees what sqlx 0.9.0's own pool does.

use std::{collections::BTreeMap, future::poll_fn, ops::DerefMut, task::Poll};

use anyhow::{Result, ensure};
use connector::{
    domain::{OrgId, PortalId},
    store::{self, Call, JobKind, Store, Target},
};
use sqlx::{PgConnection, PgPool, Postgres, Row as _, pool::PoolConnection, postgres::PgPoolOptions};
use time::Duration;
use uuid::Uuid;

use super::raw::{ORG_A, connect, count, insert, run, seed, store};
use crate::harness::TestDatabase;

/// How often what depends on the moment is tried before it counts as not to be seen.
const ROUNDS: usize = 50;
/// Connections of a store's pool.
const POOL: usize = 3;
/// A write that can be counted.
const RAISE: &str = "update portals set sync_version = sync_version + 1 where portal_id = 1";

/// Polls a future so many times and drops it. `None` when it was not through by then.
async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = times;
    poll_fn(move |context| {
        left = left.saturating_sub(1);
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// A pool's way to give out connections: ours, or sqlx's own.
trait Pool {
    type Held: DerefMut<Target = PgConnection>;

    async fn take(&self) -> Result<Self::Held>;
}

impl Pool for store::Pool {
    type Held = store::Connection;

    async fn take(&self) -> Result<store::Connection> {
        Ok(self.acquire().await?)
    }
}

impl Pool for PgPool {
    type Held = PoolConnection<Postgres>;

    async fn take(&self) -> Result<PoolConnection<Postgres>> {
        Ok(self.acquire().await?)
    }
}

/// How many of a pool's connections have a transaction open when nobody uses them: all are taken first, so whoever is
/// still at work with one has given it back.
async fn left_open(database: &TestDatabase, pool: &impl Pool, size: usize) -> Result<i64> {
    let mut held = Vec::new();
    for _ in 0..size {
        held.push(pool.take().await?);
    }
    let mut observer = connect(database).await?;
    let asleep = "select count(*) from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'";
    let asleep = count(&mut observer, asleep).await?;
    let mut writing = 0;
    for connection in &mut held {
        let xid = sqlx::raw_sql("select pg_current_xact_id_if_assigned()::text")
            .fetch_one(&mut **connection)
            .await?;
        writing += i64::from(xid.try_get::<Option<String>, _>(0)?.is_some());
    }
    Ok(asleep.max(writing))
}

/// A path that changes something, and how to count what it changed.
struct Path {
    name: &'static str,
    effect: &'static str,
}

const CHANGE: Path = Path { name: "change", effect: "select revision from portals where portal_id = 1" };
const ALLOCATE: Path =
    Path { name: "allocate", effect: "select version - 1 from orgs where org_id like '%EAA'" };
const SHARE: Path = Path { name: "share", effect: "select version - 1 from orgs where org_id like '%EAA'" };
const RESERVE: Path = Path { name: "reserve", effect: "select count(*) from api_reservations" };
const SETTLE: Path =
    Path { name: "settle", effect: "select coalesce(sum(calls), 0)::bigint / 5 from api_calls" };
const COUNT: Path =
    Path { name: "count", effect: "select coalesce(sum(calls), 0)::bigint / 3 from api_calls" };
const TAKE: Path = Path { name: "take", effect: "select coalesce(max(fence), 0) from jobs" };
const OBSERVE: Path = Path { name: "observe", effect: "select count(*) from orgs where observed_used = 7" };
const PREVIEW: Path = Path { name: "preview", effect: "select revision from portals where portal_id = 1" };

const PATHS: [&Path; 9] = [&CHANGE, &ALLOCATE, &SHARE, &RESERVE, &SETTLE, &COUNT, &TAKE, &OBSERVE, &PREVIEW];

fn portal(id: i64) -> Result<PortalId> {
    PortalId::parse(id).ok_or_else(|| anyhow::anyhow!("no portal id"))
}

fn org() -> Result<OrgId> {
    OrgId::parse(ORG_A).ok_or_else(|| anyhow::anyhow!("no org id"))
}

/// Takes a path, polled so many times; whether it was through.
async fn take(path: &Path, store: &Store, times: usize) -> Result<bool> {
    let org = org()?;
    let rename = |call: Call| {
        let store = store.clone();
        async move {
            store
                .edit_portal(&call, portal(1)?, |tx| {
                    let mut portal = tx.portal().clone();
                    portal.display_name = "renamed".to_owned();
                    Ok(portal)
                })
                .await?;
            Ok::<_, anyhow::Error>(())
        }
    };
    let through = match path.name {
        "change" => polled(times, rename(Call::internal("test"))).await.transpose()?.is_some(),
        "preview" => {
            let call = Call { validate_only: true, ..Call::internal("test") };
            polled(times, rename(call)).await.transpose()?.is_some()
        }
        "allocate" => {
            let shares = BTreeMap::from([(portal(1)?, 100), (portal(2)?, 200)]);
            let call = Call::internal("test");
            polled(times, store.allocate(&call, &org, shares, None)).await.transpose()?.is_some()
        }
        "share" => {
            let shares = BTreeMap::from([(portal(1)?, 100), (portal(2)?, 200)]);
            let call = Call::internal("test");
            let share = async {
                let seen = store.look_at_org(&call, &org, &shares).await?;
                store.allocate_seen(&call, seen, shares.clone(), None).await
            };
            polled(times, share).await.transpose()?.is_some()
        }
        "reserve" => polled(times, store.reserve_api_calls(&org, portal(1)?, 5)).await.transpose()?.is_some(),
        "settle" => {
            let reservation = store.reserve_api_calls(&org, portal(1)?, 4).await?;
            polled(times, store.settle_api_calls(&reservation, 5)).await.transpose()?.is_some()
        }
        "count" => polled(times, store.count_api_calls(&org, portal(1)?, 3)).await.transpose()?.is_some(),
        "observe" => polled(times, store.observe_api_calls(&org, 7, 1000)).await.transpose()?.is_some(),
        _ => {
            store
                .change(&Call::internal("test.job"), Target::Portal(portal(1)?), |tx| {
                    Box::pin(async move { tx.add_job(JobKind::Connect, Uuid::nil(), tx.now()).await })
                })
                .await?;
            polled(times, store.take_jobs("test", Duration::seconds(60), 9)).await.transpose()?.is_some()
        }
    };
    Ok(through)
}

#[tokio::test]
async fn a_caller_who_goes_away_at_any_await_leaves_no_transaction_and_no_half() -> Result<()> {
    for path in PATHS {
        let mut times = 1;
        loop {
            let database = TestDatabase::create().await?;
            let mut observer = connect(&database).await?;
            seed(&mut observer).await?;
            run(&mut observer, &insert(1, 1, ORG_A, 1, "connected")).await?;
            run(&mut observer, &insert(2, 2, ORG_A, 2, "connected")).await?;
            let store = store(&database, u32::try_from(POOL)?).await?;
            let before = count(&mut observer, path.effect).await?;
            let through = take(path, &store, times).await?;
            let left = left_open(&database, store.pool(), POOL).await?;
            ensure!(left == 0, "{}, dropped after {times} polls: {left} transactions are open", path.name);
            // Whatever goes on without the caller ends here.
            store.close().await;
            let effect = count(&mut observer, path.effect).await? - before;
            let expected = if path.name == "preview" { 0..=0 } else { i64::from(through)..=1 };
            ensure!(expected.contains(&effect), "{}, {times} polls: it happened {effect} times", path.name);
            if through {
                break;
            }
            times += 1;
            ensure!(times < 1_000, "{} never ends", path.name);
        }
        eprintln!("{}: dropped after 1 to {} polls", path.name, times - 1);
    }
    Ok(())
}

/// What a handler must not do: its own future holds the transaction.
async fn planted(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut sql = pool.begin().await?;
    sqlx::raw_sql(RAISE).execute(&mut *sql).await?;
    sql.commit().await
}

/// The same over the store's pool.
async fn planted_over_ours(pool: &store::Pool) -> Result<(), sqlx::Error> {
    let mut sql = pool.begin().await?;
    sqlx::raw_sql(RAISE).execute(&mut *sql).await?;
    sql.commit().await
}

#[tokio::test]
async fn a_transaction_in_the_callers_future_over_an_unguarded_pool_is_seen() -> Result<()> {
    let database = TestDatabase::create().await?;
    seed(&mut connect(&database).await?).await?;
    // It leaks when it is dropped between the question and the answer, which may be there at once.
    let mut seen = false;
    for times in (1..=4).cycle().take(4 * ROUNDS) {
        let options = PgPoolOptions::new().max_connections(2).test_before_acquire(false);
        let pool = options.connect(&database.url()).await?;
        let through = polled(times, planted(&pool)).await.transpose()?.is_some();
        let left = left_open(&database, &pool, 2).await?;
        pool.close().await;
        ensure!(!through || left == 0, "it is not about being dropped");
        seen = seen || left > 0;
        if seen {
            break;
        }
    }
    ensure!(seen, "the planted leak is not seen");

    // The store's pool ends what was given up.
    for times in 1.. {
        let store = store(&database, 2).await?;
        let through = polled(times, planted_over_ours(store.pool())).await.transpose()?.is_some();
        let left = left_open(&database, store.pool(), 2).await?;
        store.close().await;
        ensure!(left == 0, "dropped after {times} polls: {left} transactions are open");
        if through {
            break;
        }
    }
    Ok(())
}

/// Why it matters: whoever is given such a connection is told that his write is safe.
#[tokio::test]
async fn over_an_unguarded_pool_an_acknowledged_write_is_lost() -> Result<()> {
    let database = TestDatabase::create().await?;
    let mut observer = connect(&database).await?;
    seed(&mut observer).await?;
    let written = "select sync_version from portals where portal_id = 2";
    let mut lost = 0;
    for times in (1..=4).cycle().take(4 * ROUNDS) {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .connect(&database.url())
            .await?;
        let before = count(&mut observer, written).await?;
        polled(times, planted(&pool)).await.transpose()?;
        let updated = sqlx::raw_sql("update portals set sync_version = sync_version + 1 where portal_id = 2")
            .execute(&pool)
            .await?;
        ensure!(updated.rows_affected() == 1);
        lost += i64::from(count(&mut observer, written).await? == before);
        pool.close().await;
        if lost > 0 {
            break;
        }
    }
    ensure!(lost > 0, "no write was lost, so the guards are of no use");
    Ok(())
}
