//! The portal itself.

use serde::Deserialize;

use super::{
    client::{PortalApi, body},
    error::HubSpotError,
};
use crate::outbound::text::bounded;

/// What kind of account a portal is. None of these tells the subscription's tier: no HubSpot API does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountType {
    /// A customer's portal.
    Standard,
    /// A developer's test portal.
    DeveloperTest,
    /// A sandbox of a portal.
    Sandbox,
    /// A developer account, without a CRM of its own.
    AppDeveloper,
    /// Anything else, as reported.
    Other(String),
}

/// A portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountInfo {
    /// The hub id.
    pub portal_id: u64,
    /// Its kind.
    pub account_type: AccountType,
    /// Its name, where HubSpot tells.
    pub name: Option<String>,
    /// For example `US/Eastern`; daily limits end at its midnight.
    pub time_zone: String,
    /// Host of the portal's pages, for example `app-eu1.hubspot.com`.
    pub ui_domain: String,
    /// For example `na1`.
    pub data_hosting_location: String,
    /// Calls a day (static tokens only): evidence for the tier, not proof. 250,000 means Free or Starter.
    pub daily_limit: Option<u64>,
}

impl AccountInfo {
    /// The address at which a person opens a contact of this portal.
    #[must_use]
    pub fn contact_url(&self, contact_id: &str) -> String {
        format!("https://{}/contacts/{}/record/0-1/{contact_id}", self.ui_domain, self.portal_id)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    portal_id: u64,
    #[serde(default)]
    account_type: String,
    #[serde(default)]
    portal_name: Option<String>,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    ui_domain: Option<String>,
    #[serde(default)]
    data_hosting_location: String,
}

/// It becomes part of a link that people click.
fn is_host_name(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

impl PortalApi {
    /// Which portal the credential belongs to: also the test of a static token.
    ///
    /// # Errors
    /// [`HubSpotError`], `CredentialRefused` for a wrong token.
    pub async fn account_info(&self) -> Result<AccountInfo, HubSpotError> {
        let answer = self.get(self.client.url("account-info", &["details"])?).await?;
        let details: Details = body(&answer).map_err(HubSpotError::without_effect)?;
        let daily_limit = answer
            .headers
            .get("x-hubspot-ratelimit-daily")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(AccountInfo {
            portal_id: details.portal_id,
            account_type: match details.account_type.as_str() {
                "STANDARD" => AccountType::Standard,
                "DEVELOPER_TEST" => AccountType::DeveloperTest,
                "SANDBOX" => AccountType::Sandbox,
                "APP_DEVELOPER" => AccountType::AppDeveloper,
                other => AccountType::Other(bounded(other)),
            },
            name: details.portal_name.as_deref().map(bounded),
            time_zone: bounded(&details.time_zone),
            ui_domain: details
                .ui_domain
                .filter(|domain| is_host_name(domain))
                .unwrap_or_else(|| "app.hubspot.com".to_owned()),
            data_hosting_location: bounded(&details.data_hosting_location),
            daily_limit,
        })
    }
}
