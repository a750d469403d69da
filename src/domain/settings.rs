//! What syncs: objects, activities, and which contacts go from HubSpot to Salesforce.

use serde::{Deserialize, Serialize};

/// HubSpot's internal value of the stage from which contacts sync when there is no inclusion list (R62).
pub const DEFAULT_LOWEST_STAGE: &str = "subscriber";

/// Every portal starts with these lifecycle stages, in this order.
pub const DEFAULT_STAGES: [&str; 8] = [
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
];

/// Which objects sync besides contacts (R54, R55).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectSync {
    /// Accounts.
    pub accounts: bool,
    /// The standard fields of opportunities.
    pub opportunities: bool,
}

/// Which activities are created, and whether tasks sync (R57, R58).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivitySync {
    /// An activity for each submitted form.
    pub on_form_submission: bool,
    /// An activity for each opened e-mail.
    pub on_email_open: bool,
    /// Tasks, both ways.
    pub tasks: bool,
}

/// Which contacts go from HubSpot to Salesforce (R59–R62).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum InclusionRule {
    /// Members of a smart list.
    List(SmartList),
    /// No list: new contacts from a lifecycle stage on.
    NoList {
        /// HubSpot's internal value of the lowest stage.
        lowest_stage: String,
    },
}

/// A HubSpot list, as it was when it was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmartList {
    /// HubSpot's id.
    pub list_id: String,
    /// Its name.
    pub name: String,
    /// `DYNAMIC`, `MANUAL` or `SNAPSHOT`.
    pub processing_type: String,
    /// Number of members, where known.
    pub size: Option<i64>,
}

impl SmartList {
    /// Smart ("active") lists are evaluated by HubSpot all the time; only they can be inclusion lists (R60).
    #[must_use]
    pub fn is_smart(&self) -> bool {
        self.processing_type == "DYNAMIC"
    }
}

/// Settings of a portal. A part is `None` while the wizard has not come to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncSettings {
    /// Objects.
    pub objects: Option<ObjectSync>,
    /// Activities and tasks.
    pub activities: Option<ActivitySync>,
    /// The inclusion rule.
    pub inclusion: Option<InclusionRule>,
}
