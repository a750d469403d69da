//! The bill of materials: every crate that is compiled into the binaries, as CycloneDX 1.5.
//!
//! Written from what cargo itself resolves; a tool for it would take longer to build than all of this.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

const CONNECTOR: &str = "hubspot-salesforce-connector";
/// A list without these is not the connector's.
const MAIN_CRATES: [&str; 6] = ["tonic", "prost", "sqlx", "tokio", "rustls", "aws-lc-rs"];

/// Writes the bill to a file, reads it back and looks for the main crates.
pub fn write(root: &Path, path: &Path) -> Result<()> {
    let metadata = metadata(root)?;
    let bill = bill(&metadata, &checksums(root)?)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, format!("{bill:#}\n")).with_context(|| format!("write {}", path.display()))?;
    let components = check(path)?;
    println!("{}: {components} components", path.display());
    Ok(())
}

fn check(path: &Path) -> Result<usize> {
    let bill: Value = serde_json::from_str(&fs::read_to_string(path)?).context("read the bill back")?;
    let components = array(&bill, "components")?;
    let names: BTreeSet<&str> =
        components.iter().filter_map(|component| text(component, "name").ok()).collect();
    for name in MAIN_CRATES {
        ensure!(names.contains(name), "{name} is not among the components");
    }
    Ok(components.len())
}

fn metadata(root: &Path) -> Result<Value> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu"])
        .current_dir(root)
        .output()
        .context("run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("read cargo's metadata")
}

/// Name and version to the SHA-256 of the package that was downloaded, from `Cargo.lock`.
fn checksums(root: &Path) -> Result<BTreeMap<(String, String), String>> {
    let lock = fs::read_to_string(root.join("Cargo.lock"))?;
    let mut sums = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let prefix = format!("{name} = \"");
            package.lines().find_map(|line| line.strip_prefix(&prefix)?.strip_suffix('"').map(str::to_owned))
        };
        if let (Some(name), Some(version), Some(sum)) = (field("name"), field("version"), field("checksum")) {
            sums.insert((name, version), sum);
        }
    }
    Ok(sums)
}

fn bill(metadata: &Value, sums: &BTreeMap<(String, String), String>) -> Result<Value> {
    let packages: BTreeMap<&str, &Value> = array(metadata, "packages")?
        .iter()
        .map(|package| Ok((text(package, "id")?, package)))
        .collect::<Result<_>>()?;
    let nodes: BTreeMap<&str, &Value> = array(metadata.get("resolve").context("no resolve")?, "nodes")?
        .iter()
        .map(|node| Ok((text(node, "id")?, node)))
        .collect::<Result<_>>()?;
    let root = packages
        .values()
        .find(|package| text(package, "name").is_ok_and(|name| name == CONNECTOR))
        .context("the connector is not among the packages")?;
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![text(root, "id")?];
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let package = packages.get(id).with_context(|| format!("no package {id}"))?;
        let used = used(nodes.get(id).with_context(|| format!("no node {id}"))?)?;
        let mut refs = Vec::new();
        for other in &used {
            refs.push(purl(packages.get(other).with_context(|| format!("no package {other}"))?)?);
        }
        refs.sort_unstable();
        dependencies.push(json!({ "ref": purl(package)?, "dependsOn": refs }));
        if seen.len() > 1 {
            components.push(component(package, "library", sums)?);
        }
        waiting.extend(used);
    }
    let by = |field: &'static str| {
        move |value: &Value| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    components.sort_by_key(by("bom-ref"));
    dependencies.sort_by_key(by("ref"));
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component(root, "application", sums)? },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// What a package is compiled with; what only its tests use is no part of it.
fn used(node: &Value) -> Result<Vec<&str>> {
    let mut used = Vec::new();
    for dependency in array(node, "deps")? {
        let kinds = array(dependency, "dep_kinds")?;
        if kinds.iter().any(|kind| kind.get("kind").and_then(Value::as_str) != Some("dev")) {
            used.push(text(dependency, "pkg")?);
        }
    }
    Ok(used)
}

fn component(package: &Value, kind: &str, sums: &BTreeMap<(String, String), String>) -> Result<Value> {
    let (name, version) = (text(package, "name")?, text(package, "version")?);
    let mut component = json!({
        "type": kind,
        "bom-ref": purl(package)?,
        "name": name,
        "version": version,
        "purl": purl(package)?,
    });
    let fields = component.as_object_mut().context("an object")?;
    // cargo-deny sees to those that say none here. A slash is the old way to write "or".
    if let Some(license) = package.get("license").and_then(Value::as_str) {
        let expression = license.replace('/', " OR ");
        fields.insert("licenses".to_owned(), json!([{ "expression": expression }]));
    }
    if let Some(sum) = sums.get(&(name.to_owned(), version.to_owned())) {
        fields.insert("hashes".to_owned(), json!([{ "alg": "SHA-256", "content": sum }]));
    }
    Ok(component)
}

fn purl(package: &Value) -> Result<String> {
    Ok(format!("pkg:cargo/{}@{}", text(package, "name")?, text(package, "version")?))
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value.get(field).and_then(Value::as_str).with_context(|| format!("no {field}"))
}

fn array<'a>(value: &'a Value, field: &str) -> Result<&'a Vec<Value>> {
    value.get(field).and_then(Value::as_array).with_context(|| format!("no {field}"))
}
