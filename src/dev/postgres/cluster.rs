//! A running private server.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    process::{self, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    Durability, Error, Programs,
    account::Account,
    folder,
    keeper::{Keeper, Stop},
    settings,
    template::{self, Sync},
};

/// How long a predecessor's server gets to finish its last checkpoint.
const PREDECESSOR_LIMIT: Duration = Duration::from_secs(10);

/// A private PostgreSQL server on a Unix socket. It ends with this value, and with this process however that ends.
///
/// All methods block; call the constructors outside an async task.
#[derive(Debug)]
pub struct Cluster {
    keeper: Keeper,
    sockets: PathBuf,
    /// Held for as long as the data folder is ours.
    _lock: Option<File>,
}

/// Where a cluster's files lie.
struct Place {
    data: PathBuf,
    log: PathBuf,
    /// Held while a data folder that stays is ours.
    lock: Option<File>,
}

impl Cluster {
    /// Starts a cluster that leaves nothing behind. Takes about 0.1 s; the first time on a machine a second.
    ///
    /// # Errors
    /// See [`Error`]; a server that doesn't start carries the end of its log.
    pub fn temporary(programs: &Programs, durability: Durability) -> Result<Self, Error> {
        let account = Account::for_server()?;
        let run_folder = folder::new_run_folder(&account, durability)?;
        let started = Self::temporary_in(programs, &account, &run_folder, durability);
        if started.is_err() {
            // The keeper removes it too, if it got as far as starting one.
            let _ = fs::remove_dir_all(&run_folder);
        }
        started
    }

    fn temporary_in(
        programs: &Programs,
        account: &Account,
        run_folder: &Path,
        durability: Durability,
    ) -> Result<Self, Error> {
        let data = run_folder.join("data");
        template::copy_fresh_cluster(programs, account, &data)?;
        let place = Place { data, log: run_folder.join("postgres.log"), lock: None };
        Self::start(programs, account, run_folder, durability, place)
    }

    /// Starts a cluster whose data stays in `folder` (made if missing), with full durability. Only one process at a
    /// time can have it; the server's log is `postgres.log` in it.
    ///
    /// # Errors
    /// [`Error::InUse`], [`Error::OtherVersion`], [`Error::Unreachable`] for what can be wrong with the folder.
    pub fn lasting(programs: &Programs, folder: &Path) -> Result<Self, Error> {
        let account = Account::for_server()?;
        fs::create_dir_all(folder).map_err(Error::io(format!("make {}", folder.display())))?;
        let folder = fs::canonicalize(folder).map_err(Error::io(format!("find {}", folder.display())))?;
        let lock = lock(&folder)?;
        let data = folder.join(format!("data-{}", programs.major()));
        if data.exists() {
            wait_for_predecessor(&folder, &data, &account)?;
        } else {
            refuse_other_version(&folder, programs)?;
            new_lasting_data(programs, &account, &folder, &data)?;
        }
        if !account.can_write(&data) {
            return Err(Error::Unreachable { folder: data, account: account.name().to_owned() });
        }
        let run_folder = folder::new_run_folder(&account, Durability::None)?;
        let place = Place { data, log: folder.join("postgres.log"), lock: Some(lock) };
        Self::start(programs, &account, &run_folder, Durability::Full, place)
    }

    fn start(
        programs: &Programs,
        account: &Account,
        run_folder: &Path,
        durability: Durability,
        place: Place,
    ) -> Result<Self, Error> {
        let log = OpenOptions::new().create(true).append(true).read(true).open(&place.log);
        let log = log.map_err(Error::io(format!("open {}", place.log.display())))?;
        let stop = if place.lock.is_some() { Stop::Fast } else { Stop::Immediate };
        let arguments = settings::arguments(&place.data, run_folder, durability);
        let server = programs.path("postgres");
        let mut keeper = Keeper::start(account, &server, &arguments, stop, run_folder, log)?;
        keeper.wait_until_ready(&place.data)?;
        Ok(Self { keeper, sockets: run_folder.to_owned(), _lock: place.lock })
    }

    /// The address of a database of this cluster, for sqlx and for `psql`. `postgres` is always there.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        settings::url(&self.sockets, database)
    }

    /// The folder of the server's socket, deleted when the cluster ends.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        &self.sockets
    }

    /// Stops the server and waits for its end, as dropping does, and says how it went.
    ///
    /// # Errors
    /// [`Error::Failed`] if it is still there after 30 s.
    pub fn stop(mut self) -> Result<(), Error> {
        self.keeper.stop()
    }
}

fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(Error::io(format!("open {}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { folder: folder.to_owned(), pid: None }),
        Err(TryLockError::Error(error)) => Err(Error::io(format!("lock {}", path.display()))(error)),
    }
}

/// A process that was killed lets go of the lock before its keeper has stopped the server.
fn wait_for_predecessor(folder: &Path, data: &Path, account: &Account) -> Result<(), Error> {
    let deadline = Instant::now() + PREDECESSOR_LIMIT;
    loop {
        let pid_file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        let Some(pid) = pid_file.lines().next().and_then(|line| line.trim().parse().ok()) else {
            return Ok(());
        };
        if !is_postgres(account, pid) {
            // Left behind by a crash: the server itself knows how to go on.
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Error::InUse { folder: folder.to_owned(), pid: Some(pid) });
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn is_postgres(account: &Account, pid: u32) -> bool {
    let mut command = account.command("ps");
    let output = command.args(["-o", "comm=", "-p", &pid.to_string()]).stderr(Stdio::null()).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"))
}

fn refuse_other_version(folder: &Path, programs: &Programs) -> Result<(), Error> {
    let entries = fs::read_dir(folder).map_err(Error::io(format!("list {}", folder.display())))?;
    for entry in entries {
        let name = entry.map_err(Error::io(format!("list {}", folder.display())))?.file_name();
        let written_by = name.to_str().and_then(|name| name.strip_prefix("data-"));
        if let Some(written_by) = written_by.filter(|version| version.parse::<u16>().is_ok()) {
            return Err(Error::OtherVersion {
                folder: folder.to_owned(),
                written_by: written_by.to_owned(),
                installed: programs.major(),
            });
        }
    }
    Ok(())
}

fn new_lasting_data(programs: &Programs, account: &Account, folder: &Path, data: &Path) -> Result<(), Error> {
    let partial = folder.join(format!("partial-{}", process::id()));
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(Error::io("remove a broken data folder"))?;
    }
    folder::new_private_folder(&partial, account)
        .map_err(Error::io(format!("make {}", partial.display())))?;
    if !account.can_write(&partial) {
        let _ = fs::remove_dir(&partial);
        return Err(Error::Unreachable { folder: folder.to_owned(), account: account.name().to_owned() });
    }
    template::initdb(programs, account, &partial, Sync::Wait)?;
    fs::rename(&partial, data).map_err(Error::io("store the new data folder"))
}
