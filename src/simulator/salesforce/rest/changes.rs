//! getUpdated and getDeleted.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{Context, Outcome};
use crate::simulator::salesforce::{
    answer::{Answer, ApiError},
    moment,
    org::{Record, is_deleted},
    request::Incoming,
    schema::{Object, Storage},
};

/// How far back changes are told.
const UPDATED_HORIZON: Duration = Duration::days(30);

/// How far back deletions are told.
const DELETED_HORIZON: Duration = Duration::days(15);

/// More ids than this are refused.
const MAX_IDS: usize = 600_000;

impl Context<'_> {
    pub(super) fn updated(&self, request: &Incoming, object: &str) -> Outcome {
        let (start, end) = self.window(request, UPDATED_HORIZON)?;
        let ids = self.changed(object, start, end, false)?;
        if ids.len() > MAX_IDS {
            return Err(ApiError::new(
                400,
                "EXCEEDED_ID_LIMIT",
                "the time window has more than 600000 changes",
            ));
        }
        let ids: Vec<String> = ids.into_iter().map(|(id, _)| id).collect();
        Ok(Answer::ok(json!({"ids": ids, "latestDateCovered": moment::rest(end)})).kind("updated"))
    }

    pub(super) fn deleted(&self, request: &Incoming, object: &str) -> Outcome {
        let (start, end) = self.window(request, DELETED_HORIZON)?;
        let records: Vec<Value> = self
            .changed(object, start, end, true)?
            .into_iter()
            .map(|(id, at)| json!({"id": id, "deletedDate": at}))
            .collect();
        let earliest = self.view(false)?.org.created.max(self.now - DELETED_HORIZON);
        Ok(Answer::ok(json!({
            "deletedRecords": records,
            "earliestDateAvailable": moment::rest(earliest),
            "latestDateCovered": moment::rest(end),
        }))
        .kind("deleted"))
    }

    fn changed(
        &self,
        object: &str,
        start: OffsetDateTime,
        end: OffsetDateTime,
        deleted: bool,
    ) -> Result<Vec<(String, String)>, ApiError> {
        let view = self.view(false)?;
        let object: &Object = view.object(object).ok_or_else(ApiError::not_found)?;
        if object.storage != Storage::Records {
            let message = format!("object {} is not replicatable", object.name);
            return Err(ApiError::new(400, "INVALID_TYPE", message));
        }
        let (start, end) = (moment::rest(start), moment::rest(end));
        let stamp = |record: &Record| record.get("SystemModstamp").and_then(Value::as_str).map(str::to_owned);
        let rows = view.rows(object);
        let changed = rows.iter().filter(|record| is_deleted(record) == deleted).filter_map(|record| {
            let id = record.get("Id")?.as_str()?.to_owned();
            let at = stamp(record)?;
            (at >= start && at < end).then_some((id, at))
        });
        Ok(changed.collect())
    }

    /// Start and end, cut to the minute.
    fn window(
        &self,
        request: &Incoming,
        horizon: Duration,
    ) -> Result<(OffsetDateTime, OffsetDateTime), ApiError> {
        let time = |name: &str| {
            let text = request.param(name).ok_or_else(|| {
                ApiError::new(400, "MISSING_ARGUMENT", format!("Required parameter '{name}' is missing"))
            })?;
            // A plus sign that was not encoded arrives as a space.
            let at = moment::parse(&text.replace(' ', "+")).ok_or_else(|| {
                ApiError::new(400, "INVALID_REPLICATION_DATE", format!("{name} is not a valid date and time"))
            })?;
            Ok::<_, ApiError>(
                at - Duration::seconds(i64::from(at.second()))
                    - Duration::nanoseconds(i64::from(at.nanosecond())),
            )
        };
        let (start, end) = (time("start")?, time("end")?);
        let refuse = |message: &str| Err(ApiError::new(400, "INVALID_REPLICATION_DATE", message));
        if start >= end {
            return refuse("startDate before org replication enabled date, or not before endDate");
        }
        if start < self.now - horizon {
            return refuse("startDate cannot be more than 30 days ago");
        }
        if end > self.now + Duration::minutes(1) {
            return Ok((start, self.now));
        }
        Ok((start, end))
    }
}
