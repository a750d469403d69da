//! Which orgs may connect, and by whom: edition, access, trials, production or sandbox (R02 to R06, R30).

use anyhow::{Result, ensure};
use connector::{
    api::v1::{
        Actor, AdminAccess, Check, ErrorReason, FindingResult, SalesforceEdition, SalesforceEnvironment,
    },
    simulator::{
        self, SimulatorConfig,
        hubspot::seed::{TOKEN_A, TOKEN_B},
        salesforce::fixture::{OrgFixture, UserFixture},
    },
};
use time::{Duration, OffsetDateTime};

use super::{
    findings::connects_with,
    scene::{ACME, Claimed, PRO, SANDBOX, Scene, TRIAL, finding, password},
};

#[tokio::test]
async fn r02_an_org_that_reports_performance_counts_as_unlimited() -> Result<()> {
    let claimed =
        Claimed { edition: SalesforceEdition::Unlimited, limit: Some(10_000), ..Claimed::default() };
    let performance = |org: &mut OrgFixture| "Performance Edition".clone_into(&mut org.edition);
    let attempt = connects_with(&claimed, ACME, performance).await?;
    ensure!(finding(&attempt.findings, Check::Edition, "")?.result() == FindingResult::Passed);
    Ok(())
}

#[tokio::test]
async fn r06_another_eligible_edition_is_refused_where_the_access_does_not_suffice() -> Result<()> {
    let scene = Scene::open().await?;
    let claimed = Claimed { access: AdminAccess::FullObjectAndField, seats: 8, ..Claimed::default() };
    let portal = scene.portal(TOKEN_A, &claimed).await?;
    let attempt = scene.refused(&portal, Some(password(PRO)), ErrorReason::EditionClaimDiffers).await?;
    let one = finding(&attempt.findings, Check::Edition, "")?;
    ensure!(one.claimed == "Enterprise" && one.found == "Professional Edition", "{one:?}");
    ensure!(one.actor() == Actor::PortalAdministrator && !one.fix.is_empty(), "{one:?}");
    Ok(())
}

#[tokio::test]
async fn r04_a_professional_org_takes_only_an_administrator() -> Result<()> {
    let scene = Scene::open().await?;
    scene.edit_org(PRO, |org| org.users.push(UserFixture::standard("sales@pro.example")))?;
    let claimed = Claimed { edition: SalesforceEdition::Professional, seats: 8, ..Claimed::default() };
    let portal = scene.portal(TOKEN_A, &claimed).await?;
    let reason = ErrorReason::AdminAccessInsufficient;
    let attempt = scene.refused(&portal, Some(password("sales@pro.example")), reason).await?;
    let one = finding(&attempt.findings, Check::AdminAccess, "")?;
    ensure!(one.result() == FindingResult::Failed && one.found.contains("Modify All Data"), "{one:?}");
    ensure!(one.actor() == Actor::SalesforceAdministrator && !one.fix.is_empty(), "{one:?}");
    scene.connect(&portal, PRO).await?;
    Ok(())
}

#[tokio::test]
async fn r05_an_enterprise_org_takes_a_user_who_reaches_everything_that_syncs() -> Result<()> {
    let claimed = Claimed { access: AdminAccess::FullObjectAndField, ..Claimed::default() };
    let attempt = connects_with(&claimed, "sales@acme.example", |_| ()).await?;
    ensure!(finding(&attempt.findings, Check::AdminAccess, "")?.result() == FindingResult::Passed);
    // Who claims to be an administrator and is none is told so.
    let attempt = connects_with(&Claimed::default(), "sales@acme.example", |_| ()).await?;
    let one = finding(&attempt.findings, Check::AdminAccess, "")?;
    ensure!(one.result() == FindingResult::Warning && one.found.contains("Modify All Data"), "{one:?}");
    Ok(())
}

#[tokio::test]
async fn r03_a_trial_is_refused_whatever_edition_was_claimed() -> Result<()> {
    let scene = Scene::open().await?;
    for (hub_id, edition) in [
        (31, SalesforceEdition::Enterprise),
        (32, SalesforceEdition::Unlimited),
        (33, SalesforceEdition::Professional),
    ] {
        let claimed = Claimed { edition, seats: 10, ..Claimed::default() };
        let portal = scene.another_portal(hub_id, &claimed).await?;
        let attempt = scene.refused(&portal, Some(password(TRIAL)), ErrorReason::TrialOrg).await?;
        let one = finding(&attempt.findings, Check::Trial, "")?;
        ensure!(one.result() == FindingResult::Failed && one.found.starts_with("trial until"), "{one:?}");
    }
    ensure!(scene.connected_portals().await?.is_empty(), "a trial was connected");
    Ok(())
}

#[tokio::test]
async fn r03_a_sandbox_with_a_trial_date_is_no_trial() -> Result<()> {
    let scene = Scene::open().await?;
    scene.edit_org(SANDBOX, |org| {
        org.trial_expiration = Some(OffsetDateTime::now_utc() + Duration::days(30));
    })?;
    let claimed = Claimed { environment: SalesforceEnvironment::Sandbox, ..Claimed::default() };
    let portal = scene.portal(TOKEN_A, &claimed).await?;
    scene.connect(&portal, SANDBOX).await?;
    Ok(())
}

#[tokio::test]
async fn r30_a_mismatch_of_the_sandbox_answer_is_named_both_ways_with_its_fix() -> Result<()> {
    let scene = Scene::open().await?;
    let sandbox = Claimed { environment: SalesforceEnvironment::Sandbox, ..Claimed::default() };
    for (token, claimed, username, said, is) in [
        (TOKEN_A, Claimed::default(), SANDBOX, "production", "sandbox"),
        (TOKEN_B, sandbox, ACME, "sandbox", "production"),
    ] {
        let portal = scene.portal(token, &claimed).await?;
        let attempt = scene.refused(&portal, Some(password(username)), ErrorReason::SandboxMismatch).await?;
        let one = finding(&attempt.findings, Check::Environment, "")?;
        ensure!(one.claimed == said && one.found == is, "{one:?}");
        ensure!(one.fix.contains("sandbox step"), "{one:?}");
        ensure!(!attempt.message.to_lowercase().contains("password"), "{}", attempt.message);
    }
    Ok(())
}

#[tokio::test]
async fn r30_the_sandbox_answer_selects_where_the_login_goes() -> Result<()> {
    let test_host = simulator::start(SimulatorConfig::default()).await?;
    let address: url::Url = test_host.salesforce_url.parse()?;
    let scene = Scene::open_with(|config| {
        config.salesforce.sandbox_login_url = address.clone();
        config.salesforce.extra_allowed_hosts.push(address);
    })
    .await?;
    let claimed = Claimed { environment: SalesforceEnvironment::Sandbox, ..Claimed::default() };
    scene.connect(&scene.portal(TOKEN_A, &claimed).await?, SANDBOX).await?;
    ensure!(scene.logins(SANDBOX) == 0, "a sandbox's login went to the production host");
    ensure!(test_host.salesforce.frame().journal.counter("login_attempts", SANDBOX) == 1);
    scene.connect(&scene.portal_b().await?, ACME).await?;
    ensure!(scene.logins(ACME) == 1, "a production login belongs to the production host");
    Ok(())
}
