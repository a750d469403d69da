//! The command line holds together, its examples work, and no secret has a place on it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test")]

use clap::{Command as Clap, CommandFactory as _};

use super::*;

/// Every command without subcommands, with the names that lead to it.
fn leaves(command: &Clap, path: &str, found: &mut Vec<(String, Clap)>) {
    if command.get_subcommands().next().is_none() {
        found.push((path.to_owned(), command.clone()));
    }
    for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
        leaves(child, &format!("{path} {}", child.get_name()), found);
    }
}

fn all_leaves() -> Vec<(String, Clap)> {
    let mut found = Vec::new();
    leaves(&Cli::command(), "connectorctl", &mut found);
    found
}

/// The lines of a help text that show how to call the program, put together where they are broken.
fn examples(help: &str) -> Vec<String> {
    let joined = help.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    lines.filter(|line| line.starts_with("connectorctl ")).map(str::to_owned).collect()
}

/// An example as a shell takes it apart, up to a pipe, a redirection or the explanation behind it.
fn words(example: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in example.split("   ").next().unwrap_or_default().chars().chain([' ']) {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            other => word.push(other),
        }
    }
    words.into_iter().take_while(|word| !matches!(word.as_str(), "|" | ">" | "<")).collect()
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_examples_and_every_example_parses() {
    let root = Cli::command();
    let mut texts: Vec<(String, String)> = all_leaves()
        .iter()
        .map(|(path, leaf)| (path.clone(), leaf.get_after_help().unwrap().to_string()))
        .collect();
    let setup = root.find_subcommand("setup").unwrap();
    for command in [&root, setup] {
        texts.push((command.get_name().to_owned(), command.get_after_help().unwrap().to_string()));
    }
    for (path, text) in texts {
        let examples = examples(&text);
        assert!(!examples.is_empty(), "{path} has no example");
        for example in examples {
            let words = words(&example);
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{path}: {words:?}: {error}");
            }
        }
    }
}

#[test]
fn every_rpc_has_a_command() {
    let commands: Vec<String> = all_leaves().into_iter().map(|(path, _)| path).collect();
    let expected = [
        "portals register",
        "portals get",
        "portals list",
        "portals update-credential",
        "setup wizard",
        "setup start",
        "setup get",
        "setup list",
        "setup describe",
        "setup watch",
        "setup abandon",
        "setup prerequisites",
        "setup edition",
        "setup admin-access",
        "setup environment",
        "setup seats",
        "setup api-limit",
        "setup package",
        "setup token",
        "setup visualforce",
        "setup objects",
        "setup activities",
        "setup inclusion",
        "setup review",
        "setup enable",
        "setup finish",
        "connect",
        "connections get",
        "connections list",
        "connections check",
        "connections rotate",
        "connections disconnect",
        "connections watch",
        "orgs get",
        "orgs list",
        "orgs portals",
        "orgs budget",
        "orgs allocate",
        "setup handoff create",
        "setup handoff list",
        "setup handoff revoke",
        "handoff",
        "keys list",
        "keys rotate",
        "keys watch",
        "keys retire",
        "lists list",
        "lists create",
        "lists set",
        "lists clear",
        "test-contact create",
        "test-contact get",
        "test-contact list",
        "test-contact cancel",
        "test-contact delete",
        "test-contact watch",
        "status get",
        "status watch",
        "status pause",
        "status resume",
        "status settings",
        "audit list",
        "audit verify",
        "watch",
        "health",
        "completion",
        "version",
    ];
    for name in expected {
        assert!(commands.contains(&format!("connectorctl {name}")), "{name}");
    }
    assert_eq!(commands.len(), expected.len(), "{commands:?}");
}

#[test]
fn no_option_takes_a_secret_in_plain() {
    let harmless = ["token", "page-token", "resume-token"];
    for (path, leaf) in all_leaves() {
        for option in leaf.get_arguments().filter_map(clap::Arg::get_long) {
            let is_secret =
                ["token", "secret", "password", "private-key"].iter().any(|word| option.contains(word));
            let is_source = option.ends_with("-file") || option.ends_with("-stdin");
            assert!(!is_secret || is_source || harmless.contains(&option), "{path} --{option}");
        }
    }
}

#[test]
fn a_token_given_on_the_command_line_is_not_printed() {
    let cli = Cli::try_parse_from(["connectorctl", "--token", "canary-7f3a", "health"]).unwrap();
    assert!(!format!("{cli:?}").contains("canary-7f3a"));
    let refused = Cli::try_parse_from(["connectorctl", "--token", "canary-7f3a", "nonsense"]).unwrap_err();
    assert!(!refused.to_string().contains("canary-7f3a"));
}

#[test]
fn the_portal_can_stand_on_both_sides_of_the_step() {
    for args in
        [["connectorctl", "setup", "--portal", "7", "get"], ["connectorctl", "setup", "get", "--portal", "7"]]
    {
        let Command::Setup(setup) = Cli::try_parse_from(args).unwrap().command else { panic!("{args:?}") };
        assert_eq!(setup.target.portal, Some(7));
        assert!(matches!(setup.command, Some(SetupCommand::Get)));
    }
    let Command::Setup(setup) =
        Cli::try_parse_from(["connectorctl", "setup", "--portal", "7"]).unwrap().command
    else {
        panic!("not a setup");
    };
    assert!(setup.command.is_none());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused: &[&[&str]] = &[
        &["portals", "get", "0"],
        &["portals", "get", "-5"],
        &["portals", "get", "acme"],
        &["setup", "get", "--portal", "1", "--setup", "x"],
        &["setup", "objects", "--accounts", "yes"],
        &["setup", "objects", "--accounts", "maybe", "--opportunities", "no"],
        &["setup", "inclusion"],
        &["setup", "inclusion", "--list", "1", "--no-list"],
        &["setup", "inclusion", "--list", "1", "--lowest-stage", "lead"],
        &["status", "settings", "1"],
        &["orgs", "allocate", "00D"],
        &["orgs", "allocate", "00D", "62515"],
        &["orgs", "allocate", "00D", "0=1"],
        &["connect", "--method", "telepathy"],
        &["connect", "--password-stdin", "--password-file", "x"],
        &["health", "--timeout", "0"],
        &["health", "--timeout", "9h"],
        &["health", "--request-id", "1"],
    ];
    for args in refused {
        let all = std::iter::once("connectorctl").chain(args.iter().copied());
        assert!(Cli::try_parse_from(all).is_err(), "{args:?}");
    }
}

#[test]
fn durations_and_shares_are_read_as_written() {
    let durations = [("10", 10_000), ("10s", 10_000), ("250ms", 250), ("2m", 120_000)];
    for (text, milliseconds) in durations {
        assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
    }
    let share: Share = "62515=40,000".parse().unwrap();
    assert_eq!(share, Share { portal: 62_515, calls: 40_000 });
}

#[test]
fn completion_is_made_for_every_shell() {
    use clap::ValueEnum as _;
    for shell in clap_complete::Shell::value_variants() {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut Cli::command(), "connectorctl", &mut script);
        assert!(String::from_utf8(script).unwrap().contains("test-contact"), "{shell}");
    }
}
