//! One org: its fixture, its records and its use of the API.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use super::{
    fixture::{CustomField, CustomFieldType, OrgFixture, UserFixture},
    ids, moment,
    schema::{Kind, Object, Schema},
};

/// The field that the product writes its own ids to.
pub const EXTERNAL_ID_FIELD: &str = "HubSpot_Id__c";

/// The daily allocation is counted over this window, which moves with the clock.
const USAGE_WINDOW: Duration = Duration::hours(24);

/// Wrong passwords in a row that lock a user.
const MAX_FAILED_LOGINS: u32 = 10;

/// How long wrong passwords lock a user.
const LOCKOUT: Duration = Duration::minutes(15);

/// Logins per user and hour above which more are refused.
const MAX_LOGINS_PER_HOUR: usize = 3600;

/// A stored or made record: field names as in the schema.
pub type Record = BTreeMap<String, Value>;

/// The records of one object by their 18-character id.
pub type Table = BTreeMap<String, Record>;

/// What the org remembers of a user's logins.
#[derive(Clone, Debug, Default)]
pub struct LoginHistory {
    /// Wrong passwords since the last right one.
    pub failed_in_a_row: u32,
    /// Time of the last wrong password.
    pub last_failure: Option<OffsetDateTime>,
    /// Tries within the last hour.
    pub recent: VecDeque<OffsetDateTime>,
    /// Last success.
    pub last_success: Option<OffsetDateTime>,
}

/// A query result that is fetched page by page.
#[derive(Clone, Debug)]
pub struct Cursor {
    /// The rows, all of them.
    pub rows: Vec<Value>,
    /// Rows per page.
    pub batch_size: usize,
    /// The user whose query it was.
    pub user_id: String,
}

/// One org.
#[derive(Clone, Debug)]
pub struct Org {
    /// 18-character `00D` id.
    pub id: String,
    /// The switches; users have ids here.
    pub fixture: OrgFixture,
    /// Objects and fields.
    pub schema: Schema,
    /// When the fixture was made.
    pub created: OffsetDateTime,
    /// When the schema last changed, for `If-Modified-Since`.
    pub schema_changed: OffsetDateTime,
    /// Records by object name.
    pub tables: BTreeMap<String, Table>,
    /// Locators of open queries.
    pub cursors: HashMap<String, Cursor>,
    /// Login history by user id.
    pub logins: HashMap<String, LoginHistory>,
    usage: VecDeque<(OffsetDateTime, u64)>,
}

impl Org {
    /// An org without records. `next_id` numbers the ids that the fixture leaves out.
    pub fn new(mut fixture: OrgFixture, now: OffsetDateTime, next_id: &mut u64) -> Self {
        let mut made = |prefix: &str, given: Option<&String>| {
            given.and_then(|id| ids::canonical(id)).unwrap_or_else(|| {
                *next_id += 1;
                ids::make(prefix, *next_id)
            })
        };
        let id = made("00D", fixture.id.as_ref());
        fixture.id = Some(id.clone());
        for user in &mut fixture.users {
            user.id = Some(made("005", user.id.as_ref()));
        }
        let schema = schema_of(&fixture);
        let mut org = Self {
            id,
            schema,
            created: now,
            schema_changed: now,
            tables: BTreeMap::new(),
            cursors: HashMap::new(),
            logins: HashMap::new(),
            usage: VecDeque::new(),
            fixture,
        };
        org.set_used(org.fixture.daily_api_used, now);
        org
    }

    /// Takes over a changed fixture: schema, users without ids, calls used (if that number changed).
    pub fn refit(&mut self, mut fixture: OrgFixture, now: OffsetDateTime, next_id: &mut u64) {
        fixture.id = Some(self.id.clone());
        for user in &mut fixture.users {
            let known =
                self.fixture.users.iter().find(|known| known.username.eq_ignore_ascii_case(&user.username));
            let id = user.id.as_ref().or(known.and_then(|known| known.id.as_ref()));
            user.id = Some(id.and_then(|id| ids::canonical(id)).unwrap_or_else(|| {
                *next_id += 1;
                ids::make("005", *next_id)
            }));
        }
        if fixture.daily_api_used != self.fixture.daily_api_used {
            self.set_used(fixture.daily_api_used, now);
        }
        self.schema = schema_of(&fixture);
        self.schema_changed = now;
        self.fixture = fixture;
    }

    /// Counts `calls` against the daily allocation.
    pub fn use_calls(&mut self, calls: u64, now: OffsetDateTime) {
        match self.usage.back_mut() {
            Some((at, count)) if now - *at < Duration::seconds(60) && now >= *at => *count += calls,
            _ => self.usage.push_back((now, calls)),
        }
    }

    /// Calls within the last 24 hours.
    pub fn used_calls(&self, now: OffsetDateTime) -> u64 {
        self.usage.iter().filter(|(at, _)| now - *at < USAGE_WINDOW).map(|(_, count)| count).sum()
    }

    /// Makes the calls within the last 24 hours exactly so many.
    pub fn set_used(&mut self, calls: u64, now: OffsetDateTime) {
        self.usage.clear();
        // Own entry, older than the merge window of `use_calls`: what is used from now on leaves the window later.
        self.usage.push_back((now - Duration::minutes(2), calls));
    }

    /// The user with this id.
    pub fn user(&self, id: &str) -> Option<&UserFixture> {
        self.fixture.users.iter().find(|user| user.id.as_deref() == Some(id))
    }

    /// The user with this login name.
    pub fn user_named(&self, username: &str) -> Option<&UserFixture> {
        self.fixture.users.iter().find(|user| user.username.eq_ignore_ascii_case(username))
    }

    /// Whether the user is locked out, by hand or by wrong passwords.
    pub fn is_locked(&self, user: &UserFixture, now: OffsetDateTime) -> bool {
        let history = user.id.as_ref().and_then(|id| self.logins.get(id));
        let by_tries = history.is_some_and(|history| {
            history.failed_in_a_row >= MAX_FAILED_LOGINS
                && history.last_failure.is_some_and(|at| now - at < LOCKOUT)
        });
        user.locked || by_tries
    }

    /// Notes a try; false when the user made too many within an hour.
    pub fn note_login_try(&mut self, user_id: &str, now: OffsetDateTime) -> bool {
        let history = self.logins.entry(user_id.to_owned()).or_default();
        while history.recent.front().is_some_and(|at| now - *at >= Duration::HOUR) {
            history.recent.pop_front();
        }
        history.recent.push_back(now);
        history.recent.len() <= MAX_LOGINS_PER_HOUR
    }

    /// Notes how a try ended.
    pub fn note_login_outcome(&mut self, user_id: &str, success: bool, now: OffsetDateTime) {
        let history = self.logins.entry(user_id.to_owned()).or_default();
        if success {
            history.failed_in_a_row = 0;
            history.last_success = Some(now);
        } else {
            if history.last_failure.is_some_and(|at| now - at >= LOCKOUT) {
                history.failed_in_a_row = 0;
            }
            history.failed_in_a_row += 1;
            history.last_failure = Some(now);
        }
    }

    /// The records of an object that are stored (not those made from the fixture).
    pub fn table(&self, object: &Object) -> Option<&Table> {
        self.tables.get(&object.name)
    }

    /// A stored record that is not deleted.
    pub fn live_record(&self, object: &Object, id: &str) -> Option<&Record> {
        self.table(object)?.get(id).filter(|record| !is_deleted(record))
    }

    /// The stored records that are not deleted.
    pub fn live_records(&self, object: &str) -> impl Iterator<Item = (&String, &Record)> {
        self.tables.get(object).into_iter().flatten().filter(|(_, record)| !is_deleted(record))
    }

    /// Counts of live records by object.
    pub fn record_counts(&self) -> Map<String, Value> {
        self.tables
            .keys()
            .map(|object| (object.clone(), Value::from(self.live_records(object).count())))
            .collect()
    }

    /// Writes without any rule, for fixtures: system fields are added where they are missing.
    pub fn put_raw(&mut self, object: &Object, id: String, fields: Map<String, Value>, now: OffsetDateTime) {
        let owner = self.fixture.users.first().and_then(|user| user.id.clone()).unwrap_or_default();
        let mut record = Record::new();
        for field in &object.fields {
            let value = field.default.clone().unwrap_or(Value::Null);
            record.insert(field.name.clone(), value);
        }
        for name in ["CreatedDate", "LastModifiedDate", "SystemModstamp"] {
            record.insert(name.to_owned(), Value::String(moment::rest(now)));
        }
        for name in ["CreatedById", "LastModifiedById", "OwnerId"] {
            if object.field(name).is_some() {
                record.insert(name.to_owned(), Value::String(owner.clone()));
            }
        }
        for (name, value) in fields {
            let field = object.field(&name);
            let is_reference = field.is_some_and(|field| matches!(field.kind, Kind::Reference { .. }));
            let long = value.as_str().filter(|_| is_reference).and_then(ids::canonical);
            record.insert(field.map_or(name, |field| field.name.clone()), long.map_or(value, Value::String));
        }
        record.insert("Id".to_owned(), Value::String(id.clone()));
        super::write::derive(object, &mut record);
        self.tables.entry(object.name.clone()).or_default().insert(id, record);
    }
}

/// Whether a record is in the recycle bin.
pub fn is_deleted(record: &Record) -> bool {
    record.get("IsDeleted") == Some(&Value::Bool(true))
}

fn schema_of(fixture: &OrgFixture) -> Schema {
    let external = ["Lead", "Contact"].map(|object| CustomField {
        object: object.to_owned(),
        name: EXTERNAL_ID_FIELD.to_owned(),
        kind: CustomFieldType::Text,
        length: 255,
        values: Vec::new(),
        restricted: false,
        external_id: true,
        unique: true,
        required: false,
    });
    let external = external.iter().filter(|_| fixture.external_id_field);
    Schema::new(external.chain(&fixture.custom_fields))
}
