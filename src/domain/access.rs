//! Who may call what, and which portals they may know of. Pure decisions; who somebody is was settled before.
//!
//! Two questions, in this order: may the caller call this RPC at all (a scope), and may it know of what the request
//! names (a grant of portals). A no to the first is said openly. A no to the second is never said: what a caller may
//! not see is answered like what does not exist.

use std::{collections::BTreeSet, fmt, sync::Arc};

use time::OffsetDateTime;

use super::{HandoffId, PortalId, SetupId};

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        /// What a caller may do, whatever the portal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i32)]
        pub enum Scope {
            $($(#[$doc])* $name = $number,)*
        }

        impl Scope {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name in tokens and settings.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

scopes! {
    /// Register portals and walk the wizard.
    Setup = 1, "setup";
    /// Connect with orgs, disconnect, and replace credentials.
    Connect = 2, "connect";
    /// Read portals, setups, connections, orgs and sync states, and watch them.
    StatusRead = 3, "status.read";
    /// Pause, resume and change a sync; send test contacts.
    SyncOperate = 4, "sync.operate";
    /// Share an org's API calls.
    OrgOperate = 5, "org.operate";
    /// Read the audit trail.
    AuditRead = 6, "audit.read";
    /// Rotate the keys that seal secrets.
    KeysOperate = 7, "keys.operate";
}

impl Scope {
    /// The scope of this name; names are compared exactly.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.name() == name)
    }

    /// The scope with this number in the API.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| *scope as i32 == number)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The portals that a caller may know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortalGrant {
    /// Every one, also those that are registered later.
    All,
    /// These, whether they are registered or not.
    Only(BTreeSet<PortalId>),
}

impl PortalGrant {
    /// No portal.
    #[must_use]
    pub fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Whether a portal is one of them.
    #[must_use]
    pub fn allows(&self, portal_id: PortalId) -> bool {
        match self {
            Self::All => true,
            Self::Only(portals) => portals.contains(&portal_id),
        }
    }

    /// The hub ids to filter by; `None` means that nothing is filtered.
    #[must_use]
    pub fn filter(&self) -> Option<Vec<i64>> {
        match self {
            Self::All => None,
            Self::Only(portals) => Some(portals.iter().map(|portal| portal.get()).collect()),
        }
    }
}

/// What a hand-off to a Salesforce administrator allows: a few steps of one setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandoffAccess {
    /// The hand-off.
    pub id: HandoffId,
    /// The only setup that it opens.
    pub setup_id: SetupId,
}

/// What an authenticated caller may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who it is, as the audit trail and the answers name it.
    pub principal: Arc<str>,
    /// What it may do. Not looked at for a hand-off.
    pub scopes: BTreeSet<Scope>,
    /// The portals that it may know of. For a hand-off, the one of its setup.
    pub portals: PortalGrant,
    /// From then on it may do nothing any more; streams end. `None` for credentials that don't say so themselves.
    pub expires_at: Option<OffsetDateTime>,
    /// Set when the caller came by a hand-off.
    pub handoff: Option<HandoffAccess>,
}

/// How an RPC's request names what the caller must be allowed to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalRule {
    /// It names nothing that belongs to a portal.
    None,
    /// Its answer shows only what is granted.
    Filtered,
    /// A `portal_id`.
    Portal,
    /// A `portal_id`; without one, the answer shows only what is granted.
    PortalOrFiltered,
    /// A `setup_id`.
    Setup,
    /// A `setup_id`; without one, the answer belongs to no portal.
    SetupOrNone,
    /// A `test_contact_id`.
    TestContact,
    /// An `org_id`; one granted portal that is connected to it suffices.
    Org,
    /// A credential: HubSpot says which portal it belongs to, and the use case decides then.
    Credential,
}

/// What an RPC demands of its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// One of these is needed. Never empty.
    pub scopes: BTreeSet<Scope>,
    /// What the request must be granted.
    pub portal: PortalRule,
    /// Whether a hand-off opens it.
    pub handoff: bool,
}

impl Access {
    /// Somebody who may do everything with every portal, for as long as the credential is good.
    #[must_use]
    pub fn full(principal: impl Into<Arc<str>>) -> Self {
        Self {
            principal: principal.into(),
            scopes: Scope::ALL.iter().copied().collect(),
            portals: PortalGrant::All,
            expires_at: None,
            handoff: None,
        }
    }

    /// Somebody who came by a hand-off.
    #[must_use]
    pub fn handoff(handoff: HandoffAccess, portal_id: PortalId, expires_at: OffsetDateTime) -> Self {
        Self {
            principal: format!("handoff:{}", handoff.id).into(),
            scopes: BTreeSet::new(),
            portals: PortalGrant::Only(BTreeSet::from([portal_id])),
            expires_at: Some(expires_at),
            handoff: Some(handoff),
        }
    }

    /// Whether it may call what the rule is for, before anything is known of the request.
    #[must_use]
    pub fn may_call(&self, rule: &Rule) -> bool {
        match self.handoff {
            Some(_) => rule.handoff,
            None => !rule.scopes.is_disjoint(&self.scopes),
        }
    }

    /// Whether it may know of a portal.
    #[must_use]
    pub fn sees_portal(&self, portal_id: PortalId) -> bool {
        self.portals.allows(portal_id)
    }

    /// Whether it may know of a setup, given whose it is.
    #[must_use]
    pub fn sees_setup(&self, setup_id: SetupId, portal_id: PortalId) -> bool {
        self.portals.allows(portal_id) && self.handoff.is_none_or(|handoff| handoff.setup_id == setup_id)
    }

    /// Whether it still holds. At the second of its end it does not.
    #[must_use]
    pub fn is_valid(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "test")]
mod tests {
    use time::Duration;
    use uuid::Uuid;

    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn portal(hub_id: i64) -> PortalId {
        PortalId::parse(hub_id).unwrap()
    }

    fn rule(scopes: &[Scope], handoff: bool) -> Rule {
        Rule { scopes: scopes.iter().copied().collect(), portal: PortalRule::Setup, handoff }
    }

    fn handoff(setup_id: SetupId) -> Access {
        let handoff = HandoffAccess { id: HandoffId(Uuid::from_u128(7)), setup_id };
        Access::handoff(handoff, portal(1), NOW + Duration::DAY)
    }

    #[test]
    fn scopes_are_read_by_their_exact_names() {
        for scope in Scope::ALL {
            assert_eq!(Scope::from_name(scope.name()), Some(*scope));
            assert_eq!(Scope::from_number(*scope as i32), Some(*scope));
        }
        for bad in ["", "Setup", "setup ", "status_read", "*", "status.read setup"] {
            assert_eq!(Scope::from_name(bad), None, "{bad:?}");
        }
        assert_eq!(Scope::from_number(0), None);
    }

    #[test]
    fn one_of_the_rules_scopes_is_needed() {
        let reads = rule(&[Scope::Setup, Scope::StatusRead], false);
        let all = Access::full("somebody");
        for scope in Scope::ALL {
            let only = Access { scopes: BTreeSet::from([*scope]), ..all.clone() };
            assert_eq!(only.may_call(&reads), matches!(scope, Scope::Setup | Scope::StatusRead), "{scope}");
            let without = all.scopes.iter().copied().filter(|other| other != scope).collect();
            let without = Access { scopes: without, ..all.clone() };
            assert!(!without.may_call(&rule(&[*scope], false)), "{scope}");
            assert!(all.may_call(&rule(&[*scope], false)));
        }
        assert!(!Access { scopes: BTreeSet::new(), ..all.clone() }.may_call(&reads));
        assert!(!all.may_call(&rule(&[], true)), "a rule without a scope opens to nobody");
    }

    #[test]
    fn a_grant_names_its_portals_and_no_other() {
        let some = PortalGrant::Only(BTreeSet::from([portal(1), portal(3)]));
        assert!(some.allows(portal(1)) && some.allows(portal(3)));
        assert!(!some.allows(portal(2)));
        assert!(!PortalGrant::none().allows(portal(1)));
        assert!(PortalGrant::All.allows(portal(i64::MAX)));
        assert_eq!(some.filter(), Some(vec![1, 3]));
        assert_eq!(PortalGrant::none().filter(), Some(Vec::new()));
        assert_eq!(PortalGrant::All.filter(), None);
    }

    #[test]
    fn r28_a_hand_off_opens_a_few_rpcs_of_one_setup() {
        let setup = SetupId(Uuid::from_u128(1));
        let other = SetupId(Uuid::from_u128(2));
        let access = handoff(setup);
        assert!(access.may_call(&rule(&[Scope::Setup], true)));
        assert!(!access.may_call(&rule(Scope::ALL, false)));
        assert!(access.sees_setup(setup, portal(1)));
        assert!(!access.sees_setup(other, portal(1)), "an older setup of the same portal");
        assert!(!access.sees_setup(setup, portal(2)));
        // Scopes that slipped in open nothing more.
        let mixed = Access { scopes: Scope::ALL.iter().copied().collect(), ..access };
        assert!(!mixed.may_call(&rule(Scope::ALL, false)));
    }

    #[test]
    fn it_holds_until_the_second_of_its_end() {
        let access = Access { expires_at: Some(NOW), ..Access::full("somebody") };
        assert!(access.is_valid(NOW - Duration::NANOSECOND));
        assert!(!access.is_valid(NOW));
        assert!(!access.is_valid(NOW + Duration::DAY));
        assert!(Access::full("somebody").is_valid(NOW + Duration::DAY));
    }
}
