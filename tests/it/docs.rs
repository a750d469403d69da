//! The documentation keeps up with the code: the error pages are generated, and examples, settings and links hold.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clap::Parser as _;
use connector::{
    config::DEFAULTS,
    ctl::args::Cli,
    daemon::Args,
    domain::access::Scope,
    locale::{self, ERROR_ARGS, Language},
};

const ERRORS: &str = "docs/errors.md";
const REASONS: &str = "proto/connector/v1/error_reason.proto";
/// Set it to write the error pages anew: `UPDATE_DOCS=1 cargo test --test it docs::`.
const UPDATE: &str = "UPDATE_DOCS";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).with_context(|| format!("read {path}"))
}

/// Every page for people, relative to the repository.
fn pages() -> Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for folder in ["", "docs", "docs/adr", "deploy"] {
        for entry in fs::read_dir(root().join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path.strip_prefix(root())?.to_owned());
            }
        }
    }
    ensure!(pages.len() > 15, "only {} pages were found", pages.len());
    Ok(pages)
}

#[test]
fn the_error_pages_are_those_of_the_api() -> Result<()> {
    let fresh = error_pages(&read(REASONS)?)?;
    if std::env::var_os(UPDATE).is_some() {
        fs::write(root().join(ERRORS), &fresh)?;
    }
    let committed = read(ERRORS)?;
    ensure!(committed == fresh, "{ERRORS} is out of date: run `{UPDATE}=1 cargo test --test it docs::`");
    Ok(())
}

/// One section for each reason, in the order of the API, with the words of the proto file and of the English texts.
fn error_pages(proto: &str) -> Result<String> {
    let mut out = String::from(INTRODUCTION);
    let mut comment: Vec<&str> = Vec::new();
    for line in proto.lines().map(str::trim) {
        if let Some(title) = line.strip_prefix("// --- ").and_then(|rest| rest.strip_suffix(" ---")) {
            write!(out, "\n## {title}\n")?;
            comment.clear();
        } else if let Some(text) = line.strip_prefix("// ") {
            comment.push(text);
        } else if let Some((name, number)) = reason(line) {
            if number != "0" {
                out.push_str(&error_page(name, number, &comment)?);
            }
            comment.clear();
        } else {
            comment.clear();
        }
    }
    Ok(out)
}

/// `ERROR_REASON_TRIAL_ORG = 63;`
fn reason(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("ERROR_REASON_")?.strip_suffix(';')?.split_once(" = ")
}

fn error_page(name: &str, number: &str, comment: &[&str]) -> Result<String> {
    let comment = comment.join(" ");
    let (code, rest) = comment.split_once(": ").with_context(|| format!("{name} names no code"))?;
    let (meaning, example) =
        rest.split_once(" Example: ").with_context(|| format!("{name} has no example"))?;
    let (_, args) = ERROR_ARGS
        .iter()
        .find(|(reason, _)| *reason == name)
        .with_context(|| format!("{name} has no texts"))?;
    // The names of the figures stand for the figures.
    let shown: Vec<String> = args.iter().map(|arg| format!("{{{arg}}}")).collect();
    let filled: Vec<(&str, &str)> = args.iter().copied().zip(shown.iter().map(String::as_str)).collect();
    let message = locale::error_message(Language::En, name, &filled);
    let fix = locale::error_fix(Language::En, name, &filled);
    let metadata = if args.is_empty() {
        String::new()
    } else {
        let names: Vec<String> = args.iter().map(|arg| format!("`{arg}`")).collect();
        format!("- **Figures in the text:** {}\n", names.join(", "))
    };
    Ok(format!(
        "\n### {name}\n\n`{code}` · {number}. {meaning}\n\n- **Example:** {example}\n- **People read:** {message}\n\
         - **What to do:** {fix}\n{metadata}"
    ))
}

const INTRODUCTION: &str = "\
# Errors

<!-- Generated from proto/connector/v1/error_reason.proto and src/locale/en/errors.ftl:
     UPDATE_DOCS=1 cargo test --test it docs:: -->

Every error of the API carries `google.rpc.ErrorInfo` with the domain `connector.v1` and one of the reasons below.
A reason keeps its name and its number for ever; branch on it, never on a text. The same reasons appear where something
failed later: in an attempt to connect, in a finding of the probe, in a test contact.

Beside `ErrorInfo` the details carry, where they apply:

| detail | what it says |
|---|---|
| `LocalizedMessage` | what went wrong and what to do, in the language of the `accept-language` metadata (English, Japanese) |
| `BadRequest` | every field that is wrong, not only the first |
| `PreconditionFailure` | the rule, and as its subject the step of the wizard at which it can be mended (`STEP_EDITION`) |
| `QuotaFailure`, `RetryInfo` | whose budget is spent, and when to come back |
| `ResourceInfo` | type and id of what was not found |
| `RequestInfo` | the id under which the log knows the call (also metadata `x-request-id`) |

Whether to send a call again:

| code | again? |
|---|---|
| `UNAVAILABLE`, `RESOURCE_EXHAUSTED`, `DEADLINE_EXCEEDED` | yes, after `RetryInfo`, **with the same `request_id`**: what was done is not done twice |
| `ABORTED` | `CONFLICTING_CHANGE`: yes, as it is. `ETAG_MISMATCH`, `REVIEW_CHANGED`: read, look, decide again |
| any other | not before something was changed |

Words in braces stand for the figures of the case.
";

/// What stands in the code blocks of a page, line by line, continued lines put together.
fn code_lines(text: &str) -> Vec<String> {
    let (mut lines, mut inside) = (Vec::new(), false);
    for line in text.replace("\\\n", " ").lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside || line.starts_with("    ") {
            lines.push(line.trim().trim_start_matches("$ ").to_owned());
        }
    }
    lines
}

/// A command as a shell takes it apart, up to a pipe, a redirection or a comment.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in command.chars().chain([' ']) {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty())),
            other => word.push(other),
        }
    }
    words.into_iter().take_while(|word| !["|", ">", "<", "&", "&&", "#"].contains(&word.as_str())).collect()
}

#[test]
fn commands_in_the_documentation_exist() -> Result<()> {
    let mut seen = 0;
    for page in pages()? {
        for line in code_lines(&fs::read_to_string(root().join(&page))?) {
            let words = words(&line.replace("cargo run -- ", "connectord "));
            let words = words.iter().skip_while(|word| word.contains('=') && !word.starts_with('-'));
            let words: Vec<&String> = words.collect();
            let parsed = match words.first().map(|word| word.as_str()) {
                Some("connectorctl") => Cli::try_parse_from(&words).map(|_| ()),
                Some("connectord") => Args::try_parse_from(&words).map(|_| ()),
                _ => continue,
            };
            seen += 1;
            ensure!(parsed.is_ok(), "{}: {line}: {parsed:?}", page.display());
        }
    }
    ensure!(seen > 20, "only {seen} commands were found");
    Ok(())
}

#[test]
fn settings_in_the_documentation_exist() -> Result<()> {
    let defaults: toml::Table = DEFAULTS.parse()?;
    let mut seen = 0;
    for page in pages()? {
        let text = fs::read_to_string(root().join(&page))?;
        for quoted in text.split('`').skip(1).step_by(2) {
            let Some((section, key)) = quoted.split_once('.') else { continue };
            let Some(settings) = defaults.get(section).and_then(toml::Value::as_table) else { continue };
            let is_key = key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
            let is_scope = Scope::ALL.iter().any(|scope| scope.name() == quoted);
            if !is_key || is_scope || quoted == "defaults.toml" {
                continue;
            }
            seen += 1;
            ensure!(settings.contains_key(key), "{}: no setting {quoted}", page.display());
        }
    }
    ensure!(seen > 20, "only {seen} settings were found");
    Ok(())
}

#[test]
fn links_in_the_documentation_lead_somewhere() -> Result<()> {
    for page in pages()? {
        let text = fs::read_to_string(root().join(&page))?;
        let folder = root().join(page.parent().unwrap_or(Path::new("")));
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("http") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { root().join(&page) } else { folder.join(path) };
            ensure!(file.exists(), "{}: {target} leads nowhere", page.display());
            let found =
                anchor.is_empty() || fs::read_to_string(&file)?.lines().any(|line| anchors(line, anchor));
            ensure!(found, "{}: {target} has no such heading", page.display());
        }
    }
    Ok(())
}

/// Whether a line is the heading that an anchor names, as forges make anchors.
fn anchors(line: &str, anchor: &str) -> bool {
    let Some(title) = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim()) else {
        return false;
    };
    let kept = |letter: &char| letter.is_alphanumeric() || ['-', '_', ' '].contains(letter);
    title.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).eq(anchor.chars())
}
