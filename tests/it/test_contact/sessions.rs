//! Sessions with Salesforce that end: one login for each thing that was asked for, and never one more.

use anyhow::Result;
use connector::api::v1::{CleanupState, ErrorReason, SuspensionReason, TestContactStatus};

use super::{assert_in_both, cleaned, delete::delete, edit_admin, end_sessions, in_hubspot, logins};
use crate::harness::{World, walk::Walk};

#[tokio::test]
async fn r71_an_ended_session_is_renewed_once_and_kept() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let before = logins(&world);
    end_sessions(&world)?;
    assert_in_both(&world, &walk, &walk.test().await?)?;
    assert_eq!(logins(&world) - before, 1);
    assert_in_both(&world, &walk, &walk.test().await?)?;
    assert_eq!(logins(&world) - before, 1, "the session was not kept");
    Ok(())
}

#[tokio::test]
async fn r73_a_changed_password_suspends_the_sync() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let before = logins(&world);
    edit_admin(&world, |admin| admin.password = "another".to_owned())?;
    end_sessions(&world)?;
    let contact = walk.test().await?;
    assert_eq!(contact.status(), TestContactStatus::Failed);
    assert_eq!(contact.reason(), ErrorReason::SalesforceLoginRefused, "{contact:?}");
    assert!(!contact.fix.is_empty());
    assert_eq!(logins(&world) - before, 1);
    let status = walk.sync_status().await?;
    assert_eq!(status.suspension(), SuspensionReason::SalesforceCredentialRefused);
    assert!(!status.suspension_detail.is_empty());
    // A password that was refused is not sent a second time: users get locked out.
    let again = walk.test().await?;
    assert_eq!(again.status(), TestContactStatus::Failed);
    assert_eq!(logins(&world) - before, 1, "a refused password was sent again");
    Ok(())
}

/// What deletes is asked for on its own: it may log in though the test contact did.
#[tokio::test]
async fn r71_a_deletion_has_a_login_of_its_own() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let before = logins(&world);
    end_sessions(&world)?;
    let contact = walk.test().await?;
    assert_in_both(&world, &walk, &contact)?;
    end_sessions(&world)?;
    delete(&walk, &contact.test_contact_id).await?;
    let deleted = cleaned(&walk, &contact.test_contact_id).await?;
    assert_eq!(deleted.cleanup(), CleanupState::Deleted, "{deleted:?}");
    assert_eq!(in_hubspot(&world, &walk, &contact.email)?.len(), 0);
    assert_eq!(logins(&world) - before, 2);
    Ok(())
}
