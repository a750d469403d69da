//! The table of rules, read from the method options of the descriptor.

use std::{collections::HashMap, sync::Arc};

use prost_reflect::{DescriptorPool, ExtensionDescriptor, Kind, MethodDescriptor};
use thiserror::Error;

use crate::{
    api::{self, v1},
    domain::access::{PortalRule, Rule, Scope},
};

/// The method option.
const OPTION: &str = "connector.v1.access";
/// Asked by probes that have no credential; it tells nothing but whether there is service.
const OPEN: &[&str] = &["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"];
/// Tells nothing but the API; whoever may call anything may ask.
const FOR_ANY_CALLER: &[&str] = &[
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// What a method demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Nothing at all.
    Nothing,
    /// A credential, whatever it allows.
    Credential,
    /// What its rule says.
    Rule(Arc<Rule>),
}

/// The rules are not complete: the server does not start.
#[derive(Debug, Error)]
pub enum RuleError {
    /// A defect of the build.
    #[error("the API descriptor cannot be read for its access rules")]
    Descriptor,
    /// An RPC without a rule, or with half of one.
    #[error(
        "{0} has no access rule: give it `option (connector.v1.access)` with at least one scope and a portal rule"
    )]
    Missing(String),
    /// The rule speaks of a field that the request does not have.
    #[error("{rpc} has an access rule by {field}, and its request has no such field")]
    NoField {
        /// The RPC.
        rpc: String,
        /// The field.
        field: &'static str,
    },
    /// A hand-off is for one setup.
    #[error("{0} is open to hand-offs, and its rule is not by setup_id")]
    HandoffWithoutSetup(String),
}

/// The rule of each method, by its path. A method that is not in it can't be called.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    demands: HashMap<String, Demand>,
}

impl Rules {
    /// The rules of this build's API.
    ///
    /// # Errors
    /// [`RuleError`] when an RPC has none or one that makes no sense.
    pub fn of_the_api() -> Result<Self, RuleError> {
        Self::read(api::DESCRIPTOR)
    }

    /// Reads the rules of every RPC in an encoded `FileDescriptorSet`.
    fn read(descriptor: &[u8]) -> Result<Self, RuleError> {
        let pool = DescriptorPool::decode(descriptor).map_err(|_| RuleError::Descriptor)?;
        let option = pool.get_extension_by_name(OPTION).ok_or(RuleError::Descriptor)?;
        let mut demands = HashMap::new();
        for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let rule = rule(&method, &option)?;
            demands.insert(path(&method), Demand::Rule(Arc::new(rule)));
        }
        demands.extend(OPEN.iter().map(|path| ((*path).to_owned(), Demand::Nothing)));
        demands.extend(FOR_ANY_CALLER.iter().map(|path| ((*path).to_owned(), Demand::Credential)));
        Ok(Self { demands })
    }

    /// The same with another rule for one method.
    #[must_use]
    pub fn with(mut self, path: &str, rule: Rule) -> Self {
        self.demands.insert(path.to_owned(), Demand::Rule(Arc::new(rule)));
        self
    }

    /// What the method of this path demands; `None` when there is no such method.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&Demand> {
        self.demands.get(path)
    }
}

fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

fn rule(method: &MethodDescriptor, option: &ExtensionDescriptor) -> Result<Rule, RuleError> {
    let rpc = || method.full_name().to_owned();
    let declared = declared(method, option).ok_or_else(|| RuleError::Missing(rpc()))?;
    let scopes = declared.scopes.iter().map(|number| Scope::from_number(*number)).collect::<Option<_>>();
    let (scopes, portal) =
        scopes.zip(portal_rule(declared.portal())).ok_or_else(|| RuleError::Missing(rpc()))?;
    let rule = Rule { scopes, portal, handoff: declared.handoff };
    if rule.scopes.is_empty() {
        return Err(RuleError::Missing(rpc()));
    }
    if let Some(field) = field(portal)
        && !has_field(method, field)
    {
        return Err(RuleError::NoField { rpc: rpc(), field });
    }
    if rule.handoff && !matches!(portal, PortalRule::Setup | PortalRule::SetupOrNone) {
        return Err(RuleError::HandoffWithoutSetup(rpc()));
    }
    Ok(rule)
}

fn declared(method: &MethodDescriptor, option: &ExtensionDescriptor) -> Option<v1::AccessRule> {
    let options = method.options();
    if !options.has_extension(option) {
        return None;
    }
    options.get_extension(option).as_message()?.transcode_to().ok()
}

fn portal_rule(declared: v1::PortalRule) -> Option<PortalRule> {
    Some(match declared {
        v1::PortalRule::Unspecified => return None,
        v1::PortalRule::None => PortalRule::None,
        v1::PortalRule::Filtered => PortalRule::Filtered,
        v1::PortalRule::PortalId => PortalRule::Portal,
        v1::PortalRule::PortalIdOrFiltered => PortalRule::PortalOrFiltered,
        v1::PortalRule::SetupId => PortalRule::Setup,
        v1::PortalRule::SetupIdOrNone => PortalRule::SetupOrNone,
        v1::PortalRule::TestContactId => PortalRule::TestContact,
        v1::PortalRule::OrgId => PortalRule::Org,
        v1::PortalRule::Credential => PortalRule::Credential,
    })
}

/// The field by which a request names what must be granted.
pub(in crate::grpc) fn field(rule: PortalRule) -> Option<&'static str> {
    match rule {
        PortalRule::None | PortalRule::Filtered => None,
        PortalRule::Portal | PortalRule::PortalOrFiltered => Some("portal_id"),
        PortalRule::Setup | PortalRule::SetupOrNone => Some("setup_id"),
        PortalRule::TestContact => Some("test_contact_id"),
        PortalRule::Org => Some("org_id"),
        PortalRule::Credential => Some("credential"),
    }
}

fn has_field(method: &MethodDescriptor, name: &str) -> bool {
    let Some(field) = method.input().get_field_by_name(name) else { return false };
    match field.kind() {
        Kind::Int64 => name == "portal_id",
        Kind::String => name.ends_with("_id"),
        Kind::Message(message) => name == "credential" && message.name() == "HubSpotCredential",
        _ => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test")]
mod tests {
    use prost::Message as _;
    use prost_types::{FileDescriptorSet, MethodDescriptorProto};

    use super::*;

    /// Fields by which requests name what belongs to a portal.
    const NAMING: &[&str] = &["portal_id", "setup_id", "test_contact_id", "org_id"];

    fn methods() -> Vec<MethodDescriptor> {
        let pool = DescriptorPool::decode(api::DESCRIPTOR).unwrap();
        pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
    }

    fn rule_of(rules: &Rules, method: &MethodDescriptor) -> Arc<Rule> {
        match rules.of(&path(method)) {
            Some(Demand::Rule(rule)) => Arc::clone(rule),
            other => panic!("{}: {other:?}", method.full_name()),
        }
    }

    #[test]
    fn every_rpc_has_a_rule() {
        let rules = Rules::read(api::DESCRIPTOR).unwrap();
        assert!(methods().len() >= 52);
        for method in methods() {
            assert!(!rule_of(&rules, &method).scopes.is_empty());
        }
        assert_eq!(rules.of("/grpc.health.v1.Health/Check"), Some(&Demand::Nothing));
        assert_eq!(rules.of("/connector.v1.PortalService/DropEverything"), None);
    }

    #[test]
    fn what_a_request_names_is_in_its_rule() {
        let rules = Rules::read(api::DESCRIPTOR).unwrap();
        for method in methods() {
            let rule = rule_of(&rules, &method);
            let names = |name: &&&str| method.input().get_field_by_name(name).is_some();
            let named: Vec<&&str> = NAMING.iter().filter(names).collect();
            // The list of one org's connections is filtered like that of all.
            let is_filter = method.name() == "ListConnections";
            match field(rule.portal) {
                Some(field) if field != "credential" => assert_eq!(named, [&field], "{}", method.full_name()),
                _ => assert!(named.is_empty() || is_filter, "{}", method.full_name()),
            }
        }
    }

    #[test]
    fn r28_a_hand_off_opens_its_steps_and_nothing_else() {
        let rules = Rules::read(api::DESCRIPTOR).unwrap();
        let mut open: Vec<String> = methods()
            .iter()
            .filter(|method| rule_of(&rules, method).handoff)
            .map(|method| method.name().to_owned())
            .collect();
        open.sort();
        assert_eq!(
            open,
            [
                "ConfirmPackageInstalled",
                "ConfirmVisualforceModule",
                "ConnectAccounts",
                "DescribeSetup",
                "GetSetup",
                "SubmitSecurityToken",
                "WatchSetup"
            ]
        );
    }

    /// The descriptor with one more RPC, which has these options.
    fn with_rpc(input: &str, options: Option<&[u8]>) -> Vec<u8> {
        // prost drops extensions: the set is put together of bytes, and only the new file is made here.
        let service = prost_types::ServiceDescriptorProto {
            name: Some("NewService".to_owned()),
            method: vec![MethodDescriptorProto {
                name: Some("Do".to_owned()),
                input_type: Some(format!(".connector.v1.{input}")),
                output_type: Some(".connector.v1.GetPortalResponse".to_owned()),
                ..Default::default()
            }],
            ..Default::default()
        };
        let mut service = service.encode_to_vec();
        if let Some(options) = options {
            // Field 4 of the method, which is the last thing in the service.
            let at = service.windows(4).position(|bytes| bytes == b"\x0a\x02Do").unwrap();
            let mut method = service.split_off(at);
            method.push(0x22);
            method.push(u8::try_from(options.len()).unwrap());
            method.extend(options);
            let length = service.len() - 1;
            service[length] = u8::try_from(method.len()).unwrap();
            service.extend(method);
        }
        let file = prost_types::FileDescriptorProto {
            name: Some("connector/v1/new_service.proto".to_owned()),
            package: Some("connector.v1".to_owned()),
            dependency: vec![
                "connector/v1/portal_service.proto".to_owned(),
                "connector/v1/connection_service.proto".to_owned(),
            ],
            syntax: Some("proto3".to_owned()),
            ..Default::default()
        };
        let mut file = file.encode_to_vec();
        file.push(0x32);
        file.push(u8::try_from(service.len()).unwrap());
        file.extend(service);
        let mut set = api::DESCRIPTOR.to_vec();
        set.push(0x0a);
        prost::encoding::encode_varint(u64::try_from(file.len()).unwrap(), &mut set);
        set.extend(file);
        assert!(FileDescriptorSet::decode(set.as_slice()).is_ok());
        set
    }

    /// The bytes of `option (connector.v1.access) = …`.
    fn option(rule: &v1::AccessRule) -> Vec<u8> {
        let mut bytes = Vec::new();
        prost::encoding::message::encode(51_017, rule, &mut bytes);
        bytes
    }

    fn declared(scopes: &[v1::AccessScope], portal: v1::PortalRule, handoff: bool) -> Vec<u8> {
        let scopes = scopes.iter().map(|scope| i32::from(*scope)).collect();
        option(&v1::AccessRule { scopes, portal: portal.into(), handoff })
    }

    #[test]
    fn a_server_does_not_start_with_an_rpc_that_has_no_rule() {
        let read = |input: &str, options: Option<&[u8]>| Rules::read(&with_rpc(input, options));
        let setup = &[v1::AccessScope::Setup];
        let good = declared(setup, v1::PortalRule::PortalId, false);
        assert!(read("GetPortalRequest", Some(&good)).is_ok());
        assert!(matches!(read("GetPortalRequest", None), Err(RuleError::Missing(_))));
        for half in [
            declared(&[], v1::PortalRule::PortalId, false),
            declared(&[v1::AccessScope::Unspecified], v1::PortalRule::PortalId, false),
            declared(setup, v1::PortalRule::Unspecified, false),
        ] {
            assert!(matches!(read("GetPortalRequest", Some(&half)), Err(RuleError::Missing(_))));
        }
        let elsewhere = declared(setup, v1::PortalRule::SetupId, false);
        assert!(matches!(read("GetPortalRequest", Some(&elsewhere)), Err(RuleError::NoField { .. })));
        let handed = declared(setup, v1::PortalRule::PortalId, true);
        assert!(matches!(read("GetPortalRequest", Some(&handed)), Err(RuleError::HandoffWithoutSetup(_))));
    }
}
