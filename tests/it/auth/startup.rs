//! Servers that would be open, or closed to everybody, don't start and say what to do; and the way of a small
//! installation to its tokens, by the commands themselves.

use std::process::{Output, Stdio};

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::HubSpotSubscription,
    app::{self, SecurityError, StartError},
    config::{CertificateConfig, Config, Portals, Required, Sources},
    dev,
    domain::access::{PortalGrant, Scope},
    lifecycle::Lifecycle,
};
use tokio::process::Command;

use super::authority::{Authority, Folder, text};
use crate::harness::{
    World,
    walk::{Clients, Walk},
};

fn defaults() -> Result<Config> {
    Ok(Config::load(&Sources { file: None, environment: Vec::new(), overrides: Vec::new() })?)
}

async fn refusal(adjust: impl FnOnce(&mut Config)) -> Result<SecurityError> {
    let mut config = defaults()?;
    adjust(&mut config);
    match app::start(&config, &Lifecycle::new()).await {
        Err(StartError::Security(error)) => Ok(error),
        Err(other) => anyhow::bail!("another error: {other}"),
        Ok(_) => anyhow::bail!("it started"),
    }
}

const KEY: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

#[tokio::test]
async fn a_server_that_would_be_open_does_not_start() -> Result<()> {
    let folder = Folder::new()?;
    let authority = Authority::new()?;
    folder.serve(&authority.server()?)?;
    folder.write("private.json", r#"{"kty":"OKP","d":"x"}"#)?;
    folder.write("empty.json", r#"{"keys":[]}"#)?;
    folder.write("rsa-only.json", r#"{"keys":[{"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB"}]}"#)?;
    folder.write("open.key", &authority.server()?.key)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(folder.path("open.key"), std::fs::Permissions::from_mode(0o644))?;
    }
    let rule = |san: &str, scope: &str| CertificateConfig {
        san: san.to_owned(),
        principal: None,
        scopes: vec![scope.to_owned()],
        portals: Portals::default(),
    };
    type Adjust<'a> = Box<dyn FnOnce(&mut Config) + 'a>;
    let cases: Vec<(&str, Adjust<'_>)> = vec![
        ("set auth.jwks_file or auth.jwks_url", Box::new(|_| ())),
        ("grpc.allow_plaintext", Box::new(|config| config.grpc.listen = ([0, 0, 0, 0], 0).into())),
        (
            "grpc.allow_plaintext",
            Box::new(|config| {
                config.auth.jwks = Some(KEY.to_owned());
                config.grpc.listen = ([192, 0, 2, 1], 0).into();
            }),
        ),
        (
            "give one",
            Box::new(|config| {
                config.auth.jwks = Some(KEY.to_owned());
                config.auth.jwks_file = Some(folder.path("empty.json"));
            }),
        ),
        (
            "must not be empty",
            Box::new(|config| {
                config.auth.jwks = Some(KEY.to_owned());
                config.auth.issuer = String::new();
            }),
        ),
        (
            "must not be empty",
            Box::new(|config| {
                config.auth.jwks = Some(KEY.to_owned());
                config.auth.algorithms = Vec::new();
            }),
        ),
        ("No such file", Box::new(|config| config.auth.jwks_file = Some(folder.path("missing.json")))),
        ("not a JWKS", Box::new(|config| config.auth.jwks_file = Some(folder.path("private.json")))),
        ("no key of the JWKS", Box::new(|config| config.auth.jwks_file = Some(folder.path("empty.json")))),
        ("no key of the JWKS", Box::new(|config| config.auth.jwks_file = Some(folder.path("rsa-only.json")))),
        (
            "auth.require",
            Box::new(|config| {
                config.auth.jwks = Some(KEY.to_owned());
                config.auth.require = Required::Both;
            }),
        ),
        (
            "tls.client_ca_file",
            Box::new(|config| config.auth.certificates = vec![rule("a.example", "setup")]),
        ),
        (
            "there is no scope \"root\"",
            Box::new(|config| config.auth.certificates = vec![rule("a.example", "root")]),
        ),
        (
            "number 2: san \"*.example\"",
            Box::new(|config| {
                config.auth.certificates = vec![rule("a.example", "setup"), rule("*.example", "setup")];
            }),
        ),
        ("belong together", Box::new(|config| config.tls.cert_file = Some(folder.path("server.pem")))),
        (
            "no certificate in PEM",
            Box::new(|config| {
                folder.configure(config);
                config.tls.cert_file = Some(folder.path("empty.json"));
            }),
        ),
        (
            "others can get at it",
            Box::new(|config| {
                folder.configure(config);
                config.tls.key_file = Some(folder.path("open.key"));
            }),
        ),
    ];
    for (expected, adjust) in cases {
        let said = refusal(adjust).await.context(expected)?.to_string();
        ensure!(said.contains(expected), "{expected} is not in: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn plain_text_on_a_network_is_served_where_it_is_allowed() -> Result<()> {
    let world = World::start_with(|config| {
        config.grpc.listen = ([0, 0, 0, 0], 0).into();
        config.grpc.allow_plaintext = true;
    })
    .await?;
    ensure!(world.url(0).starts_with("http://0.0.0.0:"));
    Ok(())
}

async fn run(program: &str, args: &[&str], environment: &[(&str, &str)]) -> Result<Output> {
    Ok(Command::new(program)
        .args(args)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .await?)
}

const DAEMON: &str = env!("CARGO_BIN_EXE_connectord");
const TOOL: &str = env!("CARGO_BIN_EXE_connectorctl");

#[tokio::test]
async fn serve_without_authentication_says_what_to_set() -> Result<()> {
    let environment = [("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")];
    let ended = run(DAEMON, &["serve"], &environment).await?;
    let said = String::from_utf8(ended.stderr)?;
    ensure!(!ended.status.success() && said.contains("auth.jwks_file"), "{said}");
    ensure!(said.contains("connectord new-token-key"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_small_installation_makes_its_own_tokens() -> Result<()> {
    let folder = Folder::new()?;
    let (key, jwks, token) = (folder.path("key.json"), folder.path("jwks.json"), folder.path("token"));
    let (key, jwks, token) = (text(&key)?, text(&jwks)?, text(&token)?);
    let made = run(DAEMON, &["new-token-key", key, "--jwks", jwks], &[]).await?;
    ensure!(made.status.success(), "{made:?}");
    let again = run(DAEMON, &["new-token-key", key, "--jwks", jwks], &[]).await?;
    ensure!(!again.status.success(), "a key was overwritten");

    let world = World::start_with(|config| {
        config.auth.jwks = None;
        config.auth.jwks_file = Some(jwks.into());
    })
    .await?;
    let common = ["issue-token", "--key", key, "--subject", "alice", "--out", token];
    let rights = ["--all-scopes", "--all-portals", "--expires-in", "1h"];
    let issued = run(DAEMON, &[&common[..], &rights[..]].concat(), &[]).await?;
    ensure!(issued.status.success() && issued.stdout.is_empty(), "{issued:?}");
    let bytes = std::fs::read_to_string(token)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        ensure!(std::fs::metadata(token)?.permissions().mode() & 0o777 == 0o600);
    }

    let list = ["portals", "list", "--endpoint", world.url(0)];
    let known = run(TOOL, &[&list[..], &["--token-file", token]].concat(), &[]).await?;
    ensure!(known.status.success(), "{known:?}");
    let known = run(TOOL, &list, &[("CONNECTOR_TOKEN", &bytes)]).await?;
    ensure!(known.status.success(), "{known:?}");
    let none: &[(&str, &str)] = &[];
    for environment in [none, &[("CONNECTOR_TOKEN", "not-a-token-7f3a")]] {
        let unknown = run(TOOL, &list, environment).await?;
        let said = String::from_utf8(unknown.stderr)?;
        ensure!(unknown.status.code() == Some(7), "{said}");
        ensure!(said.contains("not signed in") && said.contains("--token-file"), "{said}");
        ensure!(!said.contains("7f3a"), "{said}");
    }
    for (args, expected) in [
        (vec!["--scope", "setup", "--portal", "1", "--expires-in", "91d"], "90 days"),
        (vec!["--scope", "root", "--portal", "1"], "status.read"),
        (vec!["--scope", "setup", "--portal", "0"], "hub id"),
        (vec!["--scope", "setup"], "--portal"),
        (vec!["--portal", "1"], "--scope"),
    ] {
        let refused = run(DAEMON, &[&common[..], &args[..]].concat(), &[]).await?;
        let said = String::from_utf8(refused.stderr)?;
        ensure!(!refused.status.success() && said.contains(expected), "{args:?}: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn what_a_caller_did_carries_its_name() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let token = world.token_of("alice", Scope::ALL, PortalGrant::All)?;
    let clients = Clients::over(dev::connect(world.url(0), &token).await?);
    let setup = Walk { clients, ..walk }.acknowledge(HubSpotSubscription::Professional).await?;
    ensure!(setup.steps.iter().any(|step| step.answered_by == "alice"), "{setup:?}");
    Ok(())
}
