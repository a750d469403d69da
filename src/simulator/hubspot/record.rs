//! Records of one object type: their values, their history, what search has seen of them, and the unique keys.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{object_type::ObjectType, property::Property, stamp};

/// Property values by name; an empty value is not stored.
pub(super) type Values = BTreeMap<String, String>;

/// How many old values of a property are kept.
const HISTORY_LENGTH: usize = 20;

/// One past or present value of a property.
#[derive(Debug, Clone)]
struct Revision {
    value: String,
    at: OffsetDateTime,
}

/// A CRM record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub id: u64,
    pub values: Arc<Values>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub archived_at: Option<OffsetDateTime>,
    history: BTreeMap<String, Vec<Revision>>,
    /// What search answers from; behind by the index lag.
    indexed: Option<Arc<Values>>,
    pending_index: VecDeque<(OffsetDateTime, Option<Arc<Values>>)>,
}

impl Record {
    pub(super) fn new(id: u64, at: OffsetDateTime) -> Self {
        Self {
            id,
            values: Arc::default(),
            created_at: at,
            updated_at: at,
            archived_at: None,
            history: BTreeMap::new(),
            indexed: None,
            pending_index: VecDeque::new(),
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Sets values (empty removes) and remembers them; answers whether anything changed.
    pub(super) fn set(&mut self, changes: &Values, at: OffsetDateTime) -> bool {
        let mut changed = false;
        let is_new = self.values.is_empty();
        for (name, value) in changes {
            let old = self.values.get(name).map_or("", String::as_str);
            if old == value {
                continue;
            }
            changed = true;
            // What a record was created with is not stored twice: it enters the history when it is replaced.
            if !is_new {
                let revisions = self.history.entry(name.clone()).or_default();
                if revisions.is_empty() && !old.is_empty() {
                    revisions.push(Revision { value: old.to_owned(), at: self.created_at });
                }
                revisions.insert(0, Revision { value: value.clone(), at });
                revisions.truncate(HISTORY_LENGTH);
            }
            let values = Arc::make_mut(&mut self.values);
            if value.is_empty() {
                values.remove(name);
            } else {
                values.insert(name.clone(), value.clone());
            }
        }
        changed
    }

    /// Lets search see the present state from `visible_at` on.
    pub(super) fn index(&mut self, visible_at: OffsetDateTime, now: OffsetDateTime) {
        self.searchable(now);
        let state = self.archived_at.is_none().then(|| self.values.clone());
        self.pending_index.push_back((visible_at, state));
    }

    /// The values as the search index has them at `now`.
    pub(super) fn searchable(&mut self, now: OffsetDateTime) -> Option<&Arc<Values>> {
        while self.pending_index.front().is_some_and(|(visible_at, _)| *visible_at <= now) {
            if let Some((_, state)) = self.pending_index.pop_front() {
                self.indexed = state;
            }
        }
        self.indexed.as_ref()
    }

    /// `propertiesWithHistory` for one property, newest first.
    pub(super) fn history(&self, name: &str) -> Value {
        let created_with =
            self.values.get(name).map(|value| Revision { value: value.clone(), at: self.created_at });
        let revisions = self.history.get(name).map_or(created_with.as_slice(), Vec::as_slice);
        let entries: Vec<Value> = revisions
            .iter()
            .map(|revision| {
                json!({
                    "value": revision.value,
                    "timestamp": stamp::iso(revision.at),
                    "sourceType": "INTEGRATION",
                    "sourceId": "simulator",
                })
            })
            .collect();
        Value::Array(entries)
    }
}

/// Which properties an answer shows.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    /// The defaults of the object type.
    Defaults,
    /// Those asked for; known but empty ones become `null`, unknown ones are left out.
    Named(Vec<String>),
    /// Every value that is set: what a create answers.
    All,
    /// Those just written, and the few that HubSpot adds: what an update answers.
    Written(Vec<String>),
}

impl Shown {
    pub(super) fn named(names: Vec<String>) -> Self {
        if names.is_empty() { Self::Defaults } else { Self::Named(names) }
    }
}

/// What an update answers beside the written properties, when they have a value.
const ALWAYS_IN_UPDATES: [&str; 6] =
    ["createdate", "hs_is_unworked", "hs_object_id", "hs_object_source", "hs_pipeline", "lifecyclestage"];

/// Picks the values that an answer shows.
pub(super) fn show(
    kind: ObjectType,
    catalog: &BTreeMap<String, Property>,
    values: &Values,
    shown: &Shown,
) -> Map<String, Value> {
    let or_null = |name: &str| values.get(name).map_or(Value::Null, |value| json!(value));
    let always = [kind.created_property(), "hs_object_id", kind.modified_property()];
    match shown {
        Shown::All => values.iter().map(|(name, value)| (name.clone(), json!(value))).collect(),
        Shown::Defaults => {
            kind.default_properties().iter().map(|name| ((*name).to_owned(), or_null(name))).collect()
        }
        Shown::Named(names) => names
            .iter()
            .map(String::as_str)
            .chain(always)
            .filter(|name| catalog.get(*name).is_some_and(|property| property.archived_at.is_none()))
            .map(|name| (name.to_owned(), or_null(name)))
            .collect(),
        Shown::Written(names) => {
            let written = names.iter().map(|name| (name.clone(), or_null(name)));
            let added = ALWAYS_IN_UPDATES
                .into_iter()
                .chain(always)
                .filter(|name| values.contains_key(*name))
                .map(|name| (name.to_owned(), or_null(name)));
            added.chain(written).collect()
        }
    }
}

/// All records of one type.
#[derive(Debug, Default)]
pub(super) struct Store {
    records: BTreeMap<u64, Record>,
    /// Property and lower-case value to the one record that has it.
    unique: HashMap<(String, String), u64>,
    /// Losing id of a merge to the winner's.
    merged: HashMap<u64, u64>,
}

impl Store {
    pub(super) fn insert(&mut self, record: Record) {
        self.records.insert(record.id, record);
    }

    /// By id, following merges; archived records too.
    pub(super) fn get(&self, id: u64) -> Option<&Record> {
        self.records.get(&self.survivor(id))
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Record> {
        let id = self.survivor(id);
        self.records.get_mut(&id)
    }

    /// By id, not archived.
    pub(super) fn live(&self, id: u64) -> Option<&Record> {
        self.get(id).filter(|record| record.archived_at.is_none())
    }

    pub(super) fn remove(&mut self, id: u64) {
        self.records.remove(&id);
        self.unique.retain(|_, holder| *holder != id);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Record> {
        self.records.values_mut()
    }

    /// Records after an id, ascending.
    pub(super) fn after(&self, id: u64) -> impl Iterator<Item = &Record> {
        self.records
            .range((std::ops::Bound::Excluded(id), std::ops::Bound::Unbounded))
            .map(|(_, record)| record)
    }

    /// The record that holds a unique value, whatever its case.
    pub(super) fn holder(&self, property: &str, value: &str) -> Option<u64> {
        self.unique.get(&(property.to_owned(), value.trim().to_lowercase())).copied()
    }

    /// Replaces the unique keys of a record.
    pub(super) fn claim(&mut self, id: u64, old: Vec<(String, String)>, new: Vec<(String, String)>) {
        for key in old {
            if self.unique.get(&key) == Some(&id) {
                self.unique.remove(&key);
            }
        }
        for key in new {
            self.unique.insert(key, id);
        }
    }

    pub(super) fn merge(&mut self, loser: u64, winner: u64) {
        self.remove(loser);
        self.merged.insert(loser, winner);
    }

    fn survivor(&self, id: u64) -> u64 {
        let mut id = id;
        while let Some(winner) = self.merged.get(&id) {
            id = *winner;
        }
        id
    }
}

/// The keys that no other record may have: the main and additional addresses of a contact share one name space.
pub(super) fn unique_keys(
    kind: ObjectType,
    catalog: &BTreeMap<String, Property>,
    values: &Values,
) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    if kind == ObjectType::Contact {
        let addresses = ["email", "hs_additional_emails"].into_iter().filter_map(|name| values.get(name));
        for address in addresses.flat_map(|value| value.split(';')) {
            let address = address.trim().to_lowercase();
            if !address.is_empty() {
                keys.push(("email".to_owned(), address));
            }
        }
    }
    for (name, value) in values {
        if catalog.get(name).is_some_and(|property| property.has_unique_value) {
            keys.push((name.clone(), value.trim().to_lowercase()));
        }
    }
    keys
}
