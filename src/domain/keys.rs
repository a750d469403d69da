//! The keys that stored secrets are sealed with, by their names: what each is good for, and how far a rotation is.

use std::collections::{BTreeMap, BTreeSet};

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// What is stored now is sealed with it.
    Sealing,
    /// It opens what was sealed with it.
    Opening,
    /// Secrets are under it, and no server that runs holds it.
    Missing,
    /// It was given up.
    Retired,
}

/// A key with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub id: String,
    /// What it is good for.
    pub state: KeyState,
    /// Stored secrets that are under it.
    pub secrets: i64,
    /// Servers that run and hold it.
    pub servers: usize,
}

/// What keys are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The key that seals.
    pub sealing: &'a str,
    /// Stored secrets by key.
    pub secrets: &'a BTreeMap<String, i64>,
    /// The keys of each server that runs, and the beginning of those that it opens with besides.
    pub servers: &'a [(Vec<String>, Option<String>)],
    /// Keys that were given up.
    pub retired: &'a BTreeSet<String>,
}

/// Every key that is held, carried or retired, by name.
#[must_use]
pub fn keys(facts: Facts<'_>) -> Vec<Key> {
    let held = facts.servers.iter().flat_map(|(keys, _)| keys.iter().cloned());
    let mut names: BTreeSet<String> = held.collect();
    names.extend(facts.secrets.keys().cloned());
    names.extend(facts.retired.iter().cloned());
    names.insert(facts.sealing.to_owned());
    names.into_iter().map(|id| key(id, facts)).collect()
}

fn key(id: String, facts: Facts<'_>) -> Key {
    let opens = |(keys, family): &&(Vec<String>, Option<String>)| {
        keys.contains(&id) || family.as_ref().is_some_and(|family| id.starts_with(family.as_str()))
    };
    let servers = facts.servers.iter().filter(opens).count();
    let secrets = facts.secrets.get(&id).copied().unwrap_or(0);
    let state = if id == facts.sealing {
        KeyState::Sealing
    } else if secrets > 0 && servers == 0 {
        KeyState::Missing
    } else if facts.retired.contains(&id) {
        KeyState::Retired
    } else {
        KeyState::Opening
    };
    Key { id, state, secrets, servers }
}

/// Where a rotation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationState {
    /// Secrets are being wrapped anew.
    Running,
    /// What is left does not open.
    Stuck,
    /// No secret is under another key.
    Finished,
}

/// Where a rotation stands, by what is left of it.
#[must_use]
pub fn rotation_state(is_finished: bool, left: i64, unreadable: i64) -> RotationState {
    if is_finished {
        RotationState::Finished
    } else if left > 0 && left <= unreadable {
        RotationState::Stuck
    } else {
        RotationState::Running
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_judged_by_who_holds_and_what_carries_them() {
        let secrets = BTreeMap::from([("a".to_owned(), 3), ("lost".to_owned(), 1), ("kms.2".to_owned(), 4)]);
        let servers = [
            (vec!["a".to_owned(), "b".to_owned()], None),
            (vec!["b".to_owned(), "gone".to_owned()], Some("kms.".to_owned())),
        ];
        let retired = BTreeSet::from(["gone".to_owned(), "older".to_owned()]);
        let facts = Facts { sealing: "b", secrets: &secrets, servers: &servers, retired: &retired };
        let seen: Vec<(String, KeyState, i64, usize)> =
            keys(facts).into_iter().map(|key| (key.id, key.state, key.secrets, key.servers)).collect();
        let expected = [
            ("a", KeyState::Opening, 3, 1),
            ("b", KeyState::Sealing, 0, 2),
            ("gone", KeyState::Retired, 0, 1),
            ("kms.2", KeyState::Opening, 4, 1),
            ("lost", KeyState::Missing, 1, 0),
            ("older", KeyState::Retired, 0, 0),
        ];
        let expected: Vec<(String, KeyState, i64, usize)> = expected
            .into_iter()
            .map(|(id, state, secrets, servers)| (id.to_owned(), state, secrets, servers))
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_rotation_is_stuck_when_only_what_does_not_open_is_left() {
        assert_eq!(rotation_state(true, 0, 0), RotationState::Finished);
        assert_eq!(rotation_state(false, 5, 2), RotationState::Running);
        assert_eq!(rotation_state(false, 2, 2), RotationState::Stuck);
        // All rows are done, and a server has yet to say that it seals with the new key.
        assert_eq!(rotation_state(false, 0, 0), RotationState::Running);
    }
}
