//! All orgs of the simulator, and who is logged in where.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    fixture::{OAuthApp, OrgFixture, UserFixture},
    ids, moment,
    org::Org,
};

/// Grants that one app may have for one user; a further one ends the oldest.
const MAX_GRANTS: usize = 5;

/// Authorization codes are good for this long.
const CODE_LIFETIME: Duration = Duration::minutes(15);

/// A session of a user, whatever it was made by.
#[derive(Clone, Debug)]
pub struct Session {
    /// The org's id.
    pub org_id: String,
    /// The user's id.
    pub user_id: String,
    /// Start.
    pub issued: OffsetDateTime,
    /// Last use: the timeout counts from here.
    pub last_used: OffsetDateTime,
    /// Only the password may be changed with it.
    pub password_expired: bool,
    /// The app it was issued to; none for SOAP.
    pub client_id: Option<String>,
    /// OAuth scopes.
    pub scope: String,
}

/// A refresh token.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The org's id.
    pub org_id: String,
    /// The user's id.
    pub user_id: String,
    /// The app it was issued to.
    pub client_id: String,
    /// OAuth scopes.
    pub scope: String,
    /// Order of issue.
    pub number: u64,
}

/// An authorization code that waits for its exchange.
#[derive(Clone, Debug)]
pub struct Code {
    /// What it will become.
    pub grant: Grant,
    /// Where it was sent.
    pub redirect_uri: String,
    /// PKCE challenge.
    pub challenge: Option<String>,
    /// Time of issue.
    pub issued: OffsetDateTime,
}

/// Everything the simulator knows.
#[derive(Debug, Default)]
pub struct World {
    /// Orgs by 18-character id.
    pub orgs: BTreeMap<String, Org>,
    /// Sessions by token.
    pub sessions: HashMap<String, Session>,
    /// Grants by refresh token.
    pub grants: HashMap<String, Grant>,
    /// Codes by their text.
    pub codes: HashMap<String, Code>,
    next_id: u64,
}

impl World {
    /// Makes an org, with its records. Its id, or what is wrong with the fixture.
    ///
    /// # Errors
    /// A text for the author of the fixture: the id is taken or no org id, a user name is taken, an object or a
    /// record id is unknown.
    pub fn add_org(&mut self, fixture: OrgFixture, now: OffsetDateTime) -> Result<String, String> {
        self.check(&fixture, None)?;
        let records = fixture.records.clone();
        let org = Org::new(fixture, now, &mut self.next_id);
        let id = org.id.clone();
        self.orgs.insert(id.clone(), org);
        for (object, row) in
            records.iter().flat_map(|(object, rows)| rows.iter().map(move |row| (object, row)))
        {
            if let Err(error) = self.add_record(&id, object, row.clone(), now) {
                self.orgs.remove(&id);
                return Err(error);
            }
        }
        Ok(id)
    }

    /// Replaces an org's fixture; its records stay.
    ///
    /// # Errors
    /// As [`World::add_org`], or there is no such org.
    pub fn change_org(&mut self, id: &str, fixture: OrgFixture, now: OffsetDateTime) -> Result<(), String> {
        self.check(&fixture, Some(id))?;
        let org = self.orgs.get_mut(id).ok_or_else(|| format!("there is no org {id}"))?;
        org.refit(fixture, now, &mut self.next_id);
        Ok(())
    }

    fn check(&self, fixture: &OrgFixture, own: Option<&str>) -> Result<(), String> {
        if let Some(id) = &fixture.id {
            let canonical = ids::canonical(id).filter(|id| id.starts_with("00D"));
            let canonical = canonical.ok_or_else(|| format!("{id} is no org id"))?;
            if own.is_none() && self.orgs.contains_key(&canonical) {
                return Err(format!("there is an org {canonical} already"));
            }
        }
        let mut names = Vec::new();
        for user in &fixture.users {
            let name = user.username.to_ascii_lowercase();
            let elsewhere = self.find_user(&name).is_some_and(|(org, _)| Some(org.id.as_str()) != own);
            if name.is_empty() || elsewhere || names.contains(&name) {
                return Err(format!("the user name {name:?} is empty or taken"));
            }
            names.push(name);
        }
        Ok(())
    }

    /// Stores a record without any rule; its id.
    ///
    /// # Errors
    /// The org or object is unknown, or the id given does not fit the object.
    pub fn add_record(
        &mut self,
        org_id: &str,
        object: &str,
        mut fields: serde_json::Map<String, Value>,
        now: OffsetDateTime,
    ) -> Result<String, String> {
        self.next_id += 1;
        let number = self.next_id;
        let org = self.orgs.get_mut(org_id).ok_or_else(|| format!("there is no org {org_id}"))?;
        let object =
            org.schema.object(object).cloned().ok_or_else(|| format!("there is no object {object}"))?;
        let id = match fields.remove("Id") {
            None => ids::make(&object.key_prefix, number),
            Some(Value::String(id)) if id.starts_with(&object.key_prefix) => {
                ids::canonical(&id).ok_or_else(|| format!("{id} is no id"))?
            }
            Some(other) => return Err(format!("{other} is no id of a {}", object.name)),
        };
        org.put_raw(&object, id.clone(), fields, now);
        Ok(id)
    }

    /// A fresh id for a record of this object.
    pub fn make_id(&mut self, prefix: &str) -> String {
        self.next_id += 1;
        ids::make(prefix, self.next_id)
    }

    /// The org and user with this login name.
    pub fn find_user(&self, username: &str) -> Option<(&Org, &UserFixture)> {
        self.orgs.values().find_map(|org| org.user_named(username).map(|user| (org, user)))
    }

    /// The org and app with this consumer key. An app may be known in several orgs: then the one of `org_id`.
    pub fn find_app(&self, client_id: &str, org_id: Option<&str>) -> Option<(&Org, &OAuthApp)> {
        let apps = self.orgs.values().filter(|org| org_id.is_none_or(|id| id == org.id));
        apps.filter_map(|org| {
            org.fixture.oauth_apps.iter().find(|app| app.client_id == client_id).map(|app| (org, app))
        })
        .next()
    }

    /// A session with a fresh token.
    pub fn open_session(&mut self, session: Session) -> String {
        let token = format!(
            "{}!AQ{}{}",
            ids::short(&session.org_id),
            Uuid::new_v4().simple(),
            Uuid::new_v4().simple()
        );
        self.sessions.insert(token.clone(), session);
        token
    }

    /// Tokens of all sessions.
    pub fn session_ids(&self) -> Vec<String> {
        self.sessions.keys().cloned().collect()
    }

    /// The session of a token that is not timed out, with its use noted.
    pub fn session(&mut self, token: &str, now: OffsetDateTime) -> Option<Session> {
        let session = self.sessions.get_mut(token)?;
        let ttl = Duration::seconds(self.orgs.get(&session.org_id)?.fixture.session_seconds);
        if now - session.last_used >= ttl {
            self.sessions.remove(token);
            return None;
        }
        session.last_used = now;
        Some(session.clone())
    }

    /// A refresh token; ends the oldest grant when the user has too many for the app.
    pub fn open_grant(&mut self, mut grant: Grant) -> String {
        self.next_id += 1;
        grant.number = self.next_id;
        let same = |other: &Grant| other.user_id == grant.user_id && other.client_id == grant.client_id;
        let mut others: Vec<(u64, String)> = self
            .grants
            .iter()
            .filter(|(_, other)| same(other))
            .map(|(token, other)| (other.number, token.clone()))
            .collect();
        others.sort();
        let surplus = (others.len() + 1).saturating_sub(MAX_GRANTS);
        for (_, token) in others.into_iter().take(surplus) {
            self.grants.remove(&token);
        }
        let token = format!("5Aep861{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        self.grants.insert(token.clone(), grant);
        token
    }

    /// An authorization code.
    pub fn open_code(&mut self, code: Code) -> String {
        let text = format!("aPrx{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        self.codes.insert(text.clone(), code);
        text
    }

    /// Takes a code: it works once.
    pub fn take_code(&mut self, text: &str, now: OffsetDateTime) -> Option<Code> {
        self.codes.remove(text).filter(|code| now - code.issued < CODE_LIFETIME)
    }

    /// Ends all sessions of an org, and its grants if told so.
    pub fn end_sessions(&mut self, org_id: &str, grants_too: bool) {
        self.sessions.retain(|_, session| session.org_id != org_id);
        if grants_too {
            self.grants.retain(|_, grant| grant.org_id != org_id);
        }
    }

    /// What the control API shows of an org: the fixture, and what came of it.
    pub fn describe_org(&self, id: &str, now: OffsetDateTime) -> Option<Value> {
        let org = self.orgs.get(id)?;
        let mut shown = serde_json::to_value(&org.fixture).ok()?;
        let object = shown.as_object_mut()?;
        object.remove("records");
        object.insert("api_calls_in_window".to_owned(), org.used_calls(now).into());
        object.insert("record_counts".to_owned(), Value::Object(org.record_counts()));
        object.insert("created".to_owned(), moment::rest(org.created).into());
        let sessions = self.sessions.values().filter(|session| session.org_id == id).count();
        object.insert("open_sessions".to_owned(), sessions.into());
        Some(shown)
    }
}
