//! Reads `src` as far as the wall needs: no comments, no test code, and the paths that are named.
//!
//! It leans on rustfmt: an item that opens at some column closes there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// One file of the product, without comments and tests.
pub struct Source {
    /// From the package's root.
    pub path: PathBuf,
    /// The first part of the path under `src`.
    pub room: String,
    text: String,
    /// How many `super::` lead to the crate's root.
    depth: usize,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let path = PathBuf::from(path);
        let inside: Vec<String> = path
            .with_extension("")
            .iter()
            .skip(1)
            .map(|part| part.to_string_lossy().into_owned())
            .filter(|part| part != "mod")
            .collect();
        let room = inside.first().cloned().unwrap_or_default();
        Self { room, depth: inside.len(), text: without_tests(&without_comments(text)), path }
    }

    /// The rooms that are named by a path from the crate's root, with their lines.
    pub fn rooms_used(&self) -> Vec<(usize, &str)> {
        let to_root = "super::".repeat(self.depth);
        let mut roots = vec!["crate::", to_root.as_str()];
        if self.room == "bin" {
            // Another crate, which sees the library under its name.
            roots = vec!["connector::"];
        }
        let mut used = Vec::new();
        for root in roots {
            for (at, _) in self.text.match_indices(root) {
                if !is_word_end(self.text.get(..at))
                    || self.text.get(..at).is_some_and(|before| before.ends_with("::"))
                {
                    continue;
                }
                let rest = self.text.get(at + root.len()..).unwrap_or_default();
                used.extend(heads(rest).into_iter().map(|head| (self.line(at), head)));
            }
        }
        used
    }

    /// Where a crate is used: its name begins a path or stands alone in a `use`.
    pub fn lines_with_path(&self, name: &str) -> Vec<usize> {
        self.words(name)
            .filter(|(before, after)| {
                !before.ends_with("::")
                    && (after.starts_with("::") || (after.starts_with(';') && before.ends_with("use ")))
            })
            .map(|(before, _)| self.line(before.len()))
            .collect()
    }

    /// Where a type is named. A variant of the same name is another thing.
    pub fn lines_with_type(&self, name: &str) -> Vec<usize> {
        let is_variant = |before: &str| {
            before.strip_suffix("::").is_some_and(|path| {
                let parent = path.rsplit(|letter| !is_in_word(letter)).next().unwrap_or_default();
                parent.starts_with(char::is_uppercase)
            })
        };
        self.words(name)
            .filter(|(before, _)| !is_variant(before))
            .map(|(before, _)| self.line(before.len()))
            .collect()
    }

    /// Where one of the type's associated functions is called.
    pub fn lines_with_call(&self, of: &str, functions: &[&str]) -> Vec<usize> {
        self.words(of)
            .filter(|(_, after)| after.strip_prefix("::").is_some_and(|call| functions.contains(&word(call))))
            .map(|(before, _)| self.line(before.len()))
            .collect()
    }

    /// What stands before and after each time that the word is written.
    fn words(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.text.match_indices(name).filter_map(|(at, found)| {
            let (before, after) = (self.text.get(..at)?, self.text.get(at + found.len()..)?);
            (is_word_end(Some(before)) && word(after).is_empty()).then_some((before, after))
        })
    }

    fn line(&self, at: usize) -> usize {
        self.text.get(..at).map_or(0, |before| before.lines().count().max(1))
    }
}

/// All files of the product, without those that are tests.
pub fn product() -> Result<Vec<Source>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    let mut tests = BTreeSet::new();
    for path in files(&root.join("src"))? {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("mod" | "lib" | "main") => path.with_file_name(""),
            _ => path.with_extension(""),
        };
        tests.extend(test_modules(&text).into_iter().map(|module| folder.join(module)));
        texts.push((path, text));
    }
    texts
        .into_iter()
        .filter(|(path, _)| {
            !tests.iter().any(|test| path.with_extension("") == *test || path.starts_with(test))
        })
        .filter(|(path, _)| !path.ends_with("src/lib.rs"))
        .map(|(path, text)| {
            let path = path.strip_prefix(root)?;
            Ok(Source::new(&path.to_string_lossy(), &text))
        })
        .collect()
}

/// The number of lines of every file.
pub fn lengths() -> Result<Vec<(PathBuf, usize)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    files(&root.join("src"))?
        .into_iter()
        .map(|path| {
            let lines = fs::read_to_string(&path)?.lines().count();
            Ok((path.strip_prefix(root)?.to_owned(), lines))
        })
        .collect()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The names of modules in files of their own that are compiled for tests only.
fn test_modules(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut for_tests = false;
    for line in text.lines().map(str::trim) {
        let name = line.strip_suffix(';').and_then(|line| Some(line.split_once("mod ")?.1));
        match name {
            Some(name) if for_tests => found.push(name),
            _ => {}
        }
        for_tests = line.starts_with("#[cfg(test)]")
            || line.starts_with("#[cfg(all(test")
            || (for_tests && line.starts_with("#["));
    }
    found
}

/// Blank lines in the place of comments, so that line numbers stay.
fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let code = if line.trim_start().starts_with("//") { "" } else { line };
        code.split_once(" // ").map_or(code, |(code, _)| code)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Blank lines in the place of modules for tests.
fn without_tests(text: &str) -> String {
    let mut kept = Vec::new();
    let mut for_tests = false;
    let mut end: Option<String> = None;
    for line in text.lines() {
        if let Some(closing) = &end {
            if line == closing {
                end = None;
            }
            kept.push("");
            continue;
        }
        let code = line.trim_start();
        if for_tests && code.contains("mod ") && code.ends_with('{') {
            let indent = line.len() - code.len();
            end = Some(format!("{}}}", " ".repeat(indent)));
            kept.push("");
            for_tests = false;
            continue;
        }
        for_tests = code.starts_with("#[cfg(test)]") || (for_tests && code.starts_with("#["));
        kept.push(line);
    }
    kept.join("\n")
}

/// The first names of what follows a path's root: one, or each of a group.
fn heads(rest: &str) -> Vec<&str> {
    let Some(group) = rest.strip_prefix('{') else {
        return Some(word(rest)).filter(|head| !head.is_empty()).into_iter().collect();
    };
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut begins = true;
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            letter if begins && is_in_word(letter) => {
                found.push(word(group.get(at..).unwrap_or_default()));
                begins = false;
            }
            _ => {}
        }
    }
    found
}

fn is_in_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The word that the text begins with; empty for none.
fn word(text: &str) -> &str {
    let end = text.find(|letter| !is_in_word(letter)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn is_word_end(before: Option<&str>) -> bool {
    before.is_some_and(|before| !before.ends_with(is_in_word))
}
