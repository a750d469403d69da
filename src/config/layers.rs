//! The four layers, put on top of each other with the memory of where each value came from.

use std::{collections::BTreeMap, fs, path::Path};

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use toml::{Table, Value};
use url::Url;

use super::{Config, ConfigError, DatabaseConfig, Origin, Problem, Sources};

const PREFIX: &str = "CONNECTOR_";

/// Values that may be shown by nobody; errors don't quote them and `print` masks them.
pub(super) const SECRET_KEYS: &[&str] = &["database.url", "database.direct_url", "vault.keyring"];

/// A value and who gave it.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) value: Value,
    pub(super) origin: Origin,
    pub(super) default: Value,
}

/// The values in force, by section and key. No `Debug`: secrets are among them.
pub struct Layers {
    pub(super) sections: BTreeMap<String, BTreeMap<String, Setting>>,
}

impl Layers {
    /// Reads all layers. Values are not looked at yet, beyond what tells a number from a text.
    ///
    /// # Errors
    /// Files that can't be read, settings that don't exist.
    pub fn read(sources: &Sources<'_>) -> Result<Self, ConfigError> {
        let mut layers = Self::defaults()?;
        let mut problems = Vec::new();
        if let Some(path) = sources.file {
            layers.add_file(path, &mut problems);
        }
        layers.add_environment(&sources.environment, &mut problems);
        for (key, text) in &sources.overrides {
            layers.add_text(&Origin::Flag, key, text, &mut problems);
        }
        if problems.is_empty() { Ok(layers) } else { Err(ConfigError { problems }) }
    }

    /// The same with the text of a file, for fuzzing.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[cfg(any(test, feature = "fuzzing"))]
    pub fn of_document(text: &str, environment: &[(String, String)]) -> Result<Self, ConfigError> {
        let mut layers = Self::defaults()?;
        let mut problems = Vec::new();
        layers.add_document(Path::new("fuzzed.toml"), text, &mut problems);
        layers.add_environment(environment, &mut problems);
        if problems.is_empty() { Ok(layers) } else { Err(ConfigError { problems }) }
    }

    fn defaults() -> Result<Self, ConfigError> {
        let path = Path::new("defaults.toml");
        let table = parse(path, super::DEFAULTS)?;
        let mut sections = BTreeMap::new();
        for (name, section) in table {
            let Value::Table(section) = section else { continue };
            let settings = section.into_iter().map(|(key, value)| {
                (key, Setting { default: value.clone(), value, origin: Origin::Default })
            });
            sections.insert(name, settings.collect());
        }
        Ok(Self { sections })
    }

    fn add_file(&mut self, path: &Path, problems: &mut Vec<Problem>) {
        match fs::read_to_string(path) {
            Ok(text) => self.add_document(path, &text, problems),
            Err(error) => problems.push(Problem::unreadable(path, &error)),
        }
    }

    fn add_document(&mut self, path: &Path, text: &str, problems: &mut Vec<Problem>) {
        let table = match parse(path, text) {
            Ok(table) => table,
            Err(problem) => return problems.push(problem),
        };
        let origin = Origin::File(path.to_owned());
        for (name, section) in table {
            let Value::Table(section) = section else {
                problems.push(self.unknown(&origin, &name));
                continue;
            };
            if !self.sections.contains_key(&name) {
                problems.push(self.unknown(&origin, &name));
                continue;
            }
            for (key, value) in section {
                self.set(&origin, &format!("{name}.{key}"), value, problems);
            }
        }
    }

    fn add_environment(&mut self, environment: &[(String, String)], problems: &mut Vec<Problem>) {
        let mut variables: Vec<_> = environment.iter().filter(|(_, text)| !text.is_empty()).collect();
        variables.sort();
        // The name that every tool for PostgreSQL knows; our own name wins over it.
        if let Some((name, text)) = variables.iter().find(|(name, _)| name == "DATABASE_URL") {
            self.add_text(&Origin::Environment(name.clone()), "database.url", text, problems);
        }
        for (name, text) in variables {
            let Some(key) = name.strip_prefix(PREFIX) else { continue };
            let key = key.to_lowercase();
            if let Some((section, key)) = key.split_once("__") {
                let origin = Origin::Environment(name.clone());
                self.add_text(&origin, &format!("{section}.{key}"), text, problems);
            } else if let Some(meant) = self.meant_by(&key) {
                problems.push(Problem::SingleUnderscore { variable: name.clone(), meant });
            }
        }
    }

    /// `CONNECTOR_GRPC_LISTEN` is taken for a slip of the pen, `CONNECTOR_CONFIG` is somebody else's.
    fn meant_by(&self, key: &str) -> Option<String> {
        let (section, key) = key.split_once('_')?;
        self.sections.contains_key(section).then(|| format!("{PREFIX}{section}__{key}").to_uppercase())
    }

    /// Environment and flags have text only; the default's type says what it stands for.
    fn add_text(&mut self, origin: &Origin, key: &str, text: &str, problems: &mut Vec<Problem>) {
        let default = self.setting(key).map(|setting| &setting.default);
        let value = match default {
            Some(Value::Integer(_)) => text.replace('_', "").parse().map(Value::Integer).ok(),
            Some(Value::Boolean(_)) => text.parse().map(Value::Boolean).ok(),
            Some(Value::Array(_)) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Some(Value::Array(parts.map(|part| Value::String(part.to_owned())).collect()))
            }
            _ => None,
        };
        self.set(origin, key, value.unwrap_or_else(|| Value::String(text.to_owned())), problems);
    }

    fn set(&mut self, origin: &Origin, key: &str, value: Value, problems: &mut Vec<Problem>) {
        let unknown = self.unknown(origin, key);
        let setting = key.split_once('.').and_then(|(section, key)| {
            self.sections.get_mut(section).and_then(|section| section.get_mut(key))
        });
        match setting {
            Some(setting) => {
                setting.value = value;
                setting.origin = origin.clone();
            }
            None => problems.push(unknown),
        }
    }

    fn setting(&self, key: &str) -> Option<&Setting> {
        let (section, key) = key.split_once('.')?;
        self.sections.get(section)?.get(key)
    }

    /// Names the section's keys, or the sections.
    fn unknown(&self, origin: &Origin, key: &str) -> Problem {
        let section =
            key.split_once('.').and_then(|(section, _)| Some((section, self.sections.get(section)?)));
        let known = match section {
            Some((name, settings)) => settings.keys().map(|key| format!("{name}.{key}")).collect(),
            None => self.sections.keys().map(|name| format!("[{name}]")).collect(),
        };
        Problem::Unknown { origin: origin.clone(), key: key.to_owned(), known }
    }

    /// The checked, typed configuration. Reads the files that hold addresses.
    ///
    /// # Errors
    /// Every mistake, each with where it came from.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let mut problems = Vec::new();
        let found = self.sections_into_config(&mut problems);
        let Some(mut config) = found else { return Err(ConfigError { problems }) };
        self.resolve_addresses(&mut config.database, &mut problems);
        if config.vault.key_file.is_some() && config.vault.keyring.is_some() {
            problems.push(Problem::Conflict { key: "vault.key_file", other: "vault.keyring" });
        }
        if config.vault.transit_address.is_some() {
            let needed = [
                ("vault.transit_key", config.vault.transit_key.is_some()),
                ("vault.transit_token_file", config.vault.transit_token_file.is_some()),
            ];
            let missing = needed.into_iter().filter(|(_, is_set)| !is_set);
            problems.extend(missing.map(|(key, _)| Problem::Missing { key }));
        }
        if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
    }

    fn sections_into_config(&self, problems: &mut Vec<Problem>) -> Option<Config> {
        let grpc = self.section("grpc", problems);
        let auth = self.section("auth", problems);
        let tls = self.section("tls", problems);
        let database = self.section("database", problems);
        let vault = self.section("vault", problems);
        let audit = self.section("audit", problems);
        let salesforce = self.section("salesforce", problems);
        let hubspot = self.section("hubspot", problems);
        let limits = self.section("limits", problems);
        let worker = self.section("worker", problems);
        let watch = self.section("watch", problems);
        let shutdown = self.section("shutdown", problems);
        let log = self.section("log", problems);
        Some(Config {
            grpc: grpc?,
            auth: auth?,
            tls: tls?,
            database: database?,
            vault: vault?,
            audit: audit?,
            salesforce: salesforce?,
            hubspot: hubspot?,
            limits: limits?,
            worker: worker?,
            watch: watch?,
            shutdown: shutdown?,
            log: log?,
        })
    }

    /// If the section as a whole doesn't fit its type, tries each value alone on top of the defaults: that names
    /// every wrong one.
    fn section<T: DeserializeOwned>(&self, name: &str, problems: &mut Vec<Problem>) -> Option<T> {
        let settings = self.sections.get(name)?;
        let table = |value: &dyn Fn(&str, &Setting) -> Value| -> Table {
            settings.iter().map(|(key, setting)| (key.clone(), value(key, setting))).collect()
        };
        let whole = match table(&|_, setting| setting.value.clone()).try_into() {
            Ok(section) => return Some(section),
            Err(error) => error,
        };
        let before = problems.len();
        for (tried, setting) in settings {
            let alone =
                table(&|key, other| if key == tried { other.value.clone() } else { other.default.clone() });
            if let Err(error) = alone.try_into::<T>() {
                problems.push(value_problem(&format!("{name}.{tried}"), setting, error.message()));
            }
        }
        if problems.len() == before {
            let key = name.to_owned();
            let (reason, default) = (whole.message().to_owned(), "in defaults.toml".to_owned());
            problems.push(Problem::Value { origin: Origin::Default, key, reason, default });
        }
        None
    }

    fn resolve_addresses(&self, database: &mut DatabaseConfig, problems: &mut Vec<Problem>) {
        for (address, file, keys) in [
            (&mut database.url, &database.url_file, ["database.url", "database.url_file"]),
            (
                &mut database.direct_url,
                &database.direct_url_file,
                ["database.direct_url", "database.direct_url_file"],
            ),
        ] {
            let [key, file_key] = keys;
            if let Some(path) = file {
                if address.is_some() {
                    problems.push(Problem::Conflict { key, other: file_key });
                    continue;
                }
                match fs::read_to_string(path) {
                    Ok(text) => *address = Some(SecretString::from(text.trim().to_owned())),
                    Err(error) => problems.push(Problem::unreadable(path, &error)),
                }
            }
            let is_wrong = address.as_ref().is_some_and(|address| !is_postgres_url(address.expose_secret()));
            if let Some(setting) =
                self.setting(if file.is_some() { file_key } else { key }).filter(|_| is_wrong)
            {
                problems.push(value_problem(key, setting, "must be postgres://user:password@host/database"));
            }
        }
    }
}

fn is_postgres_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| ["postgres", "postgresql"].contains(&url.scheme()))
}

fn value_problem(key: &str, setting: &Setting, reason: &str) -> Problem {
    let is_ours = reason.starts_with("must be");
    let reason = if SECRET_KEYS.contains(&key) && !is_ours { "must be a text" } else { reason };
    Problem::Value {
        origin: setting.origin.clone(),
        key: key.to_owned(),
        reason: reason.to_owned(),
        default: setting.default.to_string(),
    }
}

/// The parser's own display quotes the line, which may hold a password.
fn parse(path: &Path, text: &str) -> Result<Table, Problem> {
    text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).map_or(1, |before| before.matches('\n').count() + 1);
        Problem::Syntax { path: path.to_owned(), line, reason: error.message().to_owned() }
    })
}
