//! HubSpot's own properties as a table: those that a connector reads, writes or filters on.

/// What kind of value a property takes.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Area,
    Html,
    Phone,
    Number,
    Moment,

    Flag,
    Owner,
    Choice(&'static [&'static str]),
    Choices(&'static [&'static str]),
}

use Kind::{Area, Flag, Html, Moment, Number, Owner, Phone, Text};

/// Name, label, kind, read-only.
pub(super) type Row = (&'static str, &'static str, Kind, bool);

/// On every object type.
pub(super) const COMMON: &[Row] = &[
    ("hs_object_id", "Record ID", Number, true),
    ("hs_object_source", "Record creation source", Text, true),
    ("hs_object_source_id", "Record creation source ID", Text, true),
    ("hs_object_source_label", "Record source", Text, true),
    ("hs_merged_object_ids", "Merged record IDs", Text, true),
    ("hubspot_owner_id", "Owner", Owner, false),
    ("hubspot_owner_assigneddate", "Owner assigned date", Moment, true),
    ("hs_createdate", "Object create date/time", Moment, true),
    ("hs_lastmodifieddate", "Object last modified date/time", Moment, true),
];

pub(super) const CONTACT: &[Row] = &[
    ("email", "Email", Text, false),
    ("hs_additional_emails", "Additional email addresses", Text, false),
    ("firstname", "First Name", Text, false),
    ("lastname", "Last Name", Text, false),
    ("salutation", "Salutation", Text, false),
    ("company", "Company Name", Text, false),
    ("jobtitle", "Job Title", Text, false),
    ("phone", "Phone Number", Phone, false),
    ("mobilephone", "Mobile Phone Number", Phone, false),
    ("fax", "Fax Number", Text, false),
    ("website", "Website URL", Text, false),
    ("address", "Street Address", Text, false),
    ("city", "City", Text, false),
    ("state", "State/Region", Text, false),
    ("zip", "Postal Code", Text, false),
    ("country", "Country/Region", Text, false),
    ("industry", "Industry", Text, false),
    ("annualrevenue", "Annual Revenue", Text, false),
    ("numemployees", "Number of Employees", Text, false),
    ("message", "Message", Area, false),
    ("hs_language", "Preferred language", Text, false),
    ("hs_timezone", "Time Zone", Text, false),
    ("date_of_birth", "Date of birth", Text, false),
    ("closedate", "Close Date", Moment, false),
    ("leadsource", "Lead Source", Text, false),
    (
        "hs_lead_status",
        "Lead Status",
        Kind::Choice(&[
            "NEW",
            "OPEN",
            "IN_PROGRESS",
            "OPEN_DEAL",
            "UNQUALIFIED",
            "ATTEMPTED_TO_CONTACT",
            "CONNECTED",
            "BAD_TIMING",
        ]),
        false,
    ),
    ("associatedcompanyid", "Primary Associated Company ID", Number, false),
    ("createdate", "Create Date", Moment, true),
    ("lastmodifieddate", "Last Modified Date", Moment, true),
    ("num_notes", "Number of Sales Activities", Number, true),
    ("num_associated_deals", "Number of Associated Deals", Number, true),
    ("num_conversion_events", "Number of Form Submissions", Number, true),
    ("num_unique_conversion_events", "Number of Unique Forms Submitted", Number, true),
    ("recent_conversion_date", "Recent Conversion Date", Moment, true),
    ("recent_conversion_event_name", "Recent Conversion", Text, true),
    ("first_conversion_date", "First Conversion Date", Moment, true),
    ("first_conversion_event_name", "First Conversion", Text, true),
    ("hs_email_domain", "Email Domain", Text, true),
    ("hs_full_name_or_email", "Full name or email", Text, true),
    ("hs_all_contact_vids", "All vids for a contact", Text, true),
    ("hs_is_contact", "Is a contact", Flag, true),
    ("hs_is_unworked", "Contact unworked", Flag, true),
    ("hs_pipeline", "Pipeline", Kind::Choice(&["contacts-lifecycle-pipeline"]), false),
    ("hs_email_open", "Marketing emails opened", Number, true),
    ("hs_email_last_open_date", "Last marketing email open date", Moment, true),
    ("hs_email_last_email_name", "Last marketing email name", Text, true),
    ("hs_email_optout", "Unsubscribed from all email", Flag, true),
    ("hs_email_bounce", "Marketing emails bounced", Number, true),
    ("hs_sales_email_last_opened", "Recent Sales Email Opened Date", Moment, true),
    ("hs_analytics_source", "Original Source", Text, true),
    ("hubspotscore", "HubSpot Score", Number, true),
    ("hs_associated_target_accounts", "Associated Target Accounts", Number, true),
    ("hs_membership_has_accessed_private_content", "Has accessed private content", Number, true),
    ("hs_registered_member", "Registered member", Number, true),
    ("hs_sequences_actively_enrolled_count", "Sequences actively enrolled", Number, true),
];

pub(super) const COMPANY: &[Row] = &[
    ("name", "Company name", Text, false),
    ("domain", "Company Domain Name", Text, false),
    ("website", "Website URL", Text, false),
    ("phone", "Phone Number", Phone, false),
    ("address", "Street Address", Text, false),
    ("address2", "Street Address 2", Text, false),
    ("city", "City", Text, false),
    ("state", "State/Region", Text, false),
    ("zip", "Postal Code", Text, false),
    ("country", "Country/Region", Text, false),
    ("industry", "Industry", Text, false),
    ("description", "Description", Area, false),
    ("annualrevenue", "Annual Revenue", Number, false),
    ("numberofemployees", "Number of Employees", Number, false),
    ("type", "Type", Kind::Choice(&["PROSPECT", "PARTNER", "RESELLER", "VENDOR", "OTHER"]), false),
    ("hs_parent_company_id", "Parent Company", Number, true),
    ("createdate", "Create Date", Moment, true),
    ("num_associated_contacts", "Number of Associated Contacts", Number, true),
];

pub(super) const DEAL: &[Row] = &[
    ("dealname", "Deal Name", Text, false),
    ("amount", "Amount", Number, false),
    ("closedate", "Close Date", Moment, false),
    ("pipeline", "Pipeline", Kind::Choice(&["default"]), false),
    (
        "dealstage",
        "Deal Stage",
        Kind::Choice(&[
            "appointmentscheduled",
            "qualifiedtobuy",
            "presentationscheduled",
            "decisionmakerboughtin",
            "contractsent",
            "closedwon",
            "closedlost",
        ]),
        false,
    ),
    ("dealtype", "Deal Type", Kind::Choice(&["newbusiness", "existingbusiness"]), false),
    ("description", "Deal Description", Area, false),
    ("deal_currency_code", "Currency", Text, false),
    ("hs_priority", "Priority", Kind::Choice(&["low", "medium", "high"]), false),
    ("hs_next_step", "Next step", Text, false),
    ("hs_is_closed", "Is Deal Closed?", Flag, true),
    ("hs_is_closed_won", "Is Closed Won", Flag, true),
    ("createdate", "Create Date", Moment, true),
];

pub(super) const TICKET: &[Row] = &[
    ("subject", "Ticket name", Text, false),
    ("content", "Ticket description", Area, false),
    ("hs_pipeline", "Pipeline", Kind::Choice(&["0"]), false),
    ("hs_pipeline_stage", "Ticket status", Kind::Choice(&["1", "2", "3", "4"]), false),
    ("hs_ticket_priority", "Priority", Kind::Choice(&["LOW", "MEDIUM", "HIGH", "URGENT"]), false),
    (
        "hs_ticket_category",
        "Category",
        Kind::Choices(&["PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY"]),
        false,
    ),
    ("createdate", "Create date", Moment, true),
];

pub(super) const ENGAGEMENT: &[Row] = &[
    ("hs_timestamp", "Activity date", Moment, false),
    ("hs_activity_type", "Activity type", Text, false),
    ("hs_attachment_ids", "Attached file IDs", Text, false),
];

pub(super) const TASK: &[Row] = &[
    ("hs_task_subject", "Task Title", Text, false),
    ("hs_task_body", "Task Notes", Html, false),
    (
        "hs_task_status",
        "Task Status",
        Kind::Choice(&["NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED", "DEFERRED"]),
        false,
    ),
    ("hs_task_priority", "Priority", Kind::Choice(&["NONE", "LOW", "MEDIUM", "HIGH"]), false),
    ("hs_task_type", "Task Type", Kind::Choice(&["TODO", "CALL", "EMAIL"]), false),
    ("hs_task_reminders", "Reminders", Text, false),
    ("hs_task_completion_date", "Completed at", Moment, false),
];

pub(super) const NOTE: &[Row] = &[("hs_note_body", "Note body", Html, false)];

pub(super) const CALL: &[Row] = &[
    ("hs_call_title", "Call Title", Text, false),
    ("hs_call_body", "Call notes", Html, false),
    ("hs_call_direction", "Call direction", Kind::Choice(&["INBOUND", "OUTBOUND"]), false),
    ("hs_call_disposition", "Call outcome", Owner, false),
    ("hs_call_duration", "Call duration", Number, false),
    ("hs_call_from_number", "From Number", Text, false),
    ("hs_call_to_number", "To Number", Text, false),
    (
        "hs_call_status",
        "Call Status",
        Kind::Choice(&[
            "BUSY",
            "CALLING_CRM_USER",
            "CANCELED",
            "COMPLETED",
            "CONNECTING",
            "FAILED",
            "IN_PROGRESS",
            "NO_ANSWER",
            "QUEUED",
            "RINGING",
        ]),
        false,
    ),
];

pub(super) const EMAIL: &[Row] = &[
    ("hs_email_subject", "Email subject", Text, false),
    ("hs_email_text", "Email body", Area, false),
    ("hs_email_html", "Email HTML", Html, false),
    ("hs_email_headers", "Email headers", Area, false),
    (
        "hs_email_direction",
        "Email Direction",
        Kind::Choice(&["EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"]),
        false,
    ),
    (
        "hs_email_status",
        "Email send status",
        Kind::Choice(&["BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT"]),
        false,
    ),
    ("hs_email_open_count", "Number of email opens", Number, true),
];

pub(super) const MEETING: &[Row] = &[
    ("hs_meeting_title", "Meeting name", Text, false),
    ("hs_meeting_body", "Meeting description", Html, false),
    ("hs_meeting_location", "Meeting location", Text, false),
    ("hs_meeting_start_time", "Meeting start time", Moment, false),
    ("hs_meeting_end_time", "Meeting end time", Moment, false),
    (
        "hs_meeting_outcome",
        "Meeting outcome",
        Kind::Choice(&["SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED"]),
        false,
    ),
];

pub(super) const COMMUNICATION: &[Row] = &[
    ("hs_communication_body", "Communication body", Html, false),
    (
        "hs_communication_channel_type",
        "Channel type",
        Kind::Choice(&["WHATS_APP", "LINKEDIN_MESSAGE", "SMS", "CUSTOM_CHANNEL_CONVERSATION"]),
        false,
    ),
    ("hs_communication_logged_from", "Logged from", Text, false),
];
