//! pgbench with prepared scripts that touch the same rows as the RPCs do: what the database can do without us.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

use crate::{
    bed::{Bed, Database},
    fill,
};

/// A script.
#[derive(Clone, Copy, Debug)]
pub enum Script {
    /// The rows that `GetSetup` answers from: setup, portal, and what the org's other portals hold.
    GetSetup,
    /// The rows of `GetConnection`: connection, org, and the setup's attempt.
    GetConnection,
    /// A page of 100 connections after a random portal.
    ListConnections,
    /// The rows of a step's answer: setup, revision, event with its audit columns, recorded answer.
    Step,
}

impl Script {
    fn text(self, database: &Database) -> String {
        let connected = (fill::CONNECTED, fill::CONNECTED + database.connected - 1);
        let (first, last) = match self {
            Self::GetSetup | Self::GetConnection => connected,
            // A full page follows.
            Self::ListConnections => (connected.0, (connected.1 + 1).saturating_sub(101).max(connected.0)),
            Self::Step => (fill::IN_WIZARD, fill::IN_WIZARD + database.in_wizard - 1),
        };
        format!("\\set id random({first}, {last})\n{}\n", self.sql(database))
    }

    fn sql(self, database: &Database) -> String {
        let sql = match self {
            Self::GetSetup => {
                "select s.state, p.revision, o.allocation, o.allocation_source,
                    coalesce(sum(other.api_call_limit), 0)::bigint,
                    coalesce(array_agg(other.portal_id order by other.portal_id)
                        filter (where other.user_key = c.user_key), '{}')
                from setups s
                join portals p using (portal_id)
                left join connections c on c.portal_id = s.portal_id and c.state <> 'disconnected'
                left join orgs o on o.org_id = c.org_id
                left join connections other on other.org_id = c.org_id and other.portal_id <> c.portal_id
                    and other.state <> 'disconnected'
                where s.portal_id = :id and s.active
                group by s.setup_id, p.portal_id, o.org_id, c.connection_id;"
            }
            Self::GetConnection => {
                "select c.connection_id, c.portal_id, c.org_id, o.name, c.place, c.state, c.credential,
                    c.api_call_limit, c.findings, c.probed_at, c.connected_at, c.disconnected_at, c.version,
                    s.setup_id, s.state -> 'attempt'
                from connections c join orgs o on o.org_id = c.org_id
                left join setups s on s.portal_id = c.portal_id and s.active
                where c.portal_id = :id
                order by c.state = 'disconnected', c.connected_at desc limit 1;"
            }
            Self::ListConnections => {
                "select c.connection_id, c.portal_id, c.org_id, o.name, c.place, c.state, c.credential,
                    c.api_call_limit, c.findings, c.probed_at, c.connected_at, c.disconnected_at, c.version
                from connections c join orgs o on o.org_id = c.org_id
                where c.state <> 'disconnected' and c.portal_id > :id
                order by c.portal_id, c.connection_id limit 101;"
            }
            Self::Step => return step(database),
        };
        sql.to_owned()
    }

    /// Transactions per second of so many clients.
    pub async fn run(self, bed: &Bed, database: &Database, clients: usize) -> Result<f64> {
        let script = Temporary::new(&self.text(database))?;
        let seconds = bed.settings.seconds.ceil().max(1.0);
        let output = Command::new(bed.programs.folder().join("pgbench"))
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={clients}"))
            .arg(format!("--time={seconds}"))
            .arg("--file")
            .arg(&script.path)
            .arg("--host")
            .arg(bed.cluster.socket_folder())
            .args(["--port=5432", "--username=postgres", &database.name])
            .output()
            .await
            .context("run pgbench")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "pgbench: {text}{}", String::from_utf8_lossy(&output.stderr));
        let line = text.lines().find_map(|line| line.strip_prefix("tps = ")).context("no tps")?;
        Ok(line.split(' ').next().context("no tps")?.parse()?)
    }
}

/// The rows of one step for portal `:id`, in one statement.
pub fn step(database: &Database) -> String {
    if database.is_audited {
        STEP.replace("/* head */", HEAD).replace("/* audit row */", AUDIT_ROW)
    } else {
        STEP.to_owned()
    }
}

const STEP: &str = "with raised as (
        update portals set revision = revision + 1 /* head */ where portal_id = :id returning *
    ), answered as (
        update setups set version = raised.revision,
            state = jsonb_set(jsonb_set(setups.state, '{answers,seats}', to_jsonb((random() * 9999)::int)),
                '{version}', to_jsonb(raised.revision))
        from raised where setups.portal_id = raised.portal_id and setups.active
        returning setups.portal_id, setups.state, setups.version
    ) /* audit row */, appended as (
        insert into portal_events (portal_id, revision, kinds, changes, principal, method, occurred_at)
        select portal_id, version, '{setup}', jsonb_build_array(jsonb_build_object('kind', 'setup', 'after',
            jsonb_build_object('setup', state, 'revision', version))), 'bench', 'SetupService/SetSeatCount', now()
        from answered
    )
    insert into request_records (principal, method, request_id, payload_hash, answer)
    select 'bench', 'SetupService/SetSeatCount', gen_random_uuid(), sha256('payload'),
        jsonb_build_object('setup', state, 'revision', version)
    from answered;";

const HEAD: &str = ", audit_sequence = audit_sequence + 1, audit_head = sha256(uuid_send(gen_random_uuid()))";

const AUDIT_ROW: &str = ", audited as (
        insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id, kinds,
            details, prev_hash, hash)
        select raised.portal_id, audit_sequence, revision, now(), 'bench', 'SetupService/SetSeatCount',
            gen_random_uuid(), '{setup}', json_build_object('setup', json_build_object('after', state)),
            sha256('before'), audit_head
        from raised, answered
    )";

struct Temporary {
    path: PathBuf,
}

impl Temporary {
    fn new(text: &str) -> Result<Self> {
        let path =
            std::env::temp_dir().join(format!("connector-bench-{}.sql", uuid::Uuid::new_v4().simple()));
        fs::write(&path, text)?;
        Ok(Self { path })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Left behind at worst.
        let _ = fs::remove_file(&self.path);
    }
}
