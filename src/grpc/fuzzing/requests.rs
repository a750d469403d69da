//! Requests of every RPC, as bytes. A test compares the table with the descriptor.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use tonic::Code;

use super::build::{self, Entropy};
use crate::{
    api::{self, v1},
    grpc::{
        Call, Failure,
        layers::own_status,
        parse::{self, Parsed},
        status,
        subjects::Subjects,
    },
};

/// Decodes and parses a request as its method does.
type Run = fn(&[u8]);

macro_rules! requests {
    ($($method:literal is $message:ident by $parse:expr;)*) => {
        /// Every method, `Service/Method`, with what happens to its message before anything is asked or changed.
        pub(super) const REQUESTS: &[(&str, Run)] =
            &[$(($method, |bytes| judge::<v1::$message, _>(bytes, $parse))),*];
    };
}

requests! {
    "PortalService/RegisterPortal" is RegisterPortalRequest by parse::portal::register;
    "PortalService/GetPortal" is GetPortalRequest by |message| parse::portal::get(&message);
    "PortalService/ListPortals" is ListPortalsRequest by parse::portal::list;
    "PortalService/UpdatePortalCredential" is UpdatePortalCredentialRequest by parse::portal::update_credential;
    "SetupService/StartSetup" is StartSetupRequest by parse::setup::start;
    "SetupService/GetSetup" is GetSetupRequest by |message| parse::setup::only_setup(&message.setup_id);
    "SetupService/ListSetups" is ListSetupsRequest by parse::setup::list;
    "SetupService/DescribeSetup" is DescribeSetupRequest by |message| parse::setup::describe(&message);
    "SetupService/WatchSetup" is WatchSetupRequest by parse::setup::watch;
    "SetupService/AbandonSetup" is AbandonSetupRequest by parse::setup::abandon;
    "SetupService/AcknowledgePrerequisites" is AcknowledgePrerequisitesRequest by parse::setup::prerequisites;
    "SetupService/SelectEdition" is SelectEditionRequest by parse::setup::edition;
    "SetupService/ConfirmAdminAccess" is ConfirmAdminAccessRequest by parse::setup::admin_access;
    "SetupService/SelectEnvironment" is SelectEnvironmentRequest by parse::setup::environment;
    "SetupService/SetSeatCount" is SetSeatCountRequest by parse::setup::seat_count;
    "SetupService/SetApiCallLimit" is SetApiCallLimitRequest by parse::setup::api_call_limit;
    "SetupService/ConfirmPackageInstalled" is ConfirmPackageInstalledRequest by parse::setup::package_installed;
    "SetupService/SubmitSecurityToken" is SubmitSecurityTokenRequest by parse::setup::security_token;
    "SetupService/ConfirmVisualforceModule" is ConfirmVisualforceModuleRequest by parse::setup::visualforce;
    "SetupService/ChooseObjectSync" is ChooseObjectSyncRequest by parse::setup::object_sync;
    "SetupService/ChooseActivitySync" is ChooseActivitySyncRequest by parse::setup::activity_sync;
    "SetupService/ChooseInclusionList" is ChooseInclusionListRequest by parse::setup::inclusion_list;
    "SetupService/ReviewSetup" is ReviewSetupRequest by |message| parse::setup::only_setup(&message.setup_id);
    "SetupService/EnableSync" is EnableSyncRequest by parse::setup::enable_sync;
    "SetupService/FinishSetup" is FinishSetupRequest by parse::setup::finish;
    "SetupService/CreateHandoff" is CreateHandoffRequest by parse::handoff::create;
    "SetupService/ListHandoffs" is ListHandoffsRequest by parse::handoff::list;
    "SetupService/RevokeHandoff" is RevokeHandoffRequest by parse::handoff::revoke;
    "ConnectionService/ConnectAccounts" is ConnectAccountsRequest by parse::connection::connect;
    "ConnectionService/CheckConnection" is CheckConnectionRequest by |message| parse::connection::check(&message);
    "ConnectionService/GetConnection" is GetConnectionRequest by |message| parse::connection::get(&message);
    "ConnectionService/ListConnections" is ListConnectionsRequest by parse::connection::list;
    "ConnectionService/RotateCredential" is RotateCredentialRequest by parse::connection::rotate;
    "ConnectionService/Disconnect" is DisconnectRequest by parse::connection::disconnect;
    "ConnectionService/WatchConnections" is WatchConnectionsRequest by parse::connection::watch;
    "OrgService/GetOrg" is GetOrgRequest by |message| parse::org::only_org(&message.org_id);
    "OrgService/ListOrgs" is ListOrgsRequest by parse::org::list;
    "OrgService/ListOrgPortals" is ListOrgPortalsRequest by |message| parse::org::only_org(&message.org_id);
    "OrgService/GetApiBudget" is GetApiBudgetRequest by |message| parse::org::only_org(&message.org_id);
    "OrgService/AllocateApiCalls" is AllocateApiCallsRequest by parse::org::allocate;
    "InclusionListService/ListSmartLists" is ListSmartListsRequest by parse::inclusion_list::list;
    "InclusionListService/CreateSmartList" is CreateSmartListRequest by parse::inclusion_list::create;
    "InclusionListService/SetInclusionList" is SetInclusionListRequest by parse::inclusion_list::set;
    "InclusionListService/ClearInclusionList" is ClearInclusionListRequest by parse::inclusion_list::clear;
    "TestContactService/CreateTestContact" is CreateTestContactRequest by parse::test_contact::create;
    "TestContactService/GetTestContact" is GetTestContactRequest by |message| parse::test_contact::get(&message);
    "TestContactService/ListTestContacts" is ListTestContactsRequest by parse::test_contact::list;
    "TestContactService/CancelTestContact" is CancelTestContactRequest by parse::test_contact::cancel;
    "TestContactService/DeleteTestContact" is DeleteTestContactRequest by parse::test_contact::delete;
    "TestContactService/WatchTestContact" is WatchTestContactRequest by parse::test_contact::watch;
    "SyncService/GetSyncStatus" is GetSyncStatusRequest by |message| parse::sync::get(&message);
    "SyncService/WatchSyncStatus" is WatchSyncStatusRequest by parse::sync::watch;
    "SyncService/PauseSync" is PauseSyncRequest by parse::sync::pause;
    "SyncService/ResumeSync" is ResumeSyncRequest by parse::sync::resume;
    "SyncService/UpdateSyncSettings" is UpdateSyncSettingsRequest by parse::sync::update_settings;
    "KeyService/GetKeyStatus" is GetKeyStatusRequest by |_| Parsed::Ok(());
    "KeyService/RotateKeys" is RotateKeysRequest by parse::key::rotate;
    "KeyService/RetireKey" is RetireKeyRequest by parse::key::retire;
    "AuditService/ListAuditEvents" is ListAuditEventsRequest by parse::audit::list;
    "AuditService/VerifyAuditTrail" is VerifyAuditTrailRequest by parse::audit::verify;
}

/// One request: the first byte says of which method, the second whether what follows is the message as it is or what
/// one is built from.
///
/// # Panics
/// When it is refused in another way than `INVALID_ARGUMENT` with words, or the parser panics.
pub fn one(data: &[u8]) {
    let [method, way, rest @ ..] = data else { return };
    let Some((name, run)) = REQUESTS.get(usize::from(*method) % REQUESTS.len()) else { return };
    if way % 2 == 0 {
        return run(rest);
    }
    let Some(descriptor) = INPUTS.get(usize::from(*method) % REQUESTS.len()).and_then(Option::as_ref) else {
        unreachable!("{name} is not in the descriptor")
    };
    run(&build::message(descriptor, &mut Entropy(rest), 0).encode_to_vec());
}

/// For each method an empty message and some that are built.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for method in 0..u8::try_from(REQUESTS.len()).unwrap_or(u8::MAX) {
        seeds.push(vec![method, 0]);
        for fill in [0, 1, 2, 4, 6, 8, 16, 40, 255] {
            let mut seed = vec![method, 1];
            seed.extend(std::iter::repeat_n(fill, 48));
            seeds.push(seed);
        }
    }
    seeds
}

/// The input of each method of the table.
static INPUTS: LazyLock<Vec<Option<MessageDescriptor>>> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(api::DESCRIPTOR).unwrap_or_default();
    let input = |name: &str| {
        let (service, method) = name.split_once('/')?;
        let service = pool.get_service_by_name(&format!("connector.v1.{service}"))?;
        service.methods().find(|found| found.name() == method).map(|found| found.input())
    };
    REQUESTS.iter().map(|(name, _)| input(name)).collect()
});

fn judge<M, T>(bytes: &[u8], parse: fn(M) -> Parsed<T>)
where
    M: Message + Default + Subjects + std::fmt::Debug,
{
    let message = match M::decode(bytes) {
        Ok(message) => message,
        Err(error) => {
            // What the layer makes of tonic's words.
            let field = own_status::field_of(&format!("failed to decode Protobuf message: {error}"));
            assert!(!field.is_empty(), "no field: {error}");
            return;
        }
    };
    let _ = format!("{message:?}");
    let call = Call {
        subjects: message.subjects(),
        ..Call::from_headers(&http::HeaderMap::new(), std::sync::Arc::default())
    };
    if let Err(violations) = parse(message) {
        let answer = status::of(&call, &Failure::Invalid(violations));
        assert_eq!(answer.code(), Code::InvalidArgument, "{answer:?}");
        assert!(!answer.message().is_empty() && !answer.message().contains("{ "), "no words: {answer:?}");
    }
}
