//! Everything that one HubSpot simulator holds: the portals, and the tokens that lead to them.

use std::collections::BTreeMap;

use serde_json::Value;
use time::OffsetDateTime;

use super::{
    fixture::{ListFixture, OAuthAppFixture, PortalFixture, ProcessingType, RecordFixture},
    lists::{List, filter},
    oauth::Tokens,
    object_type::ObjectType,
    portal::{Portal, Write},
    record::{Values, unique_keys},
};

/// The portals of one simulator.
#[derive(Debug, Default)]
pub(super) struct World {
    pub portals: BTreeMap<u64, Portal>,
    pub tokens: Tokens,
}

/// Why a fixture was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FixtureError {
    /// Every portal needs a hub id above 0.
    #[error("portal_id must be above 0")]
    NoPortalId,
    /// Another portal has the hub id.
    #[error("portal {0} exists already")]
    PortalExists(u64),
    /// No portal has the hub id.
    #[error("there is no portal {0}")]
    NoSuchPortal(u64),
    /// No such object type.
    #[error("there is no object type {0}")]
    NoSuchObjectType(String),
    /// No such record.
    #[error("there is no record {0}")]
    NoSuchRecord(u64),
    /// A static token must lead to one portal.
    #[error("a token of this portal belongs to portal {0} already")]
    TokenTaken(u64),
    /// A property that the portal does not have.
    #[error("property {0} does not exist")]
    UnknownProperty(String),
    /// A record with the id, or with a value that must be unique, exists.
    #[error("record {0} exists already")]
    RecordExists(u64),
    /// A list that cannot be: its name, id or filters.
    #[error("list {name}: {reason}")]
    List {
        /// The list's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The change is not a portal any more.
    #[error("the change does not fit: {0}")]
    Shape(String),
}

impl World {
    pub(super) fn portal(&self, id: u64) -> Result<&Portal, FixtureError> {
        self.portals.get(&id).ok_or(FixtureError::NoSuchPortal(id))
    }

    pub(super) fn portal_mut(&mut self, id: u64) -> Result<&mut Portal, FixtureError> {
        self.portals.get_mut(&id).ok_or(FixtureError::NoSuchPortal(id))
    }

    /// Adds a portal; nothing is added when anything in it is wrong.
    pub(super) fn create(&mut self, fixture: PortalFixture, now: OffsetDateTime) -> Result<(), FixtureError> {
        let id = fixture.portal_id;
        if id == 0 {
            return Err(FixtureError::NoPortalId);
        }
        if self.portals.contains_key(&id) {
            return Err(FixtureError::PortalExists(id));
        }
        self.check_tokens(&fixture)?;
        let mut portal = Portal::new(PortalFixture::new(id));
        let apps = fixture.oauth_apps.clone();
        portal.install(fixture, now, true)?;
        self.portals.insert(id, portal);
        self.install_apps(id, &apps);
        Ok(())
    }

    /// Changes settings by a JSON merge (`null` is a value, not a removal) and adds the records and lists named in it.
    pub(super) fn change(&mut self, id: u64, patch: &Value, now: OffsetDateTime) -> Result<(), FixtureError> {
        let portal = self.portal(id)?;
        let mut settings =
            serde_json::to_value(&portal.settings).map_err(|error| FixtureError::Shape(error.to_string()))?;
        merge_json(&mut settings, patch);
        let fixture: PortalFixture =
            serde_json::from_value(settings).map_err(|error| FixtureError::Shape(error.to_string()))?;
        if fixture.portal_id != id {
            return Err(FixtureError::Shape("portal_id can't be changed".to_owned()));
        }
        self.check_tokens(&fixture)?;
        let apps = fixture.oauth_apps.clone();
        let changes_stages = patch.get("lifecycle_stages").is_some();
        self.portal_mut(id)?.install(fixture, now, changes_stages)?;
        if patch.get("oauth_apps").is_some() {
            self.install_apps(id, &apps);
        }
        Ok(())
    }

    pub(super) fn delete(&mut self, id: u64) -> Result<(), FixtureError> {
        self.portals.remove(&id).ok_or(FixtureError::NoSuchPortal(id))?;
        self.tokens.forget_portal(id);
        Ok(())
    }

    /// The app with this client id, in whichever portal it is listed.
    pub(super) fn app(&self, client_id: &str) -> Option<&OAuthAppFixture> {
        self.portals
            .values()
            .flat_map(|portal| &portal.settings.oauth_apps)
            .find(|app| app.client_id == client_id)
    }

    fn check_tokens(&self, fixture: &PortalFixture) -> Result<(), FixtureError> {
        for (id, portal) in self.portals.iter().filter(|(id, _)| **id != fixture.portal_id) {
            let theirs = &portal.settings.tokens;
            let is_taken = |token: &str| theirs.iter().any(|other| other.token == token);
            if fixture.tokens.iter().any(|token| is_taken(&token.token)) {
                return Err(FixtureError::TokenTaken(*id));
            }
        }
        Ok(())
    }

    fn install_apps(&mut self, portal: u64, apps: &[OAuthAppFixture]) {
        for app in apps {
            for refresh_token in &app.refresh_tokens {
                self.tokens.install(refresh_token, portal, app);
            }
        }
    }
}

impl Portal {
    /// Takes over settings, and adds the records and lists of a fixture.
    fn install(
        &mut self,
        mut fixture: PortalFixture,
        now: OffsetDateTime,
        changes_stages: bool,
    ) -> Result<(), FixtureError> {
        let records = [
            (ObjectType::Contact, std::mem::take(&mut fixture.contacts)),
            (ObjectType::Company, std::mem::take(&mut fixture.companies)),
            (ObjectType::Deal, std::mem::take(&mut fixture.deals)),
        ];
        let lists = std::mem::take(&mut fixture.lists);
        if changes_stages {
            self.set_stages(&fixture.lifecycle_stages);
        }
        *self.settings = fixture;
        for (kind, records) in records {
            for record in records {
                self.put_record(kind, &record, now)?;
            }
        }
        for list in lists {
            self.put_list(&list, now)?;
        }
        Ok(())
    }

    fn set_stages(&mut self, stages: &[super::fixture::StageFixture]) {
        for kind in [ObjectType::Contact, ObjectType::Company] {
            let fresh = super::property_defaults::catalog(kind, stages);
            let staged = fresh.into_values().filter(|property| {
                property.name == "lifecyclestage" || property.name.starts_with("hs_lifecyclestage_")
            });
            if let Some(catalog) = self.catalogs.get_mut(&kind) {
                staged.for_each(|property| catalog.put(property));
            }
        }
    }

    /// Puts a record in place, visible everywhere at once; read-only properties may be set.
    pub(super) fn put_record(
        &mut self,
        kind: ObjectType,
        fixture: &RecordFixture,
        now: OffsetDateTime,
    ) -> Result<u64, FixtureError> {
        let values = self.fixture_values(kind, &fixture.properties)?;
        for (name, value) in unique_keys(kind, self.catalog(kind).all(), &values) {
            if let Some(holder) = self.store(kind).holder(&name, &value) {
                return Err(FixtureError::RecordExists(holder));
            }
        }
        if let Some(id) = fixture.id.filter(|id| self.store(kind).get(*id).is_some()) {
            return Err(FixtureError::RecordExists(id));
        }
        Ok(self.insert(kind, values, fixture.id, Write::fixture(now)))
    }

    /// Changes a record without the rules of the API, visible everywhere at once.
    pub(super) fn change_record(
        &mut self,
        kind: ObjectType,
        id: u64,
        changes: &Values,
        now: OffsetDateTime,
    ) -> Result<(), FixtureError> {
        let values = self.fixture_values(kind, changes)?;
        if self.store(kind).live(id).is_none() {
            return Err(FixtureError::NoSuchRecord(id));
        }
        self.apply(kind, id, values, Write::fixture(now));
        Ok(())
    }

    /// Archives a record, gone from search at once.
    pub(super) fn archive_fixture(
        &mut self,
        kind: ObjectType,
        id: u64,
        now: OffsetDateTime,
    ) -> Result<(), FixtureError> {
        if self.store(kind).live(id).is_none() {
            return Err(FixtureError::NoSuchRecord(id));
        }
        self.archive(kind, id, Write::fixture(now));
        Ok(())
    }

    fn fixture_values(&self, kind: ObjectType, properties: &Values) -> Result<Values, FixtureError> {
        let mut values = Values::new();
        for (name, value) in properties {
            if self.catalog(kind).live(name).is_none() {
                return Err(FixtureError::UnknownProperty(name.clone()));
            }
            let is_email = kind == ObjectType::Contact && name == "email";
            values.insert(name.clone(), if is_email { value.to_lowercase() } else { value.clone() });
        }
        Ok(values)
    }

    /// Puts a list in place, complete at once.
    pub(super) fn put_list(
        &mut self,
        fixture: &ListFixture,
        now: OffsetDateTime,
    ) -> Result<u32, FixtureError> {
        let wrong =
            |reason: &str| FixtureError::List { name: fixture.name.clone(), reason: reason.to_owned() };
        let kind = ObjectType::parse(&fixture.object_type)
            .map_err(|_| FixtureError::NoSuchObjectType(fixture.object_type.clone()))?;
        let id = fixture.id.unwrap_or_else(|| self.lists.free_id());
        if self.lists.get(id).is_some() || self.lists.named(kind, &fixture.name).is_some() {
            return Err(wrong("exists already"));
        }
        let filter = match (&fixture.filter_branch, fixture.processing_type) {
            (None, ProcessingType::Manual) => None,
            (Some(branch), ProcessingType::Dynamic | ProcessingType::Snapshot) => {
                Some(filter::Branch::parse_root(branch).map_err(|failure| wrong(&failure.message))?)
            }
            (None, _) => return Err(wrong("needs a filter_branch")),
            (Some(_), ProcessingType::Manual) => return Err(wrong("a manual list has no filters")),
        };
        let mut list = List::new(id, &fixture.name, kind, fixture.processing_type, now);
        list.filter_json = fixture.filter_branch.as_ref().map(filter::complete);
        list.processing_until = filter.as_ref().map(|_| now);
        list.filter = filter;
        for email in &fixture.member_emails {
            let member = self.store(kind).holder("email", email);
            list.join(member.ok_or_else(|| wrong(&format!("nobody has the address {email}")))?, now);
        }
        self.lists.insert(list);
        self.settle_lists(now);
        Ok(id)
    }
}

impl Write {
    fn fixture(now: OffsetDateTime) -> Self {
        Self { now: super::stamp::whole_ms(now), strict: false, immediate: true, names_portal: false }
    }
}

fn merge_json(target: &mut Value, patch: &Value) {
    let (Some(fields), Some(patch)) = (target.as_object_mut(), patch.as_object()) else {
        *target = patch.clone();
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            fields.insert(name.clone(), Value::Null);
        } else {
            merge_json(fields.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
