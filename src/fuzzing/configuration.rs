//! The configuration: a file's text, and the environment on top of it.

use crate::config::{ConfigError, Layers};

const WHOLE: &str = include_str!("../../fuzz/seeds/configuration/whole.toml");
/// A password that is in no message and no listing.
const CANARY: &str = "CANARY-7c1d-secret";

/// A file's text up to the first NUL; behind it lines of `VARIABLE=value`.
///
/// # Panics
/// When a password is told.
pub fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // These name files that would be read.
    if text.contains("url_file") || text.contains("URL_FILE") {
        return;
    }
    let (file, variables) = text.split_once('\0').unwrap_or((text, ""));
    let mut environment: Vec<(String, String)> = variables
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    environment.push(("CONNECTOR_DATABASE__URL".to_owned(), format!("postgres://app:{CANARY}@db/connector")));
    let layers = match Layers::of_document(file, &environment) {
        Ok(layers) => layers,
        Err(error) => return told(&error),
    };
    let shown = layers.print();
    assert!(!shown.contains(CANARY), "{shown}");
    match layers.config() {
        Ok(config) => {
            let _ = format!("{config:?}");
        }
        Err(error) => told(&error),
    }
}

fn told(error: &ConfigError) {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.contains(CANARY), "{text}");
}

/// Files and variables with some of everything.
pub fn seeds() -> Vec<Vec<u8>> {
    let with_variables = format!(
        "{WHOLE}\0CONNECTOR_GRPC__LISTEN=127.0.0.1:1\nCONNECTOR_GRPC_LISTEN=x\nDATABASE_URL=postgres://x\n\
        CONNECTOR_AUTH__ALGORITHMS=EdDSA, RS256\nCONNECTOR_GRPC__MAX_CONNECTIONS=1_000\nCONNECTOR_NO__SUCH=1"
    );
    let mut seeds = vec![WHOLE.as_bytes().to_vec(), crate::config::DEFAULTS.as_bytes().to_vec()];
    seeds.push(with_variables.into_bytes());
    // Each section alone gets further than a file with a mistake in the first one.
    for section in WHOLE.split("\n\n") {
        seeds.push(section.as_bytes().to_vec());
    }
    seeds
}
