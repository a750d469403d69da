//! What the demo prints: readable, in colour on a terminal.

use owo_colors::{OwoColorize as _, Stream};

use crate::api::v1::{Finding, FindingResult};

/// Prints.
pub(super) struct Show;

impl Show {
    pub(super) fn new() -> Self {
        Self
    }

    pub(super) fn title(&self, text: &str) {
        println!("\n{}", text.if_supports_color(Stream::Stdout, |text| text.bold().to_string()));
    }

    pub(super) fn fact(&self, name: &str, value: &str) {
        println!("  {name:<24}{value}");
    }

    pub(super) fn step(&self, name: &str, value: &str) {
        let tick = "✓".if_supports_color(Stream::Stdout, |tick| tick.green().to_string()).to_string();
        println!("  {tick} {name:<22}{value}");
    }

    pub(super) fn refused(&self, what: &str, reason: &str, message: &str, fix: &str) {
        let cross = "✗".if_supports_color(Stream::Stdout, |cross| cross.red().to_string()).to_string();
        let reason =
            reason.if_supports_color(Stream::Stdout, |reason| reason.yellow().to_string()).to_string();
        println!("  {cross} {what}: {reason}\n      {message}\n      {fix}");
    }

    pub(super) fn finding(&self, finding: &Finding) {
        let result = FindingResult::try_from(finding.result).unwrap_or_default();
        let mark = match result {
            FindingResult::Passed => "passed",
            FindingResult::Warning => "warning",
            FindingResult::Failed => "FAILED",
            FindingResult::NotChecked | FindingResult::Unspecified => "not checked",
        };
        let check =
            finding.check().as_str_name().trim_start_matches("CHECK_").to_lowercase().replace('_', " ");
        let of = if finding.subject.is_empty() { check } else { format!("{check} ({})", finding.subject) };
        println!("      {mark:<12}{of:<38}{}", finding.found);
    }
}
