//! Which language somebody reads, as their client or terminal says it.

/// A language that the texts exist in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English; also for everybody whose language is not known.
    #[default]
    En,
    /// Japanese.
    Ja,
}

/// A quality value in thousandths, so that it can be compared exactly.
type Quality = u16;

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Ja];

    /// Its ISO 639-1 code: "en" or "ja".
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }

    /// The best language for an `accept-language` value, by RFC 9110: the highest quality wins, then the earlier
    /// entry; `*` stands for every language that is not named; quality 0 excludes. Entries that cannot be read are
    /// left out, and where nothing fits it is English.
    #[must_use]
    pub fn from_accept_language(value: &str) -> Self {
        /// Nobody lists more; a longer list is an attack.
        const MAX_ENTRIES: usize = 64;
        let entries: Vec<(&str, Quality)> =
            value.split(',').take(MAX_ENTRIES).filter_map(parse_entry).collect();
        let mut best: Option<(Self, Quality)> = None;
        for (tag, quality) in &entries {
            let language = match primary(tag) {
                Some(language) => language,
                None if *tag == "*" => match Self::ALL.into_iter().find(|l| !names(&entries, *l)) {
                    Some(unnamed) => unnamed,
                    None => continue,
                },
                None => continue,
            };
            if *quality > best.map_or(0, |(_, q)| q) {
                best = Some((language, *quality));
            }
        }
        best.map_or(Self::default(), |(language, _)| language)
    }

    /// The language of a terminal, from `LANG`, `LC_ALL` or the operating system: `ja_JP.UTF-8`, `ja-JP`, `C`.
    /// Everything that is not Japanese reads English.
    #[must_use]
    pub fn from_locale(value: &str) -> Self {
        primary(value.trim()).unwrap_or_default()
    }
}

/// Whether an entry speaks of this very language.
fn names(entries: &[(&str, Quality)], language: Language) -> bool {
    entries.iter().any(|(tag, _)| primary(tag) == Some(language))
}

/// The language of a tag like `ja`, `ja-JP` or `ja_JP.UTF-8`.
fn primary(tag: &str) -> Option<Language> {
    let subtag = tag.split(['-', '_', '.', '@', ':']).next().unwrap_or_default();
    Language::ALL.into_iter().find(|language| subtag.eq_ignore_ascii_case(language.code()))
}

/// One entry, `ja-JP;q=0.8`, or nothing when it is not one.
fn parse_entry(entry: &str) -> Option<(&str, Quality)> {
    let mut parts = entry.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let quality = match parts.next() {
        None => 1000,
        Some(weight) => parse_quality(weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?)?,
    };
    parts.next().is_none().then_some((tag, quality))
}

/// `0`, `0.5`, `1.000`: at most three decimals, at most 1.
fn parse_quality(text: &str) -> Option<Quality> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: Quality = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, En, Ja};

    #[test]
    fn accept_language_is_read_as_rfc_9110_says() {
        let cases = [
            ("ja", Ja),
            ("JA", Ja),
            ("ja-JP", Ja),
            ("ja-Jpan-JP", Ja),
            ("en", En),
            ("en-GB,ja;q=0.9", En),
            ("en;q=0.5,ja;q=0.6", Ja),
            ("en;q=0.5, ja;q=0.501", Ja),
            ("ja;q=0.5,en;q=0.5", Ja),
            ("en;q=0.5,ja;q=0.5", En),
            ("fr,de;q=0.9,ja;q=0.1", Ja),
            ("fr-CH, fr;q=0.9", En),
            ("*", En),
            ("fr, *;q=0.5", En),
            ("en;q=0, *", Ja),
            ("en;q=0.2, *;q=0.8", Ja),
            ("ja;q=0, *", En),
            ("ja;q=0", En),
            ("ja;q=0.000", En),
            ("en;q=0", En),
            ("en;q=0,ja;q=0,*", En),
            ("ja ; q=0.7 , en ; q=0.3", Ja),
            ("ja;Q=0.7,en;q=0.3", Ja),
        ];
        for (value, expected) in cases {
            assert_eq!(Language::from_accept_language(value), expected, "{value:?}");
        }
    }

    #[test]
    fn garbage_is_english_and_spoils_only_its_own_entry() {
        let garbage = [
            "",
            " ",
            ",",
            ",,,;;;",
            ";q=1",
            "q=1",
            "jap",
            "j",
            "ja;q",
            "ja;q=",
            "ja;q=2",
            "ja;q=-1",
            "ja;q=NaN",
            "ja;q=0.1234",
            "ja;q=1.5",
            "ja;q=.5",
            "ja;q=1;x=y",
            "ja;level=1",
            "日本語",
            "\u{0}",
            "ja\u{0}",
        ];
        for value in garbage {
            assert_eq!(Language::from_accept_language(value), En, "{value:?}");
        }
        assert_eq!(Language::from_accept_language("en;q=high,ja;q=0.1"), Ja);
        assert_eq!(Language::from_accept_language(&"x,".repeat(100_000)), En);
        assert_eq!(Language::from_accept_language(&format!("{}ja", "x,".repeat(64))), En);
    }

    #[test]
    fn a_terminal_says_its_language() {
        let japanese =
            ["ja", "ja_JP", "ja_JP.UTF-8", "ja_JP.eucJP", "ja-JP", "JA_jp", "ja.UTF-8", "ja@x", " ja:en "];
        for value in japanese {
            assert_eq!(Language::from_locale(value), Ja, "{value:?}");
        }
        for value in ["", "C", "C.UTF-8", "POSIX", "en_US.UTF-8", "de_DE", "java", "jam_JM", "en:ja", "_ja"] {
            assert_eq!(Language::from_locale(value), En, "{value:?}");
        }
    }
}
