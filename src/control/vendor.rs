//! What a vendor's error means to the one who asked, and what the probe's facts are in domain words.

use crate::{
    domain::{
        OrgId, Reason, Refusal,
        api_limit::AllocationSource,
        connection::Org,
        edition::{Edition, Environment},
        probe::{ApiCalls, Fact, Facts, ObjectFacts, Organization, Permissions, Unknown},
    },
    hubspot::{HubSpotError, HubSpotErrorKind},
    salesforce::{
        self, DidItHappen, LayoutModule, ObjectAccess, ProbeReport, ProbeScope, SalesforceError,
        SalesforceErrorKind, Session,
    },
};

/// What an error of Salesforce means.
pub(super) fn salesforce_refusal(error: &SalesforceError) -> Refusal {
    use SalesforceErrorKind as Kind;
    let reason = match error.kind() {
        Kind::LoginRefused => Reason::SalesforceLoginRefused,
        Kind::SoapLoginDisabled => Reason::SalesforceSoapLoginDisabled,
        Kind::ApiDisabled => Reason::SalesforceApiDisabled,
        Kind::PasswordExpired => Reason::SalesforcePasswordExpired,
        Kind::LoginRestricted => Reason::SalesforceLoginRestricted,
        Kind::OauthRefused { .. } | Kind::MyDomainRequired | Kind::CredentialUnusable { .. } => {
            Reason::SalesforceOauthRefused
        }
        Kind::HostNotAllowed(_) => Reason::SalesforceHostNotAllowed,
        Kind::SessionInvalid => Reason::SalesforceSessionRefused,
        Kind::DailyLimitExceeded => Reason::SalesforceApiCallsExhausted,
        Kind::Duplicate { .. } => Reason::SalesforceDuplicateRule,
        Kind::Permission => Reason::SalesforcePermissionMissing,
        Kind::ExternalIdFieldMissing { .. } => Reason::ExternalIdFieldMissing,
        Kind::Validation { .. } if error.code() == Some("FIELD_CUSTOM_VALIDATION_EXCEPTION") => {
            Reason::SalesforceValidationRule
        }
        Kind::Validation { .. }
        | Kind::NotFound
        | Kind::MultipleMatches
        | Kind::ConvertedLead
        | Kind::Other => Reason::SalesforceRejected,
        Kind::ConcurrentLimit
        | Kind::Unavailable
        | Kind::RowLocked
        | Kind::UnsupportedVersion
        | Kind::Malformed(_)
        | Kind::Timeout
        | Kind::Network(_) => Reason::SalesforceOrgUnavailable,
    };
    let mut refusal = Refusal::new(reason).with("message", vendor_words(error));
    if let Some(code) = error.code() {
        refusal = refusal.with("code", code);
    }
    match error.kind() {
        Kind::Duplicate { rule: Some(rule), .. } => refusal.with("rule", rule),
        Kind::ExternalIdFieldMissing { object, field } => refusal.with("object", object).with("field", field),
        _ => refusal,
    }
}

/// What an error of a login means: one whose answer was lost is not repeated by itself.
pub(super) fn login_refusal(error: &SalesforceError) -> Refusal {
    let refusal = salesforce_refusal(error);
    if is_login_lost(error) {
        return Refusal { reason: Reason::LoginOutcomeUnknown, ..refusal };
    }
    refusal
}

/// Whether a login may have been counted by Salesforce without our knowing. One that is answered by "unavailable" is
/// not: it has its answer.
pub(super) fn is_login_lost(error: &SalesforceError) -> bool {
    error.effect() != DidItHappen::No
        && *error.kind() != SalesforceErrorKind::Unavailable
        && salesforce_refusal(error).reason == Reason::SalesforceOrgUnavailable
}

fn vendor_words(error: &SalesforceError) -> String {
    match error.kind() {
        SalesforceErrorKind::Validation { message, .. } => message.clone(),
        SalesforceErrorKind::OauthRefused { error, description } => format!("{error}: {description}"),
        _ if error.vendor_text().is_empty() => error.kind().to_string(),
        _ => error.vendor_text().to_owned(),
    }
}

/// What an error of HubSpot means.
pub(super) fn hubspot_refusal(error: &HubSpotError) -> Refusal {
    use HubSpotErrorKind as Kind;
    let reason = match error.kind() {
        Kind::CredentialRefused | Kind::ClientRefused { .. } => Reason::HubspotCredentialRefused,
        Kind::ScopeMissing { .. } => Reason::HubspotScopeMissing,
        Kind::RateLimited { .. } => Reason::HubspotRateLimited,
        Kind::NotFound | Kind::Conflict { .. } | Kind::Rejected { .. } | Kind::Other => {
            Reason::HubspotRejected
        }
        Kind::Unavailable { .. } | Kind::Timeout | Kind::Network(_) | Kind::Malformed(_) => {
            Reason::HubspotUnavailable
        }
    };
    let words = match error.kind() {
        Kind::Rejected { message, .. } => message.clone(),
        _ if error.vendor_text().is_empty() => error.kind().to_string(),
        _ => error.vendor_text().to_owned(),
    };
    let refusal = Refusal::new(reason).with("message", words);
    match error.kind() {
        Kind::ScopeMissing { scopes } => refusal.with("scopes", scopes.join(", ")),
        Kind::RateLimited { retry_after: Some(wait), .. } => {
            refusal.with("retry_after_seconds", wait.as_secs())
        }
        _ => refusal,
    }
}

/// The probe's report in domain words.
pub(super) fn facts(report: &ProbeReport, external_id_field: &str) -> Facts {
    Facts {
        organization: fact(&report.organization).map(|organization| Organization {
            name: organization.name.clone(),
            organization_type: organization.edition_text.clone(),
            is_sandbox: organization.is_sandbox,
            trial_expires_at: organization.trial_expiration,
        }),
        seats: fact(&report.seats).map(|seats| i32::try_from(seats.total).unwrap_or(i32::MAX)),
        permissions: fact(&report.permissions).map(|permissions| Permissions {
            modify_all_data: permissions.modify_all_data,
            api_enabled: permissions.api_enabled,
        }),
        package: fact(&report.package).map(|package| match package {
            salesforce::Package::Installed { version, .. } => Some(version.clone()),
            salesforce::Package::NotInstalled => None,
        }),
        objects: report
            .objects
            .iter()
            .map(|(object, access)| object_facts(*object, access, report.layouts.get(object)))
            .collect(),
        api_calls: fact(&report.daily_limit).map(|limit| ApiCalls {
            max: i64::try_from(limit.max).unwrap_or(i64::MAX),
            remaining: i64::try_from(limit.remaining).unwrap_or(i64::MAX),
        }),
        external_id_field: external_id_field.to_owned(),
    }
}

/// The org as the probe saw it.
pub(super) fn org_seen(org_id: &OrgId, session: &Session, facts: &Facts, portal_cap: i32) -> Org {
    let organization = facts.organization.as_ref().ok();
    let (allocation, allocation_source) = match &facts.api_calls {
        Ok(calls) => (calls.max, AllocationSource::Salesforce),
        Err(_) => (0, AllocationSource::Policy),
    };
    Org {
        org_id: org_id.clone(),
        name: organization.map(|organization| organization.name.clone()).unwrap_or_default(),
        edition: organization
            .and_then(|organization| Edition::from_organization_type(&organization.organization_type)),
        environment: Environment::from_is_sandbox(
            organization.is_some_and(|organization| organization.is_sandbox),
        ),
        instance_url: session.instance.to_string(),
        portal_cap,
        seats: facts.seats.as_ref().ok().copied(),
        allocation,
        allocation_source,
    }
}

/// The facts of a probe that is not made, since no API calls are left for it.
pub(super) fn facts_without_calls(scope: ProbeScope, external_id_field: &str) -> Facts {
    let unknown = Unknown::NoApiCalls;
    Facts {
        organization: Err(unknown.clone()),
        seats: Err(unknown.clone()),
        permissions: Err(unknown.clone()),
        package: Err(unknown.clone()),
        objects: scope
            .objects()
            .into_iter()
            .map(|object| ObjectFacts {
                object: object.api_name().to_owned(),
                missing_rights: Err(unknown.clone()),
                missing_fields: Vec::new(),
                external_id: None,
                visualforce: None,
            })
            .collect(),
        api_calls: Err(unknown),
        external_id_field: external_id_field.to_owned(),
    }
}

fn object_facts(
    object: salesforce::CrmObject,
    access: &salesforce::Fact<ObjectAccess>,
    layout: Option<&salesforce::Fact<LayoutModule>>,
) -> ObjectFacts {
    let is_person = matches!(object, salesforce::CrmObject::Lead | salesforce::CrmObject::Contact);
    let known = fact(access);
    ObjectFacts {
        object: object.api_name().to_owned(),
        missing_rights: known.as_ref().map(|access| missing_rights(access)).map_err(Clone::clone),
        missing_fields: known.as_ref().map(|access| missing_fields(access)).unwrap_or_default(),
        external_id: is_person
            .then(|| {
                known.as_ref().ok().map(|access| access.external_id.is_some_and(|field| field.is_external_id))
            })
            .flatten(),
        visualforce: layout.map(|layout| {
            fact(layout).map(|module| module.layouts > 0 && module.with_module == module.layouts)
        }),
    }
}

fn missing_rights(access: &ObjectAccess) -> Vec<String> {
    [("read", access.queryable), ("create", access.createable), ("edit", access.updateable)]
        .into_iter()
        .filter(|(_, granted)| !granted)
        .map(|(right, _)| right.to_owned())
        .collect()
}

fn missing_fields(access: &ObjectAccess) -> Vec<String> {
    // Without the object there is nothing to say of its fields.
    if !access.queryable {
        return Vec::new();
    }
    access
        .fields
        .iter()
        .filter(|(_, field)| !field.is_some_and(|field| field.createable && field.updateable))
        .map(|(name, _)| (*name).to_owned())
        .collect()
}

fn fact<T>(fact: &salesforce::Fact<T>) -> Fact<&T> {
    match fact {
        salesforce::Fact::Known(value) => Ok(value),
        salesforce::Fact::Unknown(error) => Err(unknown(error)),
    }
}

fn unknown(error: &SalesforceError) -> Unknown {
    match error.kind() {
        SalesforceErrorKind::DailyLimitExceeded => Unknown::NoApiCalls,
        SalesforceErrorKind::Permission | SalesforceErrorKind::ApiDisabled => {
            Unknown::MissingPermission("View Setup and Configuration".to_owned())
        }
        _ => Unknown::Error(error.to_string()),
    }
}
