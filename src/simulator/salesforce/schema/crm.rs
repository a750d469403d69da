//! The objects that salespeople work with. Lengths are those of a standard org's describe.

use super::{Field, Kind, Object};

const SALUTATIONS: &[&str] = &["Mr.", "Ms.", "Mrs.", "Dr.", "Prof."];
const LEAD_SOURCES: &[&str] = &["Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"];
const INDUSTRIES: &[&str] = &[
    "Agriculture",
    "Banking",
    "Biotechnology",
    "Communications",
    "Construction",
    "Consulting",
    "Education",
    "Electronics",
    "Energy",
    "Engineering",
    "Finance",
    "Healthcare",
    "Insurance",
    "Manufacturing",
    "Media",
    "Retail",
    "Technology",
    "Telecommunications",
    "Other",
];
const RATINGS: &[&str] = &["Hot", "Warm", "Cold"];

pub(super) fn objects() -> Vec<Object> {
    vec![
        account(),
        contact(),
        lead(),
        opportunity(),
        contact_role(),
        task(),
        event(),
        campaign(),
        campaign_member(),
        case(),
    ]
}

fn owner(children: Option<&str>) -> Field {
    let mut owner = Field::reference("OwnerId", &["User"], "Owner", children).required();
    owner.defaulted_on_create = true;
    owner
}

fn person_name(last_required: bool) -> Vec<Field> {
    let mut last = Field::text("LastName", 80).part_of("Name");
    last.nillable = !last_required;
    vec![
        last,
        Field::text("FirstName", 40).part_of("Name"),
        Field::picklist("Salutation", SALUTATIONS).part_of("Name"),
        Field::text("Name", 121).required().read_only().label("Full Name"),
    ]
}

fn address(prefix: &str) -> Vec<Field> {
    let compound = if prefix.is_empty() { "Address".to_owned() } else { format!("{prefix}Address") };
    let part = |name: &str, length| Field::text(&format!("{prefix}{name}"), length).part_of(&compound);
    let mut fields = vec![
        part("Street", 255),
        part("City", 40),
        part("State", 80),
        part("PostalCode", 20),
        part("Country", 80),
    ];
    fields.push(Field::of(&compound, Kind::Address).read_only());
    fields
}

fn phones(names: &[&str]) -> Vec<Field> {
    names.iter().map(|name| Field::of(name, Kind::Phone)).collect()
}

fn account() -> Object {
    let mut fields = vec![
        Field::text("Name", 255).required().label("Account Name"),
        Field::picklist("Type", &["Prospect", "Customer - Direct", "Customer - Channel", "Partner", "Other"]),
        Field::reference("ParentId", &["Account"], "Parent", Some("ChildAccounts"))
            .label("Parent Account ID"),
        Field::of("Website", Kind::Url),
        Field::text("AccountNumber", 40),
        Field::picklist("Industry", INDUSTRIES),
        Field::picklist("Rating", RATINGS),
        Field::of("AnnualRevenue", Kind::Currency),
        Field::of("NumberOfEmployees", Kind::Int).label("Employees"),
        Field::of("Description", Kind::TextArea),
        owner(Some("Accounts")),
    ];
    fields.extend(phones(&["Phone", "Fax"]));
    fields.extend(address("Billing"));
    fields.extend(address("Shipping"));
    Object::records("Account", "001", fields)
}

fn contact() -> Object {
    let mut fields = person_name(true);
    fields.extend([
        Field::reference("MasterRecordId", &["Contact"], "MasterRecord", None).read_only(),
        Field::reference("AccountId", &["Account"], "Account", Some("Contacts")),
        Field::of("Email", Kind::Email).lookup(),
        Field::text("Title", 128),
        Field::text("Department", 80),
        Field::picklist("LeadSource", LEAD_SOURCES),
        Field::of("Birthdate", Kind::Date),
        Field::of("Description", Kind::TextArea),
        Field::reference("ReportsToId", &["Contact"], "ReportsTo", None),
        Field::flag("HasOptedOutOfEmail").label("Email Opt Out"),
        Field::flag("DoNotCall"),
        Field::flag("IsEmailBounced").read_only(),
        Field::of("LastActivityDate", Kind::Date).read_only(),
        owner(Some("Contacts")),
    ]);
    fields.extend(phones(&["Phone", "MobilePhone", "HomePhone", "OtherPhone", "AssistantPhone", "Fax"]));
    fields.extend(address("Mailing"));
    fields.extend(address("Other"));
    Object::records("Contact", "003", fields)
}

fn lead() -> Object {
    let mut fields = person_name(true);
    fields.extend([
        Field::reference("MasterRecordId", &["Lead"], "MasterRecord", None).read_only(),
        Field::text("Company", 255).required(),
        Field::text("Title", 128),
        Field::of("Email", Kind::Email).lookup(),
        Field::of("Website", Kind::Url),
        Field::of("Description", Kind::TextArea),
        Field::picklist("LeadSource", LEAD_SOURCES),
        Field::picklist(
            "Status",
            &["Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"],
        )
        .required()
        .default_value("Open - Not Contacted"),
        Field::picklist("Industry", INDUSTRIES),
        Field::picklist("Rating", RATINGS),
        Field::of("AnnualRevenue", Kind::Currency),
        Field::of("NumberOfEmployees", Kind::Int).label("Employees"),
        Field::flag("HasOptedOutOfEmail").label("Email Opt Out"),
        Field::flag("DoNotCall"),
        Field::flag("IsUnreadByOwner"),
        Field::flag("IsConverted").read_only().label("Converted"),
        Field::of("ConvertedDate", Kind::Date).read_only(),
        Field::reference("ConvertedAccountId", &["Account"], "ConvertedAccount", None).read_only(),
        Field::reference("ConvertedContactId", &["Contact"], "ConvertedContact", None).read_only(),
        Field::reference("ConvertedOpportunityId", &["Opportunity"], "ConvertedOpportunity", None)
            .read_only(),
        Field::of("LastActivityDate", Kind::Date).read_only(),
        owner(Some("Leads")),
    ]);
    fields.extend(phones(&["Phone", "MobilePhone", "Fax"]));
    fields.extend(address(""));
    Object::records("Lead", "00Q", fields)
}

fn opportunity() -> Object {
    let stages = [
        "Prospecting",
        "Qualification",
        "Needs Analysis",
        "Value Proposition",
        "Id. Decision Makers",
        "Perception Analysis",
        "Proposal/Price Quote",
        "Negotiation/Review",
        "Closed Won",
        "Closed Lost",
    ];
    let fields = vec![
        Field::reference("AccountId", &["Account"], "Account", Some("Opportunities")),
        Field::text("Name", 120).required(),
        Field::of("Description", Kind::TextArea),
        Field::picklist("StageName", &stages).required().label("Stage"),
        Field::of("Amount", Kind::Currency),
        Field::of("Probability", Kind::Percent),
        Field::of("CloseDate", Kind::Date).required(),
        Field::picklist("Type", &["Existing Business", "New Business"]),
        Field::text("NextStep", 255),
        Field::picklist("LeadSource", LEAD_SOURCES),
        Field::picklist("ForecastCategoryName", &["Omitted", "Pipeline", "Best Case", "Commit", "Closed"]),
        Field::reference("CampaignId", &["Campaign"], "Campaign", Some("Opportunities")),
        Field::flag("IsClosed").read_only(),
        Field::flag("IsWon").read_only(),
        Field::of("LastActivityDate", Kind::Date).read_only(),
        owner(None),
    ];
    Object::records("Opportunity", "006", fields)
}

fn contact_role() -> Object {
    let fields = vec![
        Field::reference("OpportunityId", &["Opportunity"], "Opportunity", Some("OpportunityContactRoles"))
            .required()
            .create_only(),
        Field::reference("ContactId", &["Contact"], "Contact", Some("OpportunityContactRoles")).required(),
        Field::picklist("Role", &["Business User", "Decision Maker", "Economic Buyer", "Evaluator", "Other"]),
        Field::flag("IsPrimary").label("Primary"),
    ];
    let mut object = Object::records("OpportunityContactRole", "00K", fields);
    object.layoutable = false;
    object
}

fn activity(mut fields: Vec<Field>) -> Vec<Field> {
    let who = Field::reference("WhoId", &["Contact", "Lead"], "Who", None).label("Name ID");
    let what = Field::reference("WhatId", &["Account", "Opportunity", "Campaign", "Case"], "What", None)
        .label("Related To ID");
    let mut account = Field::reference("AccountId", &["Account"], "Account", None).read_only();
    account.createable = false;
    fields.extend([
        who,
        what,
        Field::text("Subject", 255),
        Field::of("ActivityDate", Kind::Date).label("Due Date Only"),
        Field::of("Description", Kind::TextArea),
        account,
        owner(None),
    ]);
    fields
}

fn task() -> Object {
    let status = ["Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"];
    let fields = activity(vec![
        Field::picklist("Status", &status).required().default_value("Not Started"),
        Field::picklist("Priority", &["High", "Normal", "Low"]).required().default_value("Normal"),
        Field::picklist("TaskSubtype", &["Task", "Email", "ListEmail", "Cadence", "Call", "LinkedIn"])
            .create_only()
            .default_value("Task"),
        Field::picklist("CallType", &["Internal", "Inbound", "Outbound"]),
        Field::of("CallDurationInSeconds", Kind::Int),
        Field::text("CallDisposition", 255),
        Field::text("CallObject", 255),
        Field::picklist("Type", &["Call", "Email", "Meeting", "Other"]),
        Field::flag("IsClosed").read_only(),
        Field::flag("IsHighPriority").read_only(),
        Field::flag("IsReminderSet"),
        Field::of("ReminderDateTime", Kind::DateTime),
        Field::of("CompletedDateTime", Kind::DateTime).read_only(),
    ]);
    Object::records("Task", "00T", fields)
}

fn event() -> Object {
    let fields = activity(vec![
        Field::of("StartDateTime", Kind::DateTime),
        Field::of("EndDateTime", Kind::DateTime),
        Field::of("ActivityDateTime", Kind::DateTime).label("Due Date Time"),
        Field::of("DurationInMinutes", Kind::Int).label("Duration"),
        Field::flag("IsAllDayEvent").label("All-Day Event"),
        Field::text("Location", 255),
        Field::picklist("Type", &["Call", "Email", "Meeting", "Other"]),
    ]);
    Object::records("Event", "00U", fields)
}

fn campaign() -> Object {
    let fields = vec![
        Field::text("Name", 80).required(),
        Field::picklist("Type", &["Conference", "Webinar", "Email", "Advertisement", "Other"]),
        Field::picklist("Status", &["Planned", "In Progress", "Completed", "Aborted"]),
        Field::of("StartDate", Kind::Date),
        Field::of("EndDate", Kind::Date),
        Field::flag("IsActive").label("Active"),
        Field::of("Description", Kind::TextArea),
        owner(None),
    ];
    Object::records("Campaign", "701", fields)
}

fn campaign_member() -> Object {
    let fields = vec![
        Field::reference("CampaignId", &["Campaign"], "Campaign", Some("CampaignMembers"))
            .required()
            .create_only(),
        Field::reference("LeadId", &["Lead"], "Lead", Some("CampaignMembers")),
        Field::reference("ContactId", &["Contact"], "Contact", Some("CampaignMembers")),
        Field::picklist("Status", &["Sent", "Responded"]).default_value("Sent"),
    ];
    Object::records("CampaignMember", "00v", fields)
}

fn case() -> Object {
    let fields = vec![
        Field::text("CaseNumber", 30).required().read_only(),
        Field::reference("ContactId", &["Contact"], "Contact", Some("Cases")),
        Field::reference("AccountId", &["Account"], "Account", Some("Cases")),
        Field::text("SuppliedName", 80),
        Field::of("SuppliedEmail", Kind::Email),
        Field::picklist("Status", &["New", "Working", "Escalated", "Closed"]).default_value("New"),
        Field::picklist("Origin", &["Phone", "Email", "Web"]).label("Case Origin"),
        Field::picklist("Priority", &["High", "Medium", "Low"]).default_value("Medium"),
        Field::text("Subject", 255),
        Field::of("Description", Kind::TextArea),
        Field::flag("IsClosed").read_only(),
        owner(None),
    ];
    Object::records("Case", "500", fields)
}
