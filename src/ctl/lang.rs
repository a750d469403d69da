//! The language that the tool speaks.

use clap::ValueEnum;

use crate::locale::Language;

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

    /// The language as the texts know it.
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

    /// The one of two texts that is in this language. Both stand side by side where they are used, so that neither
    /// is forgotten.
    pub fn pick<'a>(self, en: &'a str, ja: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Ja => ja,
        }
    }
}
