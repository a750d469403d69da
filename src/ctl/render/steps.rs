//! The steps, described.

use std::fmt::Write as _;

use owo_colors::{OwoColorize as _, Style};

use super::show;
use crate::{
    api::v1,
    ctl::{
        lang::Lang,
        output::{View, printable},
    },
};

show! {
    DescribeSetupResponse => |m, view| descriptions(&m.steps, view);
}

/// Every step with all that is known about it.
fn descriptions(steps: &[v1::StepDescription], view: &View) -> String {
    let mut out = String::new();
    for (index, step) in steps.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let _ = writeln!(out, "{}. {}", index + 1, printable(&step.title).style(strong(view)));
        out.push_str(&body(step, view));
        for option in &step.options {
            let _ = writeln!(out, "   - {}", option_label(option, view.lang));
        }
    }
    out
}

/// The explanation of one step: help, where to find the value, the warning, links. Without its options.
pub fn body(step: &v1::StepDescription, view: &View) -> String {
    let mut out = String::new();
    for line in printable(&step.help).lines() {
        let _ = writeln!(out, "   {line}");
    }
    for line in printable(&step.where_to_find).lines() {
        let _ = writeln!(out, "   → {line}");
    }
    for line in printable(&step.warning).lines() {
        let warning = if view.color { Style::new().yellow() } else { Style::new() };
        let _ = writeln!(out, "   {}", format_args!("! {line}").style(warning));
    }
    for link in &step.links {
        let _ = writeln!(out, "   {}: {}", printable(&link.title), printable(&link.url));
    }
    out
}

fn strong(view: &View) -> Style {
    if view.color { Style::new().bold() } else { Style::new() }
}

/// An answer that can be chosen, marked where it is the recommended one.
pub fn option_label(option: &v1::OptionDescription, lang: Lang) -> String {
    let label = printable(&option.label);
    if option.recommended { lang.with("ctl-recommended", &[("label", &label)]) } else { label }
}
