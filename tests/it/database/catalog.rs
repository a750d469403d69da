//! Every constraint that a statement can run into has a meaning, and every meaning a constraint.

use std::collections::BTreeSet;

use anyhow::Result;
use connector::store::constraint::CONSTRAINTS;
use sqlx::PgConnection;

use super::raw::{connect, run};
use crate::harness::TestDatabase;

/// What is on one side only: names of the catalog that nobody mapped, and mapped names that the catalog lacks.
async fn differences(connection: &mut PgConnection) -> Result<(Vec<String>, Vec<String>)> {
    let names: Vec<String> = sqlx::query_scalar(
        "select conname::text from pg_constraint
        where connamespace = 'public'::regnamespace and contype in ('u', 'p', 'c', 'x')
          and conrelid <> coalesce(to_regclass('_sqlx_migrations'), 0)
        union
        select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid
        where c.relnamespace = 'public'::regnamespace and (i.indisunique or i.indisexclusion)
          and i.indrelid <> coalesce(to_regclass('_sqlx_migrations'), 0)",
    )
    .fetch_all(connection)
    .await?;
    let catalog: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let mapped: BTreeSet<&str> = CONSTRAINTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(mapped.len(), CONSTRAINTS.len(), "a constraint is mapped twice");
    let only = |some: &BTreeSet<&str>, others: &BTreeSet<&str>| {
        some.difference(others).map(|name| (*name).to_owned()).collect()
    };
    Ok((only(&catalog, &mapped), only(&mapped, &catalog)))
}

#[tokio::test]
async fn every_constraint_is_mapped_and_every_mapped_one_exists() -> Result<()> {
    let database = TestDatabase::create().await?;
    let mut connection = connect(&database).await?;
    let (unmapped, gone) = differences(&mut connection).await?;
    assert!(unmapped.is_empty(), "not in src/store/constraint.rs: {unmapped:?}");
    assert!(gone.is_empty(), "in src/store/constraint.rs, but not in the schema: {gone:?}");

    run(
        &mut connection,
        "create unique index planted_index on portals (revision);
        alter table portals add constraint planted_check check (revision < 9);
        alter table portals add constraint planted_exclusion exclude using btree (portal_id with =);
        alter table portals drop constraint portals_revision_not_negative;
        drop index setups_one_active_per_portal",
    )
    .await?;
    let planted = ["planted_check", "planted_exclusion", "planted_index"].map(str::to_owned).to_vec();
    let dropped =
        ["portals_revision_not_negative", "setups_one_active_per_portal"].map(str::to_owned).to_vec();
    assert_eq!(differences(&mut connection).await?, (planted, dropped), "what was planted is not seen");
    Ok(())
}
