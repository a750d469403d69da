//! `AuditService`.

use tonic::{Request, async_trait};

use super::{Answer, Backend};
use crate::{
    api::{servers::audit_service_server::AuditService, v1},
    control::VerifyPlace,
    grpc::{
        convert,
        page_token::{Key, Paged},
        parse,
    },
    store::AuditKey,
};

#[async_trait]
impl AuditService for Backend {
    async fn list_audit_events(
        &self,
        request: Request<v1::ListAuditEventsRequest>,
    ) -> Answer<v1::ListAuditEventsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let mut asked = parse::audit::list(message)?;
            asked.filter.granted = call.caller.access().portals.filter();
            let filter = format!("{:?}", asked.filter);
            let list = Paged { list: "ListAuditEvents", filter: &filter };
            let after = list.key(asked.page.token.as_deref())?;
            let page = self.control.audit_rows(&asked.filter, after, asked.page.size.into()).await?;
            let (events, next_page_token) = list.fill(&page, convert::audit_event, |row| AuditKey {
                occurred_at: row.draft.occurred_at,
                portal_id: row.draft.portal_id,
                sequence: row.sequence,
            });
            Ok(v1::ListAuditEventsResponse { events, next_page_token })
        })
        .await
    }

    async fn verify_audit_trail(
        &self,
        request: Request<v1::VerifyAuditTrailRequest>,
    ) -> Answer<v1::VerifyAuditTrailResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::audit::verify(message)?;
            let granted = call.caller.access().portals.filter();
            let only = asked.portal_id.map(|portal_id| vec![portal_id.get()]).or_else(|| granted.clone());
            let filter = format!("{only:?}");
            // Of a portal that is not granted nothing is told, not even that something is missing.
            let mut heads = asked.heads;
            heads.retain(|head| only.as_ref().is_none_or(|only| only.contains(&head.portal_id)));
            let walk = Paged { list: "VerifyAuditTrail", filter: &filter };
            let after: Option<VerifyPlace> = walk.key(asked.position.as_deref())?;
            let rows = asked.max_rows.into();
            let verified = self.control.verify_audit(asked.portal_id, granted, &heads, after, rows).await?;
            Ok(v1::VerifyAuditTrailResponse {
                rows_checked: verified.rows,
                chains_checked: verified.chains,
                findings: verified.findings.iter().map(convert::audit_finding).collect(),
                next_position: verified.next.map(|place| walk.token(&place)).unwrap_or_default(),
            })
        })
        .await
    }
}

impl Key for AuditKey {
    fn write(&self) -> String {
        format!("{}:{}:{}", self.occurred_at.unix_timestamp_nanos(), self.portal_id, self.sequence)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let nanos = parts.next()?.parse().ok()?;
        let key = Self {
            occurred_at: time::OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?,
            portal_id: parts.next()?.parse().ok()?,
            sequence: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(key)
    }
}

impl Key for VerifyPlace {
    fn write(&self) -> String {
        format!("{}:{}:{}", self.portal_id, self.sequence, hex::encode(self.hash))
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let place = Self {
            portal_id: parts.next()?.parse().ok()?,
            sequence: parts.next()?.parse().ok()?,
            hash: hex::decode(parts.next()?).ok()?.try_into().ok()?,
        };
        parts.next().is_none().then_some(place)
    }
}
