//! The texts of this room and their use.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "test")]

use std::{collections::BTreeSet, fs, path::Path};

/// The sources of this room without its tests.
fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = ["tests.rs", "fake.rs", "lang.rs"].iter().any(|name| path.ends_with(name));
        match path.extension() {
            None => sources(&path, found),
            Some(extension) if extension == "rs" && !is_test => {
                found.push_str(&fs::read_to_string(&path).unwrap());
            }
            Some(_) => {}
        }
    }
}

/// A missing text would show its key to a user; one that nobody asks for would be translated for nothing.
#[test]
fn every_text_of_the_tool_exists_and_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut source = String::new();
    sources(&root.join("ctl"), &mut source);
    let texts = fs::read_to_string(root.join("locale/en/ctl.ftl")).unwrap();
    let known: BTreeSet<&str> =
        texts.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect();
    let asked: BTreeSet<&str> = source
        .split("\"ctl-")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|key| !key.contains('{'))
        .collect();
    for key in asked {
        assert!(known.contains(format!("ctl-{key}").as_str()), "ctl-{key} does not exist");
    }
    for key in known {
        let is_named = source.contains(&format!("\"{key}\""));
        let part = key.trim_start_matches("ctl-header-").trim_start_matches("ctl-hint-");
        let variant: String = part.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let is_part = part != key
            && (source.contains(&format!("\"{part}\"")) || source.contains(&format!("R::{variant}")));
        assert!(is_named || is_part, "{key} is not used");
    }
}
