//! Editing earlier answers: exactly what depends on them becomes stale (R24, R33, R51).

use anyhow::{Context as _, Result};
use connector::api::v1::{
    self, AdminAccess, Choice, HubSpotSubscription, SalesforceEdition, SalesforceEnvironment, Step,
    StepState, VisualforceMethod,
};
use tonic::Status;

use super::{answers, state_of, step_of};
use crate::harness::{
    World,
    walk::{SEATS, STEPS, TOKEN, Walk},
};

/// Enough logins for one user that a test can connect again and again.
const MANY: u32 = 100;

async fn world() -> Result<World> {
    World::start_with(|config| {
        if let Some(many) = std::num::NonZeroU32::new(MANY) {
            config.worker.logins_per_hour = many;
        }
    })
    .await
}

/// What each edit makes stale.
fn dependants(edited: Step) -> &'static [Step] {
    match edited {
        Step::Edition => &[Step::ApiCallLimit, Step::ConnectAccounts],
        Step::Environment => &[
            Step::ApiCallLimit,
            Step::Package,
            Step::SecurityToken,
            Step::VisualforceModule,
            Step::ConnectAccounts,
        ],
        Step::SeatCount => &[Step::ApiCallLimit],
        Step::SecurityToken => &[Step::ConnectAccounts],
        _ => &[],
    }
}

/// Answers a step otherwise than [`Walk::answer`] does.
async fn edit(walk: &Walk, step: Step) -> Result<v1::Setup, Status> {
    match step {
        Step::Prerequisites => walk.acknowledge(HubSpotSubscription::Enterprise).await,
        Step::Edition => walk.edition(SalesforceEdition::Unlimited).await,
        Step::AdminAccess => walk.admin_access(AdminAccess::FullObjectAndField).await,
        Step::Environment => walk.select_environment(SalesforceEnvironment::Sandbox).await,
        Step::SeatCount => walk.seats(SEATS + 1).await,
        Step::ApiCallLimit => walk.limit(Some(1_234)).await,
        Step::SecurityToken => walk.token("another").await,
        Step::VisualforceModule => walk.visualforce(VisualforceMethod::HubspotEmbed).await,
        Step::ObjectSync => walk.objects(Choice::No, Choice::Yes).await,
        Step::ActivitySync => walk.activities(false, true, Choice::No).await,
        Step::InclusionList => walk.list("2").await,
        // These have one answer only: it is given again.
        _ => walk.answer(step).await,
    }
}

/// The answers without the one of a step.
fn others(setup: &v1::Setup, step: Step) -> v1::SetupAnswers {
    let mut given = answers(setup);
    match step {
        Step::Prerequisites => given.subscription = 0,
        Step::Edition => given.edition = 0,
        Step::AdminAccess => given.admin_access = 0,
        Step::Environment => (given.environment, given.sandbox_notes_acknowledged) = (0, false),
        Step::SeatCount => given.seat_count = 0,
        Step::Package => given.package_installed = None,
        Step::SecurityToken => given.security_token = None,
        Step::VisualforceModule => given.visualforce_module = None,
        Step::ConnectAccounts => given.connect_attempt = None,
        Step::ObjectSync => given.object_sync = None,
        Step::ActivitySync => given.activity_sync = None,
        Step::InclusionList => given.inclusion = None,
        _ => {}
    }
    // It shows what an edit would mean now: suggestion and confirmation move with other answers.
    let limit = given.api_call_limit.get_or_insert_default();
    let kept = if step == Step::ApiCallLimit { 0 } else { limit.limit };
    *limit = v1::ApiCallLimit { limit: kept, ..Default::default() };
    if step == Step::Review {
        given.sync_enabled = None;
    }
    given
}

fn assert_stale_by(setup: &v1::Setup, edited: Step) {
    let expected = dependants(edited);
    assert_eq!(setup.stale().collect::<Vec<_>>(), expected, "stale by {edited:?}");
    for step in STEPS {
        let status = step_of(setup, step);
        let (state, because) = if expected.contains(&step) {
            (StepState::Stale, edited)
        } else {
            (StepState::Answered, Step::Unspecified)
        };
        assert_eq!((status.state(), status.stale_because()), (state, because), "{step:?} by {edited:?}");
    }
    let next = expected.first().copied().unwrap_or(Step::Unspecified);
    assert_eq!(setup.next_step(), next, "next after {edited:?}");
}

#[tokio::test]
async fn r24_every_edit_makes_exactly_its_dependants_stale() -> Result<()> {
    let world = world().await?;
    let walk = Walk::start(&world).await?;
    walk.answer_until(Step::Unspecified).await?;
    for step in STEPS {
        if step == Step::Test {
            continue; // Its answer comes from the test contact, and nothing depends on it.
        }
        let before = walk.setup().await?;
        assert_eq!(before.stale, Vec::<i32>::new());
        let after = if step == Step::ConnectAccounts {
            walk.answer_and_wait(step).await?
        } else {
            edit(&walk, step).await.with_context(|| step.as_str_name())?
        };
        assert_stale_by(&after, step);
        assert_eq!(others(&after, step), others(&before, step), "later answers after {step:?}");
        // The portal's revision goes on with whatever else happens in it.
        let stored = v1::Setup { revision: after.revision, ..walk.setup().await? };
        assert_eq!(stored, after, "what was answered is what is stored");

        // Back again, and what is stale is answered anew, in order: nothing stale remains.
        if !matches!(step, Step::ConnectAccounts | Step::Review | Step::Done) {
            walk.answer(step).await.with_context(|| step.as_str_name())?;
        }
        for stale in dependants(step) {
            walk.answer_and_wait(*stale).await.with_context(|| format!("{stale:?} after {step:?}"))?;
        }
        let mended = walk.setup().await?;
        assert_eq!(mended.stale, Vec::<i32>::new(), "after {step:?} was mended");
        assert_eq!((mended.next_step(), mended.status()), (Step::Unspecified, v1::SetupStatus::Finished));
    }
    Ok(())
}

#[tokio::test]
async fn r24_the_same_answer_again_makes_nothing_stale() -> Result<()> {
    let world = world().await?;
    let walk = Walk::start(&world).await?;
    walk.answer_until(Step::Unspecified).await?;
    let mut before = walk.setup().await?;
    for step in STEPS {
        if matches!(step, Step::ConnectAccounts | Step::Test) {
            continue;
        }
        let after = walk.answer(step).await.with_context(|| step.as_str_name())?;
        assert_eq!(after.stale, Vec::<i32>::new(), "{step:?}");
        assert_eq!(others(&after, step), others(&before, step), "{step:?}");
        before = after;
    }
    Ok(())
}

#[tokio::test]
async fn r24_what_was_not_answered_yet_cannot_become_stale() -> Result<()> {
    let world = world().await?;
    let walk = Walk::before(&world, Step::Package).await?;
    let setup = edit(&walk, Step::Environment).await?;
    assert_eq!(setup.stale().collect::<Vec<_>>(), [Step::ApiCallLimit]);
    assert_eq!(state_of(&setup, Step::Package), StepState::NotReached);
    assert_eq!(setup.next_step(), Step::ApiCallLimit);
    walk.answer(Step::ApiCallLimit).await?;
    assert_eq!(walk.setup().await?.next_step(), Step::Package);
    Ok(())
}

#[tokio::test]
async fn r51_an_edit_of_what_was_probed_makes_the_connection_stale() -> Result<()> {
    use connector::api::v1::{ConnectionState, SuspensionReason, SyncHealth};
    let world = world().await?;
    let walk = Walk::start(&world).await?;
    walk.answer_until(Step::Unspecified).await?;
    for step in [Step::Edition, Step::Environment, Step::SecurityToken] {
        edit(&walk, step).await?;
        let request = v1::GetConnectionRequest { portal_id: walk.portal_id };
        let answer = walk.clients.connections.clone().get_connection(request).await?.into_inner();
        assert_eq!(answer.connection.unwrap_or_default().state(), ConnectionState::Stale, "{step:?}");
        let status = walk.sync_status().await?;
        assert_eq!(status.suspension(), SuspensionReason::ConnectionStale, "{step:?}");
        assert_eq!(status.health(), SyncHealth::Suspended, "{step:?}");
        assert!(super::notice(&walk.setup().await?, "CONNECTION_STALE").is_some());

        walk.answer(step).await?;
        for stale in dependants(step) {
            walk.answer_and_wait(*stale).await?;
        }
        let answer = walk.clients.connections.clone().get_connection(request).await?.into_inner();
        assert_eq!(answer.connection.unwrap_or_default().state(), ConnectionState::Connected, "{step:?}");
        let status = walk.sync_status().await?;
        assert_eq!(
            (status.suspension(), status.health()),
            (SuspensionReason::Unspecified, SyncHealth::Healthy),
            "probing again clears the suspension after {step:?}"
        );
    }
    assert_eq!(walk.token(TOKEN).await?.stale, Vec::<i32>::new());
    Ok(())
}
