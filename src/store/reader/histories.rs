//! How far the history of a portal goes, for streams that begin or read on: no document is read.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Asked, Lookup, Question};
use crate::domain::PortalId;

/// The histories of portals.
pub(in crate::store) struct Histories;

/// Names a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::store) enum HistoryKey {
    /// By its hub id.
    Portal(i64),
    /// By one of its setups.
    Setup(Uuid),
}

/// How far the events of a portal go, and how far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// The portal.
    pub portal_id: PortalId,
    /// Its revision now.
    pub revision: i64,
    /// Events up to this revision are gone.
    pub pruned_to: i64,
    /// The setup that was asked for was given up: nothing more happens to it.
    pub is_over: bool,
}

impl Lookup for Histories {
    type Key = HistoryKey;
    type Row = History;
    const FOLLOWS: bool = true;

    async fn read(
        connection: &mut PgConnection,
        keys: &[HistoryKey],
    ) -> Result<HashMap<HistoryKey, History>, sqlx::Error> {
        let (mut portals, mut setups) = (Vec::new(), Vec::new());
        for key in keys {
            match key {
                HistoryKey::Portal(portal_id) => portals.push(*portal_id),
                HistoryKey::Setup(setup_id) => setups.push(*setup_id),
            }
        }
        let rows = sqlx::query!(
            r#"/* reader::histories */
            select null::uuid as "setup_id?", portal_id as "portal_id!", revision as "revision!",
                events_pruned_to as "pruned_to!", false as "is_over!"
            from portals where portal_id = any($1)
            union all
            select s.setup_id, s.portal_id, p.revision, p.events_pruned_to, not s.active
            from setups s join portals p on p.portal_id = s.portal_id
            where s.setup_id = any($2)"#,
            &portals,
            &setups,
        )
        .fetch_all(connection)
        .await?;
        let read = rows.into_iter().filter_map(|row| {
            let portal_id = PortalId::parse(row.portal_id)?;
            let key = row.setup_id.map_or(HistoryKey::Portal(row.portal_id), HistoryKey::Setup);
            let (revision, pruned_to, is_over) = (row.revision, row.pruned_to, row.is_over);
            Some((key, History { portal_id, revision, pruned_to, is_over }))
        });
        Ok(read.collect())
    }

    fn ask(asked: Asked<Self>) -> Question {
        Question::History(asked)
    }
}
