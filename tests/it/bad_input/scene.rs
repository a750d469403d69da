//! An installation in which everything exists that a request can name, and what it holds.

use anyhow::{Context as _, Result, ensure};
use connector::api::v1;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt as _;

use super::wire::Outcome;
use crate::harness::{
    World, eventually,
    walk::{Walk, request_id},
};

/// The installation.
pub struct Scene {
    /// Its servers live as long as it does.
    _world: World,
    pub walk: Walk,
    pub org_id: String,
    pub test_contact_id: String,
    pub list_id: String,
    pub channel: Channel,
    database: PgConnection,
    everything: String,
}

impl Scene {
    pub async fn set() -> Result<Self> {
        let world = World::start().await?;
        let walk = Walk::enabled(&world).await?;
        let test_contact_id = walk.test().await?.test_contact_id;
        let org_id = crate::watching::writers::org_of(&walk).await?;
        let request = v1::CreateSmartListRequest {
            request_id: request_id(),
            portal_id: walk.portal_id,
            name: "Good".to_owned(),
            lifecycle_stages: vec!["opportunity".to_owned()],
        };
        let list = walk.clients.lists.clone().create_smart_list(request).await?.into_inner().list;
        let list_id = list.context("no list")?.list_id;
        let channel = world.channel().await?;
        let mut database = PgConnection::connect(&world.database.url()).await?;
        eventually("nothing is under way", async || {
            let mut database = PgConnection::connect(&world.database.url()).await?;
            let jobs: i64 = sqlx::query_scalar("select count(*) from jobs").fetch_one(&mut database).await?;
            Ok((jobs == 0).then_some(()))
        })
        .await?;
        let tables: Vec<String> = sqlx::query_scalar(
            "select tablename::text from pg_tables where schemaname = 'public' order by tablename",
        )
        .fetch_all(&mut database)
        .await?;
        ensure!(tables.len() > 10, "{tables:?}");
        let everything = tables
            .iter()
            .map(|table| {
                format!("select '{table}' || count(*) || coalesce(sum(hashtext(t::text)), 0) as row from {table} t")
            })
            .collect::<Vec<_>>()
            .join(" union all ");
        let everything = format!("select string_agg(row, ' ' order by row) from ({everything}) as tables");
        Ok(Self { _world: world, walk, org_id, test_contact_id, list_id, channel, database, everything })
    }

    /// Stands for the content of all tables.
    pub async fn content(&mut self) -> Result<String> {
        Ok(sqlx::query_scalar(AssertSqlSafe(self.everything.clone())).fetch_one(&mut self.database).await?)
    }

    /// The server answers as if nothing had been.
    pub async fn is_alive(&self) -> Result<()> {
        self.walk.setup().await.map(|_| ())
    }
}

/// Whether the caller is told that it is the caller's fault.
pub fn is_refusal(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::InvalidArgument
            | Code::NotFound
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::ResourceExhausted
            | Code::AlreadyExists
            | Code::PermissionDenied
    )
}

/// Asserts that it was refused as the caller's fault, with our details.
pub fn refused(outcome: &Outcome) -> Result<&Status> {
    let status = outcome.as_ref().err().context("it was not refused")?;
    ensure!(is_refusal(status), "{:?} {}", status.code(), status.message());
    ensure!(status.get_error_details().error_info().is_some(), "no details: {status:?}");
    Ok(status)
}

/// Asserts `INVALID_ARGUMENT` with this field in its `BadRequest`.
pub fn names(outcome: &Outcome, field: &str) -> Result<()> {
    let status = refused(outcome)?;
    ensure!(status.code() == Code::InvalidArgument, "{:?} {}", status.code(), status.message());
    let details = status.get_error_details();
    let fields: Vec<_> = details
        .bad_request()
        .map(|request| request.field_violations.iter().map(|one| one.field.as_str()).collect())
        .unwrap_or_default();
    ensure!(fields.contains(&field), "it names {fields:?}");
    Ok(())
}
