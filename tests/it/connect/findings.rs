//! What the probe finds, one check at a time: claimed, found, the fix, and who must act (R47).

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        Actor, Check, Choice, ChooseObjectSyncRequest, ConnectAttempt, ConnectState, ErrorReason,
        FindingResult, ObjectSync, VisualforceMethod,
    },
    simulator::{
        hubspot::seed::TOKEN_A,
        salesforce::fixture::{FieldRights, ObjectRights, OrgFixture, UserFixture, UserPermissions},
    },
};
use time::{Duration, OffsetDateTime};

use super::scene::{ACME, Claimed, Scene, finding, password};

/// A defect of an org, and the finding that it must give.
struct Defect {
    edit: fn(&mut OrgFixture),
    reason: ErrorReason,
    check: Check,
    subject: &'static str,
    actor: Actor,
    claimed: &'static str,
    found: &'static str,
}

/// Changes the administrator of an org.
fn admin(org: &mut OrgFixture, edit: impl FnOnce(&mut UserFixture)) {
    if let Some(user) = org.users.iter_mut().find(|user| user.username == ACME) {
        edit(user);
    }
}

const DEFECTS: &[Defect] = &[
    Defect {
        edit: |org| org.trial_expiration = Some(OffsetDateTime::now_utc() + Duration::days(30)),
        reason: ErrorReason::TrialOrg,
        check: Check::Trial,
        subject: "",
        actor: Actor::SalesforceAdministrator,
        claimed: "",
        found: "trial until 20",
    },
    Defect {
        edit: |org| org.is_sandbox = true,
        reason: ErrorReason::SandboxMismatch,
        check: Check::Environment,
        subject: "",
        actor: Actor::PortalAdministrator,
        claimed: "production",
        found: "sandbox",
    },
    Defect {
        edit: |org| "Developer Edition".clone_into(&mut org.edition),
        reason: ErrorReason::EditionMismatch,
        check: Check::Edition,
        subject: "",
        actor: Actor::SalesforceAdministrator,
        claimed: "Enterprise",
        found: "Developer Edition",
    },
    Defect {
        edit: |org| "Team Edition".clone_into(&mut org.edition),
        reason: ErrorReason::EditionMismatch,
        check: Check::Edition,
        subject: "",
        actor: Actor::SalesforceAdministrator,
        claimed: "Enterprise",
        found: "Team Edition",
    },
    Defect {
        edit: |org| "Edition of the future".clone_into(&mut org.edition),
        reason: ErrorReason::EditionMismatch,
        check: Check::Edition,
        subject: "",
        actor: Actor::SalesforceAdministrator,
        claimed: "Enterprise",
        found: "Edition of the future",
    },
    Defect {
        edit: |org| org.package = None,
        reason: ErrorReason::PackageNotInstalled,
        check: Check::Package,
        subject: "",
        actor: Actor::SalesforceAdministrator,
        claimed: "installed",
        found: "not installed",
    },
    Defect {
        edit: |org| {
            admin(org, |user| {
                let rights = ObjectRights { create: false, ..ObjectRights::default() };
                user.object_rights.insert("Lead".to_owned(), rights);
            });
        },
        reason: ErrorReason::ObjectAccessMissing,
        check: Check::ObjectAccess,
        subject: "Lead",
        actor: Actor::SalesforceAdministrator,
        claimed: "",
        found: "missing: create",
    },
    Defect {
        edit: |org| {
            admin(org, |user| {
                let rights = ObjectRights { read: false, create: false, edit: false, delete: false };
                user.object_rights.insert("Task".to_owned(), rights);
            });
        },
        reason: ErrorReason::ObjectAccessMissing,
        check: Check::ObjectAccess,
        subject: "Task",
        actor: Actor::SalesforceAdministrator,
        claimed: "",
        found: "missing: read, create, edit",
    },
    Defect {
        edit: |org| {
            admin(org, |user| {
                let rights = FieldRights { read: true, edit: false };
                user.field_rights.insert("Contact.Email".to_owned(), rights);
            });
        },
        reason: ErrorReason::FieldAccessMissing,
        check: Check::FieldAccess,
        subject: "Contact",
        actor: Actor::SalesforceAdministrator,
        claimed: "",
        found: "Email",
    },
    Defect {
        edit: |org| org.external_id_field = false,
        reason: ErrorReason::ExternalIdFieldMissing,
        check: Check::ExternalId,
        subject: "Lead.HubSpot_Id__c",
        actor: Actor::SalesforceAdministrator,
        claimed: "",
        found: "no such field",
    },
    Defect {
        edit: |org| org.visualforce_on_lead_layout = false,
        reason: ErrorReason::VisualforceModuleNotFound,
        check: Check::PageLayouts,
        subject: "Lead",
        actor: Actor::SalesforceAdministrator,
        claimed: "added",
        found: "no Visualforce component",
    },
    Defect {
        edit: |org| org.visualforce_on_contact_layout = false,
        reason: ErrorReason::VisualforceModuleNotFound,
        check: Check::PageLayouts,
        subject: "Contact",
        actor: Actor::SalesforceAdministrator,
        claimed: "added",
        found: "no Visualforce component",
    },
    Defect {
        edit: |org| org.daily_api_used = org.daily_api_limit,
        reason: ErrorReason::SalesforceApiCallsExhausted,
        check: Check::ApiCalls,
        subject: "",
        actor: Actor::PortalAdministrator,
        claimed: "",
        found: "0 of 150000 left",
    },
];

#[tokio::test]
async fn r47_each_defect_of_an_org_is_one_failed_finding_and_connects_nothing() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let sound = scene.salesforce().org(ACME).map_err(anyhow::Error::msg)?;
    for defect in DEFECTS {
        scene.edit_org(ACME, defect.edit)?;
        let attempt = scene.refused(&portal, Some(password(ACME)), defect.reason).await?;
        let one = finding(&attempt.findings, defect.check, defect.subject)
            .with_context(|| format!("{:?}", defect.reason))?;
        ensure!(one.result() == FindingResult::Failed, "{one:?}");
        ensure!(one.reason() == defect.reason && one.actor() == defect.actor, "{one:?}");
        ensure!(one.claimed == defect.claimed && one.found.contains(defect.found), "{one:?}");
        ensure!(!one.fix.is_empty() && !one.fix.contains('{'), "{one:?}");
        finding(&attempt.findings, Check::Login, "")?;
        ensure!(scene.connection(&portal).await.is_err(), "{:?} left a connection", defect.reason);
        scene.edit_org(ACME, |org| *org = sound.clone())?;
        scene.salesforce().set_used_calls(ACME, 0).map_err(anyhow::Error::msg)?;
    }
    // What was refused so often connects as soon as nothing is wrong, with the credential that is stored.
    let attempt = scene.try_connect(&portal, None).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    Ok(())
}

#[tokio::test]
async fn r47_every_check_passes_in_a_sound_org_and_each_object_is_named() -> Result<()> {
    let scene = Scene::open().await?;
    let attempt = scene.connect(&scene.portal_a().await?, ACME).await?;
    for one in &attempt.findings {
        ensure!(one.result() == FindingResult::Passed, "{one:?}");
        ensure!(one.fix.is_empty() && one.reason() == ErrorReason::Unspecified, "{one:?}");
        ensure!(one.actor() == Actor::Unspecified, "{one:?}");
    }
    let checks = [
        Check::Login,
        Check::ApiEnabled,
        Check::Edition,
        Check::Trial,
        Check::Environment,
        Check::Seats,
        Check::Package,
        Check::PackageVersion,
        Check::ApiCalls,
        Check::AdminAccess,
    ];
    for check in checks {
        finding(&attempt.findings, check, "")?;
    }
    for object in ["Lead", "Contact", "Task"] {
        finding(&attempt.findings, Check::ObjectAccess, object)?;
        finding(&attempt.findings, Check::FieldAccess, object)?;
    }
    for object in ["Lead", "Contact"] {
        finding(&attempt.findings, Check::PageLayouts, object)?;
        finding(&attempt.findings, Check::ExternalId, &format!("{object}.HubSpot_Id__c"))?;
    }
    let version = finding(&attempt.findings, Check::PackageVersion, "")?;
    ensure!(version.found == "1.107.0.1", "{version:?}");
    Ok(())
}

#[tokio::test]
async fn r47_objects_are_probed_from_the_moment_they_sync() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let first = scene.connect(&portal, ACME).await?;
    ensure!(finding(&first.findings, Check::ObjectAccess, "Account").is_err(), "nobody asked for accounts");
    let object_sync = Some(ObjectSync { accounts: Choice::Yes.into(), opportunities: Choice::Yes.into() });
    let setup_id = portal.setup_id.clone();
    let request = ChooseObjectSyncRequest { setup_id, object_sync, ..Default::default() };
    scene.setups().choose_object_sync(request).await?;
    let second = scene.connect(&portal, ACME).await?;
    for object in ["Account", "Opportunity"] {
        finding(&second.findings, Check::ObjectAccess, object)?;
        finding(&second.findings, Check::FieldAccess, object)?;
    }
    Ok(())
}

/// The org as it is with one difference, which must not stop the connection.
pub async fn connects_with(
    claimed: &Claimed,
    username: &str,
    edit: impl FnOnce(&mut OrgFixture),
) -> Result<ConnectAttempt> {
    let scene = Scene::open().await?;
    scene.edit_org(ACME, edit)?;
    let portal = scene.portal(TOKEN_A, claimed).await?;
    scene.connect(&portal, username).await
}

/// The finding warns, names what is claimed and found, says what to do, and who must.
fn warns(attempt: &ConnectAttempt, check: Check, claimed: &str, found: &str) -> Result<()> {
    let one = finding(&attempt.findings, check, "")?;
    ensure!(one.result() == FindingResult::Warning, "{one:?}");
    ensure!(one.actor() == Actor::PortalAdministrator && !one.fix.is_empty(), "{one:?}");
    ensure!(one.claimed == claimed && one.found == found, "{one:?}");
    ensure!(one.reason() == ErrorReason::Unspecified, "{one:?}");
    Ok(())
}

#[tokio::test]
async fn r47_another_number_of_seats_is_a_warning_with_both_numbers() -> Result<()> {
    let attempt = connects_with(&Claimed::default(), ACME, |org| org.seats = 40).await?;
    warns(&attempt, Check::Seats, "50", "40")
}

#[tokio::test]
async fn r47_another_eligible_edition_is_a_warning_where_the_access_suffices() -> Result<()> {
    let unlimited = |org: &mut OrgFixture| "Unlimited Edition".clone_into(&mut org.edition);
    let attempt = connects_with(&Claimed::default(), ACME, unlimited).await?;
    warns(&attempt, Check::Edition, "Enterprise", "Unlimited Edition")
}

#[tokio::test]
async fn r47_few_api_calls_are_a_warning() -> Result<()> {
    let attempt = connects_with(&Claimed::default(), ACME, |org| org.daily_api_used = 149_500).await?;
    let one = finding(&attempt.findings, Check::ApiCalls, "")?;
    ensure!(one.result() == FindingResult::Warning && !one.fix.is_empty(), "{one:?}");
    ensure!(one.found.ends_with("of 150000 left") && one.actor() == Actor::PortalAdministrator, "{one:?}");
    Ok(())
}

#[tokio::test]
async fn r47_without_api_calls_the_other_checks_say_that_they_could_not_be_made() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.edit_org(ACME, |org| org.daily_api_used = org.daily_api_limit)?;
    let reason = ErrorReason::SalesforceApiCallsExhausted;
    let attempt = scene.refused(&portal, Some(password(ACME)), reason).await?;
    for (check, subject) in [
        (Check::Trial, ""),
        (Check::Environment, ""),
        (Check::Seats, ""),
        (Check::Package, ""),
        (Check::ObjectAccess, "Lead"),
        (Check::ObjectAccess, "Contact"),
        (Check::AdminAccess, ""),
    ] {
        let one = finding(&attempt.findings, check, subject)?;
        ensure!(one.result() == FindingResult::NotChecked, "{one:?}");
        ensure!(one.found.contains("could not be checked") && one.found.contains("no API calls"), "{one:?}");
        ensure!(!one.fix.is_empty() && one.actor() == Actor::PortalAdministrator, "{one:?}");
    }
    Ok(())
}

#[tokio::test]
async fn r47_without_view_setup_the_checks_that_need_it_are_left_open() -> Result<()> {
    let no_view_setup = |org: &mut OrgFixture| {
        admin(org, |user| {
            user.permissions = UserPermissions { view_setup: false, ..UserPermissions::default() };
        });
    };
    let attempt = connects_with(&Claimed::default(), ACME, no_view_setup).await?;
    for check in [Check::Seats, Check::Package] {
        let one = finding(&attempt.findings, check, "")?;
        ensure!(one.result() == FindingResult::NotChecked, "{one:?}");
        ensure!(one.found.contains("View Setup and Configuration") && !one.fix.is_empty(), "{one:?}");
        ensure!(one.actor() == Actor::SalesforceAdministrator, "{one:?}");
    }
    Ok(())
}

#[tokio::test]
async fn r43_hubspot_embed_needs_no_layout() -> Result<()> {
    let claimed = Claimed { method: VisualforceMethod::HubspotEmbed, ..Claimed::default() };
    let no_layouts = |org: &mut OrgFixture| {
        org.visualforce_on_lead_layout = false;
        org.visualforce_on_contact_layout = false;
    };
    let attempt = connects_with(&claimed, ACME, no_layouts).await?;
    for object in ["Lead", "Contact"] {
        let one = finding(&attempt.findings, Check::PageLayouts, object)?;
        ensure!(one.result() == FindingResult::NotChecked && one.found.contains("Embed"), "{one:?}");
    }
    Ok(())
}

#[tokio::test]
async fn r47_findings_and_outcome_come_in_the_callers_language() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.edit_org(ACME, |org| org.package = None)?;
    let english = scene.refused(&portal, Some(password(ACME)), ErrorReason::PackageNotInstalled).await?;
    let get = connector::api::v1::GetSetupRequest { setup_id: portal.setup_id.clone() };
    let mut request = tonic::Request::new(get);
    request.metadata_mut().insert("accept-language", "ja".parse()?);
    let answer = scene.setups().get_setup(request).await?.into_inner();
    let answers = answer.setup.and_then(|setup| setup.answers).context("answers")?;
    let japanese = answers.connect_attempt.context("an attempt")?;
    ensure!(japanese.message != english.message && !japanese.message.is_ascii(), "{}", japanese.message);
    let package = finding(&japanese.findings, Check::Package, "")?;
    ensure!(!package.fix.is_ascii(), "{package:?}");
    Ok(())
}
