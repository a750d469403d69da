//! Every RPC that changes something leaves its row, and the rows say what they should.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::{self, v1},
    audit::Row,
    simulator::{
        fault::{Action, FaultPlan, Point},
        hubspot::seed,
    },
};
use prost_reflect::DescriptorPool;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use super::trail::{change_keys, rows, verify};
use crate::{
    harness::{
        World, eventually,
        walk::{Walk, password, request_id},
    },
    keys::{RingFile, with_ring},
};

/// Every RPC with a request id, `Service/Method`.
fn changing_rpcs() -> Result<BTreeSet<String>> {
    let pool = DescriptorPool::decode(api::DESCRIPTOR)?;
    let services = pool.services().filter(|service| service.package_name() == "connector.v1");
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let changing = methods.filter(|method| method.input().get_field_by_name("request_id").is_some());
    Ok(changing.map(|method| format!("{}/{}", method.parent_service().name(), method.name())).collect())
}

/// Calls every RPC that changes something, with success.
async fn call_everything(world: &World) -> Result<Walk> {
    // A setup that is given up, then one that comes to its end.
    let first = Walk::start(world).await?;
    let abandon = v1::AbandonSetupRequest {
        request_id: request_id(),
        setup_id: first.setup_id.clone(),
        ..Default::default()
    };
    first.clients.setups.clone().abandon_setup(abandon).await?;
    let walk = Walk::before(world, v1::Step::Done).await?;
    handoff(&walk).await?;
    walk.answer(v1::Step::Done).await?;
    credentials(&walk).await?;
    lists(&walk).await?;
    sync(&walk).await?;
    test_contacts(world, &walk).await?;
    let disconnect =
        v1::DisconnectRequest { request_id: request_id(), portal_id: walk.portal_id, ..Default::default() };
    walk.clients.connections.clone().disconnect(disconnect).await?;
    Ok(walk)
}

async fn handoff(walk: &Walk) -> Result<()> {
    let setup_id = walk.setup_id.clone();
    let create =
        v1::CreateHandoffRequest { request_id: request_id(), setup_id: setup_id.clone(), valid_hours: 1 };
    let created = walk.clients.setups.clone().create_handoff(create).await?.into_inner().handoff;
    let handoff_id = created.context("no hand-off")?.handoff_id;
    let revoke =
        v1::RevokeHandoffRequest { request_id: request_id(), setup_id, handoff_id, ..Default::default() };
    walk.clients.setups.clone().revoke_handoff(revoke).await?;
    Ok(())
}

async fn credentials(walk: &Walk) -> Result<()> {
    let method = v1::hub_spot_credential::Method::StaticToken(v1::HubSpotStaticToken {
        token: seed::TOKEN_A.to_owned(),
    });
    let update = v1::UpdatePortalCredentialRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        credential: Some(v1::HubSpotCredential { method: Some(method) }),
        ..Default::default()
    };
    walk.clients.portals.clone().update_portal_credential(update).await?;
    let rotate = v1::RotateCredentialRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        credential: Some(password(&walk.username)),
        ..Default::default()
    };
    let attempt = walk.clients.connections.clone().rotate_credential(rotate).await?.into_inner().attempt;
    walk.attempt_ended(&attempt.context("no attempt")?.attempt_id).await?;
    Ok(())
}

async fn lists(walk: &Walk) -> Result<()> {
    let portal_id = walk.portal_id;
    let create = v1::CreateSmartListRequest {
        request_id: request_id(),
        portal_id,
        name: "Audited".to_owned(),
        lifecycle_stages: vec!["lead".to_owned()],
    };
    let created = walk.clients.lists.clone().create_smart_list(create).await?.into_inner().list;
    let set = v1::SetInclusionListRequest {
        request_id: request_id(),
        portal_id,
        list_id: created.context("no list")?.list_id,
        ..Default::default()
    };
    walk.clients.lists.clone().set_inclusion_list(set).await?;
    let clear = v1::ClearInclusionListRequest { request_id: request_id(), portal_id, ..Default::default() };
    walk.clients.lists.clone().clear_inclusion_list(clear).await?;
    Ok(())
}

async fn sync(walk: &Walk) -> Result<()> {
    let portal_id = walk.portal_id;
    let pause = v1::PauseSyncRequest {
        request_id: request_id(),
        portal_id,
        reason: "ticket 4711".to_owned(),
        ..Default::default()
    };
    let mut request = tonic::Request::new(pause);
    request.metadata_mut().insert("x-request-id", "call-4711".parse()?);
    walk.clients.sync.clone().pause_sync(request).await?;
    let resume = v1::ResumeSyncRequest { request_id: request_id(), portal_id, ..Default::default() };
    walk.clients.sync.clone().resume_sync(resume).await?;
    let objects = v1::ObjectSync { accounts: v1::Choice::No.into(), opportunities: v1::Choice::No.into() };
    let update = v1::UpdateSyncSettingsRequest {
        request_id: request_id(),
        portal_id,
        object_sync: Some(objects),
        ..Default::default()
    };
    walk.clients.sync.clone().update_sync_settings(update).await?;
    let org_id = walk.sync_status().await?.org_id;
    let allocate = v1::AllocateApiCallsRequest {
        request_id: request_id(),
        org_id,
        shares: vec![v1::ApiCallShare { portal_id, api_call_limit: 1_000 }],
        ..Default::default()
    };
    walk.clients.orgs.clone().allocate_api_calls(allocate).await?;
    Ok(())
}

async fn test_contacts(world: &World, walk: &Walk) -> Result<()> {
    let mut clients = walk.clients.test_contacts.clone();
    let plan = FaultPlan::on("POST", "*/contacts", Action::Hold { point: Point::Before });
    let held = world.simulators.hubspot.frame().faults.add(plan);
    let test_contact_id = walk.create_test_contact().await?.test_contact_id;
    held.wait_for_hits(1).await;
    let cancel =
        v1::CancelTestContactRequest { request_id: request_id(), test_contact_id: test_contact_id.clone() };
    clients.cancel_test_contact(cancel).await?;
    held.remove();
    cleaned(walk, &test_contact_id).await?;
    let test_contact_id = walk.test().await?.test_contact_id;
    let delete =
        v1::DeleteTestContactRequest { request_id: request_id(), test_contact_id: test_contact_id.clone() };
    clients.delete_test_contact(delete).await?;
    cleaned(walk, &test_contact_id).await
}

async fn cleaned(walk: &Walk, test_contact_id: &str) -> Result<()> {
    eventually("the test contact is deleted", async || {
        let request = v1::GetTestContactRequest { test_contact_id: test_contact_id.to_owned() };
        let contact = walk.clients.test_contacts.clone().get_test_contact(request).await?.into_inner();
        let cleanup = contact.test_contact.context("no test contact")?.cleanup();
        Ok((cleanup == v1::CleanupState::Deleted).then_some(()))
    })
    .await
}

fn details(row: &Row) -> Result<Value> {
    serde_json::from_str(&row.draft.details).context("the details are no JSON")
}

/// The row of a method; the last one if there are several.
fn row_of<'a>(rows: &'a [Row], method: &str) -> Result<&'a Row> {
    rows.iter().rev().find(|row| row.draft.method == method).with_context(|| format!("no row of {method}"))
}

/// A pointer into the first change of a kind.
fn changed<'a>(details: &'a Value, kind: &str, side: &str, field: &str) -> Option<&'a Value> {
    let changes = details.get("changes")?.as_array()?;
    let change = changes.iter().find(|change| change.get("kind").and_then(Value::as_str) == Some(kind))?;
    change.get(side)?.get(field)
}

#[tokio::test]
async fn every_rpc_that_changes_something_leaves_its_row() -> Result<()> {
    let ring = RingFile::new()?;
    let world = World::start_with(|config| with_ring(config, &ring)).await?;
    let walk = call_everything(&world).await?;
    change_keys(&world, &ring).await?;
    let mut database = PgConnection::connect(&world.database.url()).await?;
    let rows = rows(&mut database).await?;

    let audited: BTreeSet<String> = rows.iter().map(|row| row.draft.method.clone()).collect();
    let forgotten: Vec<String> = changing_rpcs()?.difference(&audited).cloned().collect();
    ensure!(forgotten.is_empty(), "without a row, or not called here: {forgotten:?}");

    // Every answer that was recorded for a caller, and every event, has its row in the same transaction.
    let without: Vec<String> = sqlx::query_scalar(
        "select r.method from request_records r
        where r.method like '%Service/%' and not exists (
            select from audit_rows a
            where a.request_id = r.request_id and a.method = r.method and a.principal = r.principal
              and a.xmin = r.xmin
        )
        union all
        select e.method from portal_events e
        where not exists (
            select from audit_rows a
            where a.portal_id = e.portal_id and a.revision = e.revision and a.method = e.method
              and a.principal = e.principal and e.kinds <@ a.kinds and a.xmin = e.xmin
        )",
    )
    .fetch_all(&mut database)
    .await?;
    ensure!(without.is_empty(), "{without:?}");

    let paused = row_of(&rows, "SyncService/PauseSync")?;
    ensure!(paused.draft.reason.as_deref() == Some("ticket 4711"), "{paused:?}");
    ensure!(paused.draft.call_id.as_deref() == Some("call-4711"), "{paused:?}");
    ensure!(paused.draft.kinds == ["sync"], "{paused:?}");
    let told = details(paused)?;
    ensure!(changed(&told, "sync", "before", "operator.state") == Some(&"on".into()), "{told}");
    ensure!(changed(&told, "sync", "after", "operator.state") == Some(&"paused".into()), "{told}");

    let allocated = details(row_of(&rows, "OrgService/AllocateApiCalls")?)?;
    ensure!(
        changed(&allocated, "connection", "after", "api_call_limit") == Some(&1_000.into()),
        "{allocated}"
    );
    ensure!(
        changed(&allocated, "connection", "before", "api_call_limit").is_some_and(|before| before != 1_000),
        "{allocated}"
    );

    let token = details(row_of(&rows, "SetupService/SubmitSecurityToken")?)?;
    let act = token.pointer("/acts/0").context("the secret is not told")?;
    ensure!(act.get("act") == Some(&"stored".into()), "{token}");
    ensure!(act.pointer("/about/fingerprint").is_some_and(Value::is_string), "{token}");

    // A thing that was there before is never told as new.
    let mut seen = BTreeSet::new();
    for row in &rows {
        let told = details(row)?;
        for change in told.get("changes").and_then(Value::as_array).context("no changes")? {
            let id = format!("{} {}", change["kind"], change["id"]);
            let is_told_whole = change["before"].as_object().is_some_and(serde_json::Map::is_empty)
                && change["after"]
                    .as_object()
                    .is_some_and(|after| after.contains_key("id") || after.contains_key("portal_id"));
            ensure!(!is_told_whole || seen.insert(id), "told as new once more: {row:?}");
        }
    }
    let verdict = verify(&walk.clients, &[], 1_000).await?;
    ensure!(verdict.findings.is_empty(), "{verdict:?}");
    Ok(())
}

#[tokio::test]
async fn a_change_that_is_asked_for_twice_or_only_tried_or_refused_has_one_row_or_none() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, v1::Step::Edition).await?;
    let mut database = PgConnection::connect(&world.database.url()).await?;
    let before = rows(&mut database).await?.len();
    let select = |validate_only| v1::SelectEditionRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        edition: v1::SalesforceEdition::Enterprise.into(),
        validate_only,
        ..Default::default()
    };
    let mut setups = walk.clients.setups.clone();
    setups.select_edition(select(true)).await?;
    let old = v1::SelectEditionRequest { etag: "W-1".to_owned(), ..select(false) };
    ensure!(setups.select_edition(old).await.is_err(), "an old etag is refused");
    ensure!(rows(&mut database).await?.len() == before, "nothing was changed");
    let once = select(false);
    setups.select_edition(once.clone()).await?;
    setups.select_edition(once).await?;
    ensure!(rows(&mut database).await?.len() == before + 1, "it was changed once");
    Ok(())
}

#[tokio::test]
async fn the_list_is_filtered_and_paged_from_the_newest() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, v1::Step::SeatCount).await?;
    let other = Walk::start_with(&world, seed::TOKEN_B).await?;
    let mut database = PgConnection::connect(&world.database.url()).await?;
    let mut stored = rows(&mut database).await?;
    stored.sort_by_key(|row| (row.draft.occurred_at, row.draft.portal_id, row.sequence));
    stored.reverse();
    let place = |event: &v1::AuditEvent| (event.portal_id, event.sequence);
    let expected = |keep: &dyn Fn(&Row) -> bool| -> Vec<(i64, i64)> {
        stored.iter().filter(|row| keep(row)).map(|row| (row.draft.portal_id, row.sequence)).collect()
    };
    let listed = async |filter: v1::ListAuditEventsRequest| -> Result<Vec<v1::AuditEvent>> {
        let mut all = Vec::new();
        let mut asked = v1::ListAuditEventsRequest { page_size: 3, ..filter };
        loop {
            let page = walk.clients.audit.clone().list_audit_events(asked.clone()).await?.into_inner();
            all.extend(page.events);
            if page.next_page_token.is_empty() {
                return Ok(all);
            }
            asked.page_token = page.next_page_token;
        }
    };
    let all = listed(v1::ListAuditEventsRequest::default()).await?;
    ensure!(all.iter().map(place).collect::<Vec<_>>() == expected(&|_| true), "{all:?}");
    let first = all.first().context("nothing")?;
    let same = stored.first().context("nothing")?;
    ensure!(first.hash == same.hash && first.details == same.draft.details, "{first:?}");

    let one = v1::ListAuditEventsRequest { portal_id: other.portal_id, ..Default::default() };
    let of_one = expected(&|row| row.draft.portal_id == other.portal_id);
    ensure!(listed(one).await?.iter().map(place).collect::<Vec<_>>() == of_one, "of one portal");

    let method =
        v1::ListAuditEventsRequest { method: "SetupService/StartSetup".to_owned(), ..Default::default() };
    ensure!(listed(method).await?.len() == 2, "of one method");
    let nobody = v1::ListAuditEventsRequest { principal: "nobody".to_owned(), ..Default::default() };
    ensure!(listed(nobody).await?.is_empty(), "by one principal");

    let at = stored.get(2).context("too few")?.draft.occurred_at;
    let timestamp =
        prost_types::Timestamp { seconds: at.unix_timestamp(), nanos: i32::try_from(at.nanosecond())? };
    let since = v1::ListAuditEventsRequest { start_time: Some(timestamp), ..Default::default() };
    let until = v1::ListAuditEventsRequest { end_time: Some(timestamp), ..Default::default() };
    ensure!(
        listed(since).await?.iter().map(place).collect::<Vec<_>>()
            == expected(&|row| row.draft.occurred_at >= at),
        "since"
    );
    ensure!(
        listed(until).await?.iter().map(place).collect::<Vec<_>>()
            == expected(&|row| row.draft.occurred_at < at),
        "until"
    );
    Ok(())
}
