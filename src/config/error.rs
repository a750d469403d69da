//! What can be wrong with a configuration, in the words that its writer needs.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The layer that a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `defaults.toml`.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// This environment variable.
    Environment(String),
    /// A flag.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Environment(name) => write!(out, "environment variable {name}"),
            Self::Flag => out.write_str("flag"),
        }
    }
}

/// One mistake. No variant carries a secret's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The file, or a file that it names, can't be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        reason: String,
    },
    /// The file is not TOML.
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where, counted from 1.
        line: usize,
        /// What the parser says, without the text itself.
        reason: String,
    },
    /// No such setting.
    Unknown {
        /// Who named it.
        origin: Origin,
        /// What was named.
        key: String,
        /// What could have been meant.
        known: Vec<String>,
    },
    /// A variable of the prefix with one underscore where two belong.
    SingleUnderscore {
        /// The variable.
        variable: String,
        /// The one that was meant.
        meant: String,
    },
    /// A value that the setting does not take.
    Value {
        /// Who gave it.
        origin: Origin,
        /// The setting.
        key: String,
        /// What it takes.
        reason: String,
        /// The default, as an example of the form.
        default: String,
    },
    /// Two settings that exclude each other.
    Conflict {
        /// One.
        key: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A setting that this command needs.
    Missing {
        /// The setting.
        key: &'static str,
    },
}

impl Problem {
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), reason: error.to_string() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, reason } => write!(out, "{}: {reason}", path.display()),
            Self::Syntax { path, line, reason } => write!(out, "{}, line {line}: {reason}", path.display()),
            Self::Unknown { origin, key, known } => {
                write!(out, "{origin}: there is no setting {key}; there are {}", known.join(", "))
            }
            Self::SingleUnderscore { variable, meant } => {
                write!(out, "environment variable {variable}: two underscores follow the section: {meant}")
            }
            Self::Value { origin, key, reason, default } => {
                write!(out, "{origin}: {key}: {reason} (the default is {default})")
            }
            Self::Conflict { key, other } => write!(out, "{key} and {other} are both set; give one"),
            Self::Missing { key } => {
                let variable = key.to_uppercase().replace('.', "__");
                write!(
                    out,
                    "{key} is not set; give it in the file, as CONNECTOR_{variable} or with --set {key}=…"
                )
            }
        }
    }
}

/// The configuration can't be used. Its message has a line for each mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the configuration can't be used")?;
        for problem in &self.problems {
            write!(out, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
