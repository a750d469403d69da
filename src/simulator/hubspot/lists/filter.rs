//! The filters of a list, parsed from HubSpot's JSON, and the part that needs nothing but a property value.

use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::operation::Operation;
use crate::simulator::hubspot::{
    association::{Category, Spec},
    error::{Failure, Outcome},
    object_type::ObjectType,
};

/// How a branch combines what is below it.
#[derive(Debug, Clone)]
pub(in crate::simulator::hubspot) enum Combine {
    Or,
    And,
    NotAll,
    NotAny,
    /// All filters hold for at least one record that is associated this way; `None` means any way.
    Associated {
        to: ObjectType,
        spec: Option<Spec>,
    },
}

/// A node of the filter tree.
#[derive(Debug, Clone)]
pub(in crate::simulator::hubspot) struct Branch {
    pub combine: Combine,
    pub branches: Vec<Branch>,
    pub filters: Vec<Filter>,
}

/// A leaf of the filter tree.
#[derive(Debug, Clone)]
pub(in crate::simulator::hubspot) enum Filter {
    Property { name: String, operation: Operation },
    InList { list_id: u32, negated: bool },
    FormSubmission { form_id: Option<String>, negated: bool },
    EmailEvent { kind: String, negated: bool },
    Constant(bool),
}

/// Nesting deeper than this is refused.
const MAX_DEPTH: usize = 8;

impl Branch {
    /// Parses and checks the whole tree. The root must be an OR of ANDs.
    pub(in crate::simulator::hubspot) fn parse_root(json: &Value) -> Outcome<Self> {
        let root = Self::parse(json, 0)?;
        let is_or_of_ands = matches!(root.combine, Combine::Or)
            && root.filters.is_empty()
            && !root.branches.is_empty()
            && root.branches.iter().all(|branch| matches!(branch.combine, Combine::And));
        if !is_or_of_ands {
            return Err(invalid(
                "The root filter branch must be an OR branch without filters and with one or more AND branches.",
            ));
        }
        Ok(root)
    }

    fn parse(json: &Value, depth: usize) -> Outcome<Self> {
        if depth > MAX_DEPTH {
            return Err(invalid("The filter branches are nested too deeply."));
        }
        let combine = match text(json, "filterBranchType")? {
            "OR" => Combine::Or,
            "AND" => Combine::And,
            "NOT_ALL" => Combine::NotAll,
            "NOT_ANY" => Combine::NotAny,
            "ASSOCIATION" => Combine::Associated {
                to: ObjectType::parse(text(json, "objectTypeId")?)?,
                spec: association_spec(json),
            },
            other => return Err(invalid(&format!("filterBranchType {other} is not supported."))),
        };
        let branches = items(json, "filterBranches").iter().map(|child| Self::parse(child, depth + 1));
        let filters = items(json, "filters").iter().map(Filter::parse);
        Ok(Self {
            combine,
            branches: branches.collect::<Outcome<_>>()?,
            filters: filters.collect::<Outcome<_>>()?,
        })
    }

    /// The names of properties that the filters on this very record read.
    pub(in crate::simulator::hubspot) fn property_names(&self) -> Vec<&str> {
        let own = self.filters.iter().filter_map(|filter| match filter {
            Filter::Property { name, .. } => Some(name.as_str()),
            _ => None,
        });
        let below = self
            .branches
            .iter()
            .filter(|branch| !matches!(branch.combine, Combine::Associated { .. }))
            .flat_map(Self::property_names);
        own.chain(below).collect()
    }

    /// Whether the result can change without a change of the record: by time, other lists, activity, associations.
    pub(in crate::simulator::hubspot) fn is_volatile(&self) -> bool {
        matches!(self.combine, Combine::Associated { .. })
            || self.branches.iter().any(Self::is_volatile)
            || self.filters.iter().any(|filter| match filter {
                Filter::Property { operation, .. } => operation.depends_on_time(),
                Filter::Constant(_) => false,
                _ => true,
            })
    }
}

impl Filter {
    fn parse(json: &Value) -> Outcome<Self> {
        match text(json, "filterType")? {
            "PROPERTY" => Ok(Self::Property {
                name: text(json, "property")?.to_lowercase(),
                operation: Operation::parse(json.get("operation").unwrap_or(&Value::Null))?,
            }),
            "IN_LIST" => {
                let id = text_or_number(json.get("listId").unwrap_or(&Value::Null));
                let list_id = id.parse().map_err(|_| invalid("listId must be the id of a list."))?;
                Ok(Self::InList { list_id, negated: text(json, "operator")? == "NOT_IN_LIST" })
            }
            "FORM_SUBMISSION" => Ok(Self::FormSubmission {
                form_id: json.get("formId").and_then(Value::as_str).map(str::to_owned),
                negated: text(json, "operator")? == "NOT_FILLED_OUT",
            }),
            "EMAIL_EVENT" => Self::parse_email_event(text(json, "operator")?),
            "CONSTANT" => {
                Ok(Self::Constant(json.get("shouldAccept").and_then(Value::as_bool).unwrap_or(false)))
            }
            other => Err(invalid(&format!("filterType {other} is not supported."))),
        }
    }

    fn parse_email_event(operator: &str) -> Outcome<Self> {
        let (kind, negated) = match operator {
            "OPENED" => ("OPEN", false),
            "OPENED_BUT_LINK_NOT_CLICKED" | "NOT_OPENED" => ("OPEN", true),
            "LINK_CLICKED" => ("CLICK", false),
            "LINK_NOT_CLICKED" => ("CLICK", true),
            "RECEIVED" => ("DELIVERED", false),
            "SENT" => ("SENT", false),
            "BOUNCED" => ("BOUNCE", false),
            other => return Err(invalid(&format!("operator {other} is not supported."))),
        };
        Ok(Self::EmailEvent { kind: kind.to_owned(), negated })
    }
}

fn association_spec(json: &Value) -> Option<Spec> {
    let number = json.get("associationTypeId").and_then(Value::as_u64)?;
    let category = json.get("associationCategory").and_then(Value::as_str).and_then(Category::parse)?;
    Some((category, u32::try_from(number).ok()?))
}

pub(super) fn invalid(message: &str) -> Failure {
    Failure::validation(message).with_sub_category("ILS.INVALID_FILTER_BRANCH")
}

pub(super) fn text<'a>(json: &'a Value, name: &str) -> Outcome<&'a str> {
    json.get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| invalid(&format!("Some required fields were not set: [{name}]")))
}

pub(super) fn text_or_number(json: &Value) -> String {
    match json {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn items<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    json.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A duration given as an offset of a time point (`{"days": -7}`); months and years are 30 and 365 days.
pub(super) fn offset(json: &Value) -> Duration {
    // Far beyond any filter, and far from an overflow.
    let amount =
        |name: &str| json.get(name).and_then(Value::as_i64).unwrap_or(0).clamp(-1_000_000_000, 1_000_000_000);
    Duration::milliseconds(amount("milliseconds"))
        + Duration::seconds(amount("seconds"))
        + Duration::minutes(amount("minutes"))
        + Duration::hours(amount("hours"))
        + Duration::days(
            amount("days")
                + 7 * amount("weeks")
                + 30 * amount("months")
                + 91 * amount("quarters")
                + 365 * amount("years"),
        )
}

/// Fills in what HubSpot adds to filters that it stores.
pub(in crate::simulator::hubspot) fn complete(json: &Value) -> Value {
    let mut json = json.clone();
    fill(&mut json);
    json
}

fn fill(node: &mut Value) {
    let Some(fields) = node.as_object_mut() else { return };
    let branch_type = fields.get("filterBranchType").and_then(Value::as_str).map(str::to_owned);
    if let Some(branch_type) = branch_type {
        let operator = if branch_type == "OR" { "OR" } else { "AND" };
        fields.entry("filterBranchOperator").or_insert_with(|| operator.into());
        for name in ["filterBranches", "filters"] {
            let children = fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            children.as_array_mut().into_iter().flatten().for_each(fill);
        }
    }
    if let Some(operation) = fields.get_mut("operation").and_then(Value::as_object_mut) {
        operation.entry("includeObjectsWithNoValueSet").or_insert(Value::Bool(false));
    }
}

/// Midnight of the day of `now`, UTC.
pub(super) fn start_of_day(now: OffsetDateTime) -> OffsetDateTime {
    now.date().midnight().assume_utc()
}
