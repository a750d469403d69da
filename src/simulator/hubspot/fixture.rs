//! What a simulated portal is like, as data: the builder for tests in the same process and the JSON of the control API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod parts;

pub use self::parts::{
    ALL_SCOPES, ConditionalRule, FormFixture, ListFixture, OAuthAppFixture, OwnerFixture, ProcessingType,
    RecordFixture, StageFixture, TokenFixture,
};

/// The kind of HubSpot account, as account-info reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountType {
    /// A paying or free customer account.
    #[default]
    Standard,
    /// A developer's test account.
    DeveloperTest,
    /// A standard sandbox.
    Sandbox,
    /// An app developer account.
    AppDeveloper,
}

/// The subscription. No API reveals it; it shows in the rate limits of static tokens only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// 100 calls in 10 s, 250,000 a day.
    Free,
    /// 100 calls in 10 s, 250,000 a day.
    Starter,
    /// 190 calls in 10 s, 625,000 a day.
    #[default]
    Professional,
    /// 190 calls in 10 s, 1,000,000 a day.
    Enterprise,
}

/// What a write does that would move the lifecycle stage back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackwardLifecycle {
    /// The old stage stays and the write succeeds.
    #[default]
    Keep,
    /// The write is refused with a validation error.
    Refuse,
}

/// A whole portal. Change one through `PATCH /_control/portals/{id}` or `HubSpot::change_portal`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PortalFixture {
    /// Hub id.
    pub portal_id: u64,
    /// Shown by introspection as the hub's domain.
    pub hub_domain: String,
    /// Kind of account.
    pub account_type: AccountType,
    /// Subscription: decides the limits.
    pub tier: Tier,
    /// API limit increases bought: 0, 1 or 2.
    pub api_limit_increases: u8,
    /// Overrides the calls in 10 s of static tokens.
    pub burst_limit: Option<u32>,
    /// Overrides the calls in a day of static tokens.
    pub daily_limit: Option<u64>,
    /// Calls of today that others made.
    pub daily_used: u64,
    /// Time zone name that account-info reports.
    pub time_zone: String,
    /// Offset of that zone; the daily limit starts anew at its midnight. Daylight saving is not simulated.
    pub utc_offset_minutes: i16,
    /// Where people open the portal.
    pub ui_domain: String,
    /// Data centre.
    pub data_hosting_location: String,
    /// Currency code.
    pub company_currency: String,
    /// The app was uninstalled or the token deleted: static tokens answer 401, refreshes `BAD_REFRESH_TOKEN`.
    pub revoked: bool,
    /// How long search does not see what the API wrote.
    pub search_lag_seconds: f64,
    /// How long an active list takes to see a change or its own new filters.
    pub list_lag_seconds: f64,
    /// Lifecycle stage of contacts that the API creates without one; absent leaves it empty.
    pub default_lifecycle_stage: Option<String>,
    /// What moving a contact back does.
    pub backward_lifecycle: BackwardLifecycle,
    /// Stages in order; empty means HubSpot's eight.
    pub lifecycle_stages: Vec<StageFixture>,
    /// Properties that 2026-09 creates must set, by object type.
    pub required_properties: BTreeMap<String, Vec<String>>,
    /// Rules that 2026-09 writes must keep.
    pub conditional_rules: Vec<ConditionalRule>,
    /// Static tokens.
    pub tokens: Vec<TokenFixture>,
    /// OAuth apps.
    pub oauth_apps: Vec<OAuthAppFixture>,
    /// Owners.
    pub owners: Vec<OwnerFixture>,
    /// Forms.
    pub forms: Vec<FormFixture>,
    /// Contacts to put in place; a change adds these.
    pub contacts: Vec<RecordFixture>,
    /// Companies to put in place; a change adds these.
    pub companies: Vec<RecordFixture>,
    /// Deals to put in place; a change adds these.
    pub deals: Vec<RecordFixture>,
    /// Lists to put in place; a change adds these.
    pub lists: Vec<ListFixture>,
}

impl Default for PortalFixture {
    fn default() -> Self {
        Self {
            portal_id: 0,
            hub_domain: "example.com".to_owned(),
            account_type: AccountType::Standard,
            tier: Tier::Professional,
            api_limit_increases: 0,
            burst_limit: None,
            daily_limit: None,
            daily_used: 0,
            time_zone: "US/Eastern".to_owned(),
            utc_offset_minutes: -300,
            ui_domain: "app.hubspot.com".to_owned(),
            data_hosting_location: "na1".to_owned(),
            company_currency: "USD".to_owned(),
            revoked: false,
            search_lag_seconds: 5.0,
            list_lag_seconds: 1.0,
            default_lifecycle_stage: Some("lead".to_owned()),
            backward_lifecycle: BackwardLifecycle::Keep,
            lifecycle_stages: Vec::new(),
            required_properties: BTreeMap::new(),
            conditional_rules: Vec::new(),
            tokens: Vec::new(),
            oauth_apps: Vec::new(),
            owners: vec![OwnerFixture {
                id: 910_901,
                email: "owner@example.com".to_owned(),
                first_name: "Olive".to_owned(),
                last_name: "Owner".to_owned(),
            }],
            forms: Vec::new(),
            contacts: Vec::new(),
            companies: Vec::new(),
            deals: Vec::new(),
            lists: Vec::new(),
        }
    }
}

/// Names the portal only: the rest holds tokens.
impl std::fmt::Debug for PortalFixture {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PortalFixture").field("portal_id", &self.portal_id).finish_non_exhaustive()
    }
}

impl PortalFixture {
    /// A professional portal without tokens or records.
    pub fn new(portal_id: u64) -> Self {
        Self { portal_id, ..Self::default() }
    }

    /// Sets the subscription.
    #[must_use]
    pub fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// Adds a static token with all scopes.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.tokens.push(TokenFixture::with_all_scopes(token));
        self
    }

    /// Adds a static token with just `scopes`.
    #[must_use]
    pub fn token_with_scopes(mut self, token: impl Into<String>, scopes: &[&str]) -> Self {
        self.tokens.push(TokenFixture::with_scopes(token, scopes));
        self
    }

    /// Adds an OAuth app.
    #[must_use]
    pub fn oauth_app(mut self, app: OAuthAppFixture) -> Self {
        self.oauth_apps.push(app);
        self
    }

    /// Adds a contact.
    #[must_use]
    pub fn contact(mut self, properties: &[(&str, &str)]) -> Self {
        self.contacts.push(RecordFixture::new(properties));
        self
    }

    /// Adds a list.
    #[must_use]
    pub fn list(mut self, list: ListFixture) -> Self {
        self.lists.push(list);
        self
    }

    /// Makes search and active lists see every change at once.
    #[must_use]
    pub fn without_lag(mut self) -> Self {
        self.search_lag_seconds = 0.0;
        self.list_lag_seconds = 0.0;
        self
    }

    pub(super) fn limit_per_ten_seconds(&self) -> u32 {
        self.burst_limit.unwrap_or(match (self.api_limit_increases, self.tier) {
            (0, Tier::Free | Tier::Starter) => 100,
            (0, Tier::Professional | Tier::Enterprise) => 190,
            _ => 250,
        })
    }

    pub(super) fn limit_per_day(&self) -> u64 {
        let base = match self.tier {
            Tier::Free | Tier::Starter => 250_000,
            Tier::Professional => 625_000,
            Tier::Enterprise => 1_000_000,
        };
        self.daily_limit.unwrap_or(base + 1_000_000 * u64::from(self.api_limit_increases.min(2)))
    }
}
