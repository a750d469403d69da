//! Test contacts.

use super::{etag, narrow, reason, timestamp};
use crate::{
    api::v1,
    domain::{
        Refusal,
        inclusion::{Because, Verdict},
        test_contact::{Cleanup, Status, TestContact},
    },
    grpc::wording,
    locale::{self, Language},
};

/// A test contact, with the portal's revision at which it was read.
#[must_use]
pub fn test_contact(language: Language, contact: &TestContact, revision: i64) -> v1::TestContact {
    let failure = failure(contact);
    let hubspot = contact.hubspot.as_ref();
    let salesforce = contact.salesforce.as_ref();
    let history = contact.history.iter();
    v1::TestContact {
        test_contact_id: contact.id.to_string(),
        portal_id: contact.portal_id.get(),
        status: self::status(contact.status).into(),
        email: contact.email.clone(),
        hubspot_contact_id: hubspot.map(|record| record.id.clone()).unwrap_or_default(),
        hubspot_url: hubspot.map(|record| record.url.clone()).unwrap_or_default(),
        salesforce_object: salesforce.map(|record| record.object.clone()).unwrap_or_default(),
        salesforce_record_id: salesforce.map(|record| record.id.clone()).unwrap_or_default(),
        salesforce_url: salesforce.map(|record| record.url.clone()).unwrap_or_default(),
        inclusion: Some(inclusion(language, contact.verdict.as_ref())),
        reason: reason(failure.map(|failure| failure.reason)),
        message: message(language, contact),
        fix: failure.map(|failure| wording::fix(language, failure)).unwrap_or_default(),
        api_calls_used: narrow(contact.api_calls),
        cleanup: cleanup(&contact.cleanup).into(),
        history: history
            .clone()
            .map(|reached| v1::StatusTime {
                status: self::status(reached.status).into(),
                time: Some(timestamp(reached.at)),
            })
            .collect(),
        create_time: history.clone().next().map(|reached| timestamp(reached.at)),
        etag: etag(contact.version),
        revision,
    }
}

/// What is to be mended: records that could not be deleted come first, as they are what was asked for last.
fn failure(contact: &TestContact) -> Option<&Refusal> {
    match &contact.cleanup {
        Cleanup::Failed { failure } => Some(failure),
        Cleanup::None | Cleanup::Deleting | Cleanup::Deleted => contact.failure.as_ref(),
    }
}

fn status(status: Status) -> v1::TestContactStatus {
    match status {
        Status::Starting => v1::TestContactStatus::Starting,
        Status::Scheduling => v1::TestContactStatus::Scheduling,
        Status::Processing => v1::TestContactStatus::Processing,
        Status::Completed => v1::TestContactStatus::Completed,
        Status::Failed => v1::TestContactStatus::Failed,
        Status::Cancelled => v1::TestContactStatus::Cancelled,
    }
}

fn cleanup(cleanup: &Cleanup) -> v1::CleanupState {
    match cleanup {
        Cleanup::None => v1::CleanupState::Unspecified,
        Cleanup::Deleting => v1::CleanupState::Deleting,
        Cleanup::Deleted => v1::CleanupState::Deleted,
        Cleanup::Failed { .. } => v1::CleanupState::Failed,
    }
}

fn message(language: Language, contact: &TestContact) -> String {
    match &contact.cleanup {
        Cleanup::Deleted => return locale::text(language, "test-contact-message-deleted", &[]),
        Cleanup::Failed { failure } => return wording::message(language, failure),
        Cleanup::None | Cleanup::Deleting => {}
    }
    let object = contact.salesforce.as_ref().map(|record| record.object.clone()).unwrap_or_default();
    let failure =
        contact.failure.as_ref().map(|failure| wording::message(language, failure)).unwrap_or_default();
    let key = match contact.status {
        Status::Starting => "test-contact-message-starting",
        Status::Scheduling => "test-contact-message-scheduling",
        Status::Processing => "test-contact-message-processing",
        Status::Completed => "test-contact-message-completed",
        Status::Failed => "test-contact-message-failed",
        Status::Cancelled => "test-contact-message-cancelled",
    };
    locale::text(language, key, &[("object", &object), ("message", &failure)])
}

fn inclusion(language: Language, verdict: Option<&Verdict>) -> v1::InclusionVerdict {
    let Some(verdict) = verdict else {
        let explanation = locale::text(language, "inclusion-not-evaluated", &[]);
        return v1::InclusionVerdict { evaluated: false, included: false, explanation };
    };
    let explanation = match (&verdict.because, verdict.included) {
        (Because::List { name }, true) => locale::text(language, "inclusion-in-list", &[("list_name", name)]),
        (Because::List { name }, false) => {
            locale::text(language, "inclusion-not-in-list", &[("list_name", name)])
        }
        (Because::Stage { stage, lowest }, included) => {
            let key = if included { "inclusion-stage-included" } else { "inclusion-stage-too-low" };
            locale::text(language, key, &[("stage", stage), ("lowest", lowest)])
        }
        (Because::NoStage, _) => locale::text(language, "inclusion-no-stage", &[]),
        (Because::UnknownStage { stage }, _) => {
            locale::text(language, "inclusion-unknown-stage", &[("stage", stage)])
        }
    };
    v1::InclusionVerdict { evaluated: true, included: verdict.included, explanation }
}
