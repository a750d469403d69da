//! Creating, changing and deleting one record, by all the rules.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{
    access::{View, field_rights, object_rights},
    answer::ApiError,
    fixture::UserFixture,
    ids, moment,
    org::{Org, Record},
    rules::{self, Candidate},
    schema::{Kind, Object},
    values,
    world::World,
};

/// Who writes, and how he wants it done.
#[derive(Clone, Debug)]
pub struct Writer {
    /// The org's id.
    pub org_id: String,
    /// The user's id.
    pub user_id: String,
    /// API version, for links.
    pub version: String,
    /// `Sforce-Duplicate-Rule-Header: allowSave=true`.
    pub allow_duplicates: bool,
    /// `Sforce-Auto-Assign` is not `FALSE`.
    pub auto_assign: bool,
    /// The time that system fields get.
    pub now: OffsetDateTime,
}

type Written<T> = Result<T, ApiError>;

impl Writer {
    fn org<'w>(&self, world: &'w World) -> Written<(&'w Org, &'w UserFixture)> {
        let org = world.orgs.get(&self.org_id).ok_or_else(ApiError::not_found)?;
        let user = org.user(&self.user_id).ok_or_else(ApiError::not_found)?;
        Ok((org, user))
    }

    /// The object with this name, if the user may see it.
    ///
    /// # Errors
    /// 404 otherwise.
    pub fn object(&self, world: &World, name: &str) -> Written<Arc<Object>> {
        let (org, user) = self.org(world)?;
        let object = org.schema.object(name).filter(|object| object_rights(user, object).read);
        object.cloned().ok_or_else(ApiError::not_found)
    }

    /// Creates a record; its id.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn create(&self, world: &mut World, object: &Object, body: &Map<String, Value>) -> Written<String> {
        let (org, user) = self.org(world)?;
        if !object_rights(user, object).create {
            let message = format!("entity type cannot be inserted: {}", object.label);
            return Err(ApiError::new(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message));
        }
        let values = self.values(org, user, object, body, true)?;
        let mut record = self.fresh(org, object);
        record.extend(values);
        if self.auto_assign && object.name == "Lead" {
            let assignee = org.fixture.lead_assignment_owner.as_deref().and_then(|name| org.user_named(name));
            if let Some(id) = assignee.and_then(|user| user.id.clone()) {
                record.insert("OwnerId".to_owned(), Value::String(id));
            }
        }
        self.finish(org, object, None, &mut record)?;
        self.take_row_lock(world, object, None)?;
        let id = world.make_id(&object.key_prefix);
        record.insert("Id".to_owned(), Value::String(id.clone()));
        self.save(world, object, &id, record);
        Ok(id)
    }

    /// Changes a record.
    ///
    /// # Errors
    /// The first rule that is broken; 404 if there is no such record.
    pub fn update(
        &self,
        world: &mut World,
        object: &Object,
        id: &str,
        body: &Map<String, Value>,
    ) -> Written<()> {
        let (org, user) = self.org(world)?;
        let current = existing(org, object, id)?;
        if !object_rights(user, object).edit {
            return Err(insufficient());
        }
        if current.get("IsConverted") == Some(&Value::Bool(true)) {
            return Err(ApiError::field(
                "CANNOT_UPDATE_CONVERTED_LEAD",
                "cannot reference converted lead",
                &[],
            ));
        }
        let mut record = current.clone();
        record.extend(self.values(org, user, object, body, false)?);
        for (name, value) in self.touch() {
            record.insert(name, value);
        }
        self.finish(org, object, Some(id), &mut record)?;
        self.take_row_lock(world, object, Some(id))?;
        self.save(world, object, id, record);
        Ok(())
    }

    /// Puts a record into the recycle bin.
    ///
    /// # Errors
    /// 404, `ENTITY_IS_DELETED`, or the user may not.
    pub fn delete(&self, world: &mut World, object: &Object, id: &str) -> Written<()> {
        let (org, user) = self.org(world)?;
        let mut record = existing(org, object, id)?.clone();
        if !object_rights(user, object).delete {
            return Err(insufficient());
        }
        self.take_row_lock(world, object, Some(id))?;
        record.insert("IsDeleted".to_owned(), Value::Bool(true));
        record.extend(self.touch());
        self.save(world, object, id, record);
        Ok(())
    }

    fn save(&self, world: &mut World, object: &Object, id: &str, record: Record) {
        if let Some(org) = world.orgs.get_mut(&self.org_id) {
            org.tables.entry(object.name.clone()).or_default().insert(id.to_owned(), record);
        }
    }

    fn touch(&self) -> BTreeMap<String, Value> {
        let now = moment::rest(self.now);
        [
            ("LastModifiedDate", now.clone()),
            ("SystemModstamp", now),
            ("LastModifiedById", self.user_id.clone()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
    }

    fn fresh(&self, org: &Org, object: &Object) -> Record {
        let defaults = object
            .fields
            .iter()
            .map(|field| (field.name.clone(), field.default.clone().unwrap_or(Value::Null)));
        let mut record: Record = defaults.collect();
        record.extend(self.touch());
        record.insert("CreatedDate".to_owned(), Value::String(moment::rest(self.now)));
        record.insert("CreatedById".to_owned(), Value::String(self.user_id.clone()));
        if object.field("OwnerId").is_some() {
            record.insert("OwnerId".to_owned(), Value::String(self.user_id.clone()));
        }
        if object.name == "Case" {
            let number = org.table(object).map_or(0, BTreeMap::len) + 1001;
            record.insert("CaseNumber".to_owned(), Value::String(format!("{number:08}")));
        }
        record
    }

    fn finish(&self, org: &Org, object: &Object, id: Option<&str>, record: &mut Record) -> Written<()> {
        derive(object, record);
        derive_account(org, object, record);
        let missing: Vec<&str> = object
            .fields
            .iter()
            .filter(|field| !field.nillable && (field.createable || field.updateable))
            .filter(|field| record.get(&field.name).is_none_or(Value::is_null))
            .map(|field| field.name.as_str())
            .collect();
        if !missing.is_empty() {
            let message = format!("Required fields are missing: [{}]", missing.join(", "));
            return Err(ApiError::field("REQUIRED_FIELD_MISSING", message, &missing));
        }
        let allow_duplicates = self.allow_duplicates;
        rules::check(org, Candidate { object, id, record, version: &self.version, allow_duplicates })
    }

    fn values(
        &self,
        org: &Org,
        user: &UserFixture,
        object: &Object,
        body: &Map<String, Value>,
        creating: bool,
    ) -> Written<BTreeMap<String, Value>> {
        let view = View { org, user, tooling: false };
        let mut values = BTreeMap::new();
        let mut refused = Vec::new();
        for (name, value) in body.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("attributes")) {
            if name.eq_ignore_ascii_case("Id") {
                let message = "The Id field should not be specified in the sobject data.";
                return Err(ApiError::field("INVALID_FIELD", message, &["Id"]));
            }
            if let (Value::Object(key), Some((field, to))) = (value, object.parent(name)) {
                values.insert(field.name.clone(), by_external_id(org, field, to, key)?);
                continue;
            }
            let Some(field) = view.field(object, name) else {
                let message = format!("No such column '{name}' on sobject of type {}", object.name);
                return Err(ApiError::new(400, "INVALID_FIELD", message));
            };
            let allowed = if creating { field.createable } else { field.updateable };
            if !allowed || !field_rights(user, object, field).edit {
                refused.push(field.name.as_str());
                continue;
            }
            values.insert(field.name.clone(), values::stored(view, field, value)?);
        }
        if refused.is_empty() {
            return Ok(values);
        }
        let message = format!(
            "Unable to create/update fields: {}. Please check the security settings of this field and verify that it \
             is read/write for your profile or permission set.",
            refused.join(", ")
        );
        Err(ApiError::field("INVALID_FIELD_FOR_INSERT_UPDATE", message, &refused))
    }

    fn take_row_lock(&self, world: &mut World, object: &Object, id: Option<&str>) -> Written<()> {
        let locks = world.orgs.get_mut(&self.org_id).map(|org| &mut org.fixture.row_locks);
        let mut locks = locks.into_iter().flatten();
        let Some(lock) = locks.find(|lock| lock.times > 0 && lock.object.eq_ignore_ascii_case(&object.name))
        else {
            return Ok(());
        };
        lock.times -= 1;
        let message = match id {
            Some(id) => format!("unable to obtain exclusive access to this record or 1 records: {id}"),
            None => "unable to obtain exclusive access to this record".to_owned(),
        };
        Err(ApiError::field("UNABLE_TO_LOCK_ROW", message, &[]))
    }
}

fn insufficient() -> ApiError {
    ApiError::field("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", &[])
}

/// A record that is there and not deleted.
///
/// # Errors
/// 404 `NOT_FOUND` or 404 `ENTITY_IS_DELETED`.
pub fn existing<'o>(org: &'o Org, object: &Object, id: &str) -> Written<&'o Record> {
    let record = org.table(object).and_then(|table| table.get(id)).ok_or_else(ApiError::not_found)?;
    if super::org::is_deleted(record) {
        return Err(ApiError {
            fields: Some(Vec::new()),
            ..ApiError::new(404, "ENTITY_IS_DELETED", "entity is deleted")
        });
    }
    Ok(record)
}

/// `{"Account": {"External__c": "x"}}`: the parent by one of its external ids.
fn by_external_id(
    org: &Org,
    field: &super::schema::Field,
    to: &[String],
    key: &Map<String, Value>,
) -> Written<Value> {
    let named = key.iter().find(|(name, _)| name.as_str() != "attributes");
    let found = named.and_then(|(name, value)| {
        to.iter().filter_map(|object| org.schema.object(object)).find_map(|object| {
            let key = object.field(name).filter(|key| key.external_id)?;
            org.live_records(&object.name)
                .find(|(_, record)| record.get(&key.name) == Some(value))
                .map(|(id, _)| Value::String(id.clone()))
        })
    });
    found.ok_or_else(|| {
        let message = format!("Foreign key external ID not found for field {} in entity", field.name);
        ApiError::field("INVALID_FIELD", message, &[])
    })
}

/// Fields that follow from others.
pub fn derive(object: &Object, record: &mut Record) {
    let text = |record: &Record, name: &str| {
        record.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    if matches!(object.name.as_str(), "Lead" | "Contact") {
        let parts = [text(record, "FirstName"), text(record, "LastName")];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        record.insert("Name".to_owned(), Value::String(name));
    }
    let stage = text(record, "StageName").unwrap_or_default();
    let status = text(record, "Status").unwrap_or_default();
    match object.name.as_str() {
        "Task" => {
            record.insert("IsClosed".to_owned(), Value::Bool(status == "Completed"));
            let high = text(record, "Priority").as_deref() == Some("High");
            record.insert("IsHighPriority".to_owned(), Value::Bool(high));
        }
        "Case" => {
            record.insert("IsClosed".to_owned(), Value::Bool(status == "Closed"));
        }
        "Opportunity" => {
            record.insert("IsClosed".to_owned(), Value::Bool(stage.starts_with("Closed")));
            record.insert("IsWon".to_owned(), Value::Bool(stage == "Closed Won"));
        }
        _ => {}
    }
    for compound in object.fields.iter().filter(|field| field.kind == Kind::Address) {
        let prefix = compound.name.strip_suffix("Address").unwrap_or_default();
        let parts = ["Street", "City", "State", "PostalCode", "Country"];
        let values = parts.map(|part| text(record, &format!("{prefix}{part}")));
        let address = if values.iter().all(Option::is_none) {
            Value::Null
        } else {
            let [street, city, state, postal_code, country] = values;
            json!({"street": street, "city": city, "state": state, "postalCode": postal_code, "country": country,
                "geocodeAccuracy": null, "latitude": null, "longitude": null})
        };
        record.insert(compound.name.clone(), address);
    }
}

/// An activity's account: that of what it is about, else that of the contact.
fn derive_account(org: &Org, object: &Object, record: &mut Record) {
    if !matches!(object.name.as_str(), "Task" | "Event") {
        return;
    }
    let account_of = |name: &str| {
        let id = record.get(name)?.as_str()?;
        let parent = org.schema.by_prefix(ids::prefix(id))?;
        if parent.name == "Account" {
            return Some(Value::String(id.to_owned()));
        }
        org.live_record(parent, id)?.get("AccountId").filter(|account| !account.is_null()).cloned()
    };
    let account = account_of("WhatId").or_else(|| account_of("WhoId")).unwrap_or(Value::Null);
    record.insert("AccountId".to_owned(), account);
}
