//! The wizard speaks Japanese and English (R08, R11, R25, R27).

use anyhow::{Context as _, Result};
use connector::api::v1::{self, ErrorReason, Step};
use tonic::{Code, Request};

use super::{answers, notice};
use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::{STEPS, Walk, request_id},
};

fn in_language<T>(language: &'static str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("accept-language", tonic::metadata::MetadataValue::from_static(language));
    request
}

/// Whether a text has Japanese letters.
fn is_japanese(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'))
}

/// A placeholder or key that was not put into words.
fn is_raw(text: &str) -> bool {
    text.contains('{') || text.contains('$') || text.contains("step-") || text.contains("STEP_")
}

#[tokio::test]
async fn r25_every_step_describes_itself_in_both_languages() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ConnectAccounts).await?;
    for (asked, language, japanese) in [
        ("en", "en", false),
        ("ja", "ja", true),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja", true),
        ("fr, en;q=0.5", "en", false),
        ("fr", "en", false),
    ] {
        for setup_id in [String::new(), walk.setup_id.clone()] {
            let request = in_language(asked, v1::DescribeSetupRequest { setup_id });
            let described = inner(walk.clients.setups.clone().describe_setup(request).await)?;
            assert_eq!(described.language, language, "{asked}");
            assert_eq!(described.steps.iter().map(v1::StepDescription::step).collect::<Vec<_>>(), STEPS);
            for step in &described.steps {
                let texts = [&step.title, &step.help, &step.label];
                for text in texts {
                    assert!(!text.is_empty() && !is_raw(text), "{:?}: {text}", step.step());
                    assert_eq!(is_japanese(text), japanese, "{:?}: {text}", step.step());
                }
                assert!(
                    step.options.iter().all(|one| !one.label.is_empty() && !is_raw(&one.label)),
                    "{step:?}"
                );
                assert!(
                    step.links.iter().all(|one| !one.title.is_empty() && one.url.starts_with("https://"))
                );
                assert!(!is_raw(&step.where_to_find) && !is_raw(&step.warning), "{step:?}");
                assert!(step.rpc.starts_with("connector.v1."), "{}", step.rpc);
                assert_eq!(step.required, step.step() != Step::Test);
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn r25_where_salesforce_shows_the_value() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let steps =
        inner(walk.clients.setups.clone().describe_setup(v1::DescribeSetupRequest::default()).await)?.steps;
    let of = |step: Step| steps.iter().find(|one| one.step() == step).cloned().unwrap_or_default();
    assert!(of(Step::Edition).where_to_find.contains("Setup > Administration Setup"));
    assert!(of(Step::SeatCount).where_to_find.contains("Setup > System Overview"));
    assert!(of(Step::SeatCount).where_to_find.contains("bottom"));
    Ok(())
}

#[tokio::test]
async fn r08_r11_r27_what_is_needed_is_told_at_the_start() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let steps =
        inner(walk.clients.setups.clone().describe_setup(v1::DescribeSetupRequest::default()).await)?.steps;
    let of = |step: Step| steps.iter().find(|one| one.step() == step).cloned().unwrap_or_default();
    let start = of(Step::Prerequisites).help;
    for needed in
        ["understanding of how the integration works", "access to Salesforce", "API calls", "30 minutes"]
    {
        assert!(start.contains(needed), "{needed}: {start}");
    }
    assert!(start.contains("up to 4 API calls") && start.contains("varies"), "{start}");
    assert!(start.contains("run this setup in each of them; nothing is copied"), "{start}");
    let access = of(Step::AdminAccess).help;
    assert!(access.contains("install the HubSpot package"), "{access}");
    assert!(access.contains("must reach every object that syncs"), "{access}");
    assert!(of(Step::Environment).help.contains("behaves a little differently"));
    Ok(())
}

#[tokio::test]
async fn r25_errors_speak_the_callers_language() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Edition).await?;
    let seats = v1::SetSeatCountRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        seat_count: 5,
        ..Default::default()
    };
    let group = v1::SelectEditionRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        edition: v1::SalesforceEdition::Group.into(),
        ..Default::default()
    };
    let mut english = Vec::new();
    for language in ["en", "ja"] {
        let mut setups = walk.clients.setups.clone();
        let skipped = inner(setups.set_seat_count(in_language(language, seats.clone())).await);
        let skipped = refused_for(skipped, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;
        let refused = inner(setups.select_edition(in_language(language, group.clone())).await);
        let refused =
            refused_for(refused, Code::FailedPrecondition, ErrorReason::SalesforceEditionNotEligible)?;
        let wrong = v1::SelectEditionRequest { edition: 0, ..group.clone() };
        let wrong = inner(setups.select_edition(in_language(language, wrong)).await);
        let wrong = refused_for(wrong, Code::InvalidArgument, ErrorReason::InvalidField)?;
        for refusal in [skipped, refused, wrong] {
            assert_eq!(refusal.localized.0, language);
            assert!(!is_raw(&refusal.localized.1) && !refusal.localized.1.is_empty(), "{refusal:?}");
            assert_eq!(is_japanese(&refusal.localized.1), language == "ja", "{refusal:?}");
            assert!(!is_japanese(&refusal.message), "the status itself is for developers: {refusal:?}");
            english.push(refusal.message);
        }
    }
    let (first, second) = english.split_at(3);
    assert_eq!(first, second, "the status' own message is the same in every language");
    Ok(())
}

#[tokio::test]
async fn r25_r66_answers_speak_the_callers_language() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Review).await?;
    let mut setups = walk.clients.setups.clone();
    let request = v1::ReviewSetupRequest { setup_id: walk.setup_id.clone() };
    let english = inner(setups.review_setup(in_language("en", request.clone())).await)?;
    let japanese = inner(setups.review_setup(in_language("ja", request)).await)?;
    assert_eq!(english.review_etag, japanese.review_etag, "the language is no decision");
    assert_eq!(english.decisions.len(), japanese.decisions.len());
    for (en, ja) in english.decisions.iter().zip(&japanese.decisions) {
        assert_eq!(en.step, ja.step);
        assert!(!is_japanese(&en.label) && is_japanese(&ja.label), "{en:?} {ja:?}");
        assert!(!is_raw(&en.value) && !is_raw(&ja.value), "{en:?} {ja:?}");
    }
    // The outcome of what happened long ago, in either language, also for a request that is repeated.
    let enable = v1::EnableSyncRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        review_etag: english.review_etag,
        ..Default::default()
    };
    let ja = inner(setups.enable_sync(in_language("ja", enable.clone())).await)?;
    let en = inner(setups.enable_sync(in_language("en", enable)).await)?;
    assert!(is_japanese(&ja.message) && !is_japanese(&en.message), "{} {}", ja.message, en.message);
    let get = v1::GetSetupRequest { setup_id: walk.setup_id.clone() };
    let setup = inner(setups.get_setup(in_language("ja", get)).await)?.setup.context("no setup")?;
    let attempt = answers(&setup).connect_attempt.unwrap_or_default();
    assert!(is_japanese(&attempt.message), "{}", attempt.message);
    assert!(notice(&setup, "EXISTING_CONTACTS").is_some_and(|text| is_japanese(&text)));
    let english = answers(&walk.setup().await?).connect_attempt.unwrap_or_default();
    assert_eq!(english.message, "Successfully connected your accounts");
    Ok(())
}
