//! The values in force, fit to be shown to anybody.

use std::fmt::Write as _;

use toml::Value;
use url::Url;

use super::{Layers, layers::SECRET_KEYS};

const MASK: &str = "***";

impl Layers {
    /// TOML with every setting and, behind it, where it came from. Secrets are `***`; of an address only the
    /// password is.
    #[must_use]
    pub fn print(&self) -> String {
        let mut out = String::new();
        for (name, settings) in &self.sections {
            if !out.is_empty() {
                out.push('\n');
            }
            let _ = writeln!(out, "[{name}]");
            for (key, setting) in settings {
                let shown = masked(&format!("{name}.{key}"), &setting.value);
                let line = format!("{key} = {shown}");
                let _ = writeln!(out, "{line:<60} # {}", setting.origin);
            }
        }
        out
    }
}

fn masked(key: &str, value: &Value) -> Value {
    let is_secret = SECRET_KEYS.contains(&key);
    match value {
        Value::String(text) if is_secret && !text.is_empty() => Value::String(without_password(text)),
        // A value of a wrong type may be a secret too.
        Value::String(_) => value.clone(),
        _ if is_secret => Value::String(MASK.to_owned()),
        _ => value.clone(),
    }
}

/// A password can also stand among the parameters, so these go.
fn without_password(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return MASK.to_owned() };
    if !url.has_host() || (url.password().is_some() && url.set_password(Some(MASK)).is_err()) {
        return MASK.to_owned();
    }
    if url.query().is_some() {
        url.set_query(Some(MASK));
    }
    url.into()
}
