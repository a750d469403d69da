//! What a check of a connection begins with, by one statement: the setup, the session in force, and what is known of the
//! org's API calls.

use super::{
    CallsLeft, SecretKind, SecretRow, Store, StoreError, secrets::StoredSecret, transaction::read_text,
};
use crate::domain::{
    OrgId, Reason, SetupId,
    budget::{self, Observation, OrgLedger},
    setup::Setup,
};

/// What a check of a connection begins with.
pub struct CheckLook {
    /// The setup.
    pub setup: Setup,
    /// The session in force.
    pub session: Option<SecretRow>,
    /// The calls of the org that the portal is connected to.
    pub calls: Option<CallsLeft>,
}

impl Store {
    /// Looks at what is to be checked.
    ///
    /// # Errors
    /// `SETUP_NOT_FOUND`.
    pub async fn look_to_check(&self, id: SetupId) -> Result<CheckLook, StoreError> {
        let row = sqlx::query!(
            r#"/* check::look_to_check */
            select s.state::text as "setup!", kept.secret_id as "secret_id?", kept.version as "version?",
                kept.sealed as "sealed?", kept.info::text as info, o.org_id as "org_id?",
                o.allocation as "allocation?", o.observed_used, o.observed_at, statement_timestamp() as "now!",
                coalesce(ledger.used, 0)::bigint as "used!", coalesce(ledger.since, 0)::bigint as "since!"
            from setups s
            left join secrets kept
                on kept.portal_id = s.portal_id and kept.kind = $2 and kept.role = 'current'
            left join connections c on c.portal_id = s.portal_id and c.state <> 'disconnected'
            left join orgs o on o.org_id = c.org_id
            left join lateral (
                select sum(entry.calls) as used, sum(entry.calls) filter (where entry.is_unseen) as since
                from (
                    select calls, bucket + make_interval(secs => $4) > o.observed_at as is_unseen from api_calls
                    where org_id = o.org_id and bucket > statement_timestamp() - make_interval(secs => $3)
                    union all
                    select calls, true from api_reservations
                    where org_id = o.org_id and reserved_at > statement_timestamp() - make_interval(secs => $3)
                ) entry
            ) ledger on true
            where s.setup_id = $1"#,
            id.0,
            SecretKind::SalesforceSession.name(),
            budget::COUNTED.as_seconds_f64(),
            budget::BUCKET.as_seconds_f64(),
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?
        .ok_or(Reason::SetupNotFound)?;
        let observed = row.observed_used.zip(row.observed_at);
        let calls =
            row.org_id.as_deref().and_then(OrgId::parse).zip(row.allocation).map(|(org_id, allocation)| {
                let observed = observed.map(|(used, at)| Observation { used, at, ours_since: row.since });
                CallsLeft { org_id, ledger: OrgLedger { allocation, observed, used: row.used }, now: row.now }
            });
        let session = StoredSecret::of(row.secret_id, row.version, row.sealed, row.info);
        Ok(CheckLook {
            setup: read_text("setup", &row.setup)?,
            session: session.map(StoredSecret::read).transpose()?,
            calls,
        })
    }
}
