//! What every call has in common: repeated requests, etags, previews, two clients, giving up.

use anyhow::Result;
use connector::{
    api::v1::{self, ErrorReason, SalesforceEdition, Step, StepState},
    simulator::hubspot::seed,
};
use tonic::Code;

use super::{answers, state_of};
use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::{Clients, STEPS, TOKEN, Walk, request_id},
};

#[tokio::test]
async fn r09_the_same_request_id_gets_the_first_answer_again() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Edition).await?;
    let mut setups = walk.clients.setups.clone();
    let request = v1::SelectEditionRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        edition: SalesforceEdition::Professional.into(),
        ..Default::default()
    };
    let first = inner(setups.select_edition(request.clone()).await)?;
    walk.edition(SalesforceEdition::Enterprise).await?;
    let now = walk.setup().await?;
    assert_eq!(inner(setups.select_edition(request.clone()).await)?, first, "the first answer");
    assert_eq!(walk.setup().await?, now, "and no second effect");
    let other = v1::SelectEditionRequest { edition: SalesforceEdition::Unlimited.into(), ..request.clone() };
    let refusal = inner(setups.select_edition(other).await);
    let refusal = refused_for(refusal, Code::InvalidArgument, ErrorReason::RequestIdReused)?;
    assert_eq!(refusal.fields, ["request_id"]);
    let wrong = v1::SelectEditionRequest { request_id: "no uuid".to_owned(), ..request };
    let refusal = inner(setups.select_edition(wrong).await);
    let refusal = refused_for(refusal, Code::InvalidArgument, ErrorReason::InvalidField)?;
    assert_eq!(refusal.fields, ["request_id"]);
    assert_eq!(walk.setup().await?, now);
    Ok(())
}

#[tokio::test]
async fn r09_an_answer_that_was_lost_is_given_again_though_much_has_changed() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::InclusionList).await?;
    let mut setups = walk.clients.setups.clone();
    let chosen = v1::ChooseInclusionListRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        choice: Some(v1::choose_inclusion_list_request::Choice::ListId("2".to_owned())),
        ..Default::default()
    };
    let set = v1::SetInclusionListRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        list_id: "3".to_owned(),
        ..Default::default()
    };
    let rule = v1::InclusionRule {
        rule: Some(v1::inclusion_rule::Rule::List(v1::SmartList {
            list_id: "2".to_owned(),
            ..Default::default()
        })),
    };
    let updated = v1::UpdateSyncSettingsRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        inclusion: Some(rule),
        ..Default::default()
    };
    let first = inner(setups.choose_inclusion_list(chosen.clone()).await)?;
    let second = inner(walk.clients.lists.clone().set_inclusion_list(set.clone()).await)?;
    let third = inner(walk.clients.sync.clone().update_sync_settings(updated.clone()).await)?;
    // The step is no longer reached, and HubSpot no longer answers.
    walk.edition(SalesforceEdition::Unlimited).await?;
    world.simulators.hubspot.change_portal(seed::PORTAL_A, &serde_json::json!({"revoked": true}))?;
    assert_eq!(inner(setups.choose_inclusion_list(chosen).await)?, first);
    assert_eq!(inner(walk.clients.lists.clone().set_inclusion_list(set).await)?, second);
    assert_eq!(inner(walk.clients.sync.clone().update_sync_settings(updated).await)?, third);
    Ok(())
}

#[tokio::test]
async fn r70_an_old_etag_aborts_and_changes_nothing() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::AdminAccess).await?;
    let mut setups = walk.clients.setups.clone();
    let old = walk.setup().await?.etag;
    let now = walk.edition(SalesforceEdition::Unlimited).await?;
    assert_ne!(now.etag, old);
    let request = |etag: &str| v1::SelectEditionRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        etag: etag.to_owned(),
        edition: SalesforceEdition::Professional.into(),
        ..Default::default()
    };
    for etag in [old.as_str(), "made up", "-1"] {
        let refusal = inner(setups.select_edition(request(etag)).await);
        refused_for(refusal, Code::Aborted, ErrorReason::EtagMismatch)?;
        assert_eq!(walk.setup().await?, now, "{etag}");
    }
    let token = v1::SubmitSecurityTokenRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        etag: old,
        security_token: TOKEN.to_owned(),
        ..Default::default()
    };
    let refusal = inner(setups.submit_security_token(token).await);
    refused_for(refusal, Code::Aborted, ErrorReason::EtagMismatch)?;
    let edited = inner(setups.select_edition(request(&now.etag)).await)?.setup.unwrap_or_default();
    assert_eq!(answers(&edited).edition(), SalesforceEdition::Professional);
    Ok(())
}

#[tokio::test]
async fn r24_validate_only_says_what_would_come_of_it_and_changes_nothing() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    walk.answer_until(Step::Unspecified).await?;
    let before = (walk.setup().await?, walk.sync_status().await?);
    let mut setups = walk.clients.setups.clone();
    let edition = |edition: SalesforceEdition| v1::SelectEditionRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        edition: edition.into(),
        validate_only: true,
        ..Default::default()
    };
    let request = edition(SalesforceEdition::Unlimited);
    let preview = inner(setups.select_edition(request.clone()).await)?.setup.unwrap_or_default();
    assert_eq!(preview.stale().collect::<Vec<_>>(), [Step::ApiCallLimit, Step::ConnectAccounts]);
    let refusal = inner(setups.select_edition(edition(SalesforceEdition::Group)).await);
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::SalesforceEditionNotEligible)?;
    let token = v1::SubmitSecurityTokenRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        security_token: "another".to_owned(),
        validate_only: true,
        ..Default::default()
    };
    let preview = inner(setups.submit_security_token(token).await)?.setup.unwrap_or_default();
    assert_eq!(preview.stale().collect::<Vec<_>>(), [Step::ConnectAccounts]);
    let settings = v1::UpdateSyncSettingsRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        activity_sync: Some(v1::ActivitySync { tasks: v1::Choice::No.into(), ..Default::default() }),
        validate_only: true,
        ..Default::default()
    };
    let preview = inner(walk.clients.sync.clone().update_sync_settings(settings).await)?.status;
    let tasks = preview.and_then(|status| status.settings).and_then(|settings| settings.activity_sync);
    assert_eq!(tasks.map(|activities| activities.tasks()), Some(v1::Choice::No));
    assert_eq!((walk.setup().await?, walk.sync_status().await?), before);
    // A preview takes no request id: the real request may carry it.
    let real = v1::SelectEditionRequest { validate_only: false, ..request };
    let edited = inner(setups.select_edition(real).await)?.setup.unwrap_or_default();
    assert_eq!(answers(&edited).edition(), SalesforceEdition::Unlimited);
    Ok(())
}

#[tokio::test]
async fn r24_validate_only_of_every_step_changes_nothing() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    macro_rules! preview {
        ($method:ident $request:ident { $($field:ident: $value:expr),* }) => {{
            let before = walk.setup().await?;
            let request = v1::$request {
                setup_id: walk.setup_id.clone(), validate_only: true, $($field: $value,)* ..Default::default()
            };
            let preview = inner(walk.clients.setups.clone().$method(request).await)?.setup.unwrap_or_default();
            assert_eq!(state_of(&preview, before.next_step()), StepState::Answered, stringify!($method));
            assert_eq!(walk.setup().await?, before, stringify!($method));
        }};
    }
    for step in STEPS {
        match step {
            Step::Prerequisites => preview!(acknowledge_prerequisites AcknowledgePrerequisitesRequest {
                acknowledged: true, subscription: v1::HubSpotSubscription::Enterprise.into()
            }),
            Step::Edition => {
                preview!(select_edition SelectEditionRequest { edition: SalesforceEdition::Unlimited.into() });
            }
            Step::AdminAccess => preview!(confirm_admin_access ConfirmAdminAccessRequest {
                admin_access: v1::AdminAccess::TopLevelAdministrator.into()
            }),
            Step::Environment => preview!(select_environment SelectEnvironmentRequest {
                environment: v1::SalesforceEnvironment::Production.into()
            }),
            Step::SeatCount => preview!(set_seat_count SetSeatCountRequest { seat_count: 3 }),
            Step::ApiCallLimit => preview!(set_api_call_limit SetApiCallLimitRequest { limit: Some(100) }),
            Step::Package => {
                preview!(confirm_package_installed ConfirmPackageInstalledRequest { installed: true });
            }
            Step::SecurityToken => {
                preview!(submit_security_token SubmitSecurityTokenRequest { security_token: TOKEN.to_owned() });
            }
            Step::VisualforceModule => {
                preview!(confirm_visualforce_module ConfirmVisualforceModuleRequest { added: true });
            }
            Step::ObjectSync => preview!(choose_object_sync ChooseObjectSyncRequest {
                object_sync: Some(v1::ObjectSync { accounts: 1, opportunities: 2 })
            }),
            Step::ActivitySync => preview!(choose_activity_sync ChooseActivitySyncRequest {
                activity_sync: Some(v1::ActivitySync { tasks: 1, ..Default::default() })
            }),
            Step::InclusionList => preview!(choose_inclusion_list ChooseInclusionListRequest {
                choice: Some(v1::choose_inclusion_list_request::Choice::ListId("2".to_owned()))
            }),
            Step::Review => {
                preview!(enable_sync EnableSyncRequest { review_etag: walk.review().await?.review_etag });
            }
            Step::Test => continue,
            Step::Done => {
                let before = walk.setup().await?;
                let request = v1::FinishSetupRequest {
                    setup_id: walk.setup_id.clone(),
                    validate_only: true,
                    ..Default::default()
                };
                inner(walk.clients.setups.clone().finish_setup(request).await)?;
                assert_eq!(walk.setup().await?, before);
            }
            Step::ConnectAccounts | Step::Unspecified => {}
        }
        walk.answer_and_wait(step).await?;
    }
    Ok(())
}

#[tokio::test]
async fn r09_two_clients_edit_one_setup() -> Result<()> {
    let world = World::start().await?;
    let one = Walk::before(&world, Step::Environment).await?;
    let two = Walk { clients: Clients::over(world.line().await?), ..one.clone() };
    let seen = two.setup().await?;
    assert_eq!(seen, one.setup().await?);
    let environment = |etag: &str| v1::SelectEnvironmentRequest {
        request_id: request_id(),
        setup_id: one.setup_id.clone(),
        etag: etag.to_owned(),
        environment: v1::SalesforceEnvironment::Production.into(),
        ..Default::default()
    };
    let (mut first, mut second) = (one.clients.setups.clone(), two.clients.setups.clone());
    let both = tokio::join!(
        first.select_environment(environment(&seen.etag)),
        second.select_environment(environment(&seen.etag)),
    );
    let outcomes = [inner(both.0), inner(both.1)];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "exactly one of both");
    for lost in outcomes.into_iter().filter(Result::is_err) {
        refused_for(lost, Code::Aborted, ErrorReason::EtagMismatch)?;
    }
    // Without an etag both answers are taken, one after the other, by whichever client.
    let (a, b) = tokio::join!(one.seats(10), two.seats(20));
    assert!(a.is_ok() && b.is_ok());
    two.answer(Step::ApiCallLimit).await?;
    one.answer(Step::Package).await?;
    assert_eq!(two.setup().await?, one.setup().await?);
    assert_eq!(two.setup().await?.next_step(), Step::SecurityToken);
    Ok(())
}

#[tokio::test]
async fn r09_a_setup_can_be_given_up() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ConnectAccounts).await?;
    let mut setups = walk.clients.setups.clone();
    let request = |walk: &Walk, etag: &str| v1::AbandonSetupRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        etag: etag.to_owned(),
        ..Default::default()
    };
    let before = walk.setup().await?;
    let refusal = inner(setups.abandon_setup(request(&walk, "1")).await);
    refused_for(refusal, Code::Aborted, ErrorReason::EtagMismatch)?;
    let given_up = inner(setups.abandon_setup(request(&walk, &before.etag)).await)?.setup.unwrap_or_default();
    assert_eq!(given_up.status(), v1::SetupStatus::Abandoned);
    assert_eq!(given_up.answers, before.answers, "the answers stay readable");
    assert_eq!(walk.setup().await?.status(), v1::SetupStatus::Abandoned);
    assert!(inner(setups.abandon_setup(request(&walk, "")).await).is_ok(), "idempotent");
    for step in STEPS.into_iter().filter(|step| *step != Step::Test) {
        refused_for(walk.answer(step).await, Code::FailedPrecondition, ErrorReason::SetupNotActive)?;
    }
    // A new one starts from nothing; the token of the old one is gone with it.
    let start = v1::StartSetupRequest { request_id: request_id(), portal_id: walk.portal_id };
    let new = inner(setups.start_setup(start).await)?.setup.unwrap_or_default();
    assert_ne!(new.setup_id, walk.setup_id);
    assert_eq!((new.next_step(), new.answers), (Step::Prerequisites, Some(v1::SetupAnswers::default())));
    let new = Walk { setup_id: new.setup_id, ..walk.clone() };
    new.answer_until(Step::SecurityToken).await?;
    new.token_not_used().await?;
    new.answer(Step::VisualforceModule).await?;
    let refusal = new.start_to_connect().await;
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::SecurityTokenMissing)?;
    new.token(TOKEN).await?;
    new.answer_and_wait(Step::ConnectAccounts).await?;
    let refusal = inner(setups.abandon_setup(request(&new, "")).await);
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupHasConnection)?;
    let list = v1::ListSetupsRequest { portal_id: walk.portal_id, ..Default::default() };
    let listed = inner(setups.list_setups(list).await)?.setups;
    let ids: Vec<&str> = listed.iter().map(|setup| setup.setup_id.as_str()).collect();
    assert_eq!(ids, [new.setup_id.as_str(), walk.setup_id.as_str()], "newest first");
    let unknown = Walk { setup_id: request_id(), ..walk };
    refused_for(unknown.answer(Step::Edition).await, Code::NotFound, ErrorReason::SetupNotFound)?;
    Ok(())
}
