//! What changed: the fields that differ, before and after.

use aws_lc_rs::digest;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A value whose JSON is longer than this, in bytes, is told by its hash: lists of findings, for instance.
const MAX_VALUE: usize = 512;
/// Fields that follow from the row itself.
const IMPLIED: [&str; 2] = ["version", "updated_at"];

/// A thing that can change, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// What it is: `setup`, `connection`, …
    pub kind: &'static str,
    /// Which one.
    pub id: String,
    /// Its state.
    pub state: Value,
}

/// What a change did, collected until it is written down.
#[derive(Clone, Debug, Default)]
pub struct Details {
    before: Vec<Subject>,
    acts: Vec<(&'static str, Value)>,
}

impl Details {
    /// Keeps the state of a thing before the change. Only the first that is kept of each thing counts.
    ///
    /// # Errors
    /// When the state can't be put as JSON.
    pub fn keep_before<T: Serialize>(
        &mut self,
        kind: &'static str,
        id: String,
        state: &T,
    ) -> Result<(), serde_json::Error> {
        if self.state_before(kind, &id).is_none() {
            self.before.push(Subject { kind, id, state: serde_json::to_value(state)? });
        }
        Ok(())
    }

    /// Notes an act that changes no thing with an id, such as a secret that was stored.
    pub fn note(&mut self, kind: &'static str, act: Value) {
        self.acts.push((kind, act));
    }

    /// Whether an act was noted.
    #[must_use]
    pub fn has_acts(&self) -> bool {
        !self.acts.is_empty()
    }

    /// The kinds of what changed, each once, and the details as JSON. `after` is what changed, as it is now; `kinds`
    /// are the kinds of all changes, also such as are part of another.
    #[must_use]
    pub fn write(&self, kinds: &[&'static str], after: &[Subject]) -> (Vec<String>, String) {
        let mut unique: Vec<String> = Vec::new();
        for kind in kinds.iter().chain(self.acts.iter().map(|(kind, _)| kind)) {
            if !unique.iter().any(|known| known == kind) {
                unique.push((*kind).to_owned());
            }
        }
        let told = Told {
            acts: self.acts.iter().map(|(_, act)| act).collect(),
            changes: after.iter().map(|subject| self.change(subject)).collect(),
        };
        // Texts and numbers under names that are texts: that can always be put as JSON.
        (unique, serde_json::to_string(&told).unwrap_or_default())
    }

    fn state_before(&self, kind: &str, id: &str) -> Option<&Value> {
        self.before
            .iter()
            .find(|subject| subject.kind == kind && subject.id == id)
            .map(|subject| &subject.state)
    }

    fn change<'a>(&self, after: &'a Subject) -> Difference<'a> {
        let (mut before_fields, mut after_fields) = (Map::new(), Map::new());
        let mut differing = Differing { before: &mut before_fields, after: &mut after_fields };
        differing.compare("", self.state_before(after.kind, &after.id), Some(&after.state));
        Difference { after: after_fields, before: before_fields, id: &after.id, kind: after.kind }
    }
}

/// The details as they are written, fields by name.
#[derive(Serialize)]
struct Told<'a> {
    acts: Vec<&'a Value>,
    changes: Vec<Difference<'a>>,
}

#[derive(Serialize)]
struct Difference<'a> {
    after: Map<String, Value>,
    before: Map<String, Value>,
    id: &'a str,
    kind: &'static str,
}

/// Collects the leaves that differ, under their dotted paths.
struct Differing<'a> {
    before: &'a mut Map<String, Value>,
    after: &'a mut Map<String, Value>,
}

impl Differing<'_> {
    fn compare(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>) {
        if before == after {
            return;
        }
        let fields = [before, after].map(|side| side.and_then(Value::as_object));
        // A thing on one side and a plain value on the other is a plain difference.
        let comparable = [before, after]
            .into_iter()
            .zip(fields)
            .all(|(side, fields)| fields.is_some() || side.is_none_or(Value::is_null));
        let [before_fields, after_fields] = fields;
        if !comparable || (before_fields.is_none() && after_fields.is_none()) {
            insert(self.before, path, before);
            insert(self.after, path, after);
            return;
        }
        let names = before_fields.into_iter().chain(after_fields).flat_map(Map::keys);
        let mut names: Vec<&String> = names.collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            if path.is_empty() && IMPLIED.contains(&name.as_str()) {
                continue;
            }
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let [before, after] = fields.map(|fields| fields.and_then(|fields| fields.get(name)));
            self.compare(&path, before, after);
        }
    }
}

fn insert(fields: &mut Map<String, Value>, path: &str, value: Option<&Value>) {
    let Some(value) = value.filter(|value| !value.is_null()) else { return };
    let text = value.to_string();
    let told = if text.len() > MAX_VALUE {
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        json!({ "sha256": hex::encode(hash.as_ref()), "bytes": text.len() })
    } else {
        value.clone()
    };
    fields.insert(path.to_owned(), told);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

    use super::*;

    fn setup(state: Value) -> Subject {
        Subject { kind: "setup", id: "s1".to_owned(), state }
    }

    fn written(before: Option<Value>, after: Value) -> Value {
        let mut details = Details::default();
        if let Some(before) = before {
            details.keep_before("setup", "s1".to_owned(), &before).unwrap();
        }
        serde_json::from_str(&details.write(&["setup"], &[setup(after)]).1).unwrap()
    }

    #[test]
    fn only_what_differs_is_told() {
        let before =
            json!({"version": 1, "answers": {"edition": null, "seats": 5, "list": [1]}, "gone": "x"});
        let after = json!({"version": 2, "answers": {"edition": "unlimited", "seats": 5, "list": [2]}});
        assert_eq!(
            written(Some(before), after)["changes"][0],
            json!({
                "kind": "setup", "id": "s1",
                "before": {"answers.list": [1], "gone": "x"},
                "after": {"answers.edition": "unlimited", "answers.list": [2]},
            })
        );
    }

    #[test]
    fn a_new_thing_is_told_whole_and_a_long_value_by_its_hash() {
        let long = "x".repeat(MAX_VALUE);
        let told = written(None, json!({"a": {"b": 1}, "long": long}));
        let change = &told["changes"][0];
        assert_eq!(change["before"], json!({}));
        assert_eq!(change["after"]["a.b"], json!(1));
        assert_eq!(change["after"]["long"]["bytes"], json!(MAX_VALUE + 2));
    }

    #[test]
    fn a_thing_that_becomes_a_plain_value_is_told_as_it_was() {
        let told = written(Some(json!({"state": {"failed": {"why": "x"}}})), json!({"state": "idle"}));
        assert_eq!(told["changes"][0]["before"], json!({"state": {"failed": {"why": "x"}}}));
        assert_eq!(told["changes"][0]["after"], json!({"state": "idle"}));
    }

    #[test]
    fn the_first_state_counts_and_acts_have_a_kind() {
        let mut details = Details::default();
        details.keep_before("setup", "s1".to_owned(), &json!({"a": 1})).unwrap();
        details.keep_before("setup", "s1".to_owned(), &json!({"a": 2})).unwrap();
        details.note("secret", json!({"act": "stored"}));
        let (kinds, text) = details.write(&["attempt", "setup", "setup"], &[setup(json!({"a": 3}))]);
        assert_eq!(kinds, ["attempt", "setup", "secret"]);
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["changes"][0]["before"], json!({"a": 1}));
        assert_eq!(told["acts"], json!([{"act": "stored"}]));
    }
}
