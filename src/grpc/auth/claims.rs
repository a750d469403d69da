//! What a token says of its caller. Read strictly: every claim that is used is of its type, and there once.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::Value;
use time::OffsetDateTime;

use crate::domain::{
    PortalId,
    access::{Access, PortalGrant, Scope},
};

/// Longest name of a principal, in bytes.
const MAX_SUBJECT: usize = 128;
/// Names that no token may take: the service gives them itself.
const OWN_NAMES: &[&str] = &["anonymous", "handoff:"];
/// 9999-12-31: beyond it there are no timestamps.
const LATEST: i64 = 253_402_300_799;

/// A JSON object without duplicate names. `serde_json` would take the last one, others the first.
#[derive(Debug)]
pub(super) struct UniqueMap(pub(super) BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for UniqueMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;

        impl<'de> Visitor<'de> for Unique {
            type Value = UniqueMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UniqueMap, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some(name) = map.next_key::<String>()? {
                    match fields.entry(name) {
                        Entry::Occupied(_) => return Err(de::Error::custom("a name is there twice")),
                        Entry::Vacant(place) => place.insert(map.next_value()?),
                    };
                }
                Ok(UniqueMap(fields))
            }
        }

        deserializer.deserialize_map(Unique)
    }
}

/// The claims that are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    subject: String,
    scopes: BTreeSet<Scope>,
    portals: PortalGrant,
    expires: i64,
    /// When it was made, if it says so.
    pub(super) issued: Option<i64>,
}

impl Claims {
    /// What they allow, until they run out and `leeway` seconds more, which is what tokens are taken for.
    pub(super) fn access(&self, leeway: i64) -> Access {
        let end = self.expires.saturating_add(leeway).min(LATEST);
        Access {
            principal: self.subject.as_str().into(),
            scopes: self.scopes.clone(),
            portals: self.portals.clone(),
            expires_at: OffsetDateTime::from_unix_timestamp(end).ok(),
            handoff: None,
        }
    }
}

/// Errors carry no value: they end up in the log.
impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let UniqueMap(fields) = UniqueMap::deserialize(deserializer)?;
        read(&fields).map_err(de::Error::custom)
    }
}

fn read(fields: &BTreeMap<String, Value>) -> Result<Claims, &'static str> {
    text(fields.get("iss")).ok_or("iss must be a text")?;
    audience(fields.get("aud")).ok_or("aud must be a text or a list of texts")?;
    let subject = text(fields.get("sub")).ok_or("sub must be a text")?;
    let is_sane = (1..=MAX_SUBJECT).contains(&subject.len()) && !subject.chars().any(char::is_control);
    if !is_sane || OWN_NAMES.iter().any(|name| subject.starts_with(name)) {
        return Err("sub can't be a principal's name");
    }
    let expires = moment(fields.get("exp")).ok_or("exp must be a number of seconds")?;
    let optional_moment = |name: &str| match fields.get(name) {
        None => Ok(None),
        some => moment(some).map(Some).ok_or("nbf and iat must be numbers of seconds"),
    };
    optional_moment("nbf")?;
    let issued = optional_moment("iat")?;
    let scopes = match fields.get("scope") {
        None => BTreeSet::new(),
        // Scopes of other services may stand beside ours.
        some => text(some).ok_or("scope must be a text")?.split(' ').filter_map(Scope::from_name).collect(),
    };
    let portals = portals(fields.get("portals")).ok_or("portals must be \"*\" or a list of hub ids")?;
    Ok(Claims { subject: subject.to_owned(), scopes, portals, expires, issued })
}

fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str()
}

fn audience(value: Option<&Value>) -> Option<()> {
    match value? {
        Value::String(_) => Some(()),
        Value::Array(several) => several.iter().all(Value::is_string).then_some(()),
        _ => None,
    }
}

/// Seconds since 1970; a fraction is left out (RFC 7519 allows one).
fn moment(value: Option<&Value>) -> Option<i64> {
    let Value::Number(number) = value? else { return None };
    let seconds = match number.as_i64() {
        Some(whole) => whole,
        None => {
            let fraction = number.as_f64().filter(|seconds| (0.0..=1e11).contains(seconds))?;
            #[expect(clippy::cast_possible_truncation, reason = "within the bounds of the line above")]
            let whole = fraction as i64;
            whole
        }
    };
    (0..=LATEST).contains(&seconds).then_some(seconds)
}

/// None if they are not named; `"*"`, alone or in a list, is all.
fn portals(value: Option<&Value>) -> Option<PortalGrant> {
    match value {
        None => Some(PortalGrant::none()),
        Some(Value::String(all)) => (all == "*").then_some(PortalGrant::All),
        Some(Value::Array(several)) if several.len() == 1 && several.first()?.as_str() == Some("*") => {
            Some(PortalGrant::All)
        }
        Some(Value::Array(several)) => {
            let id = |value: &Value| PortalId::parse(value.as_i64()?);
            several.iter().map(id).collect::<Option<BTreeSet<_>>>().map(PortalGrant::Only)
        }
        Some(_) => None,
    }
}
