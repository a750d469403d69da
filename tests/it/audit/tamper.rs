//! An intruder with the whole database: whatever is done to the trail is found.

#![expect(clippy::indexing_slicing, reason = "test")]

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::AuditProblem,
    audit::{Head, Row},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use time::Duration;

use super::trail::{Installation, open_up, recorded_head, replace, rows, verify};

/// How often the trail is tampered with.
const TAMPERINGS: usize = 1_000;

/// What the intruder does to one portal's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tampering {
    /// Another value in one column.
    Edit,
    /// An edited row gets the hash that fits it.
    EditAndHashThatRow,
    /// A row goes.
    Delete,
    /// Two rows change places.
    Swap,
    /// The last rows go.
    Truncate,
    /// The last rows go, and the portal's head is set back.
    TruncateWithHead,
    /// A row that fits comes behind the last one.
    Append,
    /// A row comes in between, the ones behind it move up.
    Insert,
    /// A row is edited, and it and all behind it get hashes that fit, and so does the portal's head.
    EditAndHashAll,
    /// The portal names another head.
    Head,
}

const ALL: [Tampering; 10] = [
    Tampering::Edit,
    Tampering::EditAndHashThatRow,
    Tampering::Delete,
    Tampering::Swap,
    Tampering::Truncate,
    Tampering::TruncateWithHead,
    Tampering::Append,
    Tampering::Insert,
    Tampering::EditAndHashAll,
    Tampering::Head,
];

#[tokio::test]
async fn a_thousand_random_tamperings_are_all_found() -> Result<()> {
    let installation = Installation::start().await?;
    let clients = installation.clients().await?;
    let mut database = installation.database().await?;
    let heads = installation.signed_heads()?;
    open_up(&mut database).await?;

    let mut chains: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
    for row in rows(&mut database).await? {
        chains.entry(row.draft.portal_id).or_default().push(row);
    }
    ensure!(chains.len() == 3 && chains.values().all(|rows| rows.len() > 1), "{}", chains.len());
    let count: usize = chains.values().map(Vec::len).sum();
    // Also in parts that end within a chain, at its end, and behind a broken row.
    for max_rows in [1, 2, 7, 1_000] {
        let good = verify(&clients, &heads, max_rows).await?;
        ensure!(good.findings.is_empty(), "nothing was done: {good:?}");
        ensure!((good.rows_checked, good.chains_checked) == (i64::try_from(count)?, 3), "{good:?}");
    }

    let mut random = StdRng::seed_from_u64(7);
    let mut found: BTreeMap<Tampering, BTreeMap<AuditProblem, usize>> = BTreeMap::new();
    for turn in 0..TAMPERINGS {
        let tampering = ALL[turn % ALL.len()];
        let (portal_id, original) = pick(&chains, &mut random).context("no chain")?;
        let head = recorded_head(&mut database, portal_id).await?;
        let (tampered, new_head) = tamper(tampering, original, head, &mut random);
        replace(&mut database, portal_id, &tampered, new_head).await?;
        let max_rows = random.random_range(3..=40);
        let verdict = verify(&clients, &heads, max_rows).await?;
        let finding =
            verdict.findings.first().with_context(|| format!("{turn} {tampering:?} was not found"))?;
        ensure!(finding.portal_id == portal_id, "{tampering:?} of {portal_id}: {finding:?}");
        // What is said to be good is as it was.
        let good = usize::try_from(finding.good_until_sequence)?;
        ensure!(
            tampered.iter().take(good).eq(original.iter().take(good)),
            "{tampering:?}: not good until {good}"
        );
        *found.entry(tampering).or_default().entry(finding.problem()).or_default() += 1;
        replace(&mut database, portal_id, original, head).await?;
    }
    let good = verify(&clients, &heads, 1_000).await?;
    ensure!(good.findings.is_empty(), "the last one was undone: {good:?}");

    // Each check finds what no other one does: a verifier that leaves one out misses these.
    let only = |tampering, problem| {
        ensure!(
            found.get(&tampering).is_some_and(|problems| problems.contains_key(&problem)),
            "{tampering:?} as {problem:?}: {found:?}"
        );
        Ok(())
    };
    only(Tampering::Edit, AuditProblem::Edited)?;
    only(Tampering::EditAndHashThatRow, AuditProblem::Unlinked)?;
    only(Tampering::Delete, AuditProblem::Missing)?;
    only(Tampering::Truncate, AuditProblem::Head)?;
    only(Tampering::Append, AuditProblem::Head)?;
    only(Tampering::TruncateWithHead, AuditProblem::SignedHead)?;
    only(Tampering::EditAndHashAll, AuditProblem::SignedHead)?;
    Ok(())
}

fn pick<'a>(chains: &'a BTreeMap<i64, Vec<Row>>, random: &mut StdRng) -> Option<(i64, &'a Vec<Row>)> {
    let at = random.random_range(0..chains.len());
    chains.iter().nth(at).map(|(portal_id, rows)| (*portal_id, rows))
}

/// The rows and the head after it. Never the same as before.
fn tamper(tampering: Tampering, original: &[Row], head: Head, random: &mut StdRng) -> (Vec<Row>, Head) {
    let mut rows = original.to_vec();
    let at = random.random_range(0..rows.len());
    match tampering {
        Tampering::Edit => edit(&mut rows[at], random),
        Tampering::EditAndHashThatRow => {
            edit_draft(&mut rows[at], random);
            rows[at].hash = rows[at].computed_hash();
        }
        Tampering::Delete => {
            rows.remove(at);
        }
        Tampering::Swap => {
            let other = (at + random.random_range(1..rows.len())) % rows.len();
            let sequence = rows[at].sequence;
            rows[at].sequence = rows[other].sequence;
            rows[other].sequence = sequence;
            rows.sort_by_key(|row| row.sequence);
        }
        Tampering::Truncate => rows.truncate(at),
        Tampering::TruncateWithHead => {
            rows.truncate(at);
            return (rows.clone(), rows.last().map_or(Head::START, Row::head));
        }
        Tampering::Append => {
            let forged = rows[at].draft.clone();
            rows.push(head.append(forged));
        }
        Tampering::Insert => {
            let forged = Row { ..rows[at].clone() };
            rows.insert(at, forged);
            for (position, row) in rows.iter_mut().enumerate().skip(at) {
                row.sequence = i64::try_from(position).unwrap_or(0) + 1;
            }
        }
        Tampering::EditAndHashAll => {
            edit_draft(&mut rows[at], random);
            let mut before = at.checked_sub(1).map_or(Head::START, |last| rows[last].head());
            for row in rows.iter_mut().skip(at) {
                *row = before.append(row.draft.clone());
                before = row.head();
            }
            return (rows, before);
        }
        Tampering::Head => {
            let mut other = head;
            if random.random() {
                other.hash[random.random_range(0..32)] ^= 1;
            } else {
                other.sequence = random.random_range(0..other.sequence);
            }
            return (rows, other);
        }
    }
    (rows, head)
}

/// Another value in a column, the hashes included.
fn edit(row: &mut Row, random: &mut StdRng) {
    match random.random_range(0..11) {
        0 => row.hash[random.random_range(0..32)] ^= 1 << random.random_range(0..8),
        1 => row.prev_hash[random.random_range(0..32)] ^= 1 << random.random_range(0..8),
        _ => edit_draft(row, random),
    }
}

fn edit_draft(row: &mut Row, random: &mut StdRng) {
    let draft = &mut row.draft;
    match random.random_range(0..9) {
        0 => draft.revision += 1,
        1 => draft.occurred_at += Duration::microseconds(random.random_range(1..1_000_000_000)),
        2 => draft.principal.push('x'),
        3 => draft.method = draft.method.replacen('e', "3", 1) + "2",
        4 => draft.request_id = uuid::Uuid::from_u128(random.random()),
        5 => draft.call_id = if draft.call_id.is_some() { None } else { Some(String::new()) },
        6 => draft.reason = Some("as agreed".to_owned()),
        7 => draft.kinds.push("org".to_owned()),
        // As JSON it says the same.
        _ => draft.details.push(' '),
    }
}

#[tokio::test]
async fn a_statement_that_was_exchanged_in_the_database_is_told_and_the_file_stays() -> Result<()> {
    let mut installation = Installation::start().await?;
    let mut database = installation.database().await?;
    let before = installation.statements()?;
    ensure!(!before.is_empty(), "nothing was signed");
    // Whoever cut the trail off might make a statement that fits, and signs it with a key of their own.
    open_up(&mut database).await?;
    sqlx::query("delete from audit_exports").execute(&mut database).await?;
    sqlx::query("delete from audit_signed_heads").execute(&mut database).await?;
    installation.world.restart().await?;
    let after = installation.statements()?;
    ensure!(before.iter().all(|statement| after.contains(statement)), "a statement was written over");
    Ok(())
}
