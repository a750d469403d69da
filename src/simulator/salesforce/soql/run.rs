//! Carrying a query out.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{
    FieldSet, Order, Query, Selected, SoqlError, aggregate,
    filter::{self, Filter},
    resolve::{self, Resolved},
};
use crate::simulator::salesforce::{
    access::View,
    org::{Record, is_deleted},
    schema::{Kind, Object, Storage},
};

/// Rows that `OFFSET` may leave out at most.
const MAX_OFFSET: usize = 2_000;

/// Rows that `FIELDS(ALL)` and `FIELDS(CUSTOM)` may give at most.
const MAX_FIELDS_ROWS: usize = 200;

/// What a query gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The number of rows; for `COUNT()` there are no rows.
    pub total: usize,
    /// The rows as REST shows them.
    pub rows: Vec<Value>,
    /// The object, spelled as in the schema.
    pub object: String,
}

/// Carries out a query. `deleted_too` is `queryAll`.
///
/// # Errors
/// What is wrong with the query, or what the user may not see.
pub fn run(
    view: View<'_>,
    query: &Query,
    now: OffsetDateTime,
    version: &str,
    deleted_too: bool,
) -> Result<Outcome, SoqlError> {
    let object = resolve::object(view, query)?;
    let name = object.name.clone();
    check_bounds(query)?;
    let rows = view.rows(object);
    let filter =
        query.filter.as_ref().map(|expr| filter::check(view, query, object, expr, now)).transpose()?;
    let kept = kept(view, rows.iter(), filter.as_ref(), deleted_too || query.all_rows);
    let is_aggregate = query.select.iter().any(|item| matches!(item, Selected::Aggregate(..)));
    if matches!(query.select.as_slice(), [Selected::Aggregate(super::Function::Count, None, _)])
        && query.group_by.is_empty()
    {
        let total = kept.len().min(query.limit.unwrap_or(usize::MAX));
        return Ok(Outcome { total, rows: Vec::new(), object: name });
    }
    let rows = if is_aggregate || !query.group_by.is_empty() {
        aggregate::run(view, query, object, &kept)?
    } else {
        let columns = columns(view, query, object)?;
        let kept = sorted(view, query, object, kept)?;
        let projection = Projection { view, object, columns: &columns, now, version, deleted_too };
        page(query, kept).into_iter().map(|record| projection.row(record)).collect::<Result<_, _>>()?
    };
    Ok(Outcome { total: rows.len(), rows, object: name })
}

/// The values of the one field of a query, for `IN (SELECT …)`.
pub(super) fn column(view: View<'_>, query: &Query, now: OffsetDateTime) -> Result<Vec<Value>, SoqlError> {
    let object = resolve::object(view, query)?;
    let [Selected::Field(path, _)] = query.select.as_slice() else {
        return Err(SoqlError::at(
            "MALFORMED_QUERY",
            &query.text,
            0,
            "a subquery in IN selects exactly one field",
        ));
    };
    let column = resolve::path(view, query, object, path)?;
    let filter =
        query.filter.as_ref().map(|expr| filter::check(view, query, object, expr, now)).transpose()?;
    let rows = view.rows(object);
    Ok(kept(view, rows.iter(), filter.as_ref(), false)
        .iter()
        .map(|record| column.value(view, record))
        .collect())
}

fn check_bounds(query: &Query) -> Result<(), SoqlError> {
    if query.offset > MAX_OFFSET {
        let what = format!("Maximum SOQL offset allowed is {MAX_OFFSET}");
        return Err(SoqlError { code: "NUMBER_OUTSIDE_VALID_RANGE", message: what });
    }
    let bounded = query.limit.is_some_and(|limit| limit <= MAX_FIELDS_ROWS);
    let wide = |item: &Selected| matches!(item, Selected::Fields(FieldSet::All | FieldSet::Custom));
    if query.select.iter().any(wide) && !bounded {
        let what = "The SOQL FIELDS function must have a LIMIT of at most 200";
        return Err(SoqlError { code: "MALFORMED_QUERY", message: what.to_owned() });
    }
    Ok(())
}

fn kept<'r>(
    view: View<'_>,
    rows: impl Iterator<Item = &'r Record>,
    filter: Option<&Filter<'_>>,
    deleted_too: bool,
) -> Vec<&'r Record> {
    rows.filter(|record| deleted_too || !is_deleted(record))
        .filter(|record| filter.is_none_or(|filter| filter.fits(view, record)))
        .collect()
}

pub(super) fn page<T>(query: &Query, rows: Vec<T>) -> Vec<T> {
    rows.into_iter().skip(query.offset).take(query.limit.unwrap_or(usize::MAX)).collect()
}

fn sorted<'r>(
    view: View<'_>,
    query: &Query,
    object: &Object,
    rows: Vec<&'r Record>,
) -> Result<Vec<&'r Record>, SoqlError> {
    let mut orders: Vec<(Resolved<'_>, &Order)> = Vec::new();
    for order in &query.order_by {
        orders.push((resolve::path(view, query, object, &order.path)?, order));
    }
    let mut keyed: Vec<(Vec<Value>, &Record)> = rows
        .into_iter()
        .map(|row| (orders.iter().map(|(path, _)| path.value(view, row)).collect(), row))
        .collect();
    keyed.sort_by(|(left, _), (right, _)| {
        let pairs = left.iter().zip(right).zip(&orders);
        pairs
            .map(|((left, right), (_, order))| order_values(left, right, order))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    Ok(keyed.into_iter().map(|(_, row)| row).collect())
}

/// Nulls come first unless told otherwise, in both directions.
pub(super) fn order_values(left: &Value, right: &Value, order: &Order) -> Ordering {
    let nulls = if order.nulls_last { Ordering::Greater } else { Ordering::Less };
    match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => nulls,
        (false, true) => nulls.reverse(),
        (false, false) if order.descending => natural_order(right, left),
        (false, false) => natural_order(left, right),
    }
}

/// Numbers by size, texts by lower case and then by themselves.
pub(super) fn natural_order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::String(left), Value::String(right)) => {
            left.to_lowercase().cmp(&right.to_lowercase()).then_with(|| left.cmp(right))
        }
        _ => Ordering::Equal,
    }
}

enum Column<'a> {
    Field(Resolved<'a>, Option<String>),
    Children { query: &'a Query, child: &'a Object, by: String, name: String },
}

fn columns<'a>(view: View<'a>, query: &'a Query, object: &'a Object) -> Result<Vec<Column<'a>>, SoqlError> {
    let mut columns = Vec::new();
    for item in &query.select {
        match item {
            Selected::Field(path, alias) => {
                columns.push(Column::Field(resolve::path(view, query, object, path)?, alias.clone()));
            }
            Selected::Fields(set) => {
                let wanted = |custom: bool| match set {
                    FieldSet::All => true,
                    FieldSet::Standard => !custom,
                    FieldSet::Custom => custom,
                };
                for field in view.fields(object).filter(|field| wanted(field.custom)) {
                    let path = resolve::path(view, query, object, std::slice::from_ref(&field.name))?;
                    columns.push(Column::Field(path, None));
                }
            }
            Selected::Children(inner) => columns.push(children(view, query, object, inner)?),
            Selected::Aggregate(..) => {}
        }
    }
    Ok(columns)
}

fn children<'a>(
    view: View<'a>,
    query: &Query,
    object: &'a Object,
    inner: &'a Query,
) -> Result<Column<'a>, SoqlError> {
    let found = view.org.schema.child_relationships(object).find(|(name, child, field)| {
        name.eq_ignore_ascii_case(&inner.from)
            && view.object(&child.name).is_some_and(|child| view.field(child, &field.name).is_some())
    });
    let (name, child, field) = found.ok_or_else(|| {
        let what = format!(
            "Didn't understand relationship '{}' in FROM part of query call. If you are attempting to use a custom \
             relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL \
             or the describe call for the appropriate names.",
            inner.from
        );
        SoqlError::about("INVALID_TYPE", &query.text, &inner.from, &what)
    })?;
    Ok(Column::Children { query: inner, child, by: field.name.clone(), name: name.to_owned() })
}

struct Projection<'a> {
    view: View<'a>,
    object: &'a Object,
    columns: &'a [Column<'a>],
    now: OffsetDateTime,
    version: &'a str,
    deleted_too: bool,
}

impl Projection<'_> {
    fn row(&self, record: &Record) -> Result<Value, SoqlError> {
        let mut row = Map::new();
        row.insert(
            "attributes".to_owned(),
            attributes(self.object, record_id(record), self.version, self.view.tooling),
        );
        for column in self.columns {
            match column {
                Column::Field(path, alias) => self.put(&mut row, path, alias.as_ref(), record),
                Column::Children { query, child, by, name } => {
                    row.insert(name.clone(), self.child_rows(query, child, by, record)?);
                }
            }
        }
        Ok(Value::Object(row))
    }

    fn put(
        &self,
        row: &mut Map<String, Value>,
        path: &Resolved<'_>,
        alias: Option<&String>,
        record: &Record,
    ) {
        let stations = path.stations(self.view, record);
        let mut target = row;
        for (depth, name) in path.names.iter().enumerate() {
            let Some((object, id)) = stations.get(depth) else {
                target.entry(name.clone()).or_insert(Value::Null);
                return;
            };
            let head = self.view.org.schema.object(object);
            let head =
                head.map_or(Value::Null, |object| attributes(object, id, self.version, self.view.tooling));
            let entry = target.entry(name.clone()).or_insert_with(|| json!({"attributes": head}));
            let Value::Object(inner) = entry else { return };
            target = inner;
        }
        let name = alias.cloned().unwrap_or_else(|| path.field.name.clone());
        target.insert(name, path.value(self.view, record));
    }

    fn child_rows(
        &self,
        query: &Query,
        child: &Object,
        by: &str,
        parent: &Record,
    ) -> Result<Value, SoqlError> {
        let filter = query.filter.as_ref();
        let filter = filter.map(|expr| filter::check(self.view, query, child, expr, self.now)).transpose()?;
        let columns = columns(self.view, query, child)?;
        let rows = self.view.rows(child);
        let own =
            rows.iter().filter(|record| record.get(by).and_then(Value::as_str) == Some(record_id(parent)));
        let kept = kept(self.view, own, filter.as_ref(), self.deleted_too);
        let kept = page(query, sorted(self.view, query, child, kept)?);
        if kept.is_empty() {
            return Ok(Value::Null);
        }
        let projection = Projection { object: child, columns: &columns, ..*self };
        let rows = kept.into_iter().map(|record| projection.row(record)).collect::<Result<Vec<_>, _>>()?;
        Ok(json!({"totalSize": rows.len(), "done": true, "records": rows}))
    }
}

fn record_id(record: &Record) -> &str {
    record.get("Id").and_then(Value::as_str).unwrap_or_default()
}

/// The `attributes` of a record.
pub fn attributes(object: &Object, id: &str, version: &str, tooling: bool) -> Value {
    let api = if tooling && object.storage == Storage::Tooling { "tooling/" } else { "" };
    json!({"type": object.name, "url": format!("/services/data/v{version}/{api}sobjects/{}/{id}", object.name)})
}

/// Whether a field can be grouped or aggregated.
pub(super) fn is_plain(kind: &Kind) -> bool {
    !matches!(kind, Kind::TextArea | Kind::Address | Kind::Complex)
}
