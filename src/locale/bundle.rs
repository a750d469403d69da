//! The compiled texts of both languages, and how one of them is filled in.
//!
//! Four functions exist in the texts: `NUMBER` groups the digits of a figure, `DURATION` turns seconds into words,
//! `LABEL` turns the name of an enum value (or several, with commas) into words, and `HAS` answers `yes` or `no` to
//! whether an argument was given.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};

use super::Language;

type Bundle = FluentBundle<FluentResource>;

/// What stands for an argument that was not given.
const UNKNOWN: &str = "?";

macro_rules! sources {
    ($language:literal: $($name:literal),*) => {
        &[$((concat!($language, "/", $name), include_str!(concat!($language, "/", $name)))),*]
    };
}

/// The files of a language with their names, as they were compiled in.
pub(super) fn sources(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::En => {
            sources!("en": "errors.ftl", "violations.ftl", "values.ftl", "steps.ftl", "findings.ftl", "review.ftl", "ctl.ftl")
        }
        Language::Ja => {
            sources!("ja": "errors.ftl", "violations.ftl", "values.ftl", "steps.ftl", "findings.ftl", "review.ftl", "ctl.ftl")
        }
    }
}

static EN: LazyLock<Bundle> = LazyLock::new(|| build_or_log(Language::En));
static JA: LazyLock<Bundle> = LazyLock::new(|| build_or_log(Language::Ja));

/// Every argument that a text speaks of.
static ARGUMENTS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let files = Language::ALL.into_iter().flat_map(sources);
    files.flat_map(|(_, source)| source.split('$').skip(1).map(leading_identifier)).collect()
});

/// Fills a text in, or nothing when there is no such key or attribute.
pub(super) fn format(
    language: Language,
    key: &str,
    attribute: Option<&str>,
    args: &[(&str, &str)],
) -> Option<String> {
    let bundle: &Bundle = match language {
        Language::En => &EN,
        Language::Ja => &JA,
    };
    let message = bundle.get_message(key)?;
    let pattern = match attribute {
        Some(name) => message.get_attribute(name)?.value(),
        None => message.value()?,
    };
    let mut known = FluentArgs::with_capacity(args.len());
    set_all(&mut known, args);
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&known), &mut errors);
    if errors.is_empty() {
        return Some(text.trim_end().to_owned());
    }
    // Only an argument that is missing can be the cause: every other error is one of the files, which tests rule out.
    let mut completed: FluentArgs<'_> = ARGUMENTS.iter().map(|name| (*name, UNKNOWN)).collect();
    set_all(&mut completed, args);
    let text = bundle.format_pattern(pattern, Some(&completed), &mut errors);
    Some(text.trim_end().to_owned())
}

fn set_all<'a>(known: &mut FluentArgs<'a>, args: &[(&'a str, &'a str)]) {
    for (name, value) in args.iter().filter(|(_, value)| !value.is_empty()) {
        known.set(*name, printable(value));
    }
}

/// The same without control characters: arguments carry words of the vendors, and end in terminals.
fn printable(value: &str) -> Cow<'_, str> {
    if value.contains(char::is_control) {
        return Cow::Owned(value.replace(char::is_control, " "));
    }
    Cow::Borrowed(value)
}

fn build_or_log(language: Language) -> Bundle {
    let (bundle, errors) = build(language);
    for error in errors {
        tracing::error!(language = language.code(), error, "text file is broken");
    }
    bundle
}

/// The texts of a language, and what is wrong with their files.
pub(super) fn build(language: Language) -> (Bundle, Vec<String>) {
    let mut bundle = Bundle::new_concurrent(language.code().parse().into_iter().collect());
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(grouped(number)),
        _ => None,
    }));
    let mut errors = Vec::new();
    for (name, source) in sources(language) {
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, broken)| {
            errors.extend(broken.iter().map(|error| format!("{name}: {error}")));
            resource
        });
        let doubled: Vec<FluentError> = bundle.add_resource(resource).err().unwrap_or_default();
        errors.extend(doubled.iter().map(|error| format!("{name}: {error}")));
    }
    let functions = [
        bundle.add_function("NUMBER", |positional, _| number(positional)),
        bundle.add_function("DURATION", move |positional, _| duration(language, positional)),
        bundle.add_function("HAS", |positional, _| has(positional)),
        bundle.add_function("LABEL", move |positional, named| label(language, positional, named)),
    ];
    errors.extend(functions.into_iter().filter_map(Result::err).map(|error| error.to_string()));
    (bundle, errors)
}

/// `NUMBER($limit)`: a whole number that is shown with its digits grouped and chooses plural forms.
fn number<'a>(positional: &[FluentValue<'a>]) -> FluentValue<'a> {
    match positional.first() {
        Some(FluentValue::String(text)) => {
            text.parse::<i64>().map_or_else(|_| FluentValue::String(text.clone()), FluentValue::from)
        }
        Some(other) => other.clone(),
        None => FluentValue::Error,
    }
}

/// `DURATION($retry_seconds)`: "90 seconds", "20 minutes", "3 hours"; rounded up, because it says how long to wait.
fn duration<'a>(language: Language, positional: &[FluentValue<'a>]) -> FluentValue<'a> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    let Some(FluentValue::String(text)) = positional.first() else {
        return FluentValue::from(UNKNOWN);
    };
    let Ok(seconds) = text.parse::<u64>() else {
        return FluentValue::String(text.clone());
    };
    let (key, unit) = match seconds {
        0..120 => ("duration-seconds", 1),
        120..7200 => ("duration-minutes", MINUTE),
        _ => ("duration-hours", HOUR),
    };
    let count = seconds.div_ceil(unit).to_string();
    format(language, key, None, &[("count", &count)]).map_or(FluentValue::Error, FluentValue::from)
}

/// `HAS($portals)`: `yes` when the argument was given.
fn has<'a>(positional: &[FluentValue<'a>]) -> FluentValue<'a> {
    match positional.first() {
        Some(FluentValue::String(text)) if text.as_ref() != UNKNOWN => FluentValue::from("yes"),
        Some(FluentValue::Number(_)) => FluentValue::from("yes"),
        _ => FluentValue::from("no"),
    }
}

/// `LABEL($edition, kind: "salesforce-edition")`: the words for `SALESFORCE_EDITION_GROUP`, and, by means of the kind,
/// also for `GROUP`. What has no words stays as it is.
fn label<'a>(language: Language, positional: &[FluentValue<'a>], named: &FluentArgs<'_>) -> FluentValue<'a> {
    let Some(FluentValue::String(names)) = positional.first() else {
        return FluentValue::from(UNKNOWN);
    };
    let kind = match named.get("kind") {
        Some(FluentValue::String(kind)) => Some(kind.as_ref()),
        _ => None,
    };
    let words: Vec<String> = names.split(',').map(|name| label_of_one(language, name.trim(), kind)).collect();
    let comma = match language {
        Language::En => ", ",
        Language::Ja => "、",
    };
    FluentValue::from(words.join(comma))
}

fn label_of_one(language: Language, name: &str, kind: Option<&str>) -> String {
    let is_value_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let full_name = name.contains('_') && name.chars().all(is_value_name);
    if full_name && name.ends_with("_UNSPECIFIED") {
        return format(language, "value-unspecified", None, &[]).unwrap_or_default();
    }
    let key = super::key_of(name);
    let by_name = full_name.then(|| format(language, &key, None, &[])).flatten();
    let by_kind = || format(language, &format!("{}-{key}", kind?), None, &[]);
    by_name.or_else(by_kind).unwrap_or_else(|| name.to_owned())
}

/// `1234567` as `1,234,567`, which is read the same way in both languages.
fn grouped(number: &FluentNumber) -> String {
    let plain = format!("{:.0}", number.value);
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("-", digits));
    let mut text = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The identifier that a text begins with.
pub(super) fn leading_identifier(text: &str) -> &str {
    let is_identifier = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.split(|c| !is_identifier(c)).next().unwrap_or_default()
}
