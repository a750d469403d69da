//! `audit`.

use std::{collections::BTreeMap, fs, path::Path};

use super::{append, pages};
use crate::{
    api::v1,
    audit::{ChainHead, PublicKey, Series, Statement},
    ctl::{
        args::{AuditCommand, VerifyArgs},
        context::Context,
        error::Error,
        exit::Exit,
    },
};

/// Heads in one request, as the server takes them.
const HEADS_AT_ONCE: usize = 1_000;

pub async fn run(context: &Context, command: AuditCommand) -> Result<Exit, Error> {
    match command {
        AuditCommand::List { portal, from, until, method, principal, page } => {
            let timestamp = |at: time::OffsetDateTime| prost_types::Timestamp {
                seconds: at.unix_timestamp(),
                nanos: i32::try_from(at.nanosecond()).unwrap_or(0),
            };
            let filter = v1::ListAuditEventsRequest {
                portal_id: portal.unwrap_or_default(),
                start_time: from.map(timestamp),
                end_time: until.map(timestamp),
                method: method.unwrap_or_default(),
                principal: principal.unwrap_or_default(),
                ..v1::ListAuditEventsRequest::default()
            };
            let client = &context.client;
            let read = async |page_size, page_token| {
                let message = v1::ListAuditEventsRequest { page_size, page_token, ..filter.clone() };
                client.read(message, async |request| client.audit().list_audit_events(request).await).await
            };
            let answer: v1::ListAuditEventsResponse = pages(&page, read, append!(events)).await?;
            context.print(&answer)?;
            Ok(Exit::Ok)
        }
        AuditCommand::Verify(args) => verify(context, &args).await,
    }
}

async fn verify(context: &Context, args: &VerifyArgs) -> Result<Exit, Error> {
    let signed = match &args.heads {
        Some(folder) => Some(Signed::read(folder, &args.public_key)?),
        None => None,
    };
    let mut is_good = true;
    if let Some(signed) = &signed {
        is_good = signed.problems.is_empty();
        for problem in &signed.problems {
            eprintln!("{problem}");
        }
        let count = signed.statements.len().to_string();
        let chains = signed.newest.len().to_string();
        context.note(&context.view.lang.with("ctl-audit-signed", &[("count", &count), ("chains", &chains)]));
    }
    if !args.offline {
        let verdict = verify_trail(context, args.portal, signed.as_ref()).await?;
        is_good &= verdict.findings.is_empty();
        context.print(&verdict)?;
    }
    Ok(if is_good { Exit::Ok } else { Exit::Failed })
}

/// The statements of a folder, checked.
struct Signed {
    statements: Vec<Statement>,
    newest: Vec<ChainHead>,
    problems: Vec<String>,
}

impl Signed {
    fn read(folder: &Path, keys: &[std::path::PathBuf]) -> Result<Self, Error> {
        let keys: Vec<PublicKey> = keys
            .iter()
            .map(|path| PublicKey::load(path).map_err(|error| Error::Usage(error.to_string())))
            .collect::<Result<_, _>>()?;
        let unreadable = |error: std::io::Error| Error::Usage(format!("{}: {error}", folder.display()));
        let mut problems = Vec::new();
        let mut statements: Vec<Statement> = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // What is being written begins with a dot.
            if name.starts_with('.') || !name.ends_with(".json") {
                continue;
            }
            match Statement::parse(&fs::read_to_string(&path).map_err(unreadable)?) {
                Ok(statement) => statements.push(statement),
                Err(error) => problems.push(format!("{name}: {error}")),
            }
        }
        statements.sort_by_key(|statement| statement.number);
        let mut series = Series::new(&keys);
        for statement in &statements {
            problems.extend(series.take(statement).iter().map(ToString::to_string));
        }
        let newest = series.heads();
        Ok(Self { statements, newest, problems })
    }

    /// Everything of a portal that was signed, oldest first.
    fn of(&self, portal_id: i64) -> Vec<ChainHead> {
        let heads = self.statements.iter().flat_map(|statement| &statement.heads);
        heads.filter(|head| head.portal_id == portal_id).copied().collect()
    }
}

/// Walks along the whole trail, then looks for what was signed.
async fn verify_trail(
    context: &Context,
    portal: Option<i64>,
    signed: Option<&Signed>,
) -> Result<v1::VerifyAuditTrailResponse, Error> {
    let mut all = v1::VerifyAuditTrailResponse::default();
    loop {
        let part = ask(context, portal, &[], all.next_position.clone()).await?;
        all.rows_checked += part.rows_checked;
        all.chains_checked += part.chains_checked;
        all.findings.extend(part.findings);
        all.next_position = part.next_position;
        if all.next_position.is_empty() {
            break;
        }
    }
    let Some(signed) = signed else { return Ok(all) };
    let newest: Vec<ChainHead> = signed
        .newest
        .iter()
        .filter(|head| portal.is_none_or(|portal| portal == head.portal_id))
        .copied()
        .collect();
    let mut broken = BTreeMap::new();
    for heads in newest.chunks(HEADS_AT_ONCE) {
        for finding in missing(context, heads).await? {
            broken.insert(finding.portal_id, finding);
        }
    }
    for (portal_id, mut finding) in broken {
        // The last older head that is still there tells how far the chain is good.
        let older = signed.of(portal_id);
        for heads in older.chunks(HEADS_AT_ONCE) {
            let gone: Vec<i64> = missing(context, heads).await?.iter().map(|gone| gone.sequence).collect();
            let there = heads.iter().map(|head| head.sequence).filter(|sequence| !gone.contains(sequence));
            finding.good_until_sequence = there.max().unwrap_or(0).max(finding.good_until_sequence);
        }
        all.findings.push(finding);
    }
    Ok(all)
}

/// Those of the heads that are not rows of the trail.
async fn missing(context: &Context, heads: &[ChainHead]) -> Result<Vec<v1::AuditFinding>, Error> {
    // One portal's rows would do; what the walk itself finds was told before.
    let portal = heads.first().map(|head| head.portal_id);
    let answer = ask(context, portal, heads, String::new()).await?;
    let signed_head = i32::from(v1::AuditProblem::SignedHead);
    Ok(answer.findings.into_iter().filter(|finding| finding.problem == signed_head).collect())
}

async fn ask(
    context: &Context,
    portal: Option<i64>,
    heads: &[ChainHead],
    position: String,
) -> Result<v1::VerifyAuditTrailResponse, Error> {
    let client = &context.client;
    let message = v1::VerifyAuditTrailRequest {
        portal_id: portal.unwrap_or_default(),
        heads: heads
            .iter()
            .map(|head| v1::AuditHead {
                portal_id: head.portal_id,
                sequence: head.sequence,
                hash: head.hash.to_vec(),
            })
            .collect(),
        // Heads are looked up by themselves; the walk is done without them.
        max_rows: i32::from(!heads.is_empty()),
        position,
    };
    client.read(message, async |request| client.audit().verify_audit_trail(request).await).await
}
