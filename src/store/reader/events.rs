//! Events of single portals, for streams that read on: thousands that wait for the same one read it once.

use std::{collections::HashMap, sync::Arc};

use sqlx::PgConnection;

use super::{Asked, Lookup, Question};
use crate::domain::{
    PortalId,
    change::{Change, Event},
};

/// Events of one answer at most.
pub(in crate::store) const EVENTS: usize = 32;

/// The events of a portal after a revision, in order.
pub(in crate::store) struct Events;

/// A portal, and the revision that was seen.
pub(in crate::store) type EventsKey = (i64, i64);

/// Shared by all who asked; an event that can't be read fails for those alone who asked for it.
pub(in crate::store) type EventsRow = Result<Arc<[Arc<Event>]>, Arc<serde_json::Error>>;

impl Lookup for Events {
    type Key = EventsKey;
    type Row = EventsRow;
    const KEYS: usize = 256;

    async fn read(
        connection: &mut PgConnection,
        keys: &[EventsKey],
    ) -> Result<HashMap<EventsKey, EventsRow>, sqlx::Error> {
        let (portals, afters): (Vec<i64>, Vec<i64>) = keys.iter().copied().unzip();
        let rows = sqlx::query!(
            r#"/* reader::events */
            select asked.portal_id as "portal_id!", asked.after as "after!", e.revision as "revision!",
                e.changes::text as "changes!"
            from unnest($1::bigint[], $2::bigint[]) as asked (portal_id, after)
            cross join lateral (
                select revision, changes from portal_events
                where portal_events.portal_id = asked.portal_id and revision > asked.after
                order by revision
                limit $3
            ) e
            order by asked.portal_id, asked.after, e.revision"#,
            &portals,
            &afters,
            i64::try_from(EVENTS).unwrap_or(i64::MAX),
        )
        .fetch_all(connection)
        .await?;
        let mut found: HashMap<EventsKey, Result<Vec<Arc<Event>>, Arc<serde_json::Error>>> = HashMap::new();
        // Streams of one portal differ in where they are; what they have in common is read once.
        let mut read: HashMap<(i64, i64), Arc<Event>> = HashMap::new();
        for row in rows {
            let events = found.entry((row.portal_id, row.after)).or_insert_with(|| Ok(Vec::new()));
            let Ok(list) = events else { continue };
            if let Some(event) = read.get(&(row.portal_id, row.revision)) {
                list.push(Arc::clone(event));
                continue;
            }
            let Some(portal_id) = PortalId::parse(row.portal_id) else { continue };
            match serde_json::from_str::<Vec<Change>>(&row.changes) {
                Ok(changes) => {
                    let event = Arc::new(Event { portal_id, revision: row.revision, changes });
                    read.insert((row.portal_id, row.revision), Arc::clone(&event));
                    list.push(event);
                }
                Err(error) => *events = Err(Arc::new(error)),
            }
        }
        Ok(found.into_iter().map(|(key, events)| (key, events.map(Arc::from))).collect())
    }

    fn ask(asked: Asked<Self>) -> Question {
        Question::Events(asked)
    }
}
