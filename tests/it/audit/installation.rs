//! The chain of what belongs to no portal: who is shown it, and that it has what it should.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1,
    audit::{ChainHead, Row},
    dev,
    domain::{
        PortalId,
        access::{PortalGrant, Scope},
    },
    simulator::hubspot::seed,
};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tonic::Code;

use super::trail::{change_keys, rows, verify};
use crate::{
    connect::scene::refusal,
    harness::{
        World,
        walk::{Clients, Walk, request_id},
    },
    keys::{RETIRED_FOR, RingFile, key_status, rotate_keys, rotate_keys_as, rotated, with_ring},
};

async fn of_no_portal(database: &mut PgConnection) -> Result<Vec<Row>> {
    Ok(rows(database).await?.into_iter().filter(|row| row.draft.portal_id == 0).collect())
}

async fn listed(clients: &Clients) -> Result<Vec<v1::AuditEvent>> {
    let request = v1::ListAuditEventsRequest { page_size: 500, ..Default::default() };
    Ok(clients.audit.clone().list_audit_events(request).await?.into_inner().events)
}

#[tokio::test]
async fn what_changes_keys_says_who_what_and_why() -> Result<()> {
    let ring = RingFile::new()?;
    let world = World::start_with(|config| with_ring(config, &ring)).await?;
    Walk::start(&world).await?;
    change_keys(&world, &ring).await?;
    let mut database = PgConnection::connect(&world.database.url()).await?;
    let rows = of_no_portal(&mut database).await?;
    let [rotated, retired] = rows.as_slice() else { anyhow::bail!("{rows:#?}") };
    let acts = |row: &Row| -> Result<Value> {
        Ok(serde_json::from_str::<Value>(&row.draft.details)?.get("acts").cloned().unwrap_or_default())
    };
    ensure!(
        rotated.draft.method == "KeyService/RotateKeys" && retired.draft.method == "KeyService/RetireKey"
    );
    ensure!(acts(rotated)? == json!([{"act": "rotated", "from": "1", "to": "2"}]), "{rotated:?}");
    ensure!(acts(retired)? == json!([{"act": "retired", "key_ids": ["1"]}]), "{retired:?}");
    ensure!(retired.draft.reason.as_deref() == Some(RETIRED_FOR), "{retired:?}");
    for row in &rows {
        ensure!(row.draft.principal == "local" && row.draft.kinds == ["keys"], "{row:?}");
        ensure!(row.draft.call_id.is_some() && row.draft.revision == 0, "{row:?}");
    }
    Ok(())
}

#[tokio::test]
async fn callers_for_all_portals_are_shown_it_and_others_are_not() -> Result<()> {
    let ring = RingFile::new()?;
    let world = World::start_with(|config| with_ring(config, &ring)).await?;
    let walk = Walk::start_with(&world, seed::TOKEN_A).await?;
    change_keys(&world, &ring).await?;
    let portal_id = PortalId::parse(walk.portal_id).context("a portal")?;
    let clients_for = async |portals| {
        let token = world.token_of("auditor", &[Scope::AuditRead], portals)?;
        anyhow::Ok(Clients::over(dev::connect(world.url(0), &token).await?))
    };
    let all = clients_for(PortalGrant::All).await?;
    let one = clients_for(PortalGrant::Only([portal_id].into())).await?;
    let none = |events: &[v1::AuditEvent]| events.iter().all(|event| event.portal_id != 0);
    ensure!(listed(&all).await?.iter().filter(|event| event.portal_id == 0).count() == 2);
    let shown = listed(&one).await?;
    ensure!(!shown.is_empty() && none(&shown), "{shown:?}");

    // In parts that end within it as well, and a head of it that is none is told.
    for max_rows in [1, 2, 3, 1_000] {
        let (whole, part) = (verify(&all, &[], max_rows).await?, verify(&one, &[], max_rows).await?);
        ensure!(whole.findings.is_empty() && part.findings.is_empty(), "{whole:?} {part:?}");
        ensure!(whole.chains_checked == 2 && part.chains_checked == 1, "{whole:?} {part:?}");
        ensure!(whole.rows_checked == part.rows_checked + 2, "{whole:?} {part:?}");
    }
    let made_up = [ChainHead { portal_id: 0, sequence: 1, hash: [7; 32] }];
    let told = verify(&all, &made_up, 1_000).await?.findings;
    let told: Vec<_> = told.iter().map(|finding| (finding.portal_id, finding.problem())).collect();
    ensure!(told == [(0, v1::AuditProblem::SignedHead)], "{told:?}");
    ensure!(verify(&one, &made_up, 1_000).await?.findings.is_empty(), "it is told of what it may not see");
    Ok(())
}

#[tokio::test]
async fn a_change_of_keys_that_is_repeated_or_refused_has_one_row_or_none() -> Result<()> {
    let ring = RingFile::new()?;
    let world = World::start_with(|config| with_ring(config, &ring)).await?;
    let line = world.line().await?;
    let mut database = PgConnection::connect(&world.database.url()).await?;
    refusal(rotate_keys(&line).await, Code::FailedPrecondition, "NO_NEW_KEY")?;
    ensure!(of_no_portal(&mut database).await?.is_empty(), "it was refused");
    let new = ring.add_key()?;
    let id = request_id();
    rotate_keys_as(&line, &id).await?;
    rotate_keys_as(&line, &id).await?;
    rotated(&line, &new).await?;
    ensure!(of_no_portal(&mut database).await?.len() == 1, "it was changed once");
    ensure!(key_status(&line).await?.sealing_key_id == new);
    Ok(())
}
