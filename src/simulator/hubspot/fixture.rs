//! What a simulated portal is like, as data: the builder for tests in the same process and the JSON of the control API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// A static bearer token: service key, project token or legacy private app.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenFixture {
    /// The token itself; unique over all portals.
    pub token: String,
    /// Granted scopes.
    #[serde(default = "TokenFixture::all_scopes")]
    pub scopes: Vec<String>,
}

impl TokenFixture {
    /// A token with every scope that the simulator asks for.
    pub fn with_all_scopes(token: impl Into<String>) -> Self {
        Self { token: token.into(), scopes: Self::all_scopes() }
    }

    /// A token with just `scopes`.
    pub fn with_scopes(token: impl Into<String>, scopes: &[&str]) -> Self {
        Self { token: token.into(), scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect() }
    }

    fn all_scopes() -> Vec<String> {
        ALL_SCOPES.iter().map(|scope| (*scope).to_owned()).collect()
    }
}

/// Every scope that some route of the simulator asks for.
pub const ALL_SCOPES: [&str; 20] = [
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.schemas.deals.read",
    "crm.schemas.deals.write",
    "crm.objects.owners.read",
    "crm.lists.read",
    "crm.lists.write",
    "tickets",
    "forms",
    "content",
    "sales-email-read",
];

/// An OAuth app that is, or can be, installed in the portal.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuthAppFixture {
    /// Public identifier of the app.
    pub client_id: String,
    /// Secret of the app.
    pub client_secret: String,
    /// Number that introspection reports.
    #[serde(default = "default_app_id")]
    pub app_id: u64,
    /// Scopes that an install grants beyond those asked for never; asked but not listed here make the install fail.
    #[serde(default = "TokenFixture::all_scopes")]
    pub scopes: Vec<String>,
    /// Allowed redirect addresses; empty allows any.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Refresh tokens of installs that already exist.
    #[serde(default)]
    pub refresh_tokens: Vec<String>,
    /// Whether a refresh answers a new refresh token and invalidates the old one.
    #[serde(default)]
    pub rotate_refresh_tokens: bool,
    /// Life of an access token.
    #[serde(default = "default_access_seconds")]
    pub access_token_seconds: u64,
}

fn default_app_id() -> u64 {
    1_234_444
}

fn default_access_seconds() -> u64 {
    1800
}

impl OAuthAppFixture {
    /// An app with all scopes, tokens of 30 minutes and no install.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            app_id: default_app_id(),
            scopes: TokenFixture::all_scopes(),
            redirect_uris: Vec::new(),
            refresh_tokens: Vec::new(),
            rotate_refresh_tokens: false,
            access_token_seconds: default_access_seconds(),
        }
    }

    /// An existing install with this refresh token.
    #[must_use]
    pub fn installed(mut self, refresh_token: impl Into<String>) -> Self {
        self.refresh_tokens.push(refresh_token.into());
        self
    }

    /// Turns rotation of refresh tokens on.
    #[must_use]
    pub fn rotating(mut self) -> Self {
        self.rotate_refresh_tokens = true;
        self
    }
}

/// A record put in place without the rules of the API, visible to search and lists at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordFixture {
    /// Record id; absent lets the portal choose.
    #[serde(default)]
    pub id: Option<u64>,
    /// Property values; unknown names are refused.
    pub properties: BTreeMap<String, String>,
}

impl RecordFixture {
    /// A record with these properties.
    pub fn new(properties: &[(&str, &str)]) -> Self {
        let properties =
            properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { id: None, properties }
    }

    /// Fixes the id.
    #[must_use]
    pub fn with_id(mut self, id: u64) -> Self {
        self.id = Some(id);
        self
    }
}

/// How a list gets its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProcessingType {
    /// By hand: a static list.
    Manual,
    /// By its filters, for ever: an active ("smart") list.
    Dynamic,
    /// By its filters once, then by hand.
    Snapshot,
}

/// A list that exists already, complete at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFixture {
    /// List id; absent lets the portal choose.
    #[serde(default)]
    pub id: Option<u32>,
    /// Name, unique in the portal whatever the case.
    pub name: String,
    /// How the list gets its members.
    pub processing_type: ProcessingType,
    /// `contacts` unless told otherwise.
    #[serde(default = "contacts")]
    pub object_type: String,
    /// Filters in HubSpot's JSON; needed unless the list is manual.
    #[serde(default)]
    pub filter_branch: Option<Value>,
    /// E-mail addresses of the contacts that a manual list holds.
    #[serde(default)]
    pub member_emails: Vec<String>,
}

fn contacts() -> String {
    "contacts".to_owned()
}

impl ListFixture {
    /// A static list of contacts.
    pub fn manual(name: impl Into<String>, member_emails: &[&str]) -> Self {
        Self {
            id: None,
            name: name.into(),
            processing_type: ProcessingType::Manual,
            object_type: contacts(),
            filter_branch: None,
            member_emails: member_emails.iter().map(|email| (*email).to_owned()).collect(),
        }
    }

    /// An active list of contacts.
    pub fn dynamic(name: impl Into<String>, filter_branch: Value) -> Self {
        Self {
            id: None,
            name: name.into(),
            processing_type: ProcessingType::Dynamic,
            object_type: contacts(),
            filter_branch: Some(filter_branch),
            member_emails: Vec::new(),
        }
    }

    /// Fixes the id.
    #[must_use]
    pub fn with_id(mut self, id: u32) -> Self {
        self.id = Some(id);
        self
    }
}

/// One lifecycle stage; custom stages have numeric values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageFixture {
    /// Internal value.
    pub value: String,
    /// What people read.
    pub label: String,
}

/// "When this property has one of these values, those must be set": an admin's rule, enforced on 2026-09 writes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionalRule {
    /// `contacts`, `companies`, …
    #[serde(default = "contacts")]
    pub object_type: String,
    /// The property that decides.
    pub when_property: String,
    /// Its values that make the others required.
    pub has_any_of: Vec<String>,
    /// The properties that must then have a value.
    pub require: Vec<String>,
}

/// A person who can own records.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerFixture {
    /// Owner id, the value of `hubspot_owner_id`.
    pub id: u64,
    /// Unique in the portal.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
}

/// A form on the portal's web pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormFixture {
    /// GUID of the form.
    pub id: String,
    /// Name of the form.
    pub name: String,
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
