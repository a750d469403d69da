//! Search: filters, the query, sorting and paging over what the index has seen.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    dispatch::Context,
    error::{Failure, Outcome},
    object_type::ObjectType,
    objects::object_type,
    property::Property,
    record::{Shown, Values},
    stamp,
    wire::Reply,
};

/// Characters of a request body.
const MAX_BODY: usize = 3000;
const MAX_GROUPS: usize = 5;
const MAX_FILTERS_IN_GROUP: usize = 6;
const MAX_FILTERS: usize = 18;
const MAX_PAGE: usize = 200;
/// No page reaches beyond this result.
const MAX_RESULT: usize = 10_000;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SearchBody {
    filter_groups: Vec<GroupBody>,
    filters: Vec<FilterBody>,
    query: Option<String>,
    sorts: Vec<Value>,
    properties: Option<Vec<String>>,
    limit: Value,
    after: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GroupBody {
    filters: Vec<FilterBody>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FilterBody {
    property_name: String,
    operator: String,
    value: Option<Value>,
    high_value: Option<Value>,
    values: Option<Vec<Value>>,
}

/// How the values of a property compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Number,
    Moment,
    /// Case matters.
    Choice,
    /// Case does not matter.
    Text,
}

impl Compare {
    fn of(property: &Property) -> Self {
        match property.data_type.as_str() {
            "number" => Self::Number,
            "date" | "datetime" => Self::Moment,
            "enumeration" | "bool" => Self::Choice,
            _ => Self::Text,
        }
    }

    fn order(self, left: &str, right: &str) -> Option<Ordering> {
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
struct Filter {
    property: String,
    compare: Compare,
    test: Test,
}

impl Filter {
    fn parse(body: &FilterBody, catalog: &BTreeMap<String, Property>) -> Outcome<Self> {
        let name = body.property_name.to_lowercase();
        let property = catalog
            .get(&name)
            .ok_or_else(|| Failure::validation(format!("Property \"{name}\" does not exist")))?;
        let compare = Compare::of(property);
        let required =
            |value: &Option<Value>, field: &str| {
                value.as_ref().filter(|value| !value.is_null()).map(super::portal::plain_text).ok_or_else(
                    || Failure::validation(format!("operator {} requires {field}", body.operator)),
                )
            };
        let comparable = |text: String| match compare {
            Compare::Moment if stamp::parse(&text).is_none() => {
                Err(Failure::validation(format!("{text} is not a valid date for property {name}")))
            }
            Compare::Number if text.parse::<f64>().is_err() => {
                Err(Failure::validation(format!("{text} is not a valid number for property {name}")))
            }
            _ => Ok(text),
        };
        let value = || required(&body.value, "a value").and_then(comparable);
        let order =
            |allowed: &[Ordering]| value().map(|value| Test::Order { allowed: allowed.to_vec(), value });
        let test = match body.operator.as_str() {
            "EQ" => order(&[Ordering::Equal])?,
            "NEQ" => order(&[Ordering::Less, Ordering::Greater])?,
            "LT" => order(&[Ordering::Less])?,
            "LTE" => order(&[Ordering::Less, Ordering::Equal])?,
            "GT" => order(&[Ordering::Greater])?,
            "GTE" => order(&[Ordering::Greater, Ordering::Equal])?,
            "BETWEEN" => Test::Between {
                low: value()?,
                high: required(&body.high_value, "a highValue").and_then(comparable)?,
            },
            "IN" | "NOT_IN" => {
                let values = body.values.as_ref().filter(|values| !values.is_empty());
                let values =
                    values.ok_or_else(|| Failure::validation("operator IN requires values".to_owned()))?;
                let values = values.iter().map(super::portal::plain_text).collect();
                Test::In { values, negated: body.operator == "NOT_IN" }
            }
            "HAS_PROPERTY" => Test::Has(true),
            "NOT_HAS_PROPERTY" => Test::Has(false),
            "CONTAINS_TOKEN" | "NOT_CONTAINS_TOKEN" => Test::Token {
                pattern: required(&body.value, "a value")?.to_lowercase(),
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
    fn matches(&self, values: &Values) -> bool {
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

fn wildcard(text: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(tail) = text.strip_prefix(head) else { return false };
    rest.is_empty()
        || tail
            .char_indices()
            .map(|(at, _)| at)
            .chain([tail.len()])
            .any(|at| tail.get(at..).is_some_and(|tail| wildcard(tail, rest)))
}

/// Properties that the free-text query looks at.
fn searchable(kind: ObjectType) -> &'static [&'static str] {
    match kind {
        ObjectType::Contact => &[
            "firstname",
            "lastname",
            "email",
            "phone",
            "company",
            "hs_additional_emails",
            "fax",
            "mobilephone",
        ],
        ObjectType::Company => &["website", "phone", "name", "domain"],
        ObjectType::Deal => &["dealname", "pipeline", "dealstage", "description", "dealtype"],
        ObjectType::Ticket => &["subject", "content", "hs_ticket_category"],
        ObjectType::Note => &["hs_note_body"],
        ObjectType::Task => &["hs_task_body", "hs_task_subject"],
        ObjectType::Call => &["hs_call_title", "hs_call_body"],
        ObjectType::Email => &["hs_email_subject"],
        ObjectType::Meeting => &["hs_meeting_title", "hs_meeting_body"],
        ObjectType::Communication => &["hs_communication_body"],
    }
}

fn fits_query(kind: ObjectType, values: &Values, query: &str) -> bool {
    let texts: Vec<String> = searchable(kind)
        .iter()
        .filter_map(|name| values.get(*name))
        .map(|text| text.to_lowercase())
        .collect();
    query.to_lowercase().split_whitespace().all(|word| texts.iter().any(|text| text.contains(word)))
}

/// A sort: `-createdate`, `createdate` or `{"propertyName":…,"direction":…}`.
fn parse_sort(sort: &Value) -> Outcome<(String, bool)> {
    match sort {
        Value::String(text) => match text.strip_prefix('-') {
            Some(name) => Ok((name.to_lowercase(), true)),
            None => Ok((text.to_lowercase(), false)),
        },
        Value::Object(fields) => {
            let name = fields.get("propertyName").and_then(Value::as_str).unwrap_or_default();
            let direction = fields.get("direction").and_then(Value::as_str).unwrap_or("ASCENDING");
            match direction {
                "ASCENDING" | "DESCENDING" => Ok((name.to_lowercase(), direction == "DESCENDING")),
                other => Err(Failure::validation(format!("{other} is not a valid sort direction"))),
            }
        }
        _ => Err(Failure::validation("sorts must be strings or objects")),
    }
}

/// A count or offset: JSON number or string.
fn lenient_number(value: &Value, default: usize, what: &str) -> Outcome<usize> {
    let number = match value {
        Value::Null => Some(default),
        Value::String(text) if text.is_empty() => Some(default),
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
        _ => None,
    };
    number.ok_or_else(|| {
        Failure::validation(format!("Cannot deserialize value of type int for {what}: {value}"))
    })
}

struct Plan {
    groups: Vec<Vec<Filter>>,
    query: String,
    sort: Option<(String, bool, Compare)>,
    limit: usize,
    offset: usize,
}

fn plan(body: &SearchBody, catalog: &BTreeMap<String, Property>) -> Outcome<Plan> {
    let mut groups: Vec<&[FilterBody]> =
        body.filter_groups.iter().map(|group| group.filters.as_slice()).collect();
    if !body.filters.is_empty() {
        groups.push(&body.filters);
    }
    let total: usize = groups.iter().map(|group| group.len()).sum();
    let too_many = groups.len() > MAX_GROUPS
        || groups.iter().any(|group| group.len() > MAX_FILTERS_IN_GROUP)
        || total > MAX_FILTERS;
    if too_many {
        return Err(Failure::validation(format!(
            "Too many filters: at most {MAX_GROUPS} groups of {MAX_FILTERS_IN_GROUP}, {MAX_FILTERS} in all."
        )));
    }
    let groups = groups
        .into_iter()
        .map(|group| group.iter().map(|filter| Filter::parse(filter, catalog)).collect::<Outcome<Vec<_>>>())
        .collect::<Outcome<Vec<_>>>()?;
    if body.sorts.len() > 1 {
        return Err(Failure::validation("Only one sort is allowed."));
    }
    let sort = match body.sorts.first() {
        None => None,
        Some(sort) => {
            let (name, descending) = parse_sort(sort)?;
            let property = catalog
                .get(&name)
                .ok_or_else(|| Failure::validation(format!("Property \"{name}\" does not exist")))?;
            Some((name, descending, Compare::of(property)))
        }
    };
    let limit = lenient_number(&body.limit, 10, "limit")?;
    if limit > MAX_PAGE {
        return Err(Failure::validation(format!("Limit must be at most {MAX_PAGE}. Got: {limit}")));
    }
    let offset = lenient_number(&body.after, 0, "after")?;
    if offset.saturating_add(limit) > MAX_RESULT {
        return Err(Failure::validation(format!(
            "Paging beyond {MAX_RESULT} results is not supported. Got: {offset} + {limit}"
        )));
    }
    Ok(Plan { groups, query: body.query.clone().unwrap_or_default(), sort, limit, offset })
}

fn sort_key_order(
    left: Option<&String>,
    right: Option<&String>,
    descending: bool,
    compare: Compare,
) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => {
            let order = compare.order(left, right).unwrap_or(Ordering::Equal);
            if descending { order.reverse() } else { order }
        }
        // Records without the value come last, whatever the direction.
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// `POST …/{type}/search`
pub(super) fn search(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    if context.request.body.len() > MAX_BODY {
        return Err(Failure::validation(format!("The request body exceeds {MAX_BODY} characters.")));
    }
    let body: SearchBody = context.request.json()?;
    let plan = plan(&body, context.portal.catalog(kind).all())?;
    let now = context.now;
    let mut hits: Vec<(u64, Arc<Values>)> = context
        .portal
        .store_mut(kind)
        .iter_mut()
        .filter(|record| record.archived_at.is_none())
        .filter_map(|record| record.searchable(now).cloned().map(|values| (record.id, values)))
        .filter(|(_, values)| {
            plan.groups.is_empty()
                || plan.groups.iter().any(|group| group.iter().all(|filter| filter.matches(values)))
        })
        .filter(|(_, values)| fits_query(kind, values, &plan.query))
        .collect();
    if let Some((name, descending, compare)) = &plan.sort {
        hits.sort_by(|(left_id, left), (right_id, right)| {
            sort_key_order(left.get(name), right.get(name), *descending, *compare).then(left_id.cmp(right_id))
        });
    }
    let shown = Shown::named(body.properties.unwrap_or_default());
    let page = hits.iter().skip(plan.offset).take(plan.limit);
    let portal = &*context.portal;
    let results: Vec<Value> = page
        .filter_map(|(id, values)| {
            let record = portal.store(kind).get(*id)?;
            Some(portal.render_values(kind, record, values, &shown))
        })
        .collect();
    let next = plan.offset + results.len();
    let mut answer = json!({"total": hits.len(), "results": results});
    if let (true, Some(fields)) = (next < hits.len(), answer.as_object_mut()) {
        fields.insert("paging".to_owned(), json!({"next": {"after": next.to_string()}}));
    }
    Ok(Reply::ok(answer))
}

#[cfg(test)]
mod tests;
