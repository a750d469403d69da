//! The stored forms: what is written as `jsonb` today, as snapshots, and what was written before, as files that must
//! be read without a loss for as long as such rows may exist (docs/adr/0003-stored-form.md).

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use connector::{
    control::{Finished, Started},
    domain::{
        change::Change,
        connection::ConnectAttempt,
        portal::{CredentialInfo, Portal},
        probe::Finding,
        settings::SmartList,
        setup::Setup,
        sync_state::SyncState,
        test_contact::TestContact,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::values;

/// A stored type: its column, one full value with its variants, and how its form is read and written again.
struct Form {
    name: &'static str,
    now: Value,
    again: fn(Value) -> Result<Value>,
}

fn form<T: Serialize + DeserializeOwned>(name: &'static str, values: &T) -> Result<Form> {
    Ok(Form {
        name,
        now: serde_json::to_value(values)?,
        again: |stored| Ok(serde_json::to_value(serde_json::from_value::<T>(stored)?)?),
    })
}

fn forms() -> Result<Vec<Form>> {
    Ok(vec![
        form::<Vec<Setup>>("setups.state", &values::setups())?,
        form::<Vec<ConnectAttempt>>("setups.state.attempt", &values::attempts())?,
        form::<Vec<Portal>>("portals.portal", &values::portals())?,
        form::<Vec<SyncState>>("portals.sync", &values::syncs())?,
        form::<Vec<TestContact>>("test_contacts.state", &values::test_contacts())?,
        form::<Vec<Change>>("portal_events.changes", &values::changes())?,
        form::<Vec<Finding>>("connections.findings", &values::findings())?,
        form::<Vec<CredentialInfo>>("connections.credential", &values::credentials())?,
        form::<Vec<CredentialInfo>>("secrets.info", &values::credentials())?,
        form::<Vec<Started>>("request_records.answer.started", &values::started())?,
        form::<Vec<Finished>>("request_records.answer.finished", &values::finished())?,
        form::<Vec<SmartList>>("request_records.answer.smart_list", &values::smart_lists())?,
        form::<(Vec<Portal>, Vec<Change>, Vec<TestContact>)>(
            "request_records.answer",
            &(values::portals(), values::changes(), values::test_contacts()),
        )?,
    ])
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/database/stored")
}

/// What an old form holds and the new one does not.
fn lost(old: &Value, new: &Value, path: &str, lost_here: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                lost(value, new.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}"), lost_here);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (number, (old, new)) in old.iter().zip(new).enumerate() {
                lost(old, new, &format!("{path}[{number}]"), lost_here);
            }
        }
        _ if old == new => {}
        _ => lost_here.push(path.to_owned()),
    }
}

/// Reads an old form; what is lost on the way.
fn read(form: &Form, old: &Value) -> Result<Vec<String>> {
    let new = (form.again)(old.clone())?;
    let mut lost_here = Vec::new();
    lost(old, &new, form.name, &mut lost_here);
    Ok(lost_here)
}

#[test]
fn the_stored_forms_are_as_they_were() -> Result<()> {
    for form in forms()? {
        let now = serde_json::to_string_pretty(&form.now)?;
        insta::with_settings!({ snapshot_path => folder().join("now"), prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(form.name, now);
        });
    }
    Ok(())
}

/// Each folder holds the forms of one time. They are never changed, only removed, together with a migration that
/// rewrites the rows.
#[test]
fn what_was_stored_before_is_read_without_a_loss() -> Result<()> {
    let forms = forms()?;
    let mut times = 0;
    for entry in fs::read_dir(folder())? {
        let time = entry?.path();
        if time.file_name().is_some_and(|name| name == "now") {
            continue;
        }
        times += 1;
        for form in &forms {
            let file = time.join(format!("{}.json", form.name));
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let lost_here =
                read(form, &serde_json::from_str(&text)?).with_context(|| file.display().to_string())?;
            ensure!(lost_here.is_empty(), "{}: not read any more: {lost_here:?}", file.display());
        }
    }
    ensure!(times > 0, "there are no old forms");
    Ok(())
}

/// The first time has every form: nobody forgot one.
#[test]
fn every_form_is_kept() -> Result<()> {
    for form in forms()? {
        let file = folder().join("1").join(format!("{}.json", form.name));
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let old: Value = serde_json::from_str(&text)?;
        ensure!(read(&form, &old)?.is_empty(), "{}", form.name);
    }
    Ok(())
}

/// A rename that nobody noticed, of a field that must be there and of one that has a default.
#[test]
fn a_planted_rename_is_seen() -> Result<()> {
    let forms = forms()?;
    let form = forms.first().context("no form")?;
    let text = serde_json::to_string(&form.now)?;
    ensure!(read(form, &serde_json::from_str(&text)?)?.is_empty());
    let required: Value = serde_json::from_str(&text.replace("\"created_at\"", "\"begun_at\""))?;
    ensure!(read(form, &required).is_err(), "a required field was renamed, and nobody noticed");
    let optional: Value = serde_json::from_str(&text.replace("\"import_decision\"", "\"decision\""))?;
    ensure!(!read(form, &optional)?.is_empty(), "an answer was renamed, and nobody noticed");
    let variant: Value = serde_json::from_str(&text.replace("\"enterprise\"", "\"business\""))?;
    ensure!(read(form, &variant).is_err(), "a variant was renamed, and nobody noticed");
    Ok(())
}
