//! `query`, `queryAll`, the tooling query, and their pages.

use serde_json::{Value, json};

use super::{Context, Outcome};
use crate::simulator::salesforce::{
    answer::{Answer, ApiError},
    org::Cursor,
    request::Incoming,
    soql,
};

/// Rows per page if the caller says nothing, and the bounds of what he may say.
const DEFAULT_BATCH: usize = 2_000;
const MIN_BATCH: usize = 200;

/// Open queries that an org keeps; the oldest locator fails first.
const MAX_CURSORS: usize = 1_000;

impl Context<'_> {
    pub(super) fn query(&mut self, request: &Incoming, tooling: bool, deleted_too: bool) -> Outcome {
        let text = request.param("q").filter(|text| !text.trim().is_empty());
        let text =
            text.ok_or_else(|| ApiError::new(400, "MALFORMED_QUERY", "A query string has to be specified"))?;
        let refuse = |error: soql::SoqlError| ApiError::new(400, error.code, error.message);
        let query = soql::parse(text).map_err(refuse)?;
        let view = self.view(tooling)?;
        let outcome = soql::run(view, &query, self.now, &self.version, deleted_too).map_err(refuse)?;
        let batch_size = request
            .header_option("sforce-query-options", "batchSize")
            .and_then(|size| size.parse::<usize>().ok())
            .map_or(DEFAULT_BATCH, |size| size.clamp(MIN_BATCH, DEFAULT_BATCH));
        let kind = if tooling { "tooling_query" } else { "query" };
        let mut body = self.first_page(outcome.rows, outcome.total, batch_size, tooling)?;
        if let Some(body) = body.as_object_mut().filter(|_| tooling) {
            body.insert("size".to_owned(), outcome.total.into());
            body.insert("queryLocator".to_owned(), Value::Null);
            body.insert("entityTypeName".to_owned(), outcome.object.into());
        }
        Ok(Answer::ok(body).kind(kind))
    }

    fn first_page(
        &mut self,
        rows: Vec<Value>,
        total: usize,
        batch_size: usize,
        tooling: bool,
    ) -> Result<Value, ApiError> {
        if rows.len() <= batch_size {
            return Ok(json!({"totalSize": total, "done": true, "records": rows}));
        }
        let locator = self.world.make_id("01g");
        let next = self.next_page(&locator, batch_size, tooling);
        let first: Vec<Value> = rows.iter().take(batch_size).cloned().collect();
        let cursor = Cursor { rows, batch_size, user_id: self.user_id.clone() };
        let org = self.world.orgs.get_mut(&self.org_id).ok_or_else(ApiError::not_found)?;
        if org.cursors.len() >= MAX_CURSORS {
            // Locators are numbered: the least one is the oldest.
            if let Some(oldest) = org.cursors.keys().min().cloned() {
                org.cursors.remove(&oldest);
            }
        }
        org.cursors.insert(locator, cursor);
        Ok(json!({"totalSize": total, "done": false, "nextRecordsUrl": next, "records": first}))
    }

    fn next_page(&self, locator: &str, position: usize, tooling: bool) -> String {
        self.link(&format!("{}query/{locator}-{position}", if tooling { "tooling/" } else { "" }))
    }

    pub(super) fn query_more(&mut self, locator: &str, tooling: bool) -> Outcome {
        let invalid = || ApiError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
        let (id, position) = locator.split_once('-').ok_or_else(invalid)?;
        let position: usize = position.parse().map_err(|_| invalid())?;
        let org = self.world.orgs.get(&self.org_id).ok_or_else(ApiError::not_found)?;
        let cursor =
            org.cursors.get(id).filter(|cursor| cursor.user_id == self.user_id).ok_or_else(invalid)?;
        let end = position.saturating_add(cursor.batch_size).min(cursor.rows.len());
        let rows = cursor.rows.get(position..end).ok_or_else(invalid)?;
        let total = cursor.rows.len();
        let mut body = json!({"totalSize": total, "done": end == total, "records": rows});
        if let Some(body) = body.as_object_mut().filter(|_| end < total) {
            body.insert("nextRecordsUrl".to_owned(), self.next_page(id, end, tooling).into());
        }
        Ok(Answer::ok(body).kind("query_more"))
    }
}
