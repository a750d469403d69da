//! What a simulated org is made of, as JSON of the control API and as Rust values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

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

/// A user and what he may.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserFixture {
    /// `005` id; made if absent.
    pub id: Option<String>,
    /// Login name, unique over all orgs, any case.
    pub username: String,
    /// `User.Email`.
    pub email: String,
    /// `User.FirstName`.
    pub first_name: String,
    /// `User.LastName`.
    pub last_name: String,
    /// The password, without the token.
    pub password: String,
    /// The security token that is appended to the password.
    pub security_token: String,
    /// The token is refused before this time (a fresh token takes a while to be known everywhere).
    #[serde(with = "time::serde::rfc3339::option")]
    pub token_active_at: Option<OffsetDateTime>,
    /// `User.IsActive`.
    pub is_active: bool,
    /// Locked out by hand, until this is set back; wrong passwords lock for 15 minutes by themselves.
    pub locked: bool,
    /// The password must be changed: login succeeds with `passwordExpired` and a session that can do nothing.
    pub password_expired: bool,
    /// `Profile.Name`.
    pub profile: String,
    /// System permissions.
    pub permissions: UserPermissions,
    /// Object rights; an object that is not named has all of them.
    pub object_rights: BTreeMap<String, ObjectRights>,
    /// Field rights by `Object.Field`; a field that is not named can be read and edited.
    pub field_rights: BTreeMap<String, FieldRights>,
}

impl Default for UserFixture {
    fn default() -> Self {
        Self {
            id: None,
            username: String::new(),
            email: String::new(),
            first_name: "Ada".to_owned(),
            last_name: "Admin".to_owned(),
            password: "password".to_owned(),
            security_token: "token".to_owned(),
            token_active_at: None,
            is_active: true,
            locked: false,
            password_expired: false,
            profile: "System Administrator".to_owned(),
            permissions: UserPermissions::default(),
            object_rights: BTreeMap::new(),
            field_rights: BTreeMap::new(),
        }
    }
}

impl UserFixture {
    /// A system administrator with password `password` and token `token`.
    pub fn admin(username: &str) -> Self {
        Self { username: username.to_owned(), email: username.to_owned(), ..Self::default() }
    }

    /// A user of the profile `Standard User`: API, no set-up, no "modify all data".
    pub fn standard(username: &str) -> Self {
        Self {
            first_name: "Sam".to_owned(),
            last_name: "Seller".to_owned(),
            profile: "Standard User".to_owned(),
            permissions: UserPermissions {
                api_enabled: true,
                modify_all_data: false,
                view_all_data: false,
                view_setup: false,
                customize_application: false,
                install_packaging: false,
                author_apex: false,
            },
            ..Self::admin(username)
        }
    }

    /// First and last name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// System permissions, all granted by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserPermissions {
    /// "API Enabled".
    pub api_enabled: bool,
    /// "Modify All Data".
    pub modify_all_data: bool,
    /// "View All Data".
    pub view_all_data: bool,
    /// "View Setup and Configuration".
    pub view_setup: bool,
    /// "Customize Application".
    pub customize_application: bool,
    /// "Download AppExchange Packages".
    pub install_packaging: bool,
    /// "Author Apex".
    pub author_apex: bool,
}

impl Default for UserPermissions {
    fn default() -> Self {
        Self {
            api_enabled: true,
            modify_all_data: true,
            view_all_data: true,
            view_setup: true,
            customize_application: true,
            install_packaging: true,
            author_apex: true,
        }
    }
}

/// Rights on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectRights {
    /// Without it the object seems not to exist.
    pub read: bool,
    /// Create records.
    pub create: bool,
    /// Edit records.
    pub edit: bool,
    /// Delete records.
    pub delete: bool,
}

impl Default for ObjectRights {
    fn default() -> Self {
        Self { read: true, create: true, edit: true, delete: true }
    }
}

/// Rights on a field ("field-level security").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldRights {
    /// Without it the field seems not to exist.
    pub read: bool,
    /// Write the field.
    pub edit: bool,
}

impl Default for FieldRights {
    fn default() -> Self {
        Self { read: true, edit: true }
    }
}

/// A custom field of a standard object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomField {
    /// The object's name.
    pub object: String,
    /// The field's name, ending in `__c`.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: CustomFieldType,
    /// Longest text.
    #[serde(default = "default_length")]
    pub length: u32,
    /// Values of a picklist.
    #[serde(default)]
    pub values: Vec<String>,
    /// A picklist that takes no other values.
    #[serde(default)]
    pub restricted: bool,
    /// Marked as external id.
    #[serde(default)]
    pub external_id: bool,
    /// No two records may have the same value.
    #[serde(default)]
    pub unique: bool,
    /// Required on every write.
    #[serde(default)]
    pub required: bool,
}

fn default_length() -> u32 {
    255
}

/// Types of custom fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomFieldType {
    /// Text.
    Text,
    /// Long text.
    TextArea,
    /// E-mail address.
    Email,
    /// Number.
    Number,
    /// Checkbox.
    Checkbox,
    /// Date.
    Date,
    /// Date and time.
    DateTime,
    /// One of a list of values.
    Picklist,
}

/// Refuses a record with `FIELD_CUSTOM_VALIDATION_EXCEPTION` when its field fits the condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationRule {
    /// The object's name.
    pub object: String,
    /// The field that is looked at.
    pub field: String,
    /// When the record is refused.
    pub when: Condition,
    /// The org's own text.
    pub message: String,
    /// Whether the error names the field or stands at the top of the page.
    #[serde(default)]
    pub at_field: bool,
}

/// A condition on the value of one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Always.
    Always,
    /// No value.
    Blank,
    /// Some value.
    NotBlank,
    /// This value, any case.
    Equals(Value),
    /// Another value or none.
    NotEquals(Value),
    /// Text that contains this, any case.
    Contains(String),
    /// Text that ends with this, any case.
    EndsWith(String),
}

/// Refuses a record like one that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DuplicateRule {
    /// Developer name, such as `Standard_Contact_Duplicate_Rule`.
    pub name: String,
    /// The object whose writes are looked at.
    pub object: String,
    /// The objects in which like records are sought; `object` if empty.
    #[serde(default)]
    pub match_objects: Vec<String>,
    /// The fields that must all be the same, any case; a blank one matches nothing.
    pub match_fields: Vec<String>,
    /// Whether `Sforce-Duplicate-Rule-Header: allowSave=true` lets the record pass.
    #[serde(default)]
    pub allow_save: bool,
    /// The org's own text.
    #[serde(default = "default_duplicate_message")]
    pub message: String,
}

fn default_duplicate_message() -> String {
    "Use one of these records?".to_owned()
}

/// The next writes to an object that fail with `UNABLE_TO_LOCK_ROW`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowLock {
    /// The object's name.
    pub object: String,
    /// So many writes fail.
    pub times: u64,
}

/// A connected app or external client app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OAuthApp {
    /// Consumer key.
    pub client_id: String,
    /// Consumer secret; absent for a public client.
    pub client_secret: Option<String>,
    /// Installed in the org; otherwise `app_not_found`.
    pub installed: bool,
    /// Blocked by the admin: `OAUTH_APP_BLOCKED`.
    pub blocked: bool,
    /// A refresh gives a new refresh token and ends the old one.
    pub rotates_refresh_tokens: bool,
    /// User name of the "Run As" user of client credentials.
    pub run_as: Option<String>,
    /// PEM of the RSA public key for JWT bearer assertions.
    pub public_key_pem: Option<String>,
    /// User names that are approved for JWT bearer; empty: all users of the org.
    pub approved_users: Vec<String>,
    /// Callback URLs; empty: any.
    pub redirect_uris: Vec<String>,
    /// Whether the code exchange needs PKCE.
    pub requires_pkce: bool,
}

impl Default for OAuthApp {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            client_secret: None,
            installed: true,
            blocked: false,
            rotates_refresh_tokens: false,
            run_as: None,
            public_key_pem: None,
            approved_users: Vec::new(),
            redirect_uris: Vec::new(),
            requires_pkce: false,
        }
    }
}

impl OAuthApp {
    /// A confidential app.
    pub fn new(client_id: &str, client_secret: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: Some(client_secret.to_owned()),
            ..Self::default()
        }
    }
}
