//! Steps of the wizard that are written together.

use anyhow::{Result, ensure};
use connector::api::v1::{self, ErrorReason, SalesforceEdition, Step};
use futures::future::join_all;
use sqlx::{Connection as _, PgConnection};
use tonic::{Code, Status};

use super::{copies, end_sessions};
use crate::harness::{
    PATIENCE, World, eventually,
    refusal::{inner, refused_for},
    walk::{Walk, request_id},
};

fn seats(setup_id: &str, seat_count: i32) -> v1::SetSeatCountRequest {
    v1::SetSeatCountRequest {
        request_id: request_id(),
        setup_id: setup_id.to_owned(),
        seat_count,
        ..Default::default()
    }
}

async fn set(walk: &Walk, request: v1::SetSeatCountRequest) -> Result<v1::Setup, Status> {
    let answer = walk.clients.setups.clone().set_seat_count(request).await?.into_inner();
    Ok(answer.setup.unwrap_or_default())
}

/// A world in which a lock may take as long as the test needs.
async fn patient_world() -> Result<World> {
    World::start_with(|config| {
        config.database.lock_timeout = PATIENCE;
        config.database.statement_timeout = PATIENCE;
        config.grpc.unary_deadline = PATIENCE;
    })
    .await
}

async fn connect(world: &World) -> Result<PgConnection> {
    Ok(PgConnection::connect(&world.database.url()).await?)
}

/// Each portal's revision is that of its setup, of its last event and of its last audit row, and none is left out.
async fn all_is_whole(world: &World) -> Result<()> {
    let broken: Vec<i64> = sqlx::query_scalar(
        "select p.portal_id from portals p join setups s using (portal_id)
         where s.version <> p.revision or (s.state ->> 'version')::bigint <> p.revision
            or p.revision <> (select max(revision) from portal_events e where e.portal_id = p.portal_id)
            or p.revision <> (select max(revision) from audit_rows a where a.portal_id = p.portal_id)
            or exists (
                select from portal_events e
                where e.portal_id = p.portal_id and e.revision > (
                    select min(revision) from portal_events first where first.portal_id = p.portal_id
                ) and not exists (
                    select from portal_events before
                    where before.portal_id = e.portal_id and before.revision = e.revision - 1 and before.xid <= e.xid
                )
            )",
    )
    .fetch_all(&mut connect(world).await?)
    .await?;
    ensure!(broken.is_empty(), "{broken:?}");
    Ok(())
}

#[tokio::test]
async fn each_portal_gets_its_own_answer_and_all_its_rows() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let copies = copies(&world, &walk, 80).await?;
    for round in 1..=3 {
        let steps = copies.iter().zip(1..).map(|((_, id), number)| set(&walk, seats(id, number * round)));
        for ((portal_id, setup_id), (answer, number)) in
            copies.iter().zip(join_all(steps).await.into_iter().zip(1..))
        {
            let answer = answer?;
            assert_eq!((answer.portal_id, &answer.setup_id), (*portal_id, setup_id));
            assert_eq!(answer.answers.unwrap_or_default().seat_count, number * round);
        }
    }
    all_is_whole(&world).await
}

#[tokio::test]
async fn sixteen_writers_of_few_portals_lose_nothing_and_keep_the_order() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let copies = copies(&world, &walk, 4).await?;
    let before = walk.setup().await?.revision;
    let writers = (0..16).map(|writer| {
        let (walk, copies) = (&walk, &copies);
        async move {
            for round in 0..10 {
                if let Some((_, setup_id)) = copies.get((writer + round) % copies.len()) {
                    set(walk, seats(setup_id, 1 + i32::try_from(writer * 10 + round)?)).await?;
                }
            }
            anyhow::Ok(())
        }
    });
    for done in join_all(writers).await {
        done?;
    }
    let revisions: Vec<i64> = sqlx::query_scalar("select revision from portals where portal_id >= $1")
        .bind(super::COPIES)
        .fetch_all(&mut connect(&world).await?)
        .await?;
    assert_eq!(revisions.iter().map(|revision| revision - before).sum::<i64>(), 160);
    all_is_whole(&world).await
}

#[tokio::test]
async fn the_same_request_sent_many_times_at_once_is_done_once() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let before = walk.setup().await?.revision;
    let request = seats(&walk.setup_id, 7);
    let answers = join_all((0..20).map(|_| set(&walk, request.clone()))).await;
    for answer in answers {
        assert_eq!(answer?.revision, before + 1);
    }
    assert_eq!(walk.setup().await?.revision, before + 1);

    let copies = copies(&world, &walk, 2).await?;
    let [first, second] = [0, 1].map(|number| copies.get(number).cloned().unwrap_or_default().1);
    let request = seats(&first, 8);
    let other = v1::SetSeatCountRequest { setup_id: second, ..request.clone() };
    let (first, second) = tokio::join!(set(&walk, request.clone()), set(&walk, other));
    let (fine, refused) = if first.is_ok() { (first, second) } else { (second, first) };
    fine?;
    let refused = refused.err().map(|status| status.code());
    assert!(matches!(refused, Some(Code::InvalidArgument | Code::Aborted)), "{refused:?}");
    all_is_whole(&world).await
}

#[tokio::test]
async fn a_portal_that_somebody_holds_does_not_hold_up_the_others() -> Result<()> {
    let world = patient_world().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let copies = copies(&world, &walk, 10).await?;
    let mut holder = connect(&world).await?;
    let mut held = holder.begin().await?;
    sqlx::query("select from portals where portal_id = $1 for update")
        .bind(super::COPIES)
        .execute(&mut *held)
        .await?;
    let Some((first, others)) = copies.split_first() else { anyhow::bail!("no copies") };
    let waiting = set(&walk, seats(&first.1, 5));
    let mut waiting = std::pin::pin!(waiting);
    let quick = async {
        for answer in join_all(others.iter().map(|(_, setup_id)| set(&walk, seats(setup_id, 6)))).await {
            answer?;
        }
        // The held one has gone the usual way and waits for the lock there.
        eventually("it waits for the lock", || async {
            let waits: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock' and query like '/* transaction::lock%'",
            )
            .fetch_one(&mut connect(&world).await?)
            .await?;
            Ok((waits == 1).then_some(()))
        })
        .await
    };
    tokio::select! {
        answer = &mut waiting => anyhow::bail!("nobody let go: {answer:?}"),
        done = quick => done?,
    }
    held.rollback().await?;
    assert_eq!(waiting.await?.answers.unwrap_or_default().seat_count, 5);
    all_is_whole(&world).await
}

#[tokio::test]
async fn both_ways_write_the_same() -> Result<()> {
    let world = patient_world().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let copies = copies(&world, &walk, 2).await?;
    let [fast, slow] = [0, 1].map(|number| copies.get(number).cloned().unwrap_or_default());
    for seat_count in [3, 4] {
        set(&walk, seats(&fast.1, seat_count)).await?;
        // Whoever locks the row is passed over by the batch; a lock that lasts as long as the batch is enough.
        let mut holder = connect(&world).await?;
        let mut held = holder.begin().await?;
        sqlx::query("select from portals where portal_id = $1 for update")
            .bind(slow.0)
            .execute(&mut *held)
            .await?;
        let release = async {
            eventually("the usual way is gone", || async {
                let waits: i64 = sqlx::query_scalar(
                    "select count(*) from pg_stat_activity
                     where datname = current_database() and wait_event_type = 'Lock'",
                )
                .fetch_one(&mut connect(&world).await?)
                .await?;
                Ok((waits > 0).then_some(()))
            })
            .await?;
            held.rollback().await?;
            anyhow::Ok(())
        };
        let (answer, released) = tokio::join!(set(&walk, seats(&slow.1, seat_count)), release);
        answer?;
        released?;
    }
    // Ids, times and who it was aside, the rows are the same.
    let rows = "select jsonb_build_array(e.revision, e.kinds, e.method, e.changes, a.kinds, a.details, r.answer)::text
         from portal_events e
         join audit_rows a on a.portal_id = e.portal_id and a.revision = e.revision
         join request_records r on r.request_id = a.request_id
         where e.portal_id = $1 and e.method = 'SetupService/SetSeatCount' order by e.revision";
    let mut written = Vec::new();
    for (portal_id, setup_id) in [&fast, &slow] {
        let rows: Vec<String> =
            sqlx::query_scalar(rows).bind(portal_id).fetch_all(&mut connect(&world).await?).await?;
        ensure!(rows.len() == 2, "{rows:?}");
        let without = rows.join("\n").replace(&portal_id.to_string(), "PORTAL").replace(setup_id, "SETUP");
        written.push(without_times(&without));
    }
    assert_eq!(written.first(), written.last());
    all_is_whole(&world).await
}

/// The same with every number that stands for a time left out.
fn without_times(text: &str) -> String {
    let is_time = |part: &&str| part.len() > 18 && part.starts_with("20") && part.contains('T');
    text.split('"').map(|part| if is_time(&part) { "TIME" } else { part }).collect::<Vec<_>>().join("\"")
}

#[tokio::test]
async fn a_lost_connection_costs_no_step_and_does_none_twice() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let copies = copies(&world, &walk, 8).await?;
    let before = walk.setup().await?.revision;
    let stop = tokio_util::sync::CancellationToken::new();
    let killer = async {
        while !stop.is_cancelled() {
            end_sessions(&world, "/* optimistic::write").await?;
        }
        anyhow::Ok(())
    };
    let writers = async {
        let writers = copies.iter().map(|(_, setup_id)| {
            let walk = &walk;
            async move {
                for round in 1..=30 {
                    set(walk, seats(setup_id, round)).await?;
                }
                Ok::<_, Status>(())
            }
        });
        let done = join_all(writers).await;
        stop.cancel();
        done.into_iter().collect::<Result<Vec<()>, Status>>()
    };
    let (killed, written) = tokio::join!(killer, writers);
    killed?;
    written?;
    let revisions: Vec<i64> = sqlx::query_scalar("select revision from portals where portal_id >= $1")
        .bind(super::COPIES)
        .fetch_all(&mut connect(&world).await?)
        .await?;
    assert!(revisions.iter().all(|revision| *revision == before + 30), "{revisions:?}");
    all_is_whole(&world).await
}

#[tokio::test]
async fn a_step_that_is_refused_changes_nothing() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let before = walk.setup().await?;
    let stale = v1::SetSeatCountRequest { etag: "\"0\"".to_owned(), ..seats(&walk.setup_id, 9) };
    let tried = v1::SetSeatCountRequest { validate_only: true, ..seats(&walk.setup_id, 9) };
    assert!(set(&walk, stale).await.is_err());
    assert_eq!(set(&walk, tried).await?.answers.unwrap_or_default().seat_count, 9);
    let unknown = set(&walk, seats(&request_id(), 9)).await;
    refused_for(unknown, Code::NotFound, ErrorReason::SetupNotFound)?;
    let edition = v1::SelectEditionRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        edition: SalesforceEdition::Group.into(),
        ..Default::default()
    };
    assert!(inner(walk.clients.setups.clone().select_edition(edition).await).is_err());
    assert_eq!(walk.setup().await?, before);
    all_is_whole(&world).await
}
