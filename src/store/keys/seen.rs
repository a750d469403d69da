//! The installation's keys, read in one snapshot, and a change of them in two round trips: it is judged by what was read
//! and written by one statement, whole or not at all.
//!
//! The statement takes the installation's row only if nobody holds it and nobody has written it since: a server that
//! starts writes it. If not, the change is made the way that locks: see `docs/adr/0017-batches.md`.

use std::{collections::BTreeMap, time::Instant};

use sqlx::types::Json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Holding, KeyHolder, KeyRecord, KeyRotation, rotation, write::KeyChange};
use crate::{
    audit::{Details, Head},
    store::{Call, Store, StoreError, audit::head, installation::audit_row, recorded::Recorded},
};

/// The installation's keys as they were read, to change them.
pub struct KeysSeen {
    /// What was read.
    pub record: KeyRecord,
    guard: Guard,
    recorded: Option<Recorded>,
}

/// What must still be so of the installation, and where its audit chain ends.
#[derive(Clone)]
struct Guard {
    /// The version of its row, as the database counts it.
    row_version: String,
    audit_head: Head,
    now: OffsetDateTime,
    read_at: Instant,
}

impl KeysSeen {
    /// Whether this very call was made before.
    ///
    /// # Errors
    /// `REQUEST_ID_REUSED`.
    pub fn was_done(&mut self, call: &Call) -> Result<bool, StoreError> {
        let Some(recorded) = self.recorded.take() else { return Ok(false) };
        recorded.read::<()>(call)?;
        Ok(true)
    }

    /// What a change writes whatever it is, with its act in the audit row.
    fn change(&self, call: &Call, act: serde_json::Value) -> KeyChange {
        let Guard { row_version, audit_head, now, read_at } = self.guard.clone();
        let mut details = Details::default();
        details.note("keys", act);
        // A key may have been made since the read, far away.
        let passed = i64::try_from(read_at.elapsed().as_micros()).unwrap_or(0);
        let audit = audit_row(call, audit_head, now + Duration::microseconds(passed), &details);
        KeyChange { row_version, audit, payload_hash: call.payload_hash }
    }

    /// Takes down what a server holds, and whether that is news.
    pub fn hold(&mut self, server_id: Uuid, holding: &Holding) -> bool {
        let own = self.record.holders.iter_mut().find(|holder| holder.server_id == server_id);
        let Some(own) = own else { return true };
        let is_news = !own.is_live || own.holding != *holding;
        own.holding = holding.clone();
        is_news
    }
}

impl Store {
    /// Everything that is known of keys, in one snapshot. A server counts as running when it was heard of within `live`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn key_record(&self, live: Duration) -> Result<KeyRecord, StoreError> {
        Ok(self.read_keys(None, live).await?.record)
    }

    /// The same before keys are changed, and whether this very call was made before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look_at_keys(&self, call: &Call, live: Duration) -> Result<KeysSeen, StoreError> {
        self.read_keys(Some(call), live).await
    }

    async fn read_keys(&self, call: Option<&Call>, live: Duration) -> Result<KeysSeen, StoreError> {
        let row = sqlx::query!(
            r#"/* keys::read_keys */
            select coalesce(i.sealing_key_id, '') as "sealing_key_id!", i.xmin::text as "row_version!",
                i.audit_sequence, i.audit_head, clock_timestamp() as "now!",
                r.payload_hash as "payload_hash?", r.answer::text as "answer?",
                coalesce((
                    select jsonb_object_agg(carried.key_id, carried.rows)
                    from (select coalesce(key_id, '') as key_id, count(*) as rows from secrets group by 1) carried
                ), '{}') as "rows!: Json<BTreeMap<String, i64>>",
                coalesce((
                    select jsonb_agg(to_jsonb(holder) order by holder.started_at, holder.server_id)
                    from (
                        select server_id, key_ids, key_family, sealing_key_id, started_at, seen_at,
                            seen_at > clock_timestamp() - make_interval(secs => $1) as is_live
                        from key_holders order by started_at, server_id limit 1000
                    ) holder
                ), '[]') as "holders!: Json<Vec<KeyHolder>>",
                (
                    select to_jsonb(newest)
                    from (
                        select rotation_id, from_key_id, to_key_id, requested_by, started_at, finished_at, rewrapped,
                            unreadable
                        from key_rotations order by started_at desc, rotation_id desc limit 1
                    ) newest
                ) as "rotation: Json<KeyRotation>",
                array(select key_id from retired_keys order by key_id limit 1000) as "retired!"
            from installation i
            left join request_records r on r.principal = $2 and r.method = $3 and r.request_id = $4"#,
            live.as_seconds_f64(),
            call.map(|call| call.principal.as_str()),
            call.map(|call| call.method),
            call.map(|call| call.request_id),
        )
        .fetch_one(&mut *self.pool.acquire().await?)
        .await?;
        let audit_head = head(row.audit_sequence, &row.audit_head)?;
        Ok(KeysSeen {
            record: KeyRecord {
                sealing_key_id: row.sealing_key_id,
                rows: row.rows.0,
                holders: row.holders.0,
                rotation: row.rotation.map(|rotation| rotation.0),
                retired: row.retired,
            },
            guard: Guard { row_version: row.row_version, audit_head, now: row.now, read_at: Instant::now() },
            recorded: Recorded::of(row.payload_hash, row.answer),
        })
    }

    /// Makes another key the one that seals, once every running server holds it, and returns what is known of keys then.
    /// All rows are then wrapped anew.
    ///
    /// # Errors
    /// `NO_NEW_KEY` when it seals already and no row carries another, `KEY_RETIRED`, `KEY_NOT_EVERYWHERE`.
    pub async fn rotate_seen(
        &self,
        call: &Call,
        seen: &KeysSeen,
        to: &str,
        live: Duration,
    ) -> Result<KeyRecord, StoreError> {
        let before = &seen.record;
        before.check_rotation(to)?;
        let change = seen.change(call, rotation::rotated(&before.sealing_key_id, to));
        let (store, from, key) = (self.clone(), before.sealing_key_id.clone(), to.to_owned());
        let write = async move { store.write_rotation(&change, &from, &key, live).await };
        let begun = self.write_in_a_task(Vec::new(), write).await?;
        match begun {
            Some(begun) => {
                Ok(KeyRecord { sealing_key_id: to.to_owned(), rotation: Some(begun), ..before.clone() })
            }
            None => {
                self.start_rotation(call, to, live).await?;
                self.key_record(live).await
            }
        }
    }

    /// Gives a key up that no row carries, with those that go along, and returns what is known of keys then.
    ///
    /// # Errors
    /// `KEY_IN_USE` while rows carry one of `keys` or a running server seals with it. `key_id` is the one asked for.
    pub async fn retire_seen(
        &self,
        call: &Call,
        seen: &KeysSeen,
        key_id: &str,
        keys: Vec<String>,
        live: Duration,
    ) -> Result<KeyRecord, StoreError> {
        seen.record.check_retirement(key_id, &keys)?;
        let change = seen.change(call, rotation::retired(&keys));
        let (store, given_up) = (self.clone(), keys.clone());
        let write = async move { store.write_retirement(&change, &given_up, live).await };
        let written = self.write_in_a_task(Vec::new(), write).await?;
        match written {
            Some(()) => {
                let mut record = seen.record.clone();
                record.retired.extend(keys);
                Ok(record)
            }
            None => {
                self.retire_key(call, key_id, keys, live).await?;
                self.key_record(live).await
            }
        }
    }
}
