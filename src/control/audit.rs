//! The audit trail: listing it, verifying it, and signing the heads of its chains.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{fs, io::AsyncWriteExt as _, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{Control, ControlError};
use crate::{
    audit::{ChainHead, Finding, Hash, Head, Predecessor, Problem, Row, SigningKey, Statement, Walk},
    domain::PortalId,
    store::{AuditFilter, AuditKey, HeadsToSign, Page, StoreError, TrailPart, TrailPlace},
};

/// Statements that are written to files at a time.
const EXPORTS_AT_ONCE: i64 = 100;

/// How the heads are signed.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// The key; without one nothing is signed.
    pub key: Option<Arc<SigningKey>>,
    /// How often.
    pub every: Duration,
    /// Where the statements are written to; without it they are in the database alone.
    pub folder: Option<PathBuf>,
}

/// How far a verification has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyPlace {
    /// The portal's hub id.
    pub portal_id: i64,
    /// The last good row; the largest number when the chain is broken and the rest of it is passed over.
    pub sequence: i64,
    /// That row's hash.
    pub hash: Hash,
}

/// What a part of the trail is worth.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Rows that were looked at.
    pub rows: i64,
    /// Chains that ended in this part.
    pub chains: i64,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Where to go on; `None` at the end.
    pub next: Option<VerifyPlace>,
}

impl Control {
    /// Audit rows, newest first, after one.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`.
    pub async fn audit_rows(
        &self,
        filter: &AuditFilter,
        after: Option<AuditKey>,
        size: i64,
    ) -> Result<Page<Row>, ControlError> {
        let page = self.inner.store.audit_rows(filter, after, size).await?;
        // A portal that has rows is there.
        if page.items.is_empty()
            && let Some(portal_id) = filter.portal_id
        {
            self.inner.store.portal(portal_id).await?;
        }
        Ok(page)
    }

    /// Verifies the next `size` rows, of one portal, of those that are granted or of all, and that all of `signed` are
    /// rows of the trail.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`.
    pub async fn verify_audit(
        &self,
        portal_id: Option<PortalId>,
        granted: Option<Vec<i64>>,
        signed: &[ChainHead],
        after: Option<VerifyPlace>,
        size: i64,
    ) -> Result<Verified, ControlError> {
        let place = after.map_or(TrailPlace { portal_id: 0, sequence: 0 }, |after| TrailPlace {
            portal_id: after.portal_id,
            sequence: after.sequence,
        });
        let part = self.inner.store.trail_part(portal_id, granted, signed, place, size).await?;
        let mut verified = verify(&part, after);
        for missing in &part.not_found {
            verified.findings.push(Finding {
                portal_id: missing.portal_id,
                sequence: missing.sequence,
                problem: Problem::SignedHead,
                // The rows before it may be good: an older signed head tells.
                good_until: 0,
            });
        }
        Ok(verified)
    }

    /// Signs the heads if it is time, or at once with `now`, and writes statements to files that are not there yet.
    /// What fails is logged and tried again the next time.
    pub async fn sign_audit(&self, now: bool) {
        if let Err(error) = self.sign_heads(now).await {
            tracing::error!(%error, "the audit trail's heads could not be signed");
        }
        if let Some(folder) = &self.inner.audit.folder
            && let Err(error) = self.export(folder).await
        {
            tracing::error!(%error, folder = %folder.display(), "signed heads could not be exported");
        }
    }

    async fn sign_heads(&self, now: bool) -> Result<(), ControlError> {
        let Some(key) = self.inner.audit.key.clone() else { return Ok(()) };
        // All servers tick; whoever comes first after half the time signs.
        let not_within = if now { Duration::ZERO } else { self.inner.audit.every / 2 };
        let not_within = time::Duration::try_from(not_within).unwrap_or(time::Duration::MAX);
        let incarnation = self.inner.store.incarnation();
        let signed = self
            .inner
            .store
            .sign_heads(not_within, move |heads| Ok(statement(&key, incarnation, heads)))
            .await?;
        if let Some(number) = signed {
            tracing::info!(number, "the audit trail's heads were signed");
        }
        Ok(())
    }

    /// Writes the statements that the folder does not hold. One that it holds is never written again: a statement of
    /// the same number that says something else means that the database was set back or changed.
    async fn export(&self, folder: &Path) -> Result<(), ExportError> {
        fs::create_dir_all(folder).await?;
        // Those just before the newest are compared again each time, all of them when the server starts.
        let exported = &self.inner.exported;
        let mut after = exported.load(Ordering::Relaxed).saturating_sub(EXPORTS_AT_ONCE).max(0);
        loop {
            let statements = self.inner.store.statements_after(after, EXPORTS_AT_ONCE).await?;
            let Some((last, _)) = statements.last() else { return Ok(()) };
            after = *last;
            for (number, text) in &statements {
                export_one(folder, *number, text).await?;
            }
            exported.store(after, Ordering::Relaxed);
        }
    }
}

/// Why statements could not be exported.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Store(#[from] StoreError),
}

async fn export_one(folder: &Path, number: i64, text: &str) -> Result<(), ExportError> {
    let path = folder.join(Statement::file_name(number));
    match fs::read_to_string(&path).await {
        Ok(exported) if exported == text => return Ok(()),
        Ok(_) => {
            tracing::error!(
                number,
                file = %path.display(),
                "the signed heads in the database are not those that were exported: verify the audit trail"
            );
            return Ok(());
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    // Under its name only when it is whole.
    let partial = folder.join(format!(".{}.{}", Statement::file_name(number), uuid::Uuid::now_v7().simple()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&partial).await?;
    file.write_all(text.as_bytes()).await?;
    file.sync_all().await?;
    fs::rename(&partial, &path).await?;
    Ok(())
}

fn statement(key: &SigningKey, incarnation: uuid::Uuid, heads: HeadsToSign) -> Statement {
    for portal_id in &heads.went_back {
        tracing::error!(
            portal_id,
            "an audit chain is shorter than when it was signed: verify the audit trail"
        );
    }
    let after = heads.last.as_ref().map_or(Predecessor::NONE, Statement::as_predecessor);
    Statement::sign(key, incarnation, after, heads.now, &heads.all, heads.moved)
}

/// Signs every now and then until `stop`.
pub async fn run_audit(control: Control, stop: CancellationToken) {
    let mut tick = tokio::time::interval(control.inner.audit.every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => control.sign_audit(false).await,
        }
    }
}

/// Walks along the chains of a part.
fn verify(part: &TrailPart, after: Option<VerifyPlace>) -> Verified {
    let mut verified =
        Verified { rows: i64::try_from(part.rows.len()).unwrap_or(i64::MAX), ..Verified::default() };
    let mut chains: BTreeMap<i64, (Vec<&Row>, Option<Head>)> = BTreeMap::new();
    for row in &part.rows {
        chains.entry(row.draft.portal_id).or_default().0.push(row);
    }
    for head in &part.heads {
        chains.entry(head.portal_id).or_default().1 = Some(head.head());
    }
    let unfinished = part.rows.last().filter(|_| part.more).map(|row| row.draft.portal_id);
    for (portal_id, (rows, recorded)) in chains {
        let begin = after.filter(|after| after.portal_id == portal_id);
        let was_broken = begin.is_some_and(|begin| begin.sequence == i64::MAX);
        let begin = begin.map_or(Head::START, |begin| Head { sequence: begin.sequence, hash: begin.hash });
        let mut walk = Walk::from(portal_id, begin);
        let mut outcome = Ok(());
        if !was_broken {
            outcome = rows.iter().try_for_each(|row| walk.take(row));
        }
        let goes_on = unfinished == Some(portal_id);
        if !goes_on {
            verified.chains += 1;
            if outcome.is_ok() && !was_broken {
                // Rows of a portal whose own row is gone have no head to end at.
                outcome = walk.end(recorded.unwrap_or(Head::START));
            }
        }
        let is_broken = was_broken || outcome.is_err();
        verified.findings.extend(outcome.err());
        if goes_on {
            let head = walk.head();
            let sequence = if is_broken { i64::MAX } else { head.sequence };
            verified.next = Some(VerifyPlace { portal_id, sequence, hash: head.hash });
        }
    }
    verified
}
