//! The trail of a small installation, read and written past the servers, as an intruder with the database would.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1,
    audit::{ChainHead, Draft, Head, PublicKey, Row, Series, SigningKey, Statement},
    simulator::hubspot::seed,
};
use sqlx::{Connection as _, PgConnection, Row as _, postgres::PgRow};

use crate::{
    harness::{
        World,
        walk::{Clients, Walk},
    },
    keys::{RingFile, key_status, retire_key, rotate_keys, rotated, with_ring},
};

/// A folder for keys and statements, deleted with this value.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("connector-audit-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Two portals that walked the wizard, keys that changed, all heads signed and exported.
pub struct Installation {
    pub world: World,
    _ring: RingFile,
    pub folder: Folder,
    pub keys: Vec<PublicKey>,
}

impl Installation {
    pub async fn start() -> Result<Self> {
        let folder = Folder::new()?;
        let key_file = folder.0.join("audit.pem");
        let key = SigningKey::create(&key_file)?;
        let exports = folder.0.join("heads");
        let ring = RingFile::new()?;
        let mut world = World::start_with(|config| {
            with_ring(config, &ring);
            config.audit.signing_key_file = Some(key_file);
            config.audit.export_dir = Some(exports);
        })
        .await?;
        Walk::before(&world, v1::Step::ConnectAccounts).await?;
        Walk::start_with(&world, seed::TOKEN_B).await?;
        change_keys(&world, &ring).await?;
        // The last thing that a server does is to sign.
        world.restart().await?;
        Ok(Self { world, _ring: ring, folder, keys: vec![key.public()] })
    }

    pub async fn clients(&self) -> Result<Clients> {
        Ok(Clients::over(self.world.line().await?))
    }

    pub async fn database(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect(&self.world.database.url()).await?)
    }

    /// The exported statements in their order.
    pub fn statements(&self) -> Result<Vec<Statement>> {
        let mut statements = Vec::new();
        for entry in std::fs::read_dir(self.folder.0.join("heads"))? {
            statements.push(Statement::parse(&std::fs::read_to_string(entry?.path())?)?);
        }
        statements.sort_by_key(|statement| statement.number);
        Ok(statements)
    }

    /// The newest head of each chain that was signed; the statements must hold.
    pub fn signed_heads(&self) -> Result<Vec<ChainHead>> {
        let mut series = Series::new(&self.keys);
        for statement in self.statements()? {
            let problems = series.take(&statement);
            ensure!(problems.is_empty(), "{problems:?}");
        }
        Ok(series.heads())
    }
}

/// Rotates to a new key and retires the old one: two rows in the chain that belongs to no portal.
pub async fn change_keys(world: &World, ring: &RingFile) -> Result<()> {
    let line = world.line().await?;
    let old = key_status(&line).await?.sealing_key_id;
    let new = ring.add_key()?;
    rotate_keys(&line).await?;
    rotated(&line, &new).await?;
    retire_key(&line, &old).await?;
    Ok(())
}

/// Verifies everything, in parts of so many rows, with the heads that were signed.
pub async fn verify(
    clients: &Clients,
    heads: &[ChainHead],
    max_rows: i32,
) -> Result<v1::VerifyAuditTrailResponse> {
    let mut all = v1::VerifyAuditTrailResponse::default();
    let mut asked = v1::VerifyAuditTrailRequest {
        heads: heads
            .iter()
            .map(|head| v1::AuditHead {
                portal_id: head.portal_id,
                sequence: head.sequence,
                hash: head.hash.to_vec(),
            })
            .collect(),
        max_rows,
        ..Default::default()
    };
    loop {
        let part = clients.audit.clone().verify_audit_trail(asked.clone()).await?.into_inner();
        all.rows_checked += part.rows_checked;
        all.chains_checked += part.chains_checked;
        all.findings.extend(part.findings);
        if part.next_position.is_empty() {
            return Ok(all);
        }
        asked.heads.clear();
        asked.position = part.next_position;
    }
}

fn read(row: &PgRow) -> Result<Row> {
    let hash = |name: &str| -> Result<[u8; 32]> {
        let bytes: Vec<u8> = row.try_get(name)?;
        bytes.try_into().ok().context("not 32 bytes")
    };
    Ok(Row {
        sequence: row.try_get("sequence")?,
        prev_hash: hash("prev_hash")?,
        hash: hash("hash")?,
        draft: Draft {
            portal_id: row.try_get("portal_id")?,
            revision: row.try_get("revision")?,
            occurred_at: row.try_get("occurred_at")?,
            principal: row.try_get("principal")?,
            method: row.try_get("method")?,
            request_id: row.try_get("request_id")?,
            call_id: row.try_get("call_id")?,
            reason: row.try_get("reason")?,
            kinds: row.try_get("kinds")?,
            details: row.try_get("details")?,
        },
    })
}

/// All rows, by portal and sequence.
pub async fn rows(database: &mut PgConnection) -> Result<Vec<Row>> {
    let sql =
        "select portal_id, sequence, revision, occurred_at, principal, method, request_id, call_id, reason,
        kinds, details::text as details, prev_hash, hash from audit_rows order by portal_id, sequence";
    sqlx::query(sql).fetch_all(database).await?.iter().map(read).collect()
}

/// What the portal's own row says of its chain; of portal 0 the installation's.
pub async fn recorded_head(database: &mut PgConnection, portal_id: i64) -> Result<Head> {
    let sql = "select audit_sequence, audit_head from portals where portal_id = $1
        union all select audit_sequence, audit_head from installation where $1 = 0";
    let row = sqlx::query(sql).bind(portal_id).fetch_one(database).await?;
    let hash: Vec<u8> = row.try_get("audit_head")?;
    Ok(Head { sequence: row.try_get("audit_sequence")?, hash: hash.try_into().ok().context("not 32 bytes")? })
}

/// Lets whoever owns the tables do as they like.
pub async fn open_up(database: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql(
        "alter table audit_rows disable trigger all; alter table portals disable trigger all;
        alter table audit_exports disable trigger all; alter table installation disable trigger all",
    )
    .execute(database)
    .await?;
    Ok(())
}

/// Puts these rows and this head in the place of a portal's own.
pub async fn replace(database: &mut PgConnection, portal_id: i64, rows: &[Row], head: Head) -> Result<()> {
    let mut tx = database.begin().await?;
    sqlx::query("delete from audit_rows where portal_id = $1").bind(portal_id).execute(&mut *tx).await?;
    for row in rows {
        let draft = &row.draft;
        sqlx::query(
            "insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id,
                call_id, reason, kinds, details, prev_hash, hash)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json, $12, $13)",
        )
        .bind(draft.portal_id)
        .bind(row.sequence)
        .bind(draft.revision)
        .bind(draft.occurred_at)
        .bind(&draft.principal)
        .bind(&draft.method)
        .bind(draft.request_id)
        .bind(&draft.call_id)
        .bind(&draft.reason)
        .bind(&draft.kinds)
        .bind(&draft.details)
        .bind(row.prev_hash.as_slice())
        .bind(row.hash.as_slice())
        .execute(&mut *tx)
        .await?;
    }
    let sql = if portal_id == 0 {
        "update installation set audit_sequence = $2, audit_head = $3 where $1 = 0"
    } else {
        "update portals set audit_sequence = $2, audit_head = $3 where portal_id = $1"
    };
    sqlx::query(sql).bind(portal_id).bind(head.sequence).bind(head.hash.as_slice()).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}
