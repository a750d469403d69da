//! One filter of a search: how it is parsed and which records it finds.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::simulator::hubspot::{
    error::{Failure, Outcome},
    portal::plain_text,
    property::Property,
    record::Values,
    stamp,
};

/// A filter as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FilterBody {
    property_name: String,
    operator: String,
    value: Option<Value>,
    high_value: Option<Value>,
    values: Option<Vec<Value>>,
}

/// How the values of a property compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Number,
    Moment,
    /// Case matters.
    Choice,
    /// Case does not matter.
    Text,
}

impl Compare {
    pub(super) fn of(property: &Property) -> Self {
        match property.data_type.as_str() {
            "number" => Self::Number,
            "date" | "datetime" => Self::Moment,
            "enumeration" | "bool" => Self::Choice,
            _ => Self::Text,
        }
    }

    pub(super) fn order(self, left: &str, right: &str) -> Option<Ordering> {
        match self {
            Self::Number => left.parse::<f64>().ok()?.partial_cmp(&right.parse::<f64>().ok()?),
            Self::Moment => Some(stamp::parse(left)?.cmp(&stamp::parse(right)?)),
            Self::Choice => Some(left.cmp(right)),
            Self::Text => Some(left.to_lowercase().cmp(&right.to_lowercase())),
        }
    }
}

#[derive(Debug)]
enum Test {
    Order { allowed: Vec<Ordering>, value: String },
    Between { low: String, high: String },
    In { values: Vec<String>, negated: bool },
    Has(bool),
    Token { pattern: String, negated: bool },
}

/// One parsed filter.
#[derive(Debug)]
pub(super) struct Filter {
    property: String,
    compare: Compare,
    test: Test,
}

impl Filter {
    pub(super) fn parse(body: &FilterBody, catalog: &BTreeMap<String, Property>) -> Outcome<Self> {
        let name = body.property_name.to_lowercase();
        let property = catalog
            .get(&name)
            .ok_or_else(|| Failure::validation(format!("Property \"{name}\" does not exist")))?;
        let compare = Compare::of(property);
        let value = || given(body, body.value.as_ref(), "a value");
        let comparable = |text| comparable(body, compare, text);
        let order = |allowed: &[Ordering]| {
            let value = value().and_then(comparable)?;
            Ok(Test::Order { allowed: allowed.to_vec(), value })
        };
        let test = match body.operator.as_str() {
            "EQ" => order(&[Ordering::Equal])?,
            "NEQ" => order(&[Ordering::Less, Ordering::Greater])?,
            "LT" => order(&[Ordering::Less])?,
            "LTE" => order(&[Ordering::Less, Ordering::Equal])?,
            "GT" => order(&[Ordering::Greater])?,
            "GTE" => order(&[Ordering::Greater, Ordering::Equal])?,
            "BETWEEN" => Test::Between {
                low: value().and_then(comparable)?,
                high: given(body, body.high_value.as_ref(), "a highValue").and_then(comparable)?,
            },
            "IN" | "NOT_IN" => {
                let values = body.values.as_ref().filter(|values| !values.is_empty());
                let values =
                    values.ok_or_else(|| Failure::validation("operator IN requires values".to_owned()))?;
                let values = values.iter().map(plain_text).collect();
                Test::In { values, negated: body.operator == "NOT_IN" }
            }
            "HAS_PROPERTY" => Test::Has(true),
            "NOT_HAS_PROPERTY" => Test::Has(false),
            "CONTAINS_TOKEN" | "NOT_CONTAINS_TOKEN" => Test::Token {
                pattern: value()?.to_lowercase(),
                negated: body.operator == "NOT_CONTAINS_TOKEN",
            },
            other => {
                return Err(Failure::validation(format!(
                    "Invalid input JSON: Cannot deserialize value of type OperatorEnum from String \"{other}\""
                )));
            }
        };
        Ok(Self { property: name, compare, test })
    }

    /// Negative operators do not find records without a value.
    pub(super) fn matches(&self, values: &Values) -> bool {
        let stored = values.get(&self.property).filter(|value| !value.is_empty());
        let Some(stored) = stored else { return matches!(self.test, Test::Has(false)) };
        match &self.test {
            Test::Has(wanted) => *wanted,
            Test::Order { allowed, value } => self.ordered(stored, value, allowed),
            Test::Between { low, high } => {
                self.ordered(stored, low, &[Ordering::Greater, Ordering::Equal])
                    && self.ordered(stored, high, &[Ordering::Less, Ordering::Equal])
            }
            Test::In { values, negated } => values.iter().any(|value| self.is_in(stored, value)) != *negated,
            Test::Token { pattern, negated } => has_tokens(stored, pattern) != *negated,
        }
    }

    fn ordered(&self, stored: &str, value: &str, allowed: &[Ordering]) -> bool {
        if self.compare == Compare::Choice && stored.contains(';') {
            // A multiple choice equals each of its values.
            let has = stored.split(';').any(|one| one == value);
            return if allowed == [Ordering::Equal] { has } else { !has };
        }
        self.compare.order(stored, value).is_some_and(|order| allowed.contains(&order))
    }

    /// The stored side of a string is lower-cased and the given one is not: callers must send lower case.
    fn is_in(&self, stored: &str, value: &str) -> bool {
        match self.compare {
            Compare::Text => stored.to_lowercase() == value,
            Compare::Choice => stored.split(';').any(|one| one == value),
            Compare::Number | Compare::Moment => self.compare.order(stored, value) == Some(Ordering::Equal),
        }
    }
}

/// An operand that the operator needs.
fn given(body: &FilterBody, value: Option<&Value>, what: &str) -> Outcome<String> {
    let value = value.filter(|value| !value.is_null()).map(plain_text);
    value.ok_or_else(|| Failure::validation(format!("operator {} requires {what}", body.operator)))
}

/// An operand that is of the property's kind.
fn comparable(body: &FilterBody, compare: Compare, text: String) -> Outcome<String> {
    let refuse = |kind| {
        let name = &body.property_name;
        Err(Failure::validation(format!("{text} is not a valid {kind} for property {name}")))
    };
    match compare {
        Compare::Moment if stamp::parse(&text).is_none() => refuse("date"),
        Compare::Number if text.parse::<f64>().is_err() => refuse("number"),
        _ => Ok(text),
    }
}

/// Every word of the pattern is a word of the text, or the pattern as a whole fits the text; `*` is any characters.
fn has_tokens(text: &str, pattern: &str) -> bool {
    let text = text.to_lowercase();
    if wildcard(&text, pattern) {
        return true;
    }
    let words = words(&text);
    let mut wanted = pattern.split_whitespace().flat_map(|word| {
        let parts = word.split(|letter: char| !letter.is_alphanumeric() && letter != '*');
        parts.filter(|part| !part.is_empty())
    });
    let mut any = false;
    let all = wanted.all(|pattern| {
        any = true;
        words.iter().any(|word| wildcard(word, pattern))
    });
    any && all
}

fn words(text: &str) -> Vec<&str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

/// Greedy: each piece is found as early as possible, which is enough for `*`.
fn wildcard(text: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return text.ends_with(piece);
        }
        let Some((_, after)) = text.split_once(piece) else { return false };
        text = after;
    }
    true
}

#[cfg(test)]
mod tests;
