//! The CRM object types that the simulator holds, and every way a path may name them.

use super::error::{Failure, Outcome};

/// One kind of CRM record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum ObjectType {
    Contact,
    Company,
    Deal,
    Ticket,
    Communication,
    Task,
    Note,
    Meeting,
    Call,
    Email,
}

impl ObjectType {
    pub(super) const ALL: [Self; 10] = [
        Self::Contact,
        Self::Company,
        Self::Deal,
        Self::Ticket,
        Self::Communication,
        Self::Task,
        Self::Note,
        Self::Meeting,
        Self::Call,
        Self::Email,
    ];

    /// By plural or singular name (any case) or type id (`0-1`).
    pub(super) fn parse(name: &str) -> Outcome<Self> {
        let wanted = name.trim().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|kind| kind.plural() == wanted || kind.singular() == wanted || kind.type_id() == wanted)
            .ok_or_else(|| Failure::unknown_object_type(name))
    }

    pub(super) fn type_id(self) -> &'static str {
        match self {
            Self::Contact => "0-1",
            Self::Company => "0-2",
            Self::Deal => "0-3",
            Self::Ticket => "0-5",
            Self::Communication => "0-18",
            Self::Task => "0-27",
            Self::Note => "0-46",
            Self::Meeting => "0-47",
            Self::Call => "0-48",
            Self::Email => "0-49",
        }
    }

    pub(super) fn singular(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
            Self::Deal => "deal",
            Self::Ticket => "ticket",
            Self::Communication => "communication",
            Self::Task => "task",
            Self::Note => "note",
            Self::Meeting => "meeting",
            Self::Call => "call",
            Self::Email => "email",
        }
    }

    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Contact => "contacts",
            Self::Company => "companies",
            Self::Deal => "deals",
            Self::Ticket => "tickets",
            Self::Communication => "communications",
            Self::Task => "tasks",
            Self::Note => "notes",
            Self::Meeting => "meetings",
            Self::Call => "calls",
            Self::Email => "emails",
        }
    }

    /// Engagements share the creation date property and the contacts scopes.
    pub(super) fn is_engagement(self) -> bool {
        !matches!(self, Self::Contact | Self::Company | Self::Deal | Self::Ticket)
    }

    /// Contacts alone say `lastmodifieddate`.
    pub(super) fn modified_property(self) -> &'static str {
        if self == Self::Contact { "lastmodifieddate" } else { "hs_lastmodifieddate" }
    }

    pub(super) fn created_property(self) -> &'static str {
        if self.is_engagement() { "hs_createdate" } else { "createdate" }
    }

    /// What a read answers when the caller names no properties.
    pub(super) fn default_properties(self) -> &'static [&'static str] {
        match self {
            Self::Contact => {
                &["createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"]
            }
            Self::Company => &["name", "domain", "createdate", "hs_lastmodifieddate", "hs_object_id"],
            Self::Deal => &[
                "dealname",
                "amount",
                "closedate",
                "pipeline",
                "dealstage",
                "createdate",
                "hs_lastmodifieddate",
                "hs_object_id",
            ],
            Self::Ticket => &[
                "subject",
                "content",
                "hs_pipeline",
                "hs_pipeline_stage",
                "hs_ticket_category",
                "hs_ticket_priority",
                "createdate",
                "hs_lastmodifieddate",
                "hs_object_id",
            ],
            _ => &["hs_createdate", "hs_lastmodifieddate", "hs_object_id"],
        }
    }

    /// A create must set every property of at least one of these groups; none means no rule.
    pub(super) fn required_on_create(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Contact => &[&["email"], &["firstname"], &["lastname"]],
            Self::Company => &[&["name"], &["domain"]],
            Self::Deal => &[&["dealname", "dealstage"]],
            Self::Ticket => &[&["subject", "hs_pipeline_stage"]],
            Self::Email => &[&["hs_timestamp", "hs_email_direction"]],
            _ => &[&["hs_timestamp"]],
        }
    }

    /// The scope that a read asks for; engagements are covered by those of contacts.
    pub(super) fn read_scopes(self) -> Vec<&'static str> {
        match self {
            Self::Company => vec!["crm.objects.companies.read"],
            Self::Deal => vec!["crm.objects.deals.read"],
            Self::Ticket => vec!["tickets"],
            Self::Email => vec!["crm.objects.contacts.read", "sales-email-read"],
            _ => vec!["crm.objects.contacts.read"],
        }
    }

    pub(super) fn write_scopes(self) -> Vec<&'static str> {
        match self {
            Self::Company => vec!["crm.objects.companies.write"],
            Self::Deal => vec!["crm.objects.deals.write"],
            Self::Ticket => vec!["tickets"],
            _ => vec!["crm.objects.contacts.write"],
        }
    }

    /// Any one of these lets a caller read property definitions.
    pub(super) fn schema_read_scopes(self) -> Vec<&'static str> {
        match self {
            Self::Company => vec!["crm.objects.companies.read", "crm.schemas.companies.read"],
            Self::Deal => vec!["crm.objects.deals.read", "crm.schemas.deals.read"],
            Self::Ticket => vec!["tickets"],
            _ => vec!["crm.objects.contacts.read", "crm.schemas.contacts.read"],
        }
    }

    pub(super) fn schema_write_scopes(self) -> Vec<&'static str> {
        match self {
            Self::Company => vec!["crm.schemas.companies.write"],
            Self::Deal => vec!["crm.schemas.deals.write"],
            Self::Ticket => vec!["tickets"],
            _ => vec!["crm.schemas.contacts.write"],
        }
    }
}
