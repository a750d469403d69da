//! Build tasks: `cargo run -p xtask -- sqlx [--check]`, `cargo run -p xtask -- sbom PATH`.
//!
//! `sqlx` rewrites the committed query cache `.sqlx` from a throw-away database with all migrations; `--check` only
//! says whether it would change. `sbom` writes the bill of materials.

mod sbom;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::SystemTime,
};

use anyhow::{Context as _, Result, bail};
use sqlx::{Connection as _, PgConnection, migrate::Migrator};
use xtask::postgres::{Cluster, Durability, Programs};

const CONNECTOR: &str = "hubspot-salesforce-connector";
const USAGE: &str = "usage: cargo run -p xtask -- sqlx [--check] | sbom PATH";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["sqlx"] => prepare_queries().and_then(|fresh| write_cache(&fresh)),
        ["sqlx", "--check"] => prepare_queries().and_then(|fresh| check_cache(&fresh)),
        ["sbom", path] => sbom::write(&root(), Path::new(path)),
        _ => Err(anyhow::anyhow!(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// File name to content, one per query.
type QueryCache = BTreeMap<String, String>;

/// Compiles the connector against a migrated database and collects what the query macros found out.
fn prepare_queries() -> Result<QueryCache> {
    let programs = Programs::find()?;
    let cluster = Cluster::temporary(&programs, Durability::None)?;
    let url = cluster.url("postgres");
    migrate(&url).context("run the migrations")?;

    let collected = root().join("target").join(format!("sqlx-{}", std::process::id()));
    fs::create_dir_all(&collected)?;
    let checked = check_connector(&url, &collected);
    let fresh = checked.and_then(|()| read_cache(&collected));
    fs::remove_dir_all(&collected)?;
    cluster.stop()?;
    fresh
}

fn migrate(url: &str) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let migrator = Migrator::new(root().join("migrations")).await?;
        let mut connection = PgConnection::connect(url).await?;
        migrator.run(&mut connection).await?;
        connection.close().await?;
        Ok(())
    })
}

fn check_connector(url: &str, collected: &Path) -> Result<()> {
    // The macros only run where the compiler does: make cargo see a change.
    let library = fs::File::options().append(true).open(root().join("src/lib.rs"))?;
    library.set_modified(SystemTime::now())?;

    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        // Cargo sets these for us as its child; build scripts watch some of them and would run again.
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    let status = cargo
        .args(["check", "--quiet", "--package", CONNECTOR, "--lib"])
        .current_dir(root())
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", collected)
        .env("DATABASE_URL", url)
        .status()
        .context("run cargo")?;
    if !status.success() {
        bail!("the connector does not compile against the migrated schema");
    }
    Ok(())
}

fn read_cache(folder: &Path) -> Result<QueryCache> {
    let mut cache = QueryCache::new();
    if !folder.exists() {
        return Ok(cache);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("query-") && name.ends_with(".json") {
            cache.insert(name, fs::read_to_string(path)?);
        }
    }
    Ok(cache)
}

/// Replaces what differs and removes what no query uses any more.
fn write_cache(fresh: &QueryCache) -> Result<()> {
    let folder = root().join(".sqlx");
    let committed = read_cache(&folder)?;
    fs::create_dir_all(&folder)?;
    for (name, content) in fresh {
        if committed.get(name) != Some(content) {
            fs::write(folder.join(name), content)?;
        }
    }
    let stale: Vec<_> = committed.keys().filter(|name| !fresh.contains_key(*name)).collect();
    for name in &stale {
        fs::remove_file(folder.join(name))?;
    }
    println!("{} queries in .sqlx, {} stale removed", fresh.len(), stale.len());
    Ok(())
}

fn check_cache(fresh: &QueryCache) -> Result<()> {
    let committed = read_cache(&root().join(".sqlx"))?;
    let mut differences = Vec::new();
    for (name, content) in fresh {
        match committed.get(name) {
            None => differences.push(format!("{name} is missing")),
            Some(old) if old != content => differences.push(format!("{name} is out of date")),
            Some(_) => {}
        }
    }
    differences.extend(
        committed
            .keys()
            .filter(|name| !fresh.contains_key(*name))
            .map(|name| format!("{name} is of no use any more")),
    );
    if differences.is_empty() {
        println!(".sqlx is fresh: {} queries", fresh.len());
        return Ok(());
    }
    bail!("run `cargo run -p xtask -- sqlx` and commit .sqlx:\n  {}", differences.join("\n  "))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}
