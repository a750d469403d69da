//! The security token: stored, never shown (R38–R41).

use anyhow::Result;
use connector::{
    api::v1::{self, ErrorReason, Step, StepState},
    simulator::hubspot::seed,
};
use prost::Message;
use tonic::Code;

use super::{answers, notice, state_of};
use crate::harness::{
    World,
    refusal::{inner, refused, refused_for},
    walk::{TOKEN, Walk, request_id},
};

#[tokio::test]
async fn r38_the_token_is_a_word_and_trimmed() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::SecurityToken).await?;
    let long = "x".repeat(129);
    for wrong in ["", "   ", "\t\n", "two words", long.as_str()] {
        let refusal = walk.token(wrong).await;
        let refusal = refused_for(refusal, Code::InvalidArgument, ErrorReason::InvalidField)?;
        assert_eq!(refusal.fields, ["security_token"], "{wrong:?}");
    }
    let both = v1::SubmitSecurityTokenRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        security_token: TOKEN.to_owned(),
        not_used: true,
        ..Default::default()
    };
    let refusal = inner(walk.clients.setups.clone().submit_security_token(both).await);
    refused_for(refusal, Code::InvalidArgument, ErrorReason::InvalidField)?;
    assert_eq!(state_of(&walk.setup().await?, Step::SecurityToken), StepState::Open);

    let plain = answers(&walk.token(TOKEN).await?).security_token.unwrap_or_default();
    let padded = answers(&walk.token(" \ttoken\r\n").await?).security_token.unwrap_or_default();
    assert_eq!(plain.fingerprint, padded.fingerprint, "it is trimmed");
    assert_eq!(plain.set_time, padded.set_time, "the same token is no younger for being entered again");
    // As trimmed, it really logs in.
    walk.visualforce(v1::VisualforceMethod::Visualforce).await?;
    walk.answer_and_wait(Step::ConnectAccounts).await?;
    Ok(())
}

#[tokio::test]
async fn r38_an_org_by_oauth_needs_none() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::SecurityToken).await?;
    walk.token(TOKEN).await?;
    let info = answers(&walk.token_not_used().await?).security_token.unwrap_or_default();
    assert!(info.not_used && info.fingerprint.is_empty() && info.set_time.is_none(), "{info:?}");
    walk.visualforce(v1::VisualforceMethod::Visualforce).await?;
    let refusal = walk.start_to_connect().await;
    let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::SecurityTokenMissing)?;
    assert_eq!(refusal.subjects, ["STEP_SECURITY_TOKEN"], "the token of before is gone");
    Ok(())
}

#[tokio::test]
async fn r39_where_the_token_is_found() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let request = v1::DescribeSetupRequest::default();
    let steps = inner(walk.clients.setups.clone().describe_setup(request).await)?.steps;
    let step = steps.into_iter().find(|one| one.step() == Step::SecurityToken).unwrap_or_default();
    assert!(step.help.contains("by e-mail when the account was created"), "{}", step.help);
    assert!(step.help.contains("15 minutes"), "{}", step.help);
    assert!(step.where_to_find.contains("Reset My Security Token"), "{}", step.where_to_find);
    assert!(step.links.iter().any(|link| link.url.contains("security_token")), "{:?}", step.links);
    Ok(())
}

#[tokio::test]
async fn r40_a_reset_is_warned_of_and_our_other_connections_are_named() -> Result<()> {
    let world = World::start().await?;
    let first = Walk::before(&world, Step::SecurityToken).await?;
    let warning = notice(&first.setup().await?, "SECURITY_TOKEN_RESET_BREAKS_OTHERS");
    assert!(warning.is_some_and(|text| text.contains("every other integration")));
    for step in [Step::SecurityToken, Step::VisualforceModule, Step::ConnectAccounts] {
        first.answer_and_wait(step).await?;
    }
    let second = Walk::start_with(&world, seed::TOKEN_B).await?;
    second.answer_until(Step::ObjectSync).await?;
    let method = v1::hub_spot_credential::Method::StaticToken(v1::HubSpotStaticToken {
        token: seed::TOKEN_B.to_owned(),
    });
    let named = v1::RegisterPortalRequest {
        request_id: request_id(),
        credential: Some(v1::HubSpotCredential { method: Some(method) }),
        display_name: "Sales Japan".to_owned(),
    };
    inner(second.clients.portals.clone().register_portal(named).await)?;
    let warning = notice(&first.setup().await?, "SECURITY_TOKEN_RESET_BREAKS_OTHERS").unwrap_or_default();
    assert!(warning.contains(&format!("Sales Japan ({})", second.portal_id)), "{warning}");
    // Another user of the same org is not concerned.
    for (walk, other) in [(&first, &second), (&second, &first)] {
        let setup = walk.setup().await?;
        let warning = notice(&setup, "SECURITY_TOKEN_RESET_BREAKS_OTHERS").unwrap_or_default();
        assert!(warning.contains(&other.portal_id.to_string()), "{warning}");
        assert!(!warning.contains(&walk.portal_id.to_string()), "{warning}");
        let request = v1::DescribeSetupRequest { setup_id: walk.setup_id.clone() };
        let steps = inner(walk.clients.setups.clone().describe_setup(request).await)?.steps;
        let step = steps.into_iter().find(|one| one.step() == Step::SecurityToken).unwrap_or_default();
        assert!(step.warning.contains(&other.portal_id.to_string()), "{}", step.warning);
    }
    Ok(())
}

/// Bytes of a message as they go over the wire.
fn contains(message: &impl Message, secret: &str) -> bool {
    let bytes = message.encode_to_vec();
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[tokio::test]
async fn r41_no_answer_and_no_error_carries_a_secret() -> Result<()> {
    const SECRET_TOKEN: &str = "canaryTokenQ7w4";
    const SECRET_PASSWORD: &str = "canaryPasswordZ9";
    let world = World::start().await?;
    let dressed = |org: &mut connector::simulator::salesforce::fixture::OrgFixture| {
        for user in &mut org.users {
            SECRET_TOKEN.clone_into(&mut user.security_token);
            SECRET_PASSWORD.clone_into(&mut user.password);
        }
    };
    world.simulators.salesforce.edit_org("acme", dressed).map_err(anyhow::Error::msg)?;
    let walk = Walk::before(&world, Step::SecurityToken).await?;
    let answered = walk.token(SECRET_TOKEN).await?;
    let info = answers(&answered).security_token.unwrap_or_default();
    assert!(!info.fingerprint.is_empty() && info.set_time.is_some());
    assert_ne!(
        answers(&walk.token("another").await?).security_token.unwrap_or_default().fingerprint,
        info.fingerprint
    );
    walk.token(SECRET_TOKEN).await?;
    walk.visualforce(v1::VisualforceMethod::Visualforce).await?;

    let credential = |password: &str| {
        let password = v1::SalesforcePassword {
            username: walk.username.clone(),
            password: password.to_owned(),
            security_token: String::new(),
        };
        v1::SalesforceCredential { method: Some(v1::salesforce_credential::Method::Password(password)) }
    };
    let attempt = walk.connect_with(Some(credential(SECRET_PASSWORD))).await?;
    assert_eq!(attempt.state(), v1::ConnectState::Connected, "{}", attempt.message);
    for step in [Step::ObjectSync, Step::ActivitySync, Step::InclusionList, Step::Review] {
        walk.answer(step).await?;
    }
    let connection = v1::GetConnectionRequest { portal_id: walk.portal_id };
    let connection = inner(walk.clients.connections.clone().get_connection(connection).await)?;
    let portal = v1::GetPortalRequest { portal_id: walk.portal_id };
    let portal = inner(walk.clients.portals.clone().get_portal(portal).await)?;
    let described = v1::DescribeSetupRequest { setup_id: walk.setup_id.clone() };
    let described = inner(walk.clients.setups.clone().describe_setup(described).await)?;
    let listed = inner(walk.clients.setups.clone().list_setups(v1::ListSetupsRequest::default()).await)?;
    for secret in [SECRET_TOKEN, SECRET_PASSWORD, seed::TOKEN_A] {
        assert!(!contains(&answered, secret) && !contains(&attempt, secret));
        assert!(!contains(&walk.setup().await?, secret) && !contains(&walk.review().await?, secret));
        assert!(!contains(&connection, secret) && !contains(&portal, secret));
        assert!(!contains(&described, secret) && !contains(&listed, secret));
    }
    // Errors do not quote what was sent either.
    let wrong = format!("{SECRET_TOKEN} {SECRET_TOKEN}");
    let refusal = format!("{:?}", refused(walk.token(&wrong).await)?);
    assert!(!refusal.contains(SECRET_TOKEN), "{refusal}");
    Ok(())
}
