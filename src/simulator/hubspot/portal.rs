//! One portal: its settings, its records, and the rules under which they change.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};

use super::{
    activity::Activity,
    association::Associations,
    error::{Failure, InvalidProperty, Outcome},
    fixture::{BackwardLifecycle, PortalFixture},
    limits::Limits,
    lists::Lists,
    object_type::ObjectType,
    property,
    property_catalog::Catalog,
    property_defaults::stage_date_property,
    record::{self, Record, Shown, Store, Values},
    stamp,
};

/// State of one portal.
#[derive(Debug)]
pub(super) struct Portal {
    /// As given; the vectors of records and lists are emptied, their content lives below.
    pub settings: Box<PortalFixture>,
    pub catalogs: BTreeMap<ObjectType, Catalog>,
    pub stores: BTreeMap<ObjectType, Store>,
    pub associations: Associations,
    pub lists: Lists,
    pub limits: Limits,
    pub activity: Activity,
    /// Calls that reached the portal, by kind.
    pub calls: BTreeMap<&'static str, u64>,
    /// Contacts ever created otherwise than by a fixture, by address: more than one for an address is a duplicate in the making.
    pub created_emails: HashMap<String, u64>,
    next_record_id: u64,
}

/// Who writes, and under which rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Write {
    pub now: OffsetDateTime,
    /// 2026-09 enforces the rules that the portal's admins made.
    pub strict: bool,
    /// Fixtures are visible everywhere at once.
    pub immediate: bool,
    /// A single write names the portal in its refusals.
    pub names_portal: bool,
}

impl Portal {
    pub(super) fn new(settings: PortalFixture) -> Self {
        let catalogs = ObjectType::ALL
            .into_iter()
            .map(|kind| (kind, Catalog::standard(kind, &settings.lifecycle_stages)))
            .collect();
        let stores = ObjectType::ALL.into_iter().map(|kind| (kind, Store::default())).collect();
        // Far from small numbers and different in each portal, so that mixed-up ids show.
        let next_record_id = 100_000_000_001 + (settings.portal_id % 9_973) * 10_000_000;
        Self {
            limits: Limits::default(),
            settings: Box::new(settings),
            catalogs,
            stores,
            associations: Associations::default(),
            lists: Lists::default(),
            activity: Activity::default(),
            calls: BTreeMap::new(),
            created_emails: HashMap::new(),
            next_record_id,
        }
    }

    pub(super) fn id(&self) -> u64 {
        self.settings.portal_id
    }

    pub(super) fn catalog(&self, kind: ObjectType) -> &Catalog {
        static NONE: std::sync::LazyLock<Catalog> = std::sync::LazyLock::new(Catalog::default);
        self.catalogs.get(&kind).unwrap_or(&NONE)
    }

    pub(super) fn store(&self, kind: ObjectType) -> &Store {
        static NONE: std::sync::LazyLock<Store> = std::sync::LazyLock::new(Store::default);
        self.stores.get(&kind).unwrap_or(&NONE)
    }

    pub(super) fn store_mut(&mut self, kind: ObjectType) -> &mut Store {
        self.stores.entry(kind).or_default()
    }

    /// Checks names and values; every refusal is collected.
    pub(super) fn accept(
        &self,
        kind: ObjectType,
        input: &Map<String, Value>,
    ) -> Result<Values, Vec<InvalidProperty>> {
        let catalog = self.catalog(kind);
        let mut values = Values::new();
        let mut invalid = Vec::new();
        for (name, value) in input {
            let name = name.to_lowercase();
            match catalog.live(&name) {
                None => invalid.push(property::unknown(&name)),
                Some(definition) => match definition.accept(&plain_text(value)) {
                    Ok(value) => {
                        values.insert(name, value);
                    }
                    Err(refused) => invalid.push(refused),
                },
            }
        }
        if invalid.is_empty() { Ok(values) } else { Err(invalid) }
    }

    /// The failure of a write whose values were refused.
    pub(super) fn refused(&self, invalid: &[InvalidProperty], write: Write) -> Failure {
        Failure::invalid_properties(invalid, write.names_portal.then(|| self.id()))
    }

    /// The rules of a create that go over several properties.
    pub(super) fn check_create(&self, kind: ObjectType, values: &Values, write: Write) -> Outcome<()> {
        let is_set = |name: &&str| values.get(*name).is_some_and(|value| !value.is_empty());
        let groups = kind.required_on_create();
        if !groups.iter().any(|group| group.iter().all(&is_set)) {
            let missing: Vec<String> = match groups {
                [only] => only.iter().filter(|name| !is_set(name)).map(|name| (*name).to_owned()).collect(),
                _ => groups.concat().iter().map(|name| (*name).to_owned()).collect(),
            };
            return Err(required_missing(kind, missing));
        }
        if write.strict {
            let required = [kind.plural(), kind.singular(), kind.type_id()]
                .into_iter()
                .find_map(|name| self.settings.required_properties.get(name));
            let missing: Vec<String> =
                required.into_iter().flatten().filter(|name| !is_set(&name.as_str())).cloned().collect();
            if !missing.is_empty() {
                return Err(required_missing(kind, missing));
            }
        }
        self.check_conditional(kind, values, write)
    }

    /// The admins' conditional rules on the state that a write would leave behind.
    pub(super) fn check_conditional(&self, kind: ObjectType, after: &Values, write: Write) -> Outcome<()> {
        if !write.strict {
            return Ok(());
        }
        let rules = self.settings.conditional_rules.iter().filter(|rule| {
            ObjectType::parse(&rule.object_type).is_ok_and(|of| of == kind)
                && after.get(&rule.when_property).is_some_and(|value| rule.has_any_of.contains(value))
        });
        let missing: Vec<String> = rules
            .flat_map(|rule| &rule.require)
            .filter(|name| after.get(*name).is_none_or(String::is_empty))
            .cloned()
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(required_missing(kind, missing)) }
    }

    /// Whether another record already holds one of the unique values.
    pub(super) fn check_unique(&self, kind: ObjectType, values: &Values, own: Option<u64>) -> Outcome<()> {
        let store = self.store(kind);
        for (name, value) in record::unique_keys(kind, self.catalog(kind).all(), values) {
            let Some(holder) = store.holder(&name, &value).filter(|holder| Some(*holder) != own) else {
                continue;
            };
            if kind == ObjectType::Contact && name == "email" {
                return Err(Failure::conflict(kind.singular(), Some(holder)));
            }
            let message = format!("{value} already has that value.");
            return Err(Failure::invalid_properties(
                &[InvalidProperty { name, code: "CONFLICTING_UNIQUE_VALUE", message }],
                None,
            ));
        }
        Ok(())
    }

    /// Applies the forward-only rule of lifecycle stages to a change.
    pub(super) fn check_lifecycle(&self, kind: ObjectType, id: u64, changes: &mut Values) -> Outcome<()> {
        let (Some(new), Some(record)) = (changes.get("lifecyclestage"), self.store(kind).get(id)) else {
            return Ok(());
        };
        let Some(stages) = self.catalog(kind).live("lifecyclestage") else { return Ok(()) };
        let old = record.value("lifecyclestage").and_then(|old| stages.rank(old));
        let is_backward = matches!((old, stages.rank(new)), (Some(old), Some(new)) if new < old);
        if !is_backward {
            return Ok(());
        }
        match self.settings.backward_lifecycle {
            BackwardLifecycle::Keep => {
                changes.remove("lifecyclestage");
                Ok(())
            }
            BackwardLifecycle::Refuse => Err(Failure::validation(
                "The lifecycle stage can only move forward; clear it before setting an earlier stage.",
            )),
        }
    }

    /// Stores a new record; all checks are done.
    pub(super) fn insert(
        &mut self,
        kind: ObjectType,
        mut values: Values,
        id: Option<u64>,
        write: Write,
    ) -> u64 {
        let id = id.unwrap_or_else(|| self.free_id());
        if kind == ObjectType::Contact && !write.immediate {
            if let Some(email) = values.get("email").filter(|email| !email.is_empty()) {
                *self.created_emails.entry(email.clone()).or_default() += 1;
            }
            if let Some(stage) = &self.settings.default_lifecycle_stage {
                values.entry("lifecyclestage".to_owned()).or_insert_with(|| stage.clone());
            }
        }
        if kind == ObjectType::Deal {
            values.entry("pipeline".to_owned()).or_insert_with(|| "default".to_owned());
        }
        let now = stamp::iso(write.now);
        for name in [kind.created_property(), kind.modified_property()] {
            values.entry(name.to_owned()).or_insert_with(|| now.clone());
        }
        values.extend(system_values(kind, id));
        let mut record = Record::new(id, write.now);
        if let Some(created) = values.get(kind.created_property()).and_then(|text| stamp::parse(text)) {
            record.created_at = created;
        }
        self.store_mut(kind).insert(record);
        self.apply(kind, id, values, write);
        id
    }

    /// Changes a record; all checks are done. Derived values, unique keys, search index and lists follow.
    pub(super) fn apply(&mut self, kind: ObjectType, id: u64, mut changes: Values, write: Write) {
        let now = write.now;
        let lag = |seconds: f64| {
            if write.immediate { now } else { now.saturating_add(Duration::saturating_seconds_f64(seconds)) }
        };
        let (indexed_at, listed_at) =
            (lag(self.settings.search_lag_seconds), lag(self.settings.list_lag_seconds));
        let Some(catalog) = self.catalogs.get(&kind) else { return };
        let Some(store) = self.stores.get_mut(&kind) else { return };
        let Some(record) = store.get_mut(id) else { return };
        let id = record.id;
        let old_keys = record::unique_keys(kind, catalog.all(), &record.values);
        let was = record.values.clone();
        expand_appends(&was, &mut changes);
        if record.set(&changes, now) {
            record.set(&derived_values(kind, &record.values, now), now);
            if !changes.contains_key(kind.modified_property()) {
                let modified = Values::from([(kind.modified_property().to_owned(), stamp::iso(now))]);
                record.set(&modified, now);
            }
            if let Some(modified) = record.value(kind.modified_property()).and_then(stamp::parse) {
                record.updated_at = modified;
            }
            record.index(indexed_at, now);
            let new_keys = record::unique_keys(kind, catalog.all(), &record.values);
            store.claim(id, old_keys, new_keys);
            self.lists.touch(kind, id, listed_at);
        }
    }

    /// Archives a record: it leaves reads, search and lists, and its unique values are free again.
    pub(super) fn archive(&mut self, kind: ObjectType, id: u64, write: Write) {
        let indexed_at =
            write.now.saturating_add(Duration::saturating_seconds_f64(self.settings.search_lag_seconds));
        let Some(catalog) = self.catalogs.get(&kind) else { return };
        let Some(store) = self.stores.get_mut(&kind) else { return };
        let Some(record) = store.get_mut(id) else { return };
        let id = record.id;
        record.archived_at = Some(write.now);
        record.updated_at = write.now;
        record.index(if write.immediate { write.now } else { indexed_at }, write.now);
        let keys = record::unique_keys(kind, catalog.all(), &record.values);
        store.claim(id, keys, Vec::new());
        self.associations.remove_record(kind, id);
        self.lists.forget(kind, id);
    }

    /// The record as an answer.
    pub(super) fn render(&self, kind: ObjectType, record: &Record, shown: &Shown) -> Value {
        self.render_values(kind, record, &record.values, shown)
    }

    /// As [`Self::render`], with other values than the present ones: search shows what its index has.
    pub(super) fn render_values(
        &self,
        kind: ObjectType,
        record: &Record,
        values: &Values,
        shown: &Shown,
    ) -> Value {
        let updated = values.get(kind.modified_property()).cloned();
        let mut body = json!({
            "id": record.id.to_string(),
            "properties": record::show(kind, self.catalog(kind).all(), values, shown),
            "createdAt": stamp::iso(record.created_at),
            "updatedAt": updated.unwrap_or_else(|| stamp::iso(record.updated_at)),
            "archived": record.archived_at.is_some(),
            "url": self.record_url(kind, record.id),
        });
        if let (Some(archived_at), Some(fields)) = (record.archived_at, body.as_object_mut()) {
            fields.insert("archivedAt".to_owned(), json!(stamp::iso(archived_at)));
        }
        body
    }

    fn record_url(&self, kind: ObjectType, id: u64) -> String {
        let (domain, portal) = (&self.settings.ui_domain, self.id());
        format!("https://{domain}/contacts/{portal}/record/{}/{id}", kind.type_id())
    }

    fn free_id(&mut self) -> u64 {
        let id = self.next_record_id;
        self.next_record_id += 1;
        id
    }
}

/// Strings as they are; numbers and booleans as HubSpot would store them; `null` clears.
pub(super) fn plain_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn required_missing(kind: ObjectType, missing: Vec<String>) -> Failure {
    let mut failure = Failure::validation(format!(
        "Error creating {}. Some required properties were not set.",
        kind.singular().to_uppercase()
    ));
    for name in &missing {
        failure = failure.with_error(json!({
            "message": format!("Property \"{name}\" is required"),
            "code": "REQUIRED_FIELD",
            "context": {"propertyName": [name]},
        }));
    }
    failure.with_context("properties", missing)
}

/// `;b` appends `b` to the multiple choice `a`.
fn expand_appends(old: &Values, changes: &mut Values) {
    for (name, value) in changes.iter_mut() {
        let Some(added) = value.strip_prefix(';') else { continue };
        let mut all: Vec<&str> =
            old.get(name).map_or("", String::as_str).split(';').filter(|one| !one.is_empty()).collect();
        for one in added.split(';') {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        *value = all.join(";");
    }
}

fn system_values(kind: ObjectType, id: u64) -> Values {
    let mut values = vec![
        ("hs_object_id", id.to_string()),
        ("hs_object_source", "INTEGRATION".to_owned()),
        ("hs_object_source_id", "19083857".to_owned()),
        ("hs_object_source_label", "INTEGRATION".to_owned()),
    ];
    if kind == ObjectType::Contact {
        values.extend([
            ("hs_all_contact_vids", id.to_string()),
            ("hs_is_contact", "true".to_owned()),
            ("hs_is_unworked", "true".to_owned()),
            ("hs_pipeline", "contacts-lifecycle-pipeline".to_owned()),
            ("num_notes", "0".to_owned()),
        ]);
    }
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Values that HubSpot computes from others.
fn derived_values(kind: ObjectType, values: &Values, now: OffsetDateTime) -> Values {
    let mut derived = Values::new();
    let text = |name: &str| values.get(name).map_or("", String::as_str);
    if kind == ObjectType::Contact {
        let full_name = format!("{} {}", text("firstname"), text("lastname")).trim().to_owned();
        let shown = if full_name.is_empty() { text("email").to_owned() } else { full_name };
        derived.insert("hs_full_name_or_email".to_owned(), shown);
        let domain = text("email").split_once('@').map_or("", |(_, domain)| domain);
        derived.insert("hs_email_domain".to_owned(), domain.to_owned());
        let stage = text("lifecyclestage");
        let reached = stage_date_property(stage);
        if !stage.is_empty() && !values.contains_key(&reached) {
            derived.insert(reached, stamp::epoch_ms(now).to_string());
        }
    }
    derived
}
