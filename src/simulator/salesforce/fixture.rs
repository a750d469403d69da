//! What a simulated org is made of, as JSON of the control API and as Rust values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

mod app;
mod rules;
mod user;

pub use self::{
    app::OAuthApp,
    rules::{Condition, CustomField, CustomFieldType, DuplicateRule, RowLock, ValidationRule},
    user::{FieldRights, ObjectRights, UserFixture, UserPermissions},
};

/// An org and the switches that make it behave well or badly. Every field has a default: a production Enterprise org
/// in which everything is in place, without users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrgFixture {
    /// `00D` id with 15 or 18 characters; made if absent.
    pub id: Option<String>,
    /// `Organization.Name`.
    pub name: String,
    /// First label of the My Domain host (`acme` in `acme.my.salesforce.com`).
    pub my_domain: String,
    /// `Organization.OrganizationType`, such as `Enterprise Edition`.
    pub edition: String,
    /// `Organization.TrialExpirationDate`; once it has passed, logins fail with `TRIAL_EXPIRED`.
    #[serde(with = "time::serde::rfc3339::option")]
    pub trial_expiration: Option<OffsetDateTime>,
    /// A sandbox: logs in at `test.salesforce.com`.
    pub is_sandbox: bool,
    /// `Organization.InstanceName`.
    pub instance_name: String,
    /// `TotalLicenses` of the user licence `Salesforce`.
    pub seats: u32,
    /// SOAP `login()`: off in new orgs since 2025, then `INVALID_OPERATION`.
    pub soap_login_enabled: bool,
    /// The edition's right to the API; off gives `API_DISABLED_FOR_ORG`.
    pub api_enabled: bool,
    /// The HubSpot package, if installed.
    pub package: Option<PackageFixture>,
    /// Whether the package's Visualforce page is on the lead layout.
    pub visualforce_on_lead_layout: bool,
    /// Whether the package's Visualforce page is on the contact layout.
    pub visualforce_on_contact_layout: bool,
    /// `DailyApiRequests.Max`.
    pub daily_api_limit: u64,
    /// Calls that others made in the last 24 hours; they leave the window 24 hours after they were set.
    pub daily_api_used: u64,
    /// Session timeout, seconds since the last use.
    pub session_seconds: i64,
    /// Whether `HubSpot_Id__c` (text, external id, unique) is on Lead and Contact.
    pub external_id_field: bool,
    /// Further custom fields.
    pub custom_fields: Vec<CustomField>,
    /// Rules that refuse a record.
    pub validation_rules: Vec<ValidationRule>,
    /// Rules that refuse, or warn about, a record like one that is there.
    pub duplicate_rules: Vec<DuplicateRule>,
    /// Writes that fail with `UNABLE_TO_LOCK_ROW`.
    pub row_locks: Vec<RowLock>,
    /// User name that an active lead assignment rule gives new leads to, unless `Sforce-Auto-Assign: FALSE`.
    pub lead_assignment_owner: Option<String>,
    /// Connected apps and external client apps.
    pub oauth_apps: Vec<OAuthApp>,
    /// Whether OAuth user-name-password logins are let in (off in orgs since 2023).
    pub oauth_password_flow: bool,
    /// Client addresses from which no security token is needed.
    pub trusted_ips: Vec<String>,
    /// Whether logins at the generic hosts are refused (My Domain only).
    pub my_domain_login_only: bool,
    /// Which host logins answer as `serverUrl` and `instance_url`.
    pub answered_host: AnsweredHost,
    /// The users.
    pub users: Vec<UserFixture>,
    /// Records that are there from the start: by object, field names as in the API.
    pub records: BTreeMap<String, Vec<Map<String, Value>>>,
}

impl Default for OrgFixture {
    fn default() -> Self {
        Self {
            id: None,
            name: "Acme".to_owned(),
            my_domain: "acme".to_owned(),
            edition: "Enterprise Edition".to_owned(),
            trial_expiration: None,
            is_sandbox: false,
            instance_name: "NA139".to_owned(),
            seats: 50,
            soap_login_enabled: true,
            api_enabled: true,
            package: Some(PackageFixture::default()),
            visualforce_on_lead_layout: true,
            visualforce_on_contact_layout: true,
            daily_api_limit: 150_000,
            daily_api_used: 0,
            session_seconds: 7200,
            external_id_field: true,
            custom_fields: Vec::new(),
            validation_rules: Vec::new(),
            duplicate_rules: Vec::new(),
            row_locks: Vec::new(),
            lead_assignment_owner: None,
            oauth_apps: Vec::new(),
            oauth_password_flow: false,
            trusted_ips: Vec::new(),
            my_domain_login_only: false,
            answered_host: AnsweredHost::Simulator,
            users: Vec::new(),
            records: BTreeMap::new(),
        }
    }
}

impl OrgFixture {
    /// A production Enterprise org with a name; its My Domain is the name in lower case.
    pub fn new(name: &str) -> Self {
        let my_domain = name.to_ascii_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "");
        Self { name: name.to_owned(), my_domain, ..Self::default() }
    }

    /// Adds a user.
    #[must_use]
    pub fn user(mut self, user: UserFixture) -> Self {
        self.users.push(user);
        self
    }

    /// Adds an app.
    #[must_use]
    pub fn app(mut self, app: OAuthApp) -> Self {
        self.oauth_apps.push(app);
        self
    }

    /// The host of the org at the real Salesforce.
    pub fn my_domain_host(&self) -> String {
        let partition = if self.is_sandbox { ".sandbox" } else { "" };
        format!("{}{partition}.my.salesforce.com", self.my_domain)
    }
}

/// Which host a login answers as the one to go on with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredHost {
    /// The simulator's own base URL.
    #[default]
    Simulator,
    /// `https://<my_domain>.my.salesforce.com`, which the simulator is not.
    MyDomain,
    /// This URL (scheme and host), hostile if you like.
    Url(String),
}

/// An installed managed package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PackageFixture {
    /// Namespace prefix.
    pub namespace: String,
    /// Display name.
    pub name: String,
    /// `major.minor.patch.build`.
    pub version: String,
    /// `033` id.
    pub package_id: String,
    /// `04t` id of the version.
    pub version_id: String,
    /// `PackageLicense.Status`: `Active`, `Expired`, `Free` or `Trial`.
    pub status: String,
}

impl Default for PackageFixture {
    fn default() -> Self {
        Self {
            namespace: "HubSpot_Inc".to_owned(),
            name: "HubSpot Integration".to_owned(),
            version: "1.107.0.1".to_owned(),
            package_id: "033o00000008kSn".to_owned(),
            version_id: "04t2A000000GnhM".to_owned(),
            status: "Active".to_owned(),
        }
    }
}
