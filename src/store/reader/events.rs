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

/// The next events of a portal, and what is kept of the others, both read at one moment.
#[derive(Clone, Debug)]
pub struct PortalEvents {
    /// In order; at most [`Store::PORTAL_EVENTS`](crate::store::Store::PORTAL_EVENTS).
    pub events: Arc<[Arc<Event>]>,
    /// Events up to this revision are gone.
    pub pruned_to: i64,
}

/// Shared by all who asked; an event that can't be read fails for those alone who asked for it.
type Read<T> = Result<T, Arc<serde_json::Error>>;

impl Lookup for Events {
    type Key = EventsKey;
    type Row = Read<PortalEvents>;
    const KEYS: usize = 256;
    const FOLLOWS: bool = true;

    async fn read(
        connection: &mut PgConnection,
        keys: &[EventsKey],
    ) -> Result<HashMap<EventsKey, Read<PortalEvents>>, sqlx::Error> {
        let (portals, afters): (Vec<i64>, Vec<i64>) = keys.iter().copied().unzip();
        let rows = sqlx::query!(
            r#"/* reader::events */
            select asked.portal_id as "portal_id!", asked.after as "after!", p.events_pruned_to as "pruned_to!",
                e.revision as "revision?", e.changes::text as "changes?"
            from unnest($1::bigint[], $2::bigint[]) as asked (portal_id, after)
            join portals p on p.portal_id = asked.portal_id
            left join lateral (
                select revision, changes from portal_events
                where portal_events.portal_id = asked.portal_id and revision > asked.after
                order by revision
                limit $3
            ) e on true
            order by asked.portal_id, asked.after, e.revision"#,
            &portals,
            &afters,
            i64::try_from(EVENTS).unwrap_or(i64::MAX),
        )
        .fetch_all(connection)
        .await?;
        let mut found = HashMap::<EventsKey, (Read<Vec<_>>, i64)>::new();
        // Streams of one portal differ in where they are; what they have in common is read once.
        let mut read: HashMap<(i64, i64), Arc<Event>> = HashMap::new();
        for row in rows {
            let (events, _) =
                found.entry((row.portal_id, row.after)).or_insert((Ok(Vec::new()), row.pruned_to));
            let (Ok(list), Some(revision), Some(changes)) = (&mut *events, row.revision, row.changes) else {
                continue;
            };
            if let Some(event) = read.get(&(row.portal_id, revision)) {
                list.push(Arc::clone(event));
                continue;
            }
            let Some(portal_id) = PortalId::parse(row.portal_id) else { continue };
            match serde_json::from_str::<Vec<Change>>(&changes) {
                Ok(changes) => {
                    let event = Arc::new(Event { portal_id, revision, changes });
                    read.insert((row.portal_id, revision), Arc::clone(&event));
                    list.push(event);
                }
                Err(error) => *events = Err(Arc::new(error)),
            }
        }
        let read = found.into_iter().map(|(key, (events, pruned_to))| {
            (key, events.map(|events| PortalEvents { events: Arc::from(events), pruned_to }))
        });
        Ok(read.collect())
    }

    fn ask(asked: Asked<Self>) -> Question {
        Question::Events(asked)
    }
}
