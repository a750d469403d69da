//! Portals amid the wizard as this process left them: the next step need not read what the last one wrote.
//!
//! What is remembered decides nothing. A change that was made of it is written only if the end of the portal's audit chain
//! is still the one that is remembered, and that end stands for all that ever happened to the portal. Whatever else comes
//! of it, a refusal for instance, is put aside and the portal is read. So it is kept of portals alone of which the audit
//! chain tells everything a step asks for: those without a connection, whose org has other portals with other chains.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;

use super::Draft;
use crate::{
    audit::Head,
    domain::{SetupId, setup::Setup},
    store::{Call, PortalTx, Store, Target, standing::Standing, transaction::Way},
};

/// Half of the portals that are remembered at most, some 2 KiB each.
const GENERATION: usize = 4_096;
/// How long the database's time is told from our own clock.
const LIFETIME: Duration = Duration::from_secs(300);

struct Memory {
    standing: Standing,
    setup: Setup,
}

/// Portals by their setups. Those that were not asked for while so many others came are forgotten.
#[derive(Default)]
pub(in crate::store) struct Remembered(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<SetupId, Memory>,
    old: HashMap<SetupId, Memory>,
}

impl Remembered {
    /// Of two changes of one portal at a time the second finds nothing.
    fn take(&self, id: SetupId) -> Option<Memory> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = generations.young.remove(&id).or_else(|| generations.old.remove(&id))?;
        (memory.standing.read_at.elapsed() < LIFETIME).then_some(memory)
    }

    fn keep(&self, memory: Memory) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= GENERATION {
            generations.old = mem::take(&mut generations.young);
        }
        generations.old.remove(&memory.setup.id);
        generations.young.insert(memory.setup.id, memory);
    }
}

impl Store {
    /// The portal of a setup as this process left it. What is only tried is answered by what was read.
    pub(in crate::store) fn recall(&self, call: &Call, target: Target) -> Option<Box<PortalTx>> {
        let Target::Setup(id) = target else { return None };
        if call.validate_only {
            return None;
        }
        let Memory { standing, setup } = self.remembered.take(id)?;
        let draft = Way::Draft(Box::new(Draft::remembered(setup)));
        let mut tx = PortalTx::new(draft, Arc::clone(&self.settings), standing);
        tx.catch_up();
        Some(Box::new(tx))
    }

    /// Remembers how a change left a portal at this time of the database.
    pub(super) fn remember(
        &self,
        target: Target,
        tx: PortalTx,
        revision: i64,
        audit_head: Head,
        now: OffsetDateTime,
    ) {
        let (Target::Setup(id), Way::Draft(draft)) = (target, tx.way) else { return };
        let Some(setup) = draft.into_setup(id) else { return };
        let standing = Standing {
            portal_id: tx.portal_id,
            revision,
            audit_head,
            portal: tx.portal,
            sync: tx.sync,
            sync_version: tx.sync_version,
            now,
            read_at: std::time::Instant::now(),
        };
        self.remembered.keep(Memory { standing, setup });
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use std::time::Instant;

    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        PortalId,
        portal::{Account, Portal},
        sync_state::SyncState,
    };

    fn memory(number: u128, read_at: Instant) -> Memory {
        let (portal_id, at) = (PortalId::parse(1).unwrap(), OffsetDateTime::UNIX_EPOCH);
        let standing = Standing {
            portal_id,
            revision: 1,
            audit_head: Head::START,
            portal: Portal {
                portal_id,
                display_name: String::new(),
                account: Account::default(),
                subscription: None,
                credential: None,
                created_at: at,
                updated_at: at,
                version: 1,
            },
            sync: SyncState::default(),
            sync_version: 0,
            now: at,
            read_at,
        };
        Memory { standing, setup: Setup::start(SetupId(Uuid::from_u128(number)), portal_id, at) }
    }

    fn knows(remembered: &Remembered, number: u128) -> bool {
        remembered.take(SetupId(Uuid::from_u128(number))).is_some()
    }

    #[test]
    fn the_last_ones_are_remembered_once() {
        let remembered = Remembered::default();
        let now = Instant::now();
        let few = u128::try_from(GENERATION).unwrap();
        for number in 0..3 * few {
            remembered.keep(memory(number, now));
        }
        assert!(knows(&remembered, 3 * few - 1) && !knows(&remembered, 3 * few - 1));
        assert!(knows(&remembered, 2 * few) && knows(&remembered, few), "two generations");
        assert!(!knows(&remembered, 0));
    }

    #[test]
    fn what_is_old_is_not_told() {
        let remembered = Remembered::default();
        let Some(before) = Instant::now().checked_sub(LIFETIME) else { return };
        remembered.keep(memory(1, before));
        assert!(!knows(&remembered, 1));
    }
}
