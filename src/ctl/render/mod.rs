//! Answers as tables for people. Pure: a message and a view in, text out.

mod audit;
mod connection;
mod handoff;
mod keys;
mod list;
mod org;
mod portal;
mod setup;
mod steps;
mod sync;
mod test_contact;

#[cfg(test)]
mod tests;

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};

use super::{
    error::Error,
    json,
    labels::{Label, label},
    lang::Lang,
    output::{View, printable},
};

pub use self::{
    connection::{attempt_outcome, findings},
    setup::limit_text,
    steps::{body as step_body, option_label},
    test_contact::status_line,
};

/// A message that can be shown: as a table, or as JSON.
pub trait Show: prost::Message + Default {
    /// Its full name in the descriptor.
    const NAME: &'static str;

    /// The text for people. Empty where there is nothing to say.
    fn show(&self, view: &View) -> String;

    /// The canonical JSON.
    ///
    /// # Errors
    /// [`Error::Internal`] when the descriptor does not know the message.
    fn json(&self) -> Result<serde_json::Value, Error> {
        json::value(Self::NAME, self)
    }
}

/// Says how messages are shown.
macro_rules! show {
    ($($message:ident => $show:expr;)*) => {$(
        impl $crate::ctl::render::Show for $crate::api::v1::$message {
            const NAME: &'static str = concat!("connector.v1.", stringify!($message));

            fn show(&self, view: &$crate::ctl::output::View) -> String {
                let show: fn(&Self, &$crate::ctl::output::View) -> String = $show;
                show(self, view)
            }
        }
    )*};
}
use show;

/// How good something is, and so its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Plain,
    Good,
    Careful,
    Bad,
    Faint,
}

fn toned(text: impl Into<String>, tone: Tone) -> Cell {
    let cell = Cell::new(printable(&text.into()));
    match tone {
        Tone::Plain => cell,
        Tone::Good => cell.fg(Color::Green),
        Tone::Careful => cell.fg(Color::Yellow),
        Tone::Bad => cell.fg(Color::Red),
        Tone::Faint => cell.add_attribute(Attribute::Dim),
    }
}

fn plain(text: impl Into<String>) -> Cell {
    toned(text, Tone::Plain)
}

/// A value of an enum by its name.
fn named<E: Label>(value: i32, view: &View) -> Cell {
    plain(label::<E>(value, view.lang))
}

/// A table with a header, or one line of text when it has no rows.
fn grid(view: &View, header: &[&str], rows: Vec<Vec<Cell>>) -> String {
    if rows.is_empty() {
        return format!("{}\n", view.lang.text("ctl-nothing"));
    }
    let mut table = table(view);
    table.set_header(header.iter().map(|key| heading(key, view.lang)));
    for row in rows {
        table.add_row(row);
    }
    trimmed(&table)
}

/// Names and values, one below the other. Rows without a value are left out.
fn card(view: &View, rows: Vec<(&str, Cell)>) -> String {
    let mut table = table(view);
    for (key, value) in rows {
        if !value.content().is_empty() {
            table.add_row([heading(key, view.lang), value]);
        }
    }
    trimmed(&table)
}

/// The words over a column or before a value. None for a column without.
fn heading(key: &str, lang: Lang) -> Cell {
    let words = if key.is_empty() { String::new() } else { lang.text(&format!("ctl-header-{key}")) };
    Cell::new(words).add_attribute(Attribute::Bold)
}

fn table(view: &View) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    if view.color {
        table.enforce_styling();
    }
    match view.width {
        Some(width) => table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table
}

/// Without the blanks that fill lines up: they wrap on narrow terminals and end up in copied text.
fn trimmed(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Parts below each other with a blank line between them; empty parts are left out.
fn stacked(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    parts.join("\n")
}

/// The token of the next page, where there is one.
fn more(token: &str, lang: Lang) -> String {
    if token.is_empty() {
        return String::new();
    }
    format!("{}\n", lang.with("ctl-more", &[("token", token)]))
}
