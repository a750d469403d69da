//! The package and the Visualforce module: what is confirmed, and where its installers are (R36, R37, R42, R43).

use anyhow::Result;
use connector::api::v1::{
    self, ConnectState, ErrorReason, SalesforceEnvironment, Step, StepState, VisualforceMethod,
};
use tonic::Code;

use super::{answers, state_of};
use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::{Walk, request_id},
};

async fn description(walk: &Walk, setup_id: &str, step: Step) -> Result<v1::StepDescription> {
    let request = v1::DescribeSetupRequest { setup_id: setup_id.to_owned() };
    let steps = inner(walk.clients.setups.clone().describe_setup(request).await)?.steps;
    Ok(steps.into_iter().find(|one| one.step() == step).unwrap_or_default())
}

#[tokio::test]
async fn r36_the_installer_that_fits_the_environment() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Environment).await?;
    let hosts = async |setup_id: &str| -> Result<(bool, bool, bool)> {
        let links = description(&walk, setup_id, Step::Package).await?.links;
        let leads_to =
            |part: &str| links.iter().any(|link| link.url.contains(part) && !link.title.is_empty());
        Ok((leads_to("//login.salesforce.com"), leads_to("//test.salesforce.com"), leads_to("hubspot.com")))
    };
    assert_eq!(hosts("").await?, (true, true, true), "both, while nothing is known");
    assert_eq!(hosts(&walk.setup_id).await?, (true, true, true), "both, while it is not answered");
    walk.select_environment(SalesforceEnvironment::Production).await?;
    assert_eq!(hosts(&walk.setup_id).await?, (true, false, true));
    walk.select_environment(SalesforceEnvironment::Sandbox).await?;
    assert_eq!(hosts(&walk.setup_id).await?, (false, true, true));
    Ok(())
}

#[tokio::test]
async fn r37_the_package_must_be_confirmed() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Package).await?;
    let request = v1::ConfirmPackageInstalledRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        installed: false,
        ..Default::default()
    };
    let refusal = inner(walk.clients.setups.clone().confirm_package_installed(request).await);
    let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::PackageNotConfirmed)?;
    assert_eq!(refusal.subjects, ["STEP_PACKAGE"]);
    let setup = walk.setup().await?;
    assert_eq!(state_of(&setup, Step::Package), StepState::Open);
    assert_eq!(answers(&setup).package_installed, None);
    let claim = answers(&walk.package().await?).package_installed.unwrap_or_default();
    assert!(claim.confirmed && claim.by == "local" && claim.time.is_some(), "{claim:?}");
    Ok(())
}

#[tokio::test]
async fn r37_the_claim_is_verified_when_connecting() -> Result<()> {
    let world = World::start().await?;
    let without = |org: &mut connector::simulator::salesforce::fixture::OrgFixture| org.package = None;
    world.simulators.salesforce.edit_org("acme", without).map_err(anyhow::Error::msg)?;
    let walk = Walk::before(&world, Step::ConnectAccounts).await?;
    let attempt = walk.connect().await?;
    assert_eq!((attempt.state(), attempt.reason()), (ConnectState::Failed, ErrorReason::PackageNotInstalled));
    let finding = attempt.findings.iter().find(|finding| finding.check() == v1::Check::Package);
    let finding = finding.cloned().unwrap_or_default();
    assert_eq!(finding.result(), v1::FindingResult::Failed);
    assert!(!finding.fix.is_empty() && finding.actor() != v1::Actor::Unspecified, "{finding:?}");
    Ok(())
}

#[tokio::test]
async fn r42_the_module_goes_on_lead_and_contact() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let described = description(&walk, "", Step::VisualforceModule).await?;
    assert!(described.help.contains("leads and contacts"), "{}", described.help);
    assert!(described.help.contains("lead intelligence"), "{}", described.help);
    assert_eq!(described.label, "I have added HubSpot lead intelligence to Salesforce");
    assert!(described.required && !described.links.is_empty());
    // One of both layouts does not do.
    walk.answer_until(Step::ConnectAccounts).await?;
    let one = |org: &mut connector::simulator::salesforce::fixture::OrgFixture| {
        org.visualforce_on_lead_layout = false;
    };
    world.simulators.salesforce.edit_org("acme", one).map_err(anyhow::Error::msg)?;
    let attempt = walk.connect().await?;
    let layouts = |finding: &&v1::Finding| finding.check() == v1::Check::PageLayouts;
    let wrong: Vec<&v1::Finding> = attempt
        .findings
        .iter()
        .filter(layouts)
        .filter(|finding| finding.result() != v1::FindingResult::Passed)
        .collect();
    assert_eq!(wrong.len(), 1, "{:?}", attempt.findings);
    assert!(wrong.iter().all(|finding| finding.subject == "Lead" && !finding.fix.is_empty()), "{wrong:?}");
    Ok(())
}

#[tokio::test]
async fn r43_the_module_must_be_confirmed_and_embed_satisfies_it() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::VisualforceModule).await?;
    for method in
        [VisualforceMethod::Unspecified, VisualforceMethod::Visualforce, VisualforceMethod::HubspotEmbed]
    {
        let request = v1::ConfirmVisualforceModuleRequest {
            request_id: request_id(),
            setup_id: walk.setup_id.clone(),
            added: false,
            method: method.into(),
            ..Default::default()
        };
        let refusal = inner(walk.clients.setups.clone().confirm_visualforce_module(request).await);
        let refusal =
            refused_for(refusal, Code::FailedPrecondition, ErrorReason::VisualforceModuleNotConfirmed)?;
        assert_eq!(refusal.subjects, ["STEP_VISUALFORCE_MODULE"]);
    }
    assert_eq!(answers(&walk.setup().await?).visualforce_module, None);
    let refusal = walk.start_to_connect().await;
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;
    for (asked, stored) in [
        (VisualforceMethod::Unspecified, VisualforceMethod::Visualforce),
        (VisualforceMethod::Visualforce, VisualforceMethod::Visualforce),
        (VisualforceMethod::HubspotEmbed, VisualforceMethod::HubspotEmbed),
    ] {
        let added = answers(&walk.visualforce(asked).await?).visualforce_module.unwrap_or_default();
        assert_eq!(added.method(), stored);
        let claim = added.claim.unwrap_or_default();
        assert!(claim.confirmed && claim.by == "local" && claim.time.is_some(), "{claim:?}");
    }
    // Embed leaves no trace on the layouts, and connects all the same.
    let bare = |org: &mut connector::simulator::salesforce::fixture::OrgFixture| {
        (org.visualforce_on_lead_layout, org.visualforce_on_contact_layout) = (false, false);
    };
    world.simulators.salesforce.edit_org("acme", bare).map_err(anyhow::Error::msg)?;
    let attempt = walk.connect().await?;
    assert_eq!(attempt.state(), ConnectState::Connected, "{}", attempt.message);
    Ok(())
}
