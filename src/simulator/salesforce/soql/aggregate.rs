//! Aggregates and `GROUP BY`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    Function, Path, Query, Selected, SoqlError,
    resolve::{self, Resolved},
    run::{is_plain, natural_order, order_values, page},
};
use crate::simulator::salesforce::{access::View, org::Record, schema::Object};

enum Output<'a> {
    Group(Resolved<'a>, String),
    Aggregate { function: Function, path: Option<Resolved<'a>>, name: String, call: String },
}

/// The rows of an aggregate query, `AggregateResult`s.
pub(super) fn run(
    view: View<'_>,
    query: &Query,
    object: &Object,
    records: &[&Record],
) -> Result<Vec<Value>, SoqlError> {
    let groups: Vec<Resolved<'_>> =
        query.group_by.iter().map(|path| grouped(view, query, object, path)).collect::<Result<_, _>>()?;
    let outputs = outputs(view, query, object)?;
    let mut rows: Vec<Map<String, Value>> = Vec::new();
    for (_, members) in partition(view, &groups, records) {
        let mut row = Map::new();
        for output in &outputs {
            let (name, value) = output.of(view, &members);
            row.insert(name, value);
        }
        rows.push(row);
    }
    for order in query.order_by.iter().rev() {
        let wanted = order.path.join(".");
        let name = outputs.iter().find_map(|output| output.answers_to(&wanted));
        let name = name.ok_or_else(|| {
            SoqlError::about(
                "MALFORMED_QUERY",
                &query.text,
                &wanted,
                "Ordered field must be grouped or aggregated",
            )
        })?;
        rows.sort_by(|left, right| {
            let of = |row: &Map<String, Value>| row.get(&name).cloned().unwrap_or(Value::Null);
            order_values(&of(left), &of(right), order)
        });
    }
    let shown = page(query, rows).into_iter().map(|mut row| {
        row.insert("attributes".to_owned(), json!({"type": "AggregateResult"}));
        Value::Object(row)
    });
    Ok(shown.collect())
}

fn grouped<'a>(
    view: View<'a>,
    query: &Query,
    object: &'a Object,
    path: &Path,
) -> Result<Resolved<'a>, SoqlError> {
    let resolved = resolve::path(view, query, object, path)?;
    if is_plain(&resolved.field.kind) {
        return Ok(resolved);
    }
    let what = format!("field '{}' can not be grouped in a query call", resolved.field.name);
    Err(SoqlError::about("MALFORMED_QUERY", &query.text, &path.join("."), &what))
}

fn outputs<'a>(view: View<'a>, query: &Query, object: &'a Object) -> Result<Vec<Output<'a>>, SoqlError> {
    let mut outputs = Vec::new();
    let mut unnamed = 0;
    for item in &query.select {
        match item {
            Selected::Field(path, alias) => {
                let is_grouped = query.group_by.iter().any(|group| same_path(group, path));
                if !is_grouped {
                    let what = format!("Field must be grouped or aggregated: {}", path.join("."));
                    return Err(SoqlError::about("MALFORMED_QUERY", &query.text, &path.join("."), &what));
                }
                let resolved = grouped(view, query, object, path)?;
                let name = alias.clone().unwrap_or_else(|| resolved.field.name.clone());
                outputs.push(Output::Group(resolved, name));
            }
            Selected::Aggregate(function, path, alias) => {
                let call = format!(
                    "{}({})",
                    function.name(),
                    path.as_ref().map(|path| path.join(".")).unwrap_or_default()
                );
                let path = path.as_ref().map(|path| grouped(view, query, object, path)).transpose()?;
                let name = alias.clone().unwrap_or_else(|| format!("expr{unnamed}"));
                unnamed += usize::from(alias.is_none());
                outputs.push(Output::Aggregate { function: *function, path, name, call });
            }
            Selected::Children(_) | Selected::Fields(_) => {
                let what = "subqueries and FIELDS can not be mixed with aggregates";
                return Err(SoqlError::at("MALFORMED_QUERY", &query.text, 0, what));
            }
        }
    }
    Ok(outputs)
}

fn same_path(left: &Path, right: &Path) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.eq_ignore_ascii_case(right))
}

type Group<'r> = (Vec<Value>, Vec<&'r Record>);

fn partition<'r>(view: View<'_>, groups: &[Resolved<'_>], records: &[&'r Record]) -> Vec<Group<'r>> {
    if groups.is_empty() {
        return vec![(Vec::new(), records.to_vec())];
    }
    let mut parts: Vec<Group<'r>> = Vec::new();
    for record in records {
        let key: Vec<Value> = groups.iter().map(|group| group.value(view, record)).collect();
        match parts.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(record),
            None => parts.push((key, vec![record])),
        }
    }
    parts
}

impl Output<'_> {
    fn of(&self, view: View<'_>, members: &[&Record]) -> (String, Value) {
        match self {
            Self::Group(path, name) => {
                let value = members.first().map_or(Value::Null, |record| path.value(view, record));
                (name.clone(), value)
            }
            Self::Aggregate { function, path: None, name, .. } => {
                debug_assert_eq!(*function, Function::Count, "only COUNT() takes no field");
                (name.clone(), members.len().into())
            }
            Self::Aggregate { function, path: Some(path), name, .. } => {
                let values = members.iter().map(|record| path.value(view, record));
                (name.clone(), function.over(&values.filter(|value| !value.is_null()).collect::<Vec<_>>()))
            }
        }
    }

    fn answers_to(&self, wanted: &str) -> Option<String> {
        let (name, other) = match self {
            Self::Group(path, name) => (name, path.full_name()),
            Self::Aggregate { name, call, .. } => (name, call.clone()),
        };
        (name.eq_ignore_ascii_case(wanted) || other.eq_ignore_ascii_case(wanted)).then(|| name.clone())
    }
}

impl Function {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "COUNT",
            Self::CountDistinct => "COUNT_DISTINCT",
            Self::Sum => "SUM",
            Self::Avg => "AVG",
            Self::Min => "MIN",
            Self::Max => "MAX",
        }
    }

    fn over(self, values: &[Value]) -> Value {
        let sum = || values.iter().filter_map(Value::as_f64).sum::<f64>();
        match self {
            Self::Count => values.len().into(),
            Self::CountDistinct => values
                .iter()
                .map(|value| value.to_string().to_lowercase())
                .collect::<BTreeSet<_>>()
                .len()
                .into(),
            _ if values.is_empty() => Value::Null,
            Self::Sum => json!(sum()),
            #[expect(clippy::cast_precision_loss, reason = "counts of rows are small")]
            Self::Avg => json!(sum() / values.len() as f64),
            Self::Min => {
                values.iter().min_by(|left, right| natural_order(left, right)).cloned().unwrap_or_default()
            }
            Self::Max => {
                values.iter().max_by(|left, right| natural_order(left, right)).cloned().unwrap_or_default()
            }
        }
    }
}
