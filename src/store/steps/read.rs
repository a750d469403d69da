//! What a step has to know, by one statement for many steps.

use std::collections::HashMap;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    domain::{Reason, SetupId, change::SetupView},
    store::{
        Call, StoreError,
        reader::{Asked, Lookup, Question},
        transaction::read_text,
    },
};

/// Setups with their portals, and the first answer to a request if it was made before.
pub(in crate::store) struct Steps;

/// A step: of which setup, under which request id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::store) struct StepKey {
    setup_id: Uuid,
    principal: String,
    method: &'static str,
    request_id: Uuid,
}

impl StepKey {
    pub(super) fn new(call: &Call, id: SetupId) -> Self {
        Self {
            setup_id: id.0,
            principal: call.principal.clone(),
            method: call.method,
            request_id: call.request_id,
        }
    }
}

#[derive(Clone, Debug)]
pub(in crate::store) struct StepRow {
    pub(super) portal_id: i64,
    pub(super) revision: i64,
    pub(super) portal: String,
    pub(super) sync: String,
    pub(super) audit_sequence: i64,
    pub(super) audit_head: Vec<u8>,
    pub(super) setup: String,
    /// The portal has a connection in force.
    pub(super) is_connected: bool,
    pub(super) now: OffsetDateTime,
    recorded: Option<(Vec<u8>, String)>,
}

impl StepRow {
    /// The first answer to this very request.
    pub(super) fn recorded_answer(&self, call: &Call) -> Result<Option<SetupView>, StoreError> {
        match &self.recorded {
            None => Ok(None),
            Some((hash, answer)) if *hash == call.payload_hash => read_text("answer", answer).map(Some),
            Some(_) => Err(Reason::RequestIdReused.into()),
        }
    }
}

impl Lookup for Steps {
    type Key = StepKey;
    type Row = StepRow;

    async fn read(
        connection: &mut PgConnection,
        keys: &[StepKey],
    ) -> Result<HashMap<StepKey, StepRow>, sqlx::Error> {
        let numbers: Vec<i64> = (0..).take(keys.len()).collect();
        let setups: Vec<Uuid> = keys.iter().map(|key| key.setup_id).collect();
        let principals: Vec<String> = keys.iter().map(|key| key.principal.clone()).collect();
        let methods: Vec<String> = keys.iter().map(|key| key.method.to_owned()).collect();
        let requests: Vec<Uuid> = keys.iter().map(|key| key.request_id).collect();
        let rows = sqlx::query!(
            r#"/* steps::read */
            select asked.number as "number!", p.portal_id as "portal_id!", p.revision as "revision!",
                p.portal::text as "portal!", p.sync::text as "sync!",
                p.audit_sequence as "audit_sequence!", p.audit_head as "audit_head!", s.state::text as "setup!",
                exists (
                    select from connections c where c.portal_id = p.portal_id and c.state <> 'disconnected'
                ) as "is_connected!",
                clock_timestamp() as "now!", r.payload_hash as "payload_hash?", r.answer::text as "answer?"
            from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::uuid[])
                as asked (number, setup_id, principal, method, request_id)
            join setups s on s.setup_id = asked.setup_id
            join portals p on p.portal_id = s.portal_id
            left join request_records r
                on r.principal = asked.principal and r.method = asked.method and r.request_id = asked.request_id"#,
            &numbers,
            &setups,
            &principals,
            &methods,
            &requests,
        )
        .fetch_all(connection)
        .await?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in rows {
            let Some(key) = usize::try_from(row.number).ok().and_then(|number| keys.get(number)) else {
                continue;
            };
            let step = StepRow {
                portal_id: row.portal_id,
                revision: row.revision,
                portal: row.portal,
                sync: row.sync,
                audit_sequence: row.audit_sequence,
                audit_head: row.audit_head,
                setup: row.setup,
                is_connected: row.is_connected,
                now: row.now,
                recorded: row.payload_hash.zip(row.answer),
            };
            found.insert(key.clone(), step);
        }
        Ok(found)
    }

    fn ask(asked: Asked<Self>) -> Question {
        Question::Step(asked)
    }
}
