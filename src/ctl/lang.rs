//! The language that the tool speaks.

use clap::ValueEnum;

use crate::locale::{self, Language};

/// `--lang`. The texts of the server follow it by `accept-language`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// Japanese
    Ja,
}

impl Lang {
    /// Japanese where the system's locale is, English everywhere else.
    pub fn of_system() -> Self {
        match Language::from_locale(&sys_locale::get_locale().unwrap_or_default()) {
            Language::En => Self::En,
            Language::Ja => Self::Ja,
        }
    }

    /// The language as `locale` knows it.
    pub fn language(self) -> Language {
        match self {
            Self::En => Language::En,
            Self::Ja => Language::Ja,
        }
    }

    /// The tag for `accept-language`.
    pub fn tag(self) -> &'static str {
        self.language().code()
    }

    /// A text of the tool by its key, `ctl-…`.
    pub fn text(self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A text of the tool that speaks of something.
    pub fn with(self, key: &str, args: &[(&str, &str)]) -> String {
        locale::text(self.language(), key, args)
    }
}

#[cfg(test)]
mod tests;
