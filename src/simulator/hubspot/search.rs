//! Search: filters, the query, sorting and paging over what the index has seen.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

mod filter;

use self::filter::{Compare, Filter, FilterBody};
use super::{
    dispatch::Context,
    error::{Failure, Outcome},
    object_type::ObjectType,
    objects::object_type,
    property::Property,
    record::{Shown, Values},
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
