//! Lists ("segments"): definitions and memberships. Active lists follow their filters with a lag, as at HubSpot.
//!
//! Nothing runs in the background: whatever is due by the simulator's clock is settled before a list is looked at.

pub(super) mod definitions;
pub(super) mod filter;
pub(super) mod members;
mod operation;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::OffsetDateTime;

use self::filter::{Branch, Combine, Filter};
use super::{
    association::Spec, fixture::ProcessingType, object_type::ObjectType, portal::Portal, record::Record,
    stamp,
};

/// One list.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub id: u32,
    pub name: String,
    pub kind: ObjectType,
    pub processing: ProcessingType,
    pub version: u32,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub filters_updated_at: OffsetDateTime,
    pub deleted_at: Option<OffsetDateTime>,
    /// As the caller sent it, completed.
    pub filter_json: Option<Value>,
    pub filter: Option<Branch>,
    /// Record id to the moment it joined.
    pub members: BTreeMap<u64, OffsetDateTime>,
    /// When a record joined for the first time.
    pub first_joined: BTreeMap<u64, OffsetDateTime>,
    /// The filters take effect then.
    pub processing_until: Option<OffsetDateTime>,
    /// Changed records and when the list notices.
    due: BTreeMap<u64, OffsetDateTime>,
}

impl List {
    /// An empty list without filters.
    pub(super) fn new(
        id: u32,
        name: &str,
        kind: ObjectType,
        processing: ProcessingType,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            name: name.to_owned(),
            kind,
            processing,
            version: 1,
            created_at: now,
            updated_at: now,
            filters_updated_at: now,
            deleted_at: None,
            filter_json: None,
            filter: None,
            members: BTreeMap::new(),
            first_joined: BTreeMap::new(),
            processing_until: None,
            due: BTreeMap::new(),
        }
    }

    pub(super) fn join(&mut self, record: u64, at: OffsetDateTime) -> bool {
        if self.members.contains_key(&record) {
            return false;
        }
        self.members.insert(record, at);
        self.first_joined.entry(record).or_insert(at);
        true
    }

    fn put(&mut self, record: u64, belongs: bool, at: OffsetDateTime) {
        if belongs {
            self.join(record, at);
        } else {
            self.members.remove(&record);
        }
    }

    /// The definition as single reads answer it.
    pub(super) fn render(&self, with_filters: bool) -> Value {
        let mut body = self.render_core();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("size".to_owned(), json!(self.members.len()));
            fields.insert(
                "listPermissions".to_owned(),
                json!({"teamsWithEditAccess": [], "usersWithEditAccess": []}),
            );
            fields.insert(
                "membershipSettings".to_owned(),
                json!({"membershipTeamId": null, "includeUnassigned": null}),
            );
            if let (true, Some(filter)) = (with_filters, &self.filter_json) {
                fields.insert("filterBranch".to_owned(), filter.clone());
            }
        }
        body
    }

    /// What search answers also have.
    pub(super) fn render_core(&self) -> Value {
        let mut body = json!({
            "listId": self.id.to_string(),
            "listVersion": self.version,
            "createdAt": stamp::iso(self.created_at),
            "updatedAt": stamp::iso(self.updated_at),
            "filtersUpdatedAt": stamp::iso(self.filters_updated_at),
            "processingStatus": if self.processing_until.is_some() { "PROCESSING" } else { "COMPLETE" },
            "createdById": "9586504",
            "updatedById": "9586504",
            "processingType": self.processing,
            "objectTypeId": self.kind.type_id(),
            "name": self.name,
        });
        if let (Some(deleted_at), Some(fields)) = (self.deleted_at, body.as_object_mut()) {
            fields.insert("deletedAt".to_owned(), json!(stamp::iso(deleted_at)));
        }
        body
    }
}

/// All lists of one portal.
#[derive(Debug, Default)]
pub(super) struct Lists {
    lists: BTreeMap<u32, List>,
    last_id: u32,
}

impl Lists {
    pub(super) fn live(&self) -> impl Iterator<Item = &List> {
        self.lists.values().filter(|list| list.deleted_at.is_none())
    }

    /// Deleted ones too.
    pub(super) fn get(&self, id: u32) -> Option<&List> {
        self.lists.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut List> {
        self.lists.get_mut(&id)
    }

    /// By name, whatever the case, among lists of one object type.
    pub(super) fn named(&self, kind: ObjectType, name: &str) -> Option<&List> {
        let wanted = name.trim().to_lowercase();
        self.live().find(|list| list.kind == kind && list.name.trim().to_lowercase() == wanted)
    }

    pub(super) fn insert(&mut self, list: List) {
        self.last_id = self.last_id.max(list.id);
        self.lists.insert(list.id, list);
    }

    pub(super) fn free_id(&self) -> u32 {
        self.last_id + 1
    }

    /// A record changed; active lists notice at `at`.
    pub(super) fn touch(&mut self, kind: ObjectType, record: u64, at: OffsetDateTime) {
        let follows = |list: &&mut List| list.kind == kind && list.processing == ProcessingType::Dynamic;
        for list in self.lists.values_mut().filter(follows) {
            list.due.insert(record, at);
        }
    }

    /// The survivor of a merge takes the loser's place.
    pub(super) fn replace(&mut self, kind: ObjectType, loser: u64, winner: u64, at: OffsetDateTime) {
        for list in self.lists.values_mut().filter(|list| list.kind == kind) {
            if list.members.remove(&loser).is_some() {
                list.join(winner, at);
            }
        }
    }

    /// An archived record is no member any more.
    pub(super) fn forget(&mut self, kind: ObjectType, record: u64) {
        for list in self.lists.values_mut().filter(|list| list.kind == kind) {
            list.members.remove(&record);
        }
    }
}

impl Portal {
    /// Carries out everything that lists have noticed by `now`.
    pub(super) fn settle_lists(&mut self, now: OffsetDateTime) {
        let ids: Vec<u32> = self.lists.live().map(|list| list.id).collect();
        for id in ids {
            self.settle_list(id, now);
        }
    }

    fn settle_list(&mut self, id: u32, now: OffsetDateTime) {
        let Some(list) = self.lists.get(id) else { return };
        let Some(filter) = list.filter.clone() else { return };
        let kind = list.kind;
        let verdict = |portal: &Self, record: &Record| {
            record.archived_at.is_none() && portal.matches(&filter, kind, record, now)
        };
        let verdicts: Vec<(u64, bool, OffsetDateTime)> = match list.processing_until {
            Some(until) if until > now => return,
            Some(until) => {
                self.store(kind).iter().map(|record| (record.id, verdict(self, record), until)).collect()
            }
            None if list.processing != ProcessingType::Dynamic => return,
            None if filter.is_volatile() => {
                self.store(kind).iter().map(|record| (record.id, verdict(self, record), now)).collect()
            }
            None => list
                .due
                .iter()
                .filter(|(_, at)| **at <= now)
                .filter_map(|(record, at)| Some((*at, self.store(kind).live(*record)?)))
                .map(|(at, record)| (record.id, verdict(self, record), at))
                .collect(),
        };
        let Some(list) = self.lists.get_mut(id) else { return };
        list.processing_until = None;
        list.due.retain(|_, at| *at > now);
        for (record, belongs, at) in verdicts {
            list.put(record, belongs, at);
        }
    }

    /// Whether a record passes a filter tree.
    pub(super) fn matches(
        &self,
        branch: &Branch,
        kind: ObjectType,
        record: &Record,
        now: OffsetDateTime,
    ) -> bool {
        let leaf = |filter: &Filter| self.matches_filter(filter, kind, record, now);
        let below = |child: &Branch| self.matches(child, kind, record, now);
        match &branch.combine {
            Combine::And => branch.filters.iter().all(leaf) && branch.branches.iter().all(below),
            Combine::Or => branch.filters.iter().any(leaf) || branch.branches.iter().any(below),
            Combine::NotAll => !(branch.filters.iter().all(leaf) && branch.branches.iter().all(below)),
            Combine::NotAny => !(branch.filters.iter().any(leaf) || branch.branches.iter().any(below)),
            Combine::Associated { to, spec } => {
                self.associated(kind, record.id, *to, *spec).into_iter().any(|partner| {
                    branch.filters.iter().all(|filter| self.matches_filter(filter, *to, partner, now))
                        && branch.branches.iter().all(|child| self.matches(child, *to, partner, now))
                })
            }
        }
    }

    fn associated(&self, from: ObjectType, id: u64, to: ObjectType, spec: Option<Spec>) -> Vec<&Record> {
        let partners = self.associations.linked(from, id, to).into_iter().flatten();
        partners
            .filter(|(_, specs)| spec.is_none_or(|wanted| specs.contains(&wanted)))
            .filter_map(|(partner, _)| self.store(to).live(*partner))
            .collect()
    }

    fn matches_filter(
        &self,
        filter: &Filter,
        kind: ObjectType,
        record: &Record,
        now: OffsetDateTime,
    ) -> bool {
        let email = record.value("email").unwrap_or_default();
        match filter {
            Filter::Property { name, operation } => operation.matches(record.value(name), now),
            Filter::InList { list_id, negated } => {
                let list = self.lists.get(*list_id).filter(|list| list.kind == kind);
                list.is_some_and(|list| list.members.contains_key(&record.id)) != *negated
            }
            Filter::FormSubmission { form_id, negated } => {
                self.activity.has_submitted(form_id.as_deref(), email) != *negated
            }
            Filter::EmailEvent { kind, negated } => self.activity.has_event(kind, email) != *negated,
            Filter::Constant(accepts) => *accepts,
        }
    }
}

#[cfg(test)]
mod tests;
