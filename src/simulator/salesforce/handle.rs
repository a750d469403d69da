//! The fixtures for use in the same process: what the control API can, as functions.

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    Salesforce,
    fixture::OrgFixture,
    ids,
    org::{Record, is_deleted},
    world::{Grant, World},
    write,
};

type Outcome<T> = Result<T, String>;

/// Errors are texts for the author of a test: an unknown org, user, object or record begins with `there is no`.
impl Salesforce {
    /// Makes an org; its 18-character id.
    ///
    /// # Errors
    /// The id or a user name is taken, or a record names an unknown object.
    pub fn add_org(&self, fixture: OrgFixture) -> Outcome<String> {
        let now = self.frame().clock.now();
        self.lock().add_org(fixture, now)
    }

    /// Changes an org's fixture; records and sessions stay.
    ///
    /// # Errors
    /// There is no such org, or the change makes a user name taken.
    pub fn edit_org(&self, org: &str, edit: impl FnOnce(&mut OrgFixture)) -> Outcome<()> {
        let now = self.frame().clock.now();
        let mut world = self.lock();
        let id = find(&world, org)?;
        let mut fixture = world.orgs.get(&id).map(|org| org.fixture.clone()).ok_or("there is no such org")?;
        edit(&mut fixture);
        world.change_org(&id, fixture, now)
    }

    /// Changes the keys given, merging objects key by key. `daily_api_used` is set also if it names the same number
    /// again.
    pub(super) fn edit_org_json(&self, org: &str, changes: Map<String, Value>) -> Outcome<()> {
        let used = changes.get("daily_api_used").and_then(Value::as_u64);
        let mut outcome = Ok(());
        self.edit_org(org, |fixture| outcome = merge_into(fixture, changes))?;
        outcome?;
        used.map_or(Ok(()), |used| self.set_used_calls(org, used))
    }

    /// Makes the calls within the last 24 hours exactly so many.
    ///
    /// # Errors
    /// There is no such org.
    pub fn set_used_calls(&self, org: &str, calls: u64) -> Outcome<()> {
        let now = self.frame().clock.now();
        let mut world = self.lock();
        let id = find(&world, org)?;
        if let Some(org) = world.orgs.get_mut(&id) {
            org.set_used(calls, now);
        }
        Ok(())
    }

    pub(super) fn edit_user_json(
        &self,
        org: &str,
        username: &str,
        changes: Map<String, Value>,
    ) -> Outcome<()> {
        let mut outcome = Err(format!("there is no user {username}"));
        self.edit_org(org, |fixture| {
            if let Some(user) =
                fixture.users.iter_mut().find(|user| user.username.eq_ignore_ascii_case(username))
            {
                outcome = merge_into(user, changes);
            }
        })?;
        outcome
    }

    /// Removes an org with everything in it.
    ///
    /// # Errors
    /// There is no such org.
    pub fn remove_org(&self, org: &str) -> Outcome<()> {
        let mut world = self.lock();
        let id = find(&world, org)?;
        world.end_sessions(&id, true);
        world.orgs.remove(&id);
        Ok(())
    }

    /// The fixture as it is now.
    ///
    /// # Errors
    /// There is no such org.
    pub fn org(&self, org: &str) -> Outcome<OrgFixture> {
        let world = self.lock();
        let id = find(&world, org)?;
        world.orgs.get(&id).map(|org| org.fixture.clone()).ok_or_else(|| format!("there is no org {id}"))
    }

    /// Calls counted against the daily allocation within the last 24 hours of the simulated clock.
    ///
    /// # Errors
    /// There is no such org.
    pub fn used_calls(&self, org: &str) -> Outcome<u64> {
        let now = self.frame().clock.now();
        let world = self.lock();
        let id = find(&world, org)?;
        Ok(world.orgs.get(&id).map_or(0, |org| org.used_calls(now)))
    }

    pub(super) fn org_state(&self, org: &str) -> Outcome<Value> {
        let now = self.frame().clock.now();
        let world = self.lock();
        let id = find(&world, org)?;
        world.describe_org(&id, now).ok_or_else(|| format!("there is no org {id}"))
    }

    pub(super) fn user_state(&self, org: &str, username: &str) -> Outcome<Value> {
        let fixture = self.org(org)?;
        let user = fixture.users.into_iter().find(|user| user.username.eq_ignore_ascii_case(username));
        user.map(|user| json!(user)).ok_or_else(|| format!("there is no user {username}"))
    }

    pub(super) fn org_list(&self) -> Vec<Value> {
        let world = self.lock();
        let orgs = world.orgs.values().map(|org| {
            let usernames: Vec<&String> = org.fixture.users.iter().map(|user| &user.username).collect();
            json!({"id": org.id, "name": org.fixture.name, "my_domain": org.fixture.my_domain, "users": usernames})
        });
        orgs.collect()
    }

    /// Makes an RSA key pair for JWT bearer: the org keeps the public half, the private one (PKCS#8 PEM) is returned.
    ///
    /// # Errors
    /// There is no such org or app, or no key could be made.
    pub fn make_app_key(&self, org: &str, client_id: &str) -> Outcome<String> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|error| error.to_string())?;
        let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|error| error.to_string())?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|error| error.to_string())?;
        let public = pem("PUBLIC KEY", public.as_ref());
        let mut found = false;
        self.edit_org(org, |fixture| {
            for app in fixture.oauth_apps.iter_mut().filter(|app| app.client_id == client_id) {
                app.public_key_pem = Some(public.clone());
                found = true;
            }
        })?;
        if found {
            Ok(pem("PRIVATE KEY", private.as_ref()))
        } else {
            Err(format!("there is no app {client_id}"))
        }
    }

    /// A refresh token, as if the user had approved the app.
    ///
    /// # Errors
    /// There is no such org, user or app.
    pub fn make_refresh_token(&self, org: &str, client_id: &str, username: &str) -> Outcome<String> {
        let mut world = self.lock();
        let org_id = find(&world, org)?;
        world.find_app(client_id, Some(&org_id)).ok_or_else(|| format!("there is no app {client_id}"))?;
        let user = world.orgs.get(&org_id).and_then(|org| org.user_named(username));
        let user_id =
            user.and_then(|user| user.id.clone()).ok_or_else(|| format!("there is no user {username}"))?;
        let scope = "api refresh_token".to_owned();
        Ok(world.open_grant(Grant { org_id, user_id, client_id: client_id.to_owned(), scope, number: 0 }))
    }

    /// Session ids and access tokens that are in force: for tests that look whether one is somewhere.
    #[must_use]
    pub fn session_ids(&self) -> Vec<String> {
        self.lock().session_ids()
    }

    /// Ends all sessions of an org, and its refresh tokens too if told so.
    ///
    /// # Errors
    /// There is no such org.
    pub fn end_sessions(&self, org: &str, grants_too: bool) -> Outcome<()> {
        let mut world = self.lock();
        let id = find(&world, org)?;
        world.end_sessions(&id, grants_too);
        Ok(())
    }

    /// The live records of an object, or those in the recycle bin.
    ///
    /// # Errors
    /// There is no such org or object.
    pub fn records(&self, org: &str, object: &str, deleted: bool) -> Outcome<Vec<Record>> {
        let world = self.lock();
        let id = find(&world, org)?;
        let org = world.orgs.get(&id).ok_or_else(|| format!("there is no org {id}"))?;
        let object = org.schema.object(object).ok_or_else(|| format!("there is no object {object}"))?;
        let rows = org.table(object).into_iter().flat_map(|table| table.values());
        Ok(rows.filter(|record| is_deleted(record) == deleted).cloned().collect())
    }

    /// Stores a record without any rule; its id.
    ///
    /// # Errors
    /// There is no such org or object, or the id given is none of the object.
    pub fn add_record(&self, org: &str, object: &str, fields: Map<String, Value>) -> Outcome<String> {
        let now = self.frame().clock.now();
        let mut world = self.lock();
        let id = find(&world, org)?;
        world.add_record(&id, object, fields, now)
    }

    /// Changes a stored record without any rule, also read-only fields (such as `IsConverted`).
    ///
    /// # Errors
    /// There is no such org, object or record.
    pub fn change_record(
        &self,
        org: &str,
        object: &str,
        record: &str,
        fields: Map<String, Value>,
    ) -> Outcome<()> {
        let now = self.frame().clock.now();
        self.with_record(org, object, record, |schema, stored| {
            for (name, value) in fields {
                let name = schema.field(&name).map_or(name, |field| field.name.clone());
                stored.insert(name, value);
            }
            for name in ["LastModifiedDate", "SystemModstamp"] {
                stored.insert(name.to_owned(), super::moment::rest(now).into());
            }
            write::derive(schema, stored);
        })
    }

    /// Removes a stored record without a trace in the recycle bin.
    ///
    /// # Errors
    /// There is no such org, object or record.
    pub fn purge_record(&self, org: &str, object: &str, record: &str) -> Outcome<()> {
        self.with_record(org, object, record, |_, _| {})?;
        let mut world = self.lock();
        let id = find(&world, org)?;
        let record = ids::canonical(record).unwrap_or_default();
        if let Some(org) = world.orgs.get_mut(&id) {
            for table in org.tables.values_mut() {
                table.remove(&record);
            }
        }
        Ok(())
    }

    fn with_record(
        &self,
        org: &str,
        object: &str,
        record: &str,
        edit: impl FnOnce(&super::schema::Object, &mut Record),
    ) -> Outcome<()> {
        let mut world = self.lock();
        let id = find(&world, org)?;
        let org = world.orgs.get_mut(&id).ok_or_else(|| format!("there is no org {id}"))?;
        let schema =
            org.schema.object(object).cloned().ok_or_else(|| format!("there is no object {object}"))?;
        let stored = ids::canonical(record).and_then(|id| org.tables.get_mut(&schema.name)?.get_mut(&id));
        edit(&schema, stored.ok_or_else(|| format!("there is no record {record}"))?);
        Ok(())
    }
}

/// The org's id by id, My Domain or user name.
fn find(world: &World, name: &str) -> Outcome<String> {
    if let Some(id) = ids::canonical(name).filter(|id| world.orgs.contains_key(id)) {
        return Ok(id);
    }
    let by_domain = world.orgs.values().find(|org| org.fixture.my_domain.eq_ignore_ascii_case(name));
    let org = by_domain.or_else(|| world.find_user(name).map(|(org, _)| org));
    org.map(|org| org.id.clone()).ok_or_else(|| format!("there is no org {name}"))
}

fn merge_into<T: serde::Serialize + serde::de::DeserializeOwned>(
    target: &mut T,
    changes: Map<String, Value>,
) -> Outcome<()> {
    let mut value = serde_json::to_value(&*target).map_err(|error| error.to_string())?;
    merge(&mut value, Value::Object(changes));
    *target = serde_json::from_value(value).map_err(|error| error.to_string())?;
    Ok(())
}

fn merge(target: &mut Value, changes: Value) {
    match (target, changes) {
        (Value::Object(target), Value::Object(changes)) => {
            for (name, value) in changes {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
        (target, changes) => *target = changes,
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let lines: Vec<String> =
        encoded.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
