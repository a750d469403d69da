//! The launcher against the programs of this machine.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test")]

use std::{
    env,
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Cluster, Durability, Error, Programs, account::Account, folder, keeper::Keeper, keeper::Stop};

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "still waiting until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn server_pid(sockets: &Path) -> String {
    let pid_file = fs::read_to_string(sockets.join("data/postmaster.pid")).unwrap();
    pid_file.lines().next().unwrap().to_owned()
}

fn lives(pid: &str) -> bool {
    Command::new("ps").args(["-p", pid]).stdout(Stdio::null()).status().unwrap().success()
}

/// Asks for TLS, the shortest question of the protocol; a server on a Unix socket says no.
fn answers(sockets: &Path) -> bool {
    let Ok(mut stream) = UnixStream::connect(sockets.join(".s.PGSQL.5432")) else { return false };
    let mut answer = [0];
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).unwrap();
    stream.read_exact(&mut answer).unwrap();
    answer == *b"N"
}

#[test]
fn a_temporary_cluster_answers_and_leaves_nothing() {
    let programs = Programs::find().unwrap();
    let cluster = Cluster::temporary(&programs, Durability::None).unwrap();
    let sockets = cluster.socket_folder().to_owned();
    let pid = server_pid(&sockets);
    assert!(answers(&sockets));
    assert!(lives(&pid));

    cluster.stop().unwrap();
    assert!(!sockets.exists());
    assert!(!lives(&pid));
}

#[test]
fn two_clusters_do_not_meet() {
    let programs = Programs::find().unwrap();
    let first = Cluster::temporary(&programs, Durability::None).unwrap();
    let second = Cluster::temporary(&programs, Durability::Full).unwrap();
    assert_ne!(first.url("x"), second.url("x"));
    drop(first);
    assert!(answers(second.socket_folder()));
}

#[test]
#[ignore = "the process that the next test kills"]
fn parent_to_be_killed() {
    let cluster = Cluster::temporary(&Programs::find().unwrap(), Durability::None).unwrap();
    println!("\nsockets={}", cluster.socket_folder().display());
    loop {
        thread::park();
    }
}

#[test]
fn a_killed_parent_leaves_no_process_and_no_folder() {
    let name = format!("{}::parent_to_be_killed", module_path!().split_once("::").unwrap().1);
    let mut parent = Command::new(env::current_exe().unwrap())
        .args(["--exact", &name, "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let sockets = BufReader::new(parent.stdout.take().unwrap())
        .lines()
        .find_map(|line| line.unwrap().strip_prefix("sockets=").map(PathBuf::from))
        .unwrap();
    let pid = server_pid(&sockets);
    assert!(lives(&pid));

    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_until("the server is gone", || !lives(&pid));
    wait_until("its folder is gone", || !sockets.exists());
}

#[test]
fn a_server_that_will_not_start_says_why_and_leaves_nothing() {
    let account = Account::for_server().unwrap();
    let run_folder = folder::new_run_folder(&account, Durability::None).unwrap();
    let log = File::options().create(true).append(true).read(true).open(run_folder.join("log")).unwrap();
    let postgres = Programs::find().unwrap().path("postgres");
    let arguments = ["-D".to_owned(), "/nonexistent".to_owned()];
    let mut keeper =
        Keeper::start(&account, &postgres, &arguments, Stop::Immediate, &run_folder, log).unwrap();
    let error = keeper.wait_until_ready(Path::new("/nonexistent")).unwrap_err();
    assert!(error.to_string().contains("/nonexistent"), "{error}");
    assert!(!run_folder.exists());
}

#[test]
fn lasting_data_has_one_user_and_one_version() {
    let programs = Programs::find().unwrap();
    let folder = env::temp_dir().join(format!("connector-lasting-{}", std::process::id()));
    let first = Cluster::lasting(&programs, &folder).unwrap();
    let second = Cluster::lasting(&programs, &folder);
    assert!(matches!(second, Err(Error::InUse { .. })), "{second:?}");
    assert!(answers(first.socket_folder()));
    first.stop().unwrap();
    let log = fs::read_to_string(folder.join("postgres.log")).unwrap();
    assert!(log.contains("database system is shut down"), "{log}");

    let data = folder.join(format!("data-{}", programs.major()));
    fs::rename(&data, folder.join("data-7")).unwrap();
    let newer = Cluster::lasting(&programs, &folder);
    let Err(Error::OtherVersion { written_by, .. }) = newer else { panic!("{newer:?}") };
    assert_eq!(written_by, "7");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_folder_without_a_server_is_refused_with_the_reason() {
    assert_eq!(Programs::in_folder(Path::new("/nonexistent")), Err("no initdb".to_owned()));
}

#[test]
#[ignore = "downloads 24 MB with npm"]
fn downloaded_programs_make_a_cluster() {
    let Ok(folder) = super::download::programs() else { panic!("no download on this machine") };
    let programs = Programs::in_folder(&folder).unwrap();
    assert_eq!(programs.major(), 17);
    let cluster = Cluster::temporary(&programs, Durability::None).unwrap();
    assert!(answers(cluster.socket_folder()));
}
