//! `WHERE`: conditions checked once, then asked of every row.

use serde_json::Value;
use time::OffsetDateTime;

use super::{
    Expr, Literal, Op, Query, Set, SoqlError, dates,
    resolve::{self, Resolved},
    run,
};
use crate::simulator::salesforce::{
    access::View,
    describe::type_name,
    ids, moment,
    org::Record,
    schema::{Kind, Object},
};

/// A condition whose fields exist and whose values fit them.
#[derive(Debug)]
pub(super) enum Filter<'a> {
    All(Vec<Filter<'a>>),
    Any(Vec<Filter<'a>>),
    Not(Box<Filter<'a>>),
    Compare(Resolved<'a>, Op, Operand),
    In(Resolved<'a>, bool, Vec<Operand>),
}

/// A value in the form that records store.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Null,
    Bool(bool),
    Number(f64),
    /// Lower case; days, times and ids as stored.
    Text(String),
    /// From, up to but not including.
    Range(String, String),
}

/// Checks a condition.
pub(super) fn check<'a>(
    view: View<'a>,
    query: &Query,
    object: &'a Object,
    expr: &Expr,
    now: OffsetDateTime,
) -> Result<Filter<'a>, SoqlError> {
    let all = |parts: &[Expr]| {
        parts.iter().map(|part| check(view, query, object, part, now)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match expr {
        Expr::And(parts) => Filter::All(all(parts)?),
        Expr::Or(parts) => Filter::Any(all(parts)?),
        Expr::Not(inner) => Filter::Not(Box::new(check(view, query, object, inner, now)?)),
        Expr::Compare(path, op, literal) => {
            let path = filterable(view, query, object, path)?;
            let operand = operand(query, &path, *op, literal, now)?;
            Filter::Compare(path, *op, operand)
        }
        Expr::In(path, negated, set) => {
            let path = filterable(view, query, object, path)?;
            let operands = match set {
                Set::List(values) => values
                    .iter()
                    .map(|value| operand(query, &path, Op::Eq, value, now))
                    .collect::<Result<Vec<_>, _>>()?,
                Set::Query(inner) => run::column(view, inner, now)?.iter().map(stored).collect(),
            };
            Filter::In(path, *negated, operands)
        }
    })
}

fn filterable<'a>(
    view: View<'a>,
    query: &Query,
    object: &'a Object,
    path: &[String],
) -> Result<Resolved<'a>, SoqlError> {
    let resolved = resolve::path(view, query, object, path)?;
    if matches!(resolved.field.kind, Kind::TextArea | Kind::Address | Kind::Complex) {
        let what = format!("field '{}' can not be filtered in a query call", resolved.field.name);
        return Err(SoqlError::about("INVALID_FIELD", &query.text, &path.join("."), &what));
    }
    Ok(resolved)
}

fn operand(
    query: &Query,
    path: &Resolved<'_>,
    op: Op,
    literal: &Literal,
    now: OffsetDateTime,
) -> Result<Operand, SoqlError> {
    let kind = &path.field.kind;
    let range = |start, end| match kind {
        Kind::DateTime => Operand::Range(moment::rest(midnight(start)), moment::rest(midnight(end))),
        _ => Operand::Range(moment::day(start), moment::day(end)),
    };
    let operand = match (kind, literal) {
        (_, Literal::Null) => Some(Operand::Null),
        (Kind::Boolean, Literal::Bool(value)) => Some(Operand::Bool(*value)),
        (Kind::Int | Kind::Double | Kind::Currency | Kind::Percent, Literal::Number(number)) => {
            Some(Operand::Number(*number))
        }
        (Kind::Date, Literal::Day(day)) => Some(Operand::Text(moment::day(*day))),
        (Kind::DateTime, Literal::Time(at)) => Some(Operand::Text(moment::rest(*at))),
        (Kind::Date | Kind::DateTime, Literal::Range(name, count)) => {
            dates::span(name, *count, now.date()).map(|(start, end)| range(start, end))
        }
        (Kind::Id | Kind::Reference { .. }, Literal::Text(text)) if op != Op::Like => {
            Some(id_operand(query, path, text)?)
        }
        (Kind::Date | Kind::DateTime | Kind::Boolean | Kind::Int, _) => None,
        (Kind::Double | Kind::Currency | Kind::Percent | Kind::Id | Kind::Reference { .. }, _) => None,
        (_, Literal::Text(text)) if op == Op::Like => Some(Operand::Text(text.to_lowercase())),
        (_, Literal::Text(text)) => {
            Some(Operand::Text(text.replace("\\%", "%").replace("\\_", "_").to_lowercase()))
        }
        _ => None,
    };
    operand.ok_or_else(|| {
        let quotes =
            if quoted(kind) { "should be enclosed in quotes" } else { "should not be enclosed in quotes" };
        let what = format!(
            "value of filter criterion for field '{}' must be of type {} and {quotes}",
            path.field.name,
            type_name(kind).replace("datetime", "dateTime")
        );
        SoqlError::about("INVALID_FIELD", &query.text, &path.field.name, &what)
    })
}

fn id_operand(query: &Query, path: &Resolved<'_>, text: &str) -> Result<Operand, SoqlError> {
    if text.is_empty() {
        return Ok(Operand::Null);
    }
    ids::canonical(text).map(Operand::Text).ok_or_else(|| {
        let what = format!("invalid ID field: {text}");
        SoqlError::about("INVALID_QUERY_FILTER_OPERATOR", &query.text, &path.field.name, &what)
    })
}

fn quoted(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::Date
            | Kind::DateTime
            | Kind::Boolean
            | Kind::Int
            | Kind::Double
            | Kind::Currency
            | Kind::Percent
    )
}

fn midnight(day: time::Date) -> OffsetDateTime {
    day.midnight().assume_utc()
}

/// A stored value as an operand.
fn stored(value: &Value) -> Operand {
    match value {
        Value::Bool(value) => Operand::Bool(*value),
        Value::Number(number) => Operand::Number(number.as_f64().unwrap_or_default()),
        // Ids keep their case: they are compared exactly.
        Value::String(text) if ids::canonical(text).as_deref() == Some(text) => Operand::Text(text.clone()),
        Value::String(text) => Operand::Text(text.to_lowercase()),
        _ => Operand::Null,
    }
}

impl Filter<'_> {
    /// Whether a row fits.
    pub(super) fn fits(&self, view: View<'_>, record: &Record) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.fits(view, record)),
            Self::Any(parts) => parts.iter().any(|part| part.fits(view, record)),
            Self::Not(inner) => !inner.fits(view, record),
            Self::Compare(path, op, operand) => compare(path, &path.value(view, record), *op, operand),
            Self::In(path, negated, operands) => {
                let value = path.value(view, record);
                operands.iter().any(|operand| compare(path, &value, Op::Eq, operand)) != *negated
            }
        }
    }
}

fn compare(path: &Resolved<'_>, value: &Value, op: Op, operand: &Operand) -> bool {
    let is_null = value.is_null() || value.as_str() == Some("");
    match (op, operand) {
        (Op::Eq, Operand::Null) => is_null,
        (Op::Ne, Operand::Null) => !is_null,
        (Op::Ne, _) => is_null || !compare(path, value, Op::Eq, operand),
        _ if is_null => false,
        (_, Operand::Null) => false,
        (_, Operand::Bool(wanted)) => op == Op::Eq && value.as_bool() == Some(*wanted),
        (_, Operand::Number(wanted)) => {
            value.as_f64().is_some_and(|number| ordering_fits(op, number.partial_cmp(wanted)))
        }
        (_, Operand::Range(start, end)) => {
            let text = value.as_str().unwrap_or_default();
            match op {
                Op::Lt => text < start.as_str(),
                Op::Le => text < end.as_str(),
                Op::Gt => text >= end.as_str(),
                Op::Ge => text >= start.as_str(),
                _ => text >= start.as_str() && text < end.as_str(),
            }
        }
        (_, Operand::Text(wanted)) => {
            let text = value.as_str().unwrap_or_default();
            let exact =
                !quoted(&path.field.kind) || matches!(path.field.kind, Kind::Id | Kind::Reference { .. });
            let text = if exact { text.to_owned() } else { text.to_lowercase() };
            if op == Op::Like {
                like(&text, wanted)
            } else {
                ordering_fits(op, text.as_str().partial_cmp(wanted.as_str()))
            }
        }
    }
}

fn ordering_fits(op: Op, ordering: Option<std::cmp::Ordering>) -> bool {
    ordering.is_some_and(|ordering| match op {
        Op::Eq | Op::Like => ordering.is_eq(),
        Op::Ne => ordering.is_ne(),
        Op::Lt => ordering.is_lt(),
        Op::Le => ordering.is_le(),
        Op::Gt => ordering.is_gt(),
        Op::Ge => ordering.is_ge(),
    })
}

/// `%` is any text, `_` one character, a backslash takes their meaning away.
fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut reachable = vec![false; text.len() + 1];
    if let Some(start) = reachable.first_mut() {
        *start = true;
    }
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        let mut next = vec![false; text.len() + 1];
        match letter {
            '%' => {
                let mut reached = false;
                for (to, from) in next.iter_mut().zip(&reachable) {
                    reached |= *from;
                    *to = reached;
                }
            }
            _ => {
                let wanted = match letter {
                    '_' => None,
                    '\\' => letters.next(),
                    other => Some(other),
                };
                for ((to, from), letter) in next.iter_mut().skip(1).zip(&reachable).zip(&text) {
                    *to = *from && wanted.is_none_or(|wanted| wanted == *letter);
                }
            }
        }
        reachable = next;
    }
    reachable.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_knows_its_wildcards() {
        assert!(like("hello", "h%o"));
        assert!(like("hello", "_ell_"));
        assert!(like("100%", "100\\%"));
        assert!(!like("1000", "100\\%"));
        assert!(!like("hello", "h%a"));
        assert!(like("", "%"));
        assert!(!like("", "_"));
    }
}
