//! What contacts did: forms they filled in, marketing e-mails they opened.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::stamp;

/// One submission of a form.
#[derive(Debug, Clone)]
pub(super) struct Submission {
    pub form_id: String,
    pub conversion_id: String,
    pub at: OffsetDateTime,
    /// Field name and value, in order.
    pub fields: Vec<(String, String)>,
    pub page_url: String,
}

impl Submission {
    pub(super) fn email(&self) -> Option<String> {
        self.fields.iter().find(|(name, _)| name == "email").map(|(_, value)| value.to_lowercase())
    }

    pub(super) fn render(&self) -> Value {
        let values: Vec<Value> = self
            .fields
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value, "objectTypeId": "0-1"}))
            .collect();
        json!({
            "conversionId": self.conversion_id,
            "submittedAt": stamp::epoch_ms(self.at),
            "values": values,
            "pageUrl": self.page_url,
        })
    }
}

/// One event of a marketing e-mail.
#[derive(Debug, Clone)]
pub(super) struct EmailEvent {
    pub id: String,
    pub at: OffsetDateTime,
    /// `OPEN`, `CLICK`, `DELIVERED`, …
    pub kind: String,
    pub recipient: String,
    pub campaign_id: u64,
    /// Opened by a machine: clients should skip it.
    pub is_filtered: bool,
}

impl EmailEvent {
    pub(super) fn render(&self, portal: u64) -> Value {
        json!({
            "id": self.id,
            "created": stamp::epoch_ms(self.at),
            "type": self.kind,
            "recipient": self.recipient,
            "portalId": portal,
            "appId": 113,
            "appName": "Batch",
            "emailCampaignId": self.campaign_id,
            "deviceType": "COMPUTER",
            "duration": 1229,
            "userAgent": "Mozilla/5.0",
            "filteredEvent": self.is_filtered,
        })
    }
}

/// Everything of one portal, oldest first.
#[derive(Debug, Default)]
pub(super) struct Activity {
    pub submissions: Vec<Submission>,
    pub email_events: Vec<EmailEvent>,
}

impl Activity {
    /// Whether the address filled in the form, or any form.
    pub(super) fn has_submitted(&self, form_id: Option<&str>, email: &str) -> bool {
        self.submissions.iter().any(|submission| {
            form_id.is_none_or(|id| id == submission.form_id)
                && submission.email().is_some_and(|sender| sender == email.to_lowercase())
        })
    }

    /// Whether the address has such an event.
    pub(super) fn has_event(&self, kind: &str, email: &str) -> bool {
        self.email_events
            .iter()
            .any(|event| event.kind == kind && event.recipient.eq_ignore_ascii_case(email))
    }
}
