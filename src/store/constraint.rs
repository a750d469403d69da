//! What a violated constraint means. Names are the contract; a test lists the catalog and fails on one that is missing.

use crate::domain::Reason;

/// What the database says by refusing a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A rule of the product; the caller learns its reason.
    Rule(Reason),
    /// It can't happen unless the code is wrong: the rule was checked before the statement.
    Defect,
}

/// Every unique and check constraint, and every unique index.
pub const CONSTRAINTS: &[(&str, Meaning)] = &[
    ("connections_one_org_per_portal", Meaning::Rule(Reason::PortalAlreadyConnected)),
    ("connections_one_portal_per_place", Meaning::Rule(Reason::OrgPortalLimitReached)),
    ("connections_place_within_cap", Meaning::Rule(Reason::OrgPortalLimitReached)),
    ("setups_one_active_per_portal", Meaning::Rule(Reason::ConflictingChange)),
    ("portal_events_pkey", Meaning::Rule(Reason::ConflictingChange)),
    ("request_records_pkey", Meaning::Rule(Reason::ConflictingChange)),
    ("jobs_one_per_subject", Meaning::Rule(Reason::ConflictingChange)),
    ("secrets_one_per_role", Meaning::Rule(Reason::ConflictingChange)),
    ("installation_pkey", Meaning::Defect),
    ("installation_is_single", Meaning::Defect),
    ("installation_audit_sequence_not_negative", Meaning::Defect),
    ("installation_audit_head_length", Meaning::Defect),
    ("portals_pkey", Meaning::Defect),
    ("portals_portal_id_positive", Meaning::Defect),
    ("portals_revision_not_negative", Meaning::Defect),
    ("portals_audit_sequence_not_negative", Meaning::Defect),
    ("portals_audit_head_length", Meaning::Defect),
    ("audit_rows_pkey", Meaning::Rule(Reason::ConflictingChange)),
    ("audit_rows_sequence_positive", Meaning::Defect),
    ("audit_rows_prev_hash_length", Meaning::Defect),
    ("audit_rows_hash_length", Meaning::Defect),
    ("audit_exports_pkey", Meaning::Rule(Reason::ConflictingChange)),
    ("audit_exports_number_positive", Meaning::Defect),
    ("audit_signed_heads_pkey", Meaning::Defect),
    ("audit_signed_heads_hash_length", Meaning::Defect),
    ("request_records_payload_hash_length", Meaning::Defect),
    ("setups_pkey", Meaning::Defect),
    ("orgs_pkey", Meaning::Defect),
    ("orgs_cap_key", Meaning::Defect),
    ("orgs_org_id_is_18_characters", Meaning::Defect),
    ("orgs_portal_cap_bounds", Meaning::Defect),
    ("orgs_allocation_not_negative", Meaning::Defect),
    ("connections_pkey", Meaning::Defect),
    ("connections_state_known", Meaning::Defect),
    ("connections_disconnected_has_time", Meaning::Defect),
    ("connections_api_call_limit_positive", Meaning::Defect),
    ("secrets_pkey", Meaning::Defect),
    ("secrets_kind_known", Meaning::Defect),
    ("secrets_role_known", Meaning::Defect),
    ("secrets_version_positive", Meaning::Defect),
    ("login_attempts_pkey", Meaning::Defect),
    ("login_attempts_outcome_known", Meaning::Defect),
    ("jobs_pkey", Meaning::Defect),
    ("jobs_kind_known", Meaning::Defect),
    ("test_contacts_pkey", Meaning::Defect),
    ("api_calls_pkey", Meaning::Defect),
    ("api_calls_not_negative", Meaning::Defect),
    ("handoffs_pkey", Meaning::Defect),
    ("handoffs_token_hash_key", Meaning::Defect),
    ("handoffs_token_hash_length", Meaning::Defect),
    ("handoffs_lasts_30_days_at_most", Meaning::Defect),
    ("token_renewals_pkey", Meaning::Defect),
    ("api_reservations_pkey", Meaning::Defect),
    ("api_reservations_calls_positive", Meaning::Defect),
    ("key_holders_pkey", Meaning::Defect),
    ("key_rotations_pkey", Meaning::Defect),
    ("key_rotations_counts_not_negative", Meaning::Defect),
    ("key_rotations_one_running", Meaning::Rule(Reason::ConflictingChange)),
    ("retired_keys_pkey", Meaning::Defect),
];

/// The product's rule that a statement ran into, if it did.
pub(super) fn violated(error: &sqlx::Error) -> Option<Reason> {
    let name = error.as_database_error()?.constraint()?;
    CONSTRAINTS.iter().find(|(known, _)| *known == name).and_then(|(_, meaning)| match meaning {
        Meaning::Rule(reason) => Some(*reason),
        Meaning::Defect => None,
    })
}
