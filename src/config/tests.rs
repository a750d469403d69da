//! The layers, and the messages of each kind of mistake.

#![expect(clippy::unwrap_used, reason = "test")]

use std::{env, fs, path::PathBuf, time::Duration};

use secrecy::ExposeSecret as _;

use super::*;

/// A file that is removed with this value.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = env::temp_dir().join(format!("connector-config-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn with_environment(environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(&Sources { environment: pairs(environment), ..Sources::default() })
}

fn message(result: Result<Config, ConfigError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn the_defaults_alone_are_a_configuration() {
    let config = Config::load(&Sources::default()).unwrap();
    assert_eq!(config.grpc.listen.to_string(), "127.0.0.1:50051");
    assert_eq!(config.grpc.max_message_bytes.get(), 1024 * 1024);
    assert_eq!(config.grpc.unary_deadline, Duration::from_secs(10));
    assert_eq!(config.watch.retention, Duration::from_secs(24 * 3600));
    assert_eq!(config.limits.api_call_policy, ApiCallPolicy::Of2026);
    assert_eq!(config.log.format, LogFormat::Text);
    assert!(config.database.url.is_none());
}

#[test]
fn every_default_is_documented() {
    let lines: Vec<&str> = DEFAULTS.lines().collect();
    for pair in lines.windows(2) {
        if let [before, line] = pair
            && line.contains(" = ")
            && !line.starts_with('#')
        {
            assert!(before.starts_with("# "), "{line} has no comment above it");
        }
    }
}

#[test]
fn later_layers_win() {
    let file =
        File::new("layers.toml", "[grpc]\nmax_streams = 1\nheartbeat = \"1s\"\nlisten = \"[::1]:1\"\n");
    let sources = Sources {
        file: Some(&file.0),
        environment: pairs(&[("CONNECTOR_GRPC__MAX_STREAMS", "2"), ("CONNECTOR_GRPC__HEARTBEAT", "2s")]),
        overrides: pairs(&[("grpc.heartbeat", "3s")]),
    };
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.grpc.listen.to_string(), "[::1]:1");
    assert_eq!(config.grpc.max_streams.get(), 2);
    assert_eq!(config.grpc.heartbeat, Duration::from_secs(3));
    assert_eq!(config.grpc.stream_max_age, Duration::from_secs(600));

    let printed = Layers::read(&sources).unwrap().print();
    for (line, origin) in [
        ("listen = \"[::1]:1\"", "layers.toml"),
        ("max_streams = 2", "environment variable CONNECTOR_GRPC__MAX_STREAMS"),
        ("heartbeat = \"3s\"", "flag"),
        ("stream_max_age = \"10m\"", "default"),
    ] {
        let found = printed.lines().find(|printed| printed.starts_with(line));
        assert!(found.is_some_and(|found| found.ends_with(origin)), "{line}: {found:?}");
    }
}

#[test]
fn the_environment_knows_numbers_lists_and_database_url() {
    let config = with_environment(&[
        ("DATABASE_URL", "postgres://a@b/c"),
        ("CONNECTOR_SALESFORCE__EXTRA_ALLOWED_HOSTS", "http://127.0.0.1:1, http://127.0.0.1:2"),
        ("CONNECTOR_LIMITS__API_CALL_POLICY", "2016"),
        ("CONNECTOR_GRPC__MAX_STREAMS", "1_000"),
        ("CONNECTOR_GRPC__HEARTBEAT", ""),
        ("CONNECTOR_CONFIG", "elsewhere"),
        ("CONNECTOR_FAILPOINTS", "x=exit"),
    ])
    .unwrap();
    assert_eq!(config.database.url.unwrap().expose_secret(), "postgres://a@b/c");
    assert_eq!(config.salesforce.extra_allowed_hosts.len(), 2);
    assert_eq!(config.limits.api_call_policy, ApiCallPolicy::Of2016);
    assert_eq!(config.grpc.max_streams.get(), 1000);

    let both = [("DATABASE_URL", "postgres://a@b/c"), ("CONNECTOR_DATABASE__URL", "postgres://a@b/d")];
    assert_eq!(with_environment(&both).unwrap().database.url.unwrap().expose_secret(), "postgres://a@b/d");
}

#[test]
fn each_mistake_names_where_it_is_and_what_is_allowed() {
    let file = File::new(
        "mistakes.toml",
        "[grpc]\nmax_streams = \"many\"\nheartbeat = \"10 parsec\"\n[log]\nformat = \"xml\"\n\
         [worker]\nconcurrency = 0\npoll_interval = \"0s\"\n",
    );
    let message = message(Config::load(&Sources { file: Some(&file.0), ..Sources::default() }));
    let path = file.0.display();
    for expected in [
        format!("{path}: grpc.max_streams: invalid type: string \"many\""),
        format!("{path}: grpc.heartbeat: invalid value: string \"10 parsec\""),
        format!("{path}: log.format: unknown variant `xml`, expected `text` or `json`"),
        format!("{path}: worker.concurrency: invalid value: integer `0`"),
        format!("{path}: worker.poll_interval: must be longer than zero"),
    ] {
        assert!(message.contains(&expected), "{expected}\nis not in\n{message}");
    }
    assert_eq!(message.lines().count(), 6, "{message}");
}

#[test]
fn unknown_names_are_mistakes_in_every_layer() {
    let file = File::new("unknown.toml", "stray = 1\n[grpc]\nlistn = \"x\"\n[gprc]\nlisten = \"x\"\n");
    let sources = Sources {
        file: Some(&file.0),
        environment: pairs(&[("CONNECTOR_GRPC__LISTN", "x"), ("CONNECTOR_GRPC_LISTEN", "x")]),
        overrides: pairs(&[("listen", "x")]),
    };
    let message = message(Config::load(&sources));
    for expected in [
        "unknown.toml: there is no setting grpc.listn; there are grpc.",
        "unknown.toml: there is no setting gprc; there are [audit], [auth], [database], [grpc]",
        "unknown.toml: there is no setting stray",
        "environment variable CONNECTOR_GRPC__LISTN: there is no setting grpc.listn",
        "CONNECTOR_GRPC_LISTEN: two underscores follow the section: CONNECTOR_GRPC__LISTEN",
        "flag: there is no setting listen",
    ] {
        assert!(message.contains(expected), "{expected}\nis not in\n{message}");
    }
}

#[test]
fn secrets_come_from_files_and_are_never_quoted() {
    let canary = "CANARY-7f3a";
    let url = format!("postgres://app:{canary}@db/connector?sslpassword={canary}");
    let url_file = File::new("url", &format!("{url}\n"));
    let path = url_file.0.display().to_string();
    let config = with_environment(&[("CONNECTOR_DATABASE__URL_FILE", &path)]).unwrap();
    assert_eq!(config.database.required_url().unwrap().expose_secret(), url);
    assert!(!format!("{config:?}").contains(canary));

    let sources = Sources {
        environment: pairs(&[("DATABASE_URL", &url), ("CONNECTOR_VAULT__KEYRING", canary)]),
        ..Sources::default()
    };
    let printed = Layers::read(&sources).unwrap().print();
    assert!(
        printed.contains("postgres://app:***@db/connector?***") && !printed.contains(canary),
        "{printed}"
    );

    let broken = File::new("broken.toml", &format!("[database]\nurl = \"{canary}\n"));
    let wrong_type = File::new("wrong.toml", &format!("[vault]\nkeyring = [\"{canary}\"]\n"));
    for result in [
        with_environment(&[("DATABASE_URL", canary)]),
        with_environment(&[("DATABASE_URL", &url), ("CONNECTOR_DATABASE__URL_FILE", &path)]),
        Config::load(&Sources { file: Some(&broken.0), ..Sources::default() }),
        Config::load(&Sources { file: Some(&wrong_type.0), ..Sources::default() }),
    ] {
        let message = message(result);
        assert!(!message.contains(canary), "{message}");
    }
}

#[test]
fn files_that_are_missing_or_broken_are_named() {
    let missing = Config::load(&Sources { file: Some(Path::new("/nonexistent.toml")), ..Sources::default() });
    assert!(message(missing).contains("/nonexistent.toml: No such file"));
    let broken = File::new("syntax.toml", "[grpc]\nlisten = \n");
    let broken = Config::load(&Sources { file: Some(&broken.0), ..Sources::default() });
    assert!(message(broken).contains("syntax.toml, line 2: "));

    let missing_url = Config::load(&Sources::default()).unwrap();
    let message = missing_url.database.required_url().unwrap_err().to_string();
    assert!(message.contains("CONNECTOR_DATABASE__URL"), "{message}");
}

#[test]
fn keys_in_vault_need_a_key_and_a_token() {
    let address = ("CONNECTOR_VAULT__TRANSIT_ADDRESS", "https://vault.internal:8200");
    let message = message(with_environment(&[address]));
    for missing in ["vault.transit_key is not set", "vault.transit_token_file is not set"] {
        assert!(message.contains(missing), "{message}");
    }
    let config = with_environment(&[
        address,
        ("CONNECTOR_VAULT__TRANSIT_KEY", "connector"),
        ("CONNECTOR_VAULT__TRANSIT_TOKEN_FILE", "/run/secrets/vault-token"),
        ("CONNECTOR_VAULT__TRANSIT_CACHE", "0s"),
    ])
    .unwrap();
    assert_eq!(config.vault.transit_mount, "transit");
    assert_eq!(config.vault.transit_cache, Duration::ZERO);
    for (variable, value, expected) in [
        ("CONNECTOR_VAULT__TRANSIT_ADDRESS", "vault:8200/v1", "must be the address of a host"),
        ("CONNECTOR_VAULT__REFRESH_INTERVAL", "6s", "must be at most 5s"),
        ("CONNECTOR_VAULT__REWRAP_BATCH", "10001", "must be 1 to 10,000"),
    ] {
        let message = super::tests::message(with_environment(&[(variable, value)]));
        assert!(message.contains(expected), "{message}");
    }
}
