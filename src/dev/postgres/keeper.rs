//! The process that outlives us just long enough to clean up.

use std::{
    ffi::OsStr,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Error, account::Account};

/// The keeper starts the server itself, so that there is no moment at which our death would leave one without the
/// other. `read` comes back when the last end of the pipe that we hold is closed. A server that ends by itself
/// ends the keeper too, which is how a failed start is noticed.
const SCRIPT: &str = r#"
signal=$1; remove=$2; shift 2
trap '' HUP INT TERM
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
( read -r _ <&3; kill -s "$signal" "$server" ) >/dev/null 2>&1 &
waiter=$!
exec 3<&-
wait "$server"
status=$?
kill -9 "$waiter" 2>/dev/null
rm -rf -- "$remove"
exit "$status"
"#;

/// A stop by `QUIT` ends within the server's own 5 s; a fast stop writes a last checkpoint.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Recovery after a killed machine may have to replay up to a `max_wal_size` of log.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How the server is told to end.
#[derive(Clone, Copy)]
pub(super) enum Stop {
    /// At once, without care for the data.
    Immediate,
    /// Sessions are cut, the data is written.
    Fast,
}

/// A server and the process that watches over it. Dropping it stops both and deletes the run folder.
#[derive(Debug)]
pub(super) struct Keeper {
    process: Child,
    log: File,
}

impl Keeper {
    pub(super) fn start(
        account: &Account,
        server: &Path,
        arguments: &[String],
        stop: Stop,
        run_folder: &Path,
        log: File,
    ) -> Result<Self, Error> {
        let signal = match stop {
            Stop::Immediate => "QUIT",
            Stop::Fast => "INT",
        };
        let output = log.try_clone().map_err(Error::io("share the server's log"))?;
        let errors = log.try_clone().map_err(Error::io("share the server's log"))?;
        let process = account
            .command("/bin/sh")
            .args(["-c", SCRIPT, "connector-postgres-keeper", signal])
            .arg(run_folder)
            .arg(AsRef::<OsStr>::as_ref(server))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            // Ctrl-C in a terminal goes to the whole group; it is for us only.
            .process_group(0)
            .spawn()
            .map_err(Error::io("start the keeper of the server"))?;
        Ok(Self { process, log })
    }

    /// Waits until the server accepts connections. It says so itself in the eighth line of `postmaster.pid`;
    /// asking for it over the socket instead would need the protocol.
    pub(super) fn wait_until_ready(&mut self, data: &Path) -> Result<(), Error> {
        let deadline = Instant::now() + START_LIMIT;
        let pid_file = data.join("postmaster.pid");
        loop {
            let ended = self.process.try_wait().map_err(Error::io("look after the server"))?;
            if ended.is_some() || Instant::now() >= deadline {
                return Err(Error::Failed { program: "postgres", output: self.end_of_log() });
            }
            let pid_lines = std::fs::read_to_string(&pid_file).unwrap_or_default();
            if pid_lines.lines().nth(7).is_some_and(|state| state.trim() == "ready") {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Stops the server and waits until its folder is gone.
    pub(super) fn stop(&mut self) -> Result<(), Error> {
        drop(self.process.stdin.take());
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline {
            if self.process.try_wait().map_err(Error::io("wait for the server's end"))?.is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Err(Error::Failed { program: "postgres", output: format!("it did not stop\n{}", self.end_of_log()) })
    }

    fn end_of_log(&mut self) -> String {
        const KEPT: u64 = 4096;
        let mut end = Vec::new();
        let length = self.log.metadata().map_or(0, |metadata| metadata.len());
        let read = self
            .log
            .seek(SeekFrom::Start(length.saturating_sub(KEPT)))
            .and_then(|_| self.log.read_to_end(&mut end));
        match read {
            Ok(_) => String::from_utf8_lossy(&end).into_owned(),
            Err(error) => format!("its log can't be read: {error}"),
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; the keeper goes on by itself.
        let _ = self.stop();
    }
}
