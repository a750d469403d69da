//! `initdb`, and the copy of its result that saves running it again.

use std::{
    collections::hash_map::DefaultHasher,
    fs::{self, File},
    hash::{Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process,
};

use super::{Error, Programs, account::Account, folder, settings};

/// Makes `data` (which must not exist) a fresh cluster whose files need not survive a crash.
pub(super) fn copy_fresh_cluster(programs: &Programs, account: &Account, data: &Path) -> Result<(), Error> {
    let Some(cache) = folder::cache_folder(account) else {
        return initdb(programs, account, data, Sync::Skip);
    };
    let template = cached_template(programs, account, &cache)?;
    let copied = account.command("cp").arg("-Rp").arg(&template).arg(data).output();
    let copied = copied.map_err(Error::io("copy the template cluster"))?;
    if copied.status.success() {
        return Ok(());
    }
    Err(Error::Failed { program: "cp", output: String::from_utf8_lossy(&copied.stderr).into_owned() })
}

/// Whether `initdb` waits until its files are on the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    Wait,
    Skip,
}

pub(super) fn initdb(programs: &Programs, account: &Account, data: &Path, sync: Sync) -> Result<(), Error> {
    let mut command = account.command(programs.path("initdb"));
    command.args(settings::INITDB).arg("-D").arg(data);
    if sync == Sync::Skip {
        command.arg("--no-sync");
    }
    let output = command.output().map_err(Error::io("run initdb"))?;
    if output.status.success() {
        return Ok(());
    }
    let output = [output.stdout, output.stderr].concat();
    Err(Error::Failed { program: "initdb", output: String::from_utf8_lossy(&output).into_owned() })
}

fn cached_template(programs: &Programs, account: &Account, cache: &Path) -> Result<PathBuf, Error> {
    let template = cache.join(format!("initdb-{}-{:016x}", programs.major(), key(programs)));
    let lock_path = cache.join("lock");
    let lock = File::create(&lock_path).map_err(Error::io("open the template cache's lock"))?;
    account.own(&lock_path).map_err(Error::io("hand over the template cache's lock"))?;
    lock.lock().map_err(Error::io("lock the template cache"))?;
    if !template.exists() {
        let partial = cache.join(format!("partial-{}", process::id()));
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(Error::io("remove a broken template cluster"))?;
        }
        initdb(programs, account, &partial, Sync::Skip)?;
        fs::rename(&partial, &template).map_err(Error::io("store the template cluster"))?;
    }
    Ok(template)
}

/// Two builds of one version differ in their catalogs' paths, so the folder of the programs counts too.
fn key(programs: &Programs) -> u64 {
    let mut hasher = DefaultHasher::new();
    (programs.version(), programs.folder(), settings::INITDB).hash(&mut hasher);
    hasher.finish()
}
