//! A JSON value for a field: its type, its length, its form.

use serde_json::{Number, Value};

use super::{
    access::View,
    answer::ApiError,
    ids, moment,
    org::is_deleted,
    schema::{Field, Kind, Storage},
};

/// The value as records store it.
///
/// # Errors
/// `JSON_PARSER_ERROR` for another JSON type than the field's, `STRING_TOO_LONG`, `INVALID_EMAIL_ADDRESS`,
/// `INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST`, `MALFORMED_ID`, `FIELD_INTEGRITY_EXCEPTION`,
/// `INVALID_CROSS_REFERENCE_KEY`.
pub fn stored(view: View<'_>, field: &Field, value: &Value) -> Result<Value, ApiError> {
    if value.is_null() || value.as_str() == Some("") {
        return match field.kind {
            Kind::Boolean => Err(wrong_type(field, "boolean", value)),
            _ => Ok(Value::Null),
        };
    }
    match &field.kind {
        Kind::Boolean => boolean(field, value),
        Kind::Int => number(field, "int", value).and_then(|number| whole(field, value, &number)),
        Kind::Double | Kind::Currency | Kind::Percent => number(field, "double", value).map(Value::Number),
        Kind::Date => {
            let text = text(field, "date", value)?;
            // A time is taken for its day, as Salesforce does.
            let day = moment::parse_day(text.get(..10).unwrap_or(text))
                .ok_or_else(|| wrong_type(field, "date", value))?;
            Ok(Value::String(moment::day(day)))
        }
        Kind::DateTime => {
            let at = moment::parse(text(field, "datetime", value)?);
            let at = at.ok_or_else(|| wrong_type(field, "datetime", value))?;
            Ok(Value::String(moment::rest(at)))
        }
        Kind::Reference { to, .. } => reference(view, field, to, value),
        Kind::Email => {
            let address = short_enough(field, text(field, "string", value)?)?;
            if is_email(&address) {
                return Ok(Value::String(address));
            }
            let message = format!("{}: invalid email address: {address}", field.label);
            Err(ApiError::field("INVALID_EMAIL_ADDRESS", message, &[&field.name]))
        }
        Kind::Picklist { values, restricted } => {
            let text = short_enough(field, text(field, "string", value)?)?;
            if !*restricted || values.iter().any(|known| known.eq_ignore_ascii_case(&text)) {
                return Ok(Value::String(text));
            }
            let message = format!("{}: bad value for restricted picklist field: {text}", field.label);
            Err(ApiError::field("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, &[&field.name]))
        }
        _ => short_enough(field, text(field, "string", value)?).map(Value::String),
    }
}

fn wrong_type(field: &Field, wanted: &str, value: &Value) -> ApiError {
    let (token, shown) = match value {
        Value::String(text) => ("VALUE_STRING", text.clone()),
        Value::Number(number) if number.is_f64() => ("VALUE_NUMBER_FLOAT", number.to_string()),
        Value::Number(number) => ("VALUE_NUMBER_INT", number.to_string()),
        Value::Bool(true) => ("VALUE_TRUE", "true".to_owned()),
        Value::Bool(false) => ("VALUE_FALSE", "false".to_owned()),
        Value::Null => ("VALUE_NULL", "null".to_owned()),
        Value::Array(_) => ("START_ARRAY", "[".to_owned()),
        Value::Object(_) => ("START_OBJECT", "{".to_owned()),
    };
    let message = format!(
        "Cannot deserialize instance of {wanted} from {token} value {shown} or request may be missing a required field"
    );
    ApiError::field("JSON_PARSER_ERROR", message, &[&field.name])
}

fn text<'v>(field: &Field, wanted: &str, value: &'v Value) -> Result<&'v str, ApiError> {
    value.as_str().ok_or_else(|| wrong_type(field, wanted, value))
}

fn boolean(field: &Field, value: &Value) -> Result<Value, ApiError> {
    match value {
        Value::Bool(flag) => Ok(Value::Bool(*flag)),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
        _ => Err(wrong_type(field, "boolean", value)),
    }
}

fn number(field: &Field, wanted: &str, value: &Value) -> Result<Number, ApiError> {
    match value {
        Value::Number(number) => Ok(number.clone()),
        Value::String(text) => {
            let parsed = text.parse::<f64>().ok().and_then(Number::from_f64);
            parsed.ok_or_else(|| wrong_type(field, wanted, value))
        }
        _ => Err(wrong_type(field, wanted, value)),
    }
}

fn whole(field: &Field, value: &Value, number: &Number) -> Result<Value, ApiError> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and within i32")]
    let whole = number
        .as_f64()
        .filter(|number| number.fract() == 0.0 && number.abs() < 2e9)
        .map(|number| number as i64);
    whole.map(Value::from).ok_or_else(|| wrong_type(field, "int", value))
}

fn short_enough(field: &Field, text: &str) -> Result<String, ApiError> {
    // Salesforce trims what it stores.
    let text = text.trim();
    if field.length == 0 || text.chars().count() <= field.length {
        return Ok(text.to_owned());
    }
    let message = format!("{}: data value too large: {text} (max length={})", field.label, field.length);
    Err(ApiError::field("STRING_TOO_LONG", message, &[&field.name]))
}

fn is_email(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let label_fits = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    !local.is_empty()
        && !local.contains([' ', '@', ',', ';', '<', '>', '(', ')', '"'])
        && !local.starts_with('.')
        && !local.ends_with('.')
        && domain.contains('.')
        && domain.split('.').all(label_fits)
}

fn reference(view: View<'_>, field: &Field, to: &[String], value: &Value) -> Result<Value, ApiError> {
    let text = text(field, "string", value)?;
    let malformed = |code| {
        ApiError::field(code, format!("{}: id value of incorrect type: {text}", field.label), &[&field.name])
    };
    let id = ids::canonical(text).ok_or_else(|| malformed("MALFORMED_ID"))?;
    let object = view.org.schema.by_prefix(ids::prefix(&id));
    let object = object.filter(|object| {
        // Leads may belong to a queue, which is a group.
        to.contains(&object.name) || (field.name == "OwnerId" && object.name == "Group")
    });
    let object = object.ok_or_else(|| malformed("FIELD_INTEGRITY_EXCEPTION"))?;
    let rows = view.rows(object);
    match rows.get(&id) {
        Some(record) if object.storage != Storage::Records || !is_deleted(record) => Ok(Value::String(id)),
        Some(_) => Err(ApiError::field("ENTITY_IS_DELETED", "entity is deleted", &[])),
        None => Err(ApiError::field("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", &[])),
    }
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn addresses() {
        for good in ["a@b.co", "first.last+tag@sub.example.com", "日本@例え.jp"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["a", "a@b", "@b.co", "a b@c.de", "a@b..co", "a@-b.co", "a@b.co,c@d.ef"] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
