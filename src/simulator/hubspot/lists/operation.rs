//! What a list filter asks of one property value.

use std::cmp::Ordering;

use serde_json::Value;
use time::{Date, Duration, Month, OffsetDateTime, Time};

use super::filter::{invalid, offset, start_of_day, text, text_or_number};
use crate::simulator::hubspot::{error::Outcome, stamp};

/// An operation and what it says about records without a value.
#[derive(Debug, Clone)]
pub(in crate::simulator::hubspot) struct Operation {
    test: Test,
    accepts_empty: bool,
}

#[derive(Debug, Clone)]
enum Test {
    Known,
    Unknown,
    Text { how: TextTest, any_of: Vec<String>, negated: bool },
    Choice { how: ChoiceTest, values: Vec<String>, negated: bool },
    Number { allowed: Vec<Ordering>, value: f64 },
    NumberRange { lower: f64, upper: f64, negated: bool },
    Moment { allowed: Vec<Ordering>, point: Point },
    MomentRange { lower: Point, upper: Point, negated: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextTest {
    Equal,
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChoiceTest {
    AnyOf,
    Exactly,
    AllOf,
}

/// A moment, fixed or relative to when the list is processed.
#[derive(Debug, Clone, Copy)]
enum Point {
    Fixed(OffsetDateTime),
    FromNow(Duration),
    FromToday(Duration),
}

impl Point {
    fn at(self, now: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::Fixed(at) => at,
            Self::FromNow(by) => now.saturating_add(by),
            Self::FromToday(by) => start_of_day(now).saturating_add(by),
        }
    }
}

impl Operation {
    pub(super) fn parse(json: &Value) -> Outcome<Self> {
        let operator = text(json, "operator")?;
        let test = match text(json, "operationType")? {
            "ALL_PROPERTY" => match operator {
                "IS_KNOWN" | "IS_NOT_BLANK" => Test::Known,
                "IS_UNKNOWN" | "IS_BLANK" => Test::Unknown,
                _ => return Err(unsupported(operator)),
            },
            "STRING" | "MULTISTRING" => parse_text(json, operator)?,
            "BOOL" => {
                let value = text_or_number(json.get("value").unwrap_or(&Value::Null));
                let negated = match operator {
                    "IS_EQUAL_TO" => false,
                    "IS_NOT_EQUAL_TO" => true,
                    _ => return Err(unsupported(operator)),
                };
                Test::Choice { how: ChoiceTest::AnyOf, values: vec![value], negated }
            }
            "ENUMERATION" => parse_choice(json, operator)?,
            "NUMBER" => Test::Number { allowed: comparison(operator)?, value: number(json, "value")? },
            "NUMBER_RANGED" => Test::NumberRange {
                lower: number(json, "lowerBound")?,
                upper: number(json, "upperBound")?,
                negated: is_outside(operator)?,
            },
            "TIME_POINT" => parse_time_point(json, operator)?,
            "TIME_RANGED" => Test::MomentRange {
                lower: parse_point(json.get("lowerBoundTimePoint").unwrap_or(&Value::Null))?,
                upper: parse_point(json.get("upperBoundTimePoint").unwrap_or(&Value::Null))?,
                negated: is_outside(operator)?,
            },
            "DATETIME" => {
                Test::Moment { allowed: comparison(operator)?, point: milliseconds(json, "timestamp")? }
            }
            "RANGED_DATE" => Test::MomentRange {
                lower: milliseconds(json, "lowerBound")?,
                upper: milliseconds(json, "upperBound")?,
                negated: is_outside(operator)?,
            },
            "ROLLING_DATE_RANGE" => parse_rolling(json, operator)?,
            other => return Err(invalid(&format!("operationType {other} is not supported."))),
        };
        let accepts_empty =
            json.get("includeObjectsWithNoValueSet").and_then(Value::as_bool).unwrap_or(false);
        Ok(Self { test, accepts_empty })
    }

    /// Whether a stored value passes.
    pub(in crate::simulator::hubspot) fn matches(&self, value: Option<&str>, now: OffsetDateTime) -> bool {
        let value = value.filter(|value| !value.is_empty());
        match &self.test {
            Test::Known => return value.is_some(),
            Test::Unknown => return value.is_none(),
            _ => {}
        }
        let Some(value) = value else { return self.accepts_empty };
        match &self.test {
            Test::Known | Test::Unknown => false,
            Test::Text { how, any_of, negated } => {
                let value = value.to_lowercase();
                let hit = any_of.iter().map(|wanted| wanted.to_lowercase()).any(|wanted| match how {
                    TextTest::Equal => value == wanted,
                    TextTest::Contains => value.contains(&wanted),
                    TextTest::StartsWith => value.starts_with(&wanted),
                    TextTest::EndsWith => value.ends_with(&wanted),
                });
                hit != *negated
            }
            Test::Choice { how, values, negated } => chosen(value, *how, values) != *negated,
            Test::Number { allowed, value: wanted } => value
                .parse::<f64>()
                .ok()
                .and_then(|number| number.partial_cmp(wanted))
                .is_some_and(|order| allowed.contains(&order)),
            Test::NumberRange { lower, upper, negated } => {
                value.parse::<f64>().is_ok_and(|number| (*lower..=*upper).contains(&number) != *negated)
            }
            Test::Moment { allowed, point } => {
                stamp::parse(value).is_some_and(|at| allowed.contains(&at.cmp(&point.at(now))))
            }
            Test::MomentRange { lower, upper, negated } => stamp::parse(value)
                .is_some_and(|at| (lower.at(now)..=upper.at(now)).contains(&at) != *negated),
        }
    }

    /// Whether the same value can pass today and not tomorrow.
    pub(super) fn depends_on_time(&self) -> bool {
        let is_relative = |point: &Point| !matches!(point, Point::Fixed(_));
        match &self.test {
            Test::Moment { point, .. } => is_relative(point),
            Test::MomentRange { lower, upper, .. } => is_relative(lower) || is_relative(upper),
            _ => false,
        }
    }
}

fn chosen(value: &str, how: ChoiceTest, wanted: &[String]) -> bool {
    let mut chosen: Vec<&str> = value.split(';').filter(|one| !one.is_empty()).collect();
    match how {
        ChoiceTest::AnyOf => wanted.iter().any(|one| chosen.contains(&one.as_str())),
        ChoiceTest::AllOf => wanted.iter().all(|one| chosen.contains(&one.as_str())),
        ChoiceTest::Exactly => {
            let mut wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            wanted.sort_unstable();
            chosen.sort_unstable();
            wanted == chosen
        }
    }
}

fn parse_text(json: &Value, operator: &str) -> Outcome<Test> {
    let (how, negated) = match operator {
        "IS_EQUAL_TO" => (TextTest::Equal, false),
        "IS_NOT_EQUAL_TO" => (TextTest::Equal, true),
        "CONTAINS" => (TextTest::Contains, false),
        "DOES_NOT_CONTAIN" => (TextTest::Contains, true),
        "STARTS_WITH" => (TextTest::StartsWith, false),
        "ENDS_WITH" => (TextTest::EndsWith, false),
        _ => return Err(unsupported(operator)),
    };
    Ok(Test::Text { how, any_of: values(json)?, negated })
}

fn parse_choice(json: &Value, operator: &str) -> Outcome<Test> {
    let (how, negated) = match operator {
        "IS_ANY_OF" => (ChoiceTest::AnyOf, false),
        "IS_NONE_OF" => (ChoiceTest::AnyOf, true),
        "IS_EXACTLY" => (ChoiceTest::Exactly, false),
        "IS_NOT_EXACTLY" => (ChoiceTest::Exactly, true),
        "CONTAINS_ALL" => (ChoiceTest::AllOf, false),
        "DOES_NOT_CONTAIN_ALL" => (ChoiceTest::AllOf, true),
        _ => return Err(unsupported(operator)),
    };
    Ok(Test::Choice { how, values: values(json)?, negated })
}

fn parse_time_point(json: &Value, operator: &str) -> Outcome<Test> {
    let point = parse_point(json.get("timePoint").unwrap_or(&Value::Null))?;
    let mut allowed = match operator {
        "IS_BEFORE" => vec![Ordering::Less],
        "IS_AFTER" => vec![Ordering::Greater],
        _ => return Err(unsupported(operator)),
    };
    if json.get("endpointBehavior").and_then(Value::as_str) == Some("INCLUSIVE") {
        allowed.push(Ordering::Equal);
    }
    Ok(Test::Moment { allowed, point })
}

fn parse_rolling(json: &Value, operator: &str) -> Outcome<Test> {
    let days = json.get("numberOfDays").and_then(Value::as_i64);
    let days = days.ok_or_else(|| invalid("Some required fields were not set: [numberOfDays]"))?;
    let span = Duration::days(days.clamp(0, 36_500));
    let now = Point::FromNow(Duration::ZERO);
    Ok(match operator {
        "IS_LESS_THAN_X_DAYS_AGO" => {
            Test::MomentRange { lower: Point::FromNow(-span), upper: now, negated: false }
        }
        "IS_MORE_THAN_X_DAYS_AGO" => {
            Test::Moment { allowed: vec![Ordering::Less], point: Point::FromNow(-span) }
        }
        "IS_LESS_THAN_X_DAYS_FROM_NOW" => {
            Test::MomentRange { lower: now, upper: Point::FromNow(span), negated: false }
        }
        "IS_MORE_THAN_X_DAYS_FROM_NOW" => {
            Test::Moment { allowed: vec![Ordering::Greater], point: Point::FromNow(span) }
        }
        _ => return Err(unsupported(operator)),
    })
}

/// A calendar day or a reference to now or today. Zones other than UTC are read as UTC.
fn parse_point(json: &Value) -> Outcome<Point> {
    match text(json, "timeType")? {
        "DATE" => {
            let part = |name: &str| json.get(name).and_then(Value::as_u64).unwrap_or(0);
            let small = |name: &str| u8::try_from(part(name)).unwrap_or(u8::MAX);
            let year = i32::try_from(part("year")).unwrap_or(i32::MAX);
            let month = Month::try_from(small("month")).ok();
            let date = month.and_then(|month| Date::from_calendar_date(year, month, small("day")).ok());
            let millisecond = u16::try_from(part("millisecond")).unwrap_or(u16::MAX);
            let time =
                Time::from_hms_milli(small("hour"), small("minute"), small("second"), millisecond).ok();
            let (Some(date), Some(time)) = (date, time) else {
                return Err(invalid("The time point is not a valid date."));
            };
            Ok(Point::Fixed(date.with_time(time).assume_utc()))
        }
        "INDEXED" => {
            let by = offset(json.get("offset").unwrap_or(&Value::Null));
            let reference = json.get("indexReference").unwrap_or(&Value::Null);
            match text(reference, "referenceType")? {
                "NOW" => Ok(Point::FromNow(by)),
                "TODAY" => Ok(Point::FromToday(by)),
                other => Err(invalid(&format!("referenceType {other} is not supported."))),
            }
        }
        other => Err(invalid(&format!("timeType {other} is not supported."))),
    }
}

fn comparison(operator: &str) -> Outcome<Vec<Ordering>> {
    Ok(match operator {
        "IS_EQUAL_TO" => vec![Ordering::Equal],
        "IS_NOT_EQUAL_TO" => vec![Ordering::Less, Ordering::Greater],
        "IS_GREATER_THAN" | "IS_AFTER" => vec![Ordering::Greater],
        "IS_GREATER_THAN_OR_EQUAL_TO" => vec![Ordering::Greater, Ordering::Equal],
        "IS_LESS_THAN" | "IS_BEFORE" => vec![Ordering::Less],
        "IS_LESS_THAN_OR_EQUAL_TO" => vec![Ordering::Less, Ordering::Equal],
        _ => return Err(unsupported(operator)),
    })
}

fn is_outside(operator: &str) -> Outcome<bool> {
    match operator {
        "IS_BETWEEN" => Ok(false),
        "IS_NOT_BETWEEN" => Ok(true),
        _ => Err(unsupported(operator)),
    }
}

fn values(json: &Value) -> Outcome<Vec<String>> {
    if let Some(values) = json.get("values").and_then(Value::as_array) {
        return Ok(values.iter().map(text_or_number).collect());
    }
    let value = json.get("value");
    value
        .map(|value| vec![text_or_number(value)])
        .ok_or_else(|| invalid("Some required fields were not set: [values]"))
}

fn number(json: &Value, name: &str) -> Outcome<f64> {
    let text = text_or_number(json.get(name).unwrap_or(&Value::Null));
    text.parse().map_err(|_| invalid(&format!("{name} must be a number.")))
}

fn milliseconds(json: &Value, name: &str) -> Outcome<Point> {
    let text = text_or_number(json.get(name).unwrap_or(&Value::Null));
    stamp::parse(&text).map(Point::Fixed).ok_or_else(|| invalid(&format!("{name} must be a timestamp.")))
}

fn unsupported(operator: &str) -> crate::simulator::hubspot::error::Failure {
    invalid(&format!("operator {operator} is not supported for this operation type."))
}

#[cfg(test)]
mod tests;
