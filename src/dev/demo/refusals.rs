//! What the product refuses: each must be refused for the right reason.

use anyhow::ensure;

use super::{
    ACME_ADMIN, ACME_SEATS, Clients, PRO_ADMIN, SANDBOX_ADMIN, TRIAL_ADMIN, show::Show, walk::Portal,
};
use crate::{
    api::v1::{ConnectState, ErrorReason},
    simulator::hubspot::seed,
};

/// Portal C finds no place, portal A gets no second org, a sandbox is no production org, a trial is refused.
pub(super) async fn all(clients: &mut Clients, show: &Show, a: &Portal) -> anyhow::Result<()> {
    let c = Portal::register(clients, show, "C", seed::TOKEN_C).await?;
    c.answer_until_connect(clients, show, false, ACME_SEATS).await?;
    refused(clients, show, &c, ACME_ADMIN, "portal C at Acme", ErrorReason::OrgPortalLimitReached).await?;
    refused(clients, show, a, PRO_ADMIN, "portal A at a second org", ErrorReason::PortalAlreadyConnected)
        .await?;
    refused(clients, show, &c, SANDBOX_ADMIN, "a sandbox as production", ErrorReason::SandboxMismatch)
        .await?;
    refused(clients, show, &c, TRIAL_ADMIN, "a trial org", ErrorReason::TrialOrg).await
}

async fn refused(
    clients: &mut Clients,
    show: &Show,
    portal: &Portal,
    username: &str,
    what: &str,
    expected: ErrorReason,
) -> anyhow::Result<()> {
    let attempt = portal.try_to_connect(clients, username).await?;
    ensure!(attempt.state() == ConnectState::Failed, "{what} was not refused");
    ensure!(
        attempt.reason() == expected,
        "{what} was refused for {}, not for {}: {}",
        attempt.reason().as_str_name(),
        expected.as_str_name(),
        attempt.message
    );
    let reason = expected.as_str_name().trim_start_matches("ERROR_REASON_");
    show.refused(what, reason, &attempt.message, &attempt.fix);
    Ok(())
}
