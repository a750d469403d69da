//! The canaries of every kind of credential, looked for in all that a server leaves behind.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::scene::{PLANTED, Scene};

/// Where a canary was looked for, and what is there.
pub struct Place {
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

/// Looks for many secrets at once: for each as it is, in hexadecimal digits, and in base64 wherever it stands in what
/// was encoded.
struct Search {
    /// Whether a form begins with these two bytes.
    begins: Vec<bool>,
    /// Number of the secret, and a form of it.
    forms: Vec<(usize, Vec<u8>)>,
}

fn pair(bytes: &[u8]) -> Option<usize> {
    let [first, second] = bytes.get(..2)? else { return None };
    Some((usize::from(*first) << 8) | usize::from(*second))
}

impl Search {
    fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut search = Self { begins: vec![false; 1 << 16], forms: Vec::new() };
        for (number, secret) in secrets.into_iter().enumerate() {
            search.add(number, secret.as_bytes().to_vec());
            search.add(number, hex::encode(secret).into_bytes());
            for shift in 0..3 {
                let shifted = [vec![b'_'; shift], secret.as_bytes().to_vec()].concat();
                let encoded = STANDARD.encode(shifted);
                // The characters at both ends depend on what stands beside the secret.
                let inner = encoded.get(4..encoded.len().saturating_sub(4)).unwrap_or_default();
                search.add(number, inner.as_bytes().to_vec());
            }
        }
        search
    }

    fn add(&mut self, number: usize, form: Vec<u8>) {
        if let Some(begins) = pair(&form).and_then(|pair| self.begins.get_mut(pair)) {
            *begins = true;
            self.forms.push((number, form));
        }
    }

    /// Numbers of the secrets that are there.
    fn found_in(&self, bytes: &[u8]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for (at, two) in bytes.windows(2).enumerate() {
            if pair(two).and_then(|pair| self.begins.get(pair)) != Some(&true) {
                continue;
            }
            let rest = bytes.get(at..).unwrap_or_default();
            found.extend(
                self.forms.iter().filter(|(_, form)| rest.starts_with(form)).map(|(number, _)| *number),
            );
        }
        found
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    !Search::of([text]).found_in(bytes).is_empty()
}

/// All files below a folder, one after the other.
fn files(folder: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                // A file may go while the server runs.
                bytes.extend(fs::read(entry.path()).unwrap_or_default());
            }
        }
    }
    Ok(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r41_no_secret_of_any_kind_is_left_anywhere() -> Result<()> {
    let mut scene = Scene::start().await?;
    let text = scene.run("text").await?;
    let json = scene.run("json").await?;
    let data = scene.data_folder().await?;
    let wal = files(&data.join("pg_wal"))?;
    let tables = files(&data.join("base"))?;
    let postgres_log = fs::read(scene.folder.join("postgres.log"))?;
    ensure!(contains(&text, "fail point portal.tried"), "a handler panicked, and it was told");
    let places = [
        Place { name: "the log as text", bytes: text },
        Place { name: "the log as JSON", bytes: json },
        Place { name: "answers and error details", bytes: scene.answers.clone().into_bytes() },
        Place { name: "what connectorctl printed", bytes: scene.printed.clone() },
        Place { name: "Postgres' log", bytes: postgres_log },
        Place { name: "the write-ahead log", bytes: wal },
        Place { name: "the tables' files", bytes: tables },
        Place { name: "a dump", bytes: scene.dump()? },
    ];
    let secrets = scene.secrets();
    ensure!(secrets.len() >= 16, "{} secrets", secrets.len());
    let search = Search::of(secrets.iter().map(|(_, secret)| secret.as_str()).chain([PLANTED]));
    for place in &places {
        let mut found = search.found_in(&place.bytes);
        // What is no secret went the same ways, and is found: so would be what is one.
        ensure!(found.remove(&secrets.len()), "{}: the search finds nothing", place.name);
        let found: Vec<_> =
            found.iter().filter_map(|number| secrets.get(*number)).map(|(kind, _)| kind).collect();
        ensure!(found.is_empty(), "in {}: {found:?}", place.name);
    }
    println!("{} secrets in {} places: none", secrets.len(), places.len());
    scene.stop().await
}

#[test]
fn a_secret_is_found_in_each_of_its_forms() {
    let secret = "CANARY-form-77aa41";
    for bytes in [
        format!("x{secret}y"),
        hex::encode(format!("x{secret}y")),
        STANDARD.encode(format!("x{secret}y")),
        STANDARD.encode(format!("xy{secret}")),
        STANDARD.encode(secret),
    ] {
        assert!(contains(bytes.as_bytes(), secret), "{bytes}");
    }
    assert!(!contains(b"CANARY-form-77aa4", secret));
}
