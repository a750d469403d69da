//! The wall between the rooms of `src`: which may use which, read from the source.
//!
//! A single package has no compiler wall. These tables are the wall; the tests below compare the source with them.

mod source;

use std::path::Path;

use anyhow::Result;

use source::Source;

/// Each room with those it may use. A row only names rows above it, so that no arrow can run back.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("failpoint", &[]),
    ("locale", &[]),
    ("api", &[]),
    ("private_file", &[]),
    // The trail's mathematics, for whoever checks it: the servers and the admin tool.
    ("audit", &["private_file"]),
    // Stands alone: it plays the vendors, and must not share the connector's view of them.
    ("simulator", &[]),
    ("vault", &[]),
    ("config", &[]),
    ("telemetry", &["config"]),
    ("lifecycle", &[]),
    ("outbound", &["failpoint"]),
    // Keys in HashiCorp Vault: one implementation of the vault's interface for holders of keys.
    ("transit", &["vault", "outbound"]),
    ("ready_file", &["private_file"]),
    // Tokens, for those who have no identity provider; the server itself only verifies.
    ("issuer", &["domain", "private_file"]),
    ("store", &["domain", "audit", "failpoint"]),
    // Both vendors' clients share the outbound transport.
    ("salesforce", &["outbound"]),
    ("hubspot", &["outbound"]),
    ("watch", &["store", "domain"]),
    ("control", &["store", "salesforce", "hubspot", "vault", "domain", "audit", "failpoint"]),
    // Credentials are parsed right into the clients' own types, so that no other copy of a secret is made.
    // An issuer's keys are fetched over the outbound transport, as everything is.
    (
        "grpc",
        &[
            "control",
            "watch",
            "store",
            "salesforce",
            "hubspot",
            "outbound",
            "domain",
            "audit",
            "locale",
            "api",
            "private_file",
        ],
    ),
    ("ctl", &["api", "locale", "audit"]),
    (
        "app",
        &[
            "grpc",
            "control",
            "watch",
            "store",
            "salesforce",
            "hubspot",
            "vault",
            "transit",
            "domain",
            "audit",
            "config",
            "lifecycle",
            "telemetry",
        ],
    ),
    (
        "dev",
        &[
            "app",
            "api",
            "audit",
            "simulator",
            "config",
            "lifecycle",
            "store",
            "vault",
            "telemetry",
            "failpoint",
            "ctl",
            "ready_file",
            "domain",
            "issuer",
        ],
    ),
    (
        "daemon",
        &[
            "dev",
            "app",
            "audit",
            "config",
            "lifecycle",
            "store",
            "telemetry",
            "vault",
            "salesforce",
            "hubspot",
            "ready_file",
            "private_file",
            "domain",
            "issuer",
        ],
    ),
    // What reads bytes from outside.
    (
        "fuzzing",
        &["grpc", "watch", "salesforce", "hubspot", "outbound", "vault", "domain", "audit", "config"],
    ),
    ("bin", &["daemon", "ctl"]),
];

enum Where {
    /// In these rooms and nowhere else.
    Only(&'static [&'static str]),
    /// Everywhere but in these rooms.
    Except(&'static [&'static str]),
    /// In this file, and in the room of the clients.
    FileOrClient(&'static str, &'static str),
}

/// Where a crate may be used.
const CRATES: &[(&str, Where)] = &[
    ("sqlx", Where::Only(&["store"])),
    ("reqwest", Where::Only(&["outbound", "salesforce", "hubspot", "transit"])),
    ("tokio", Where::Except(&["domain", "audit", "vault", "locale", "api"])),
    ("tonic", Where::Only(&["api", "grpc", "ctl", "dev"])),
    ("tonic_types", Where::Only(&["grpc", "ctl"])),
    ("prost", Where::Only(&["api", "grpc", "ctl"])),
    ("prost_types", Where::Only(&["api", "grpc", "ctl"])),
    ("axum", Where::Only(&["simulator", "grpc"])),
];

/// Where a name of our own may be written.
const NAMES: &[(&str, Where)] = &[
    // A handler asks a use case; it neither reads nor changes anything by itself.
    ("Store", Where::Except(&["grpc", "ctl", "domain"])),
    ("PortalTx", Where::Only(&["store", "control"])),
];

/// The only file of the server that makes a `tonic::Status`: elsewhere they are passed on. The admin tool makes its
/// own for what it could not send or did not hear.
const STATUS: Where = Where::FileOrClient("src/grpc/status.rs", "ctl");

/// Every associated function of `tonic::Status` that makes one.
const STATUS_CONSTRUCTORS: &[&str] = &[
    "new",
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
    "from_error",
    "try_from_error",
    "with_details",
    "with_metadata",
    "with_details_and_metadata",
    "with_error_details",
    "with_error_details_vec",
];

/// Lines of a file, with its tests.
const MAX_LINES: usize = 450;

impl Where {
    fn admits(&self, source: &Source) -> bool {
        match self {
            Self::Only(rooms) => rooms.contains(&source.room.as_str()),
            Self::Except(rooms) => !rooms.contains(&source.room.as_str()),
            Self::FileOrClient(path, room) => source.path == Path::new(path) || source.room == *room,
        }
    }
}

/// What a file does that the tables do not allow, each with its line.
fn trespasses(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut report = |line: usize, what: String| {
        found.push(format!("{}:{line}: {what}", source.path.display()));
    };
    match ROOMS.iter().find(|(room, _)| *room == source.room) {
        None => report(1, format!("the room {} is not in the table", source.room)),
        Some((room, may_use)) => {
            for (line, used) in source.rooms_used() {
                if used != *room && !may_use.contains(&used) {
                    report(line, format!("{room} may not use {used}"));
                }
            }
        }
    }
    for (name, allowed) in CRATES {
        if !allowed.admits(source) {
            for line in source.lines_with_path(name) {
                report(line, format!("{} may not use the crate {name}", source.room));
            }
        }
    }
    for (name, allowed) in NAMES {
        if !allowed.admits(source) {
            for line in source.lines_with_type(name) {
                report(line, format!("{} may not name {name}", source.room));
            }
        }
    }
    if !STATUS.admits(source) {
        for line in source.lines_with_call("Status", STATUS_CONSTRUCTORS) {
            report(line, "a status is made in src/grpc/status.rs only".to_owned());
        }
    }
    found
}

#[test]
fn no_arrow_runs_back() -> Result<()> {
    let sources = source::product()?;
    assert!(sources.len() > 100, "the source was not found");
    let found: Vec<String> = sources.iter().flat_map(trespasses).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    Ok(())
}

#[test]
fn the_table_has_every_room_once_and_only_points_up() -> Result<()> {
    for (row, (room, may_use)) in ROOMS.iter().enumerate() {
        let above: Vec<&str> = ROOMS.iter().take(row).map(|(room, _)| *room).collect();
        assert!(!above.contains(room), "{room} is there twice");
        for used in *may_use {
            assert!(above.contains(used), "{room} -> {used} runs back");
        }
    }
    let sources = source::product()?;
    for (room, _) in ROOMS {
        assert!(sources.iter().any(|source| source.room == *room), "there is no room {room} any more");
    }
    Ok(())
}

#[test]
fn files_stay_short() -> Result<()> {
    for (path, lines) in source::lengths()? {
        assert!(lines <= MAX_LINES, "{} has {lines} lines: it has two subjects", path.display());
    }
    Ok(())
}

#[test]
fn a_planted_line_is_found() {
    let planted = [
        ("src/store/orgs.rs", "use crate::control::Control;", "store may not use control"),
        (
            "src/store/orgs.rs",
            "use crate::{\n    domain::OrgId,\n    watch::{Watches, Item},\n};",
            "store may not use watch",
        ),
        ("src/control/orgs.rs", "let x = crate::grpc::names();", "control may not use grpc"),
        ("src/control/orgs.rs", "use super::super::watch::Watches;", "control may not use watch"),
        ("src/watch/mod.rs", "use super::control::Control;", "watch may not use control"),
        ("src/simulator/clock.rs", "use crate::domain::PortalId;", "simulator may not use domain"),
        ("src/ctl/json.rs", "use crate::store;", "ctl may not use store"),
        ("src/domain/ids.rs", "tokio::time::sleep(a).await;", "domain may not use the crate tokio"),
        ("src/domain/ids.rs", "#[derive(sqlx::Type)]", "domain may not use the crate sqlx"),
        ("src/control/orgs.rs", "sqlx::query!(\"select 1\")", "control may not use the crate sqlx"),
        ("src/control/orgs.rs", "use sqlx;", "control may not use the crate sqlx"),
        ("src/grpc/call.rs", "fn read(store: &Store) {}", "grpc may not name Store"),
        ("src/grpc/call.rs", "fn read(store: &store::Store) {}", "grpc may not name Store"),
        ("src/grpc/call.rs", "Err(Status::internal(\"no\"))", "a status is made in"),
        ("src/grpc/call.rs", "Err(tonic::Status::with_error_details(code, a, b))", "a status is made in"),
        ("src/bin/connectord.rs", "use connector::store::Store;", "bin may not use store"),
        ("src/attic/old.rs", "", "the room attic is not in the table"),
    ];
    for (path, text, expected) in planted {
        let found = trespasses(&Source::new(path, text));
        assert!(found.iter().any(|line| line.contains(expected)), "{path}: {text}: {found:?}");
    }
}

#[test]
fn what_is_allowed_is_not_reported() {
    let allowed = [
        ("src/store/orgs.rs", "use crate::domain::OrgId;\nuse super::Store;\nsqlx::query!(\"select\");"),
        ("src/store/orgs.rs", "// As crate::control does.\n/// See [`crate::grpc::status`].\nfn f() {}"),
        ("src/store/orgs.rs", "pub(crate) fn f() {}\nlet storey = 1;"),
        ("src/grpc/status.rs", "Status::new(code, text)"),
        ("src/ctl/client.rs", "Status::unavailable(\"no answer\")"),
        ("src/grpc/call.rs", "ControlError::Store(error) => error.into()"),
        ("src/grpc/call.rs", "Status::from_header_map(&map); SetupStatus::new(); StatusTime::new();"),
        ("src/domain/ids.rs", "/// sqlx::Type would be wrong here.\nlet tokio_like = crate::domain::x;"),
        ("src/hubspot/client.rs", "#[cfg(test)]\nmod tests {\n    use crate::simulator::start;\n}"),
    ];
    for (path, text) in allowed {
        assert_eq!(trespasses(&Source::new(path, text)), Vec::<String>::new(), "{path}: {text}");
    }
}
