//! The names of the API's enum values for people, as `locale` has them.

use super::lang::Lang;
use crate::{
    api::v1::{
        Actor, AdminAccess, AuditProblem, Check, Choice, CleanupState, ConnectState, ConnectionState,
        FindingResult, HubSpotSubscription, ImportDecision, KeyRotationState, KeyState, OperatorState,
        SalesforceEdition, SalesforceEnvironment, SetupStatus, Step, StepState, SuspensionReason, SyncHealth,
        TestContactStatus, VisualforceMethod, api_call_limit::AllocationSource,
        subscription_evidence::Source,
    },
    locale,
};

/// An enum of the API whose values have names.
pub trait Label: TryFrom<i32> {
    /// The name in the proto file, for example `STEP_EDITION`.
    fn proto_name(&self) -> &'static str;
    /// The number of the value with this name.
    fn of_name(name: &str) -> Option<i32>;
}

/// The name of a value as it comes over the wire; a dash where it says nothing, and the number where this program is
/// older than the server.
pub fn label<E: Label>(value: i32, lang: Lang) -> String {
    match E::try_from(value) {
        Ok(_) if value == 0 => "–".to_owned(),
        Ok(value) => locale::value_label(lang.language(), value.proto_name()),
        Err(_) => value.to_string(),
    }
}

macro_rules! labels {
    ($($name:ident)*) => {$(
        impl Label for $name {
            fn proto_name(&self) -> &'static str {
                self.as_str_name()
            }

            fn of_name(name: &str) -> Option<i32> {
                Self::from_str_name(name).map(Into::into)
            }
        }
    )*};
}

labels! {
    Actor AdminAccess AllocationSource AuditProblem Check Choice CleanupState ConnectState ConnectionState FindingResult
    HubSpotSubscription ImportDecision KeyRotationState KeyState OperatorState SalesforceEdition SalesforceEnvironment SetupStatus Source Step
    StepState SuspensionReason SyncHealth TestContactStatus VisualforceMethod
}
