//! How far the history of a portal goes, for streams that begin or read on: no document is read.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::{Asked, Lookup, OwnerKey, Question};
use crate::domain::PortalId;

/// The histories of portals.
pub(in crate::store) struct Histories;

/// How far the events of a portal go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// The portal.
    pub portal_id: PortalId,
    /// Its revision now.
    pub revision: i64,
    /// The setup that was asked for was given up: nothing more happens to it.
    pub is_over: bool,
}

impl Lookup for Histories {
    type Key = OwnerKey;
    type Row = History;
    const FOLLOWS: bool = true;

    async fn read(
        connection: &mut PgConnection,
        keys: &[OwnerKey],
    ) -> Result<HashMap<OwnerKey, History>, sqlx::Error> {
        let (setups, portals) = OwnerKey::split(keys);
        let rows = sqlx::query!(
            r#"/* reader::histories */
            select null::uuid as "setup_id?", portal_id as "portal_id!", revision as "revision!",
                false as "is_over!"
            from portals where portal_id = any($1)
            union all
            select s.setup_id, s.portal_id, p.revision, not s.active
            from setups s join portals p on p.portal_id = s.portal_id
            where s.setup_id = any($2)"#,
            &portals,
            &setups,
        )
        .fetch_all(connection)
        .await?;
        let read = rows.into_iter().filter_map(|row| {
            let portal_id = PortalId::parse(row.portal_id)?;
            let key = row.setup_id.map_or(OwnerKey::Portal(row.portal_id), OwnerKey::Setup);
            Some((key, History { portal_id, revision: row.revision, is_over: row.is_over }))
        });
        Ok(read.collect())
    }

    fn ask(asked: Asked<Self>) -> Question {
        Question::History(asked)
    }
}
