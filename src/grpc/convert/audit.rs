//! The audit trail.

use super::timestamp;
use crate::{
    api::v1,
    audit::{Finding, Problem, Row},
};

/// A row of the trail.
#[must_use]
pub fn audit_event(row: &Row) -> v1::AuditEvent {
    let draft = &row.draft;
    v1::AuditEvent {
        portal_id: draft.portal_id,
        sequence: row.sequence,
        revision: draft.revision,
        occur_time: Some(timestamp(draft.occurred_at)),
        principal: draft.principal.clone(),
        method: draft.method.clone(),
        request_id: draft.request_id.to_string(),
        call_id: draft.call_id.clone(),
        reason: draft.reason.clone(),
        kinds: draft.kinds.clone(),
        details: draft.details.clone(),
        prev_hash: row.prev_hash.to_vec(),
        hash: row.hash.to_vec(),
    }
}

/// What is wrong with a chain.
#[must_use]
pub fn audit_finding(finding: &Finding) -> v1::AuditFinding {
    let problem = match finding.problem {
        Problem::Missing => v1::AuditProblem::Missing,
        Problem::Unlinked => v1::AuditProblem::Unlinked,
        Problem::Edited => v1::AuditProblem::Edited,
        Problem::Head => v1::AuditProblem::Head,
        Problem::SignedHead => v1::AuditProblem::SignedHead,
    };
    v1::AuditFinding {
        portal_id: finding.portal_id,
        sequence: finding.sequence,
        problem: problem.into(),
        good_until_sequence: finding.good_until,
    }
}
