//! What holds for all texts: both languages say the same things with the same arguments, and nothing that the API
//! names is left without words.

use std::collections::{BTreeMap, BTreeSet};

use super::bundle::{build, leading_identifier, sources};
use super::{ERROR_ARGS, Language, STEP_ARGS, StepPart, key_of};

const ERROR_REASON_PROTO: &str = include_str!("../../proto/connector/v1/error_reason.proto");
const RESOURCES_PROTO: &str = include_str!("../../proto/connector/v1/resources.proto");
const WATCH_PROTO: &str = include_str!("../../proto/connector/v1/watch.proto");

/// Every text of a language by its name, `key` or `key.attribute`, as it stands in the file.
fn texts(language: Language) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let mut key = String::new();
    let mut name = String::new();
    for line in sources(language).iter().flat_map(|(_, source)| source.lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let trimmed = line.trim_start();
        let attribute =
            trimmed.strip_prefix('.').filter(|rest| rest.contains(" = ") && line.starts_with("    ."));
        if !line.starts_with([' ', '}']) {
            key = leading_identifier(line).to_owned();
            name.clone_from(&key);
        } else if let Some(attribute) = attribute {
            name = format!("{key}.{}", leading_identifier(attribute));
        }
        let text: &mut String = texts.entry(name.clone()).or_default();
        text.push_str(trimmed);
        text.push('\n');
    }
    texts
}

/// The arguments of a text, also of the texts that it refers to.
fn arguments(texts: &BTreeMap<String, String>, name: &str) -> BTreeSet<String> {
    let text = texts.get(name).map_or("", String::as_str);
    let mut found: BTreeSet<String> =
        text.split('$').skip(1).map(|rest| leading_identifier(rest).to_owned()).collect();
    for reference in text.split("{ ").skip(1) {
        let referred = leading_identifier(reference);
        if texts.contains_key(referred) && referred != name {
            found.extend(arguments(texts, referred));
        }
    }
    found
}

/// The value names of every enum of a proto file.
fn enum_values(proto: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut in_enum = false;
    for line in proto.lines().map(str::trim) {
        if line.starts_with("enum ") {
            in_enum = true;
        } else if line == "}" {
            in_enum = false;
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| in_enum && !line.starts_with("//"))
        {
            values.push(name.to_owned());
        }
    }
    values
}

fn reasons() -> Vec<String> {
    let values = enum_values(ERROR_REASON_PROTO);
    values.iter().map(|value| value.trim_start_matches("ERROR_REASON_").to_owned()).collect()
}

#[test]
fn the_files_parse_and_name_nothing_twice() {
    for language in Language::ALL {
        let (_, errors) = build(language);
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_arguments() {
    let (english, japanese) = (texts(Language::En), texts(Language::Ja));
    let only = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| -> Vec<String> {
        a.keys().filter(|key| !b.contains_key(*key)).cloned().collect()
    };
    assert_eq!(only(&english, &japanese), Vec::<String>::new(), "in English only");
    assert_eq!(only(&japanese, &english), Vec::<String>::new(), "in Japanese only");
    for name in english.keys() {
        assert_eq!(arguments(&english, name), arguments(&japanese, name), "{name}");
    }
}

#[test]
fn both_languages_are_split_into_files_the_same_way() {
    let keys = |source: &str| -> Vec<String> {
        let is_key = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
        source.lines().filter(is_key).map(|line| leading_identifier(line).to_owned()).collect()
    };
    for ((name, english), (_, japanese)) in sources(Language::En).iter().zip(sources(Language::Ja)) {
        assert_eq!(keys(english), keys(japanese), "{name}");
    }
}

#[test]
fn every_text_reads_well_without_any_argument() {
    for language in Language::ALL {
        for name in texts(language).keys() {
            let (key, attribute) = name.split_once('.').map_or((name.as_str(), None), |(k, a)| (k, Some(a)));
            let text = match attribute {
                Some(attribute) => super::attribute(language, key, attribute, &[]),
                None => super::text(language, key, &[]),
            };
            assert!(!text.is_empty() && text != *name, "{name} in {language:?}");
            assert!(
                !text.contains(['{', '}', '$', '\u{2068}', '\u{2069}']),
                "{name} in {language:?}: {text}"
            );
            assert!(
                !text.contains("  ") && text.trim() == text,
                "blanks of {name} in {language:?}: {text:?}"
            );
            assert!(!text.contains('\n'), "{name} in {language:?} has several lines: {text:?}");
        }
    }
}

#[test]
fn every_text_takes_all_its_arguments() {
    for language in Language::ALL {
        let texts = texts(language);
        for name in texts.keys() {
            let names = arguments(&texts, name);
            let args: Vec<(&str, &str)> = names.iter().map(|argument| (argument.as_str(), "1234")).collect();
            let (key, attribute) = name.split_once('.').map_or((name.as_str(), None), |(k, a)| (k, Some(a)));
            let text = super::bundle::format(language, key, attribute, &args).unwrap_or_default();
            assert!(!text.is_empty() && !text.contains(['{', '}']), "{name} in {language:?}: {text}");
            let asks = texts.get(name).is_some_and(|source| source.contains('?'));
            assert!(asks || !text.contains('?'), "{name} in {language:?}: {text}");
            assert!(!text.contains("  "), "blanks of {name} in {language:?}: {text:?}");
        }
    }
}

#[test]
fn the_languages_are_not_mixed_up() {
    let is_japanese = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    for (name, text) in texts(Language::En) {
        assert!(!text.contains(is_japanese), "{name} in English");
    }
    for name in texts(Language::Ja).keys() {
        if name.starts_with("error-") || name.contains('.') {
            let (key, attribute) = name.split_once('.').map_or((name.as_str(), None), |(k, a)| (k, Some(a)));
            let text = super::bundle::format(Language::Ja, key, attribute, &[]).unwrap_or_default();
            assert!(text.contains(is_japanese), "{name} in Japanese");
        }
    }
}

#[test]
fn every_error_reason_has_a_message_and_a_fix_with_the_published_arguments() {
    let published: Vec<&str> = ERROR_ARGS.iter().map(|(reason, _)| *reason).collect();
    assert_eq!(published, reasons());
    let texts = texts(Language::En);
    for (reason, args) in ERROR_ARGS {
        let key = format!("error-{}", key_of(reason));
        assert!(texts.contains_key(&key) && texts.contains_key(&format!("{key}.fix")), "{reason}");
        let mut used = arguments(&texts, &key);
        used.extend(arguments(&texts, &format!("{key}.fix")));
        let expected: BTreeSet<String> = args.iter().map(|argument| (*argument).to_owned()).collect();
        assert_eq!(used, expected, "{reason}");
    }
}

#[test]
fn no_error_text_is_left_without_a_reason() {
    let known: BTreeSet<String> =
        reasons().iter().map(|reason| format!("error-{}", key_of(reason))).collect();
    for key in texts(Language::En).keys().filter(|key| key.starts_with("error-") && !key.contains('.')) {
        assert!(known.contains(key) || key.starts_with("error-part-"), "{key}");
    }
}

#[test]
fn every_value_of_every_enum_has_words() {
    let texts = texts(Language::En);
    let values: Vec<String> = [RESOURCES_PROTO, WATCH_PROTO].into_iter().flat_map(enum_values).collect();
    assert!(values.len() > 100, "the enums are read");
    for value in values.iter().filter(|value| !value.ends_with("_UNSPECIFIED")) {
        assert!(texts.contains_key(&key_of(value)), "{value}");
    }
    assert_eq!(super::value_label(Language::Ja, "STEP_UNSPECIFIED"), "未回答");
}

#[test]
fn every_step_is_described_with_the_published_arguments() {
    let texts = texts(Language::En);
    let mut used = BTreeSet::new();
    let mut steps = 0;
    for value in enum_values(RESOURCES_PROTO) {
        let is_step = value.starts_with("STEP_") && !value.starts_with("STEP_STATE_");
        if !is_step || value.ends_with("_UNSPECIFIED") {
            continue;
        }
        steps += 1;
        for language in Language::ALL {
            assert!(!super::step_text(language, &value, StepPart::Help, &[]).is_empty(), "{value}");
        }
        let key = key_of(&value);
        for name in texts.keys().filter(|name| **name == key || name.starts_with(&format!("{key}."))) {
            used.extend(arguments(&texts, name));
        }
    }
    assert_eq!(steps, 16);
    assert_eq!(used, STEP_ARGS.iter().map(|argument| (*argument).to_owned()).collect());
}

#[test]
fn every_check_and_suspension_says_what_to_do() {
    for language in Language::ALL {
        for value in enum_values(RESOURCES_PROTO).iter().filter(|value| !value.ends_with("_UNSPECIFIED")) {
            if value.starts_with("CHECK_") {
                for result in ["FAILED", "WARNING", "NOT_CHECKED"] {
                    let fix = super::finding_fix(language, value, &format!("FINDING_RESULT_{result}"), &[]);
                    assert!(!fix.is_empty() && !fix.contains("finding-"), "{value} {result}: {fix}");
                }
                assert_eq!(super::finding_fix(language, value, "FINDING_RESULT_PASSED", &[]), "");
            }
            if value.starts_with("SUSPENSION_REASON_") {
                assert!(!super::suspension_detail(language, value, &[]).is_empty(), "{value}");
            }
        }
        assert_eq!(super::suspension_detail(language, "SUSPENSION_REASON_UNSPECIFIED", &[]), "");
    }
}

#[test]
fn figures_are_grouped_and_names_become_words() {
    let args =
        [("limit", "200000"), ("allocation", "110000"), ("held_by_others", "55000"), ("available", "55000")];
    let english = super::error_message(Language::En, "API_CALL_LIMIT_OVER_ALLOCATION", &args);
    let japanese = super::error_message(Language::Ja, "API_CALL_LIMIT_OVER_ALLOCATION", &args);
    for figure in ["200,000", "110,000", "55,000"] {
        assert!(english.contains(figure) && japanese.contains(figure), "{english} {japanese}");
    }
    let steps = [("steps", "STEP_EDITION, STEP_SEAT_COUNT")];
    let expected = super::value_label(Language::En, "STEP_EDITION");
    assert!(super::error_message(Language::En, "SETUP_STEP_NOT_REACHED", &steps).contains(&expected));
    let edition = |name: &'static str| {
        super::error_message(Language::Ja, "SALESFORCE_EDITION_NOT_ELIGIBLE", &[("edition", name)])
    };
    assert_eq!(edition("SALESFORCE_EDITION_GROUP"), edition("Group"));
    assert!(edition("SALESFORCE_EDITION_GROUP").ends_with("Group Editionは接続できません。"));
    assert!(edition("Team Edition").ends_with("Team Editionは接続できません。"));
    assert!(edition("SALESFORCE_EDITION_UNSPECIFIED").ends_with("未回答は接続できません。"));
}

#[test]
fn portal_ids_are_not_figures() {
    let text = super::error_message(Language::En, "PORTAL_NOT_FOUND", &[("portal_id", "6251512")]);
    assert!(text.contains("6251512"), "{text}");
}

#[test]
fn plural_forms_follow_the_number() {
    let after = |seconds| super::error_fix(Language::En, "SERVICE_OVERLOADED", &[("retry_seconds", seconds)]);
    assert_eq!(after("1"), "Try again in 1 second.");
    assert_eq!(after("119"), "Try again in 119 seconds.");
    assert_eq!(after("120"), "Try again in 2 minutes.");
    assert_eq!(after("121"), "Try again in 3 minutes.");
    assert_eq!(after("7200"), "Try again in 2 hours.");
    assert_eq!(after("7201"), "Try again in 3 hours.");
    assert_eq!(after(""), "Try again later.");
    assert_eq!(after("a while"), "Try again in a while.");
    let japanese = super::error_fix(Language::Ja, "SERVICE_OVERLOADED", &[("retry_seconds", "90")]);
    assert_eq!(japanese, "90秒後にもう一度お試しください。");
}

#[test]
fn words_of_a_vendor_cannot_control_a_terminal() {
    let args = [("message", "bad\u{1b}[31m\r\nvalue {$x} { HAS($y) }")];
    let text = super::error_message(Language::En, "SALESFORCE_VALIDATION_RULE", &args);
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(text.ends_with("value {$x} { HAS($y) }"), "{text}");
}

#[test]
fn an_unknown_key_is_shown_as_it_is() {
    assert_eq!(super::text(Language::En, "no-such-key", &[]), "no-such-key");
    assert_eq!(super::attribute(Language::Ja, "step-edition", "nothing", &[]), "step-edition.nothing");
    assert_eq!(super::error_message(Language::En, "NO_SUCH_REASON", &[]), "error-no-such-reason");
    assert_eq!(super::step_text(Language::En, "STEP_NOTHING", StepPart::Help, &[]), "");
}

#[test]
fn the_summary_names_the_decision_and_that_nothing_was_tested() {
    let summary = |key, decision| super::text(Language::En, key, &[("decision", decision)]);
    let import = summary("setup-summary-tested", "IMPORT_DECISION_IMPORT");
    let leave = summary("setup-summary-not-tested", "IMPORT_DECISION_DO_NOT_IMPORT");
    assert!(import.contains("shall be imported") && !import.contains("Not tested"), "{import}");
    assert!(leave.contains("are not imported") && leave.contains("Not tested"), "{leave}");
    assert_eq!(super::text(Language::En, "success-connected", &[]), "Successfully connected your accounts");
}

#[test]
fn a_check_without_words_of_its_own_takes_the_general_ones() {
    let fix = super::finding_fix(Language::En, "CHECK_TRIAL", "FINDING_RESULT_WARNING", &[]);
    assert_eq!(fix, super::attribute(Language::En, "finding-any", "fix-warning", &[]));
    let args = [("claimed", "15"), ("found", "1200")];
    let seats = super::finding_fix(Language::Ja, "CHECK_SEATS", "FINDING_RESULT_WARNING", &args);
    assert!(seats.contains("15シート") && seats.contains("1,200シート"), "{seats}");
}

#[test]
fn notices_are_found_by_their_code() {
    let args = [("limit", "50000"), ("suggested", "57500")];
    let text = super::notice(Language::En, "API_CALL_LIMIT_NEEDS_CONFIRMATION", &args);
    assert!(text.contains("50,000") && text.contains("57,500"), "{text}");
}

/// The folder of the library's sources, for the keys that they name.
fn source_files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            source_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_key_that_the_source_asks_for_exists() {
    let texts = texts(Language::En);
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&sources, &mut files);
    assert!(files.len() > 10, "the sources are found");
    for file in files.iter().filter(|file| !file.starts_with(sources.join("locale"))) {
        let source = std::fs::read_to_string(file).unwrap_or_default();
        for call in source.split("locale::text(").skip(1).chain(source.split("locale::attribute(").skip(1)) {
            // The key is the second argument; one that is put together at run time is not looked at.
            let second = call.split(',').nth(1).unwrap_or_default().trim();
            let Some(key) = second.strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                continue;
            };
            assert!(texts.contains_key(key), "{} asks for {key}", file.display());
        }
    }
}
