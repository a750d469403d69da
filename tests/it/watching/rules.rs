//! The promises as checks over recorded streams, and the bugs that each check catches.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};

use super::record::{Committed, Message, Said, Watch};

/// Revisions by portal.
pub type Revisions = BTreeMap<i64, i64>;

/// The changes of one portal never go back.
pub fn ordered(seen: &[Message]) -> Result<()> {
    let mut last = Revisions::new();
    for message in seen {
        if let Said::Change { portal_id, revision, .. } = message.said {
            let before = last.insert(portal_id, revision).unwrap_or(0);
            ensure!(before <= revision, "portal {portal_id}: {revision} came after {before}");
        }
    }
    Ok(())
}

/// No change comes twice, and none that a snapshot has shown already.
pub fn unique(seen: &[Message]) -> Result<()> {
    let mut shown = Revisions::new();
    let mut changes = BTreeSet::new();
    for message in seen {
        match &message.said {
            Said::Snapshot { shown: portals, .. } => shown.extend(portals.iter().copied()),
            Said::Change { portal_id, revision, .. } => {
                let in_snapshot = shown.get(portal_id).copied().unwrap_or(0);
                ensure!(*revision > in_snapshot, "portal {portal_id}: {revision} was in the snapshot");
                let is_new = changes.insert((*portal_id, *revision));
                ensure!(is_new, "portal {portal_id}: {revision} came twice");
            }
            Said::Heartbeat | Said::Reset(_) | Said::End(_) => {}
        }
    }
    Ok(())
}

/// Every change after the snapshot came, and none that never was. `begin` is what the stream began at, where the
/// snapshot shows nothing.
pub fn reliable(watch: &Watch, seen: &[Message], truth: &[Committed], begin: &Revisions) -> Result<()> {
    let due = due(watch, seen, truth, begin);
    let changes = changes(seen);
    let missing: Vec<_> = due.difference(&changes).collect();
    ensure!(missing.is_empty(), "{watch:?}: {} of {} are missing: {missing:?}", missing.len(), due.len());
    let invented: Vec<_> = changes.difference(&due).collect();
    ensure!(invented.is_empty(), "{watch:?}: never happened, or before the stream: {invented:?}");
    Ok(())
}

/// What the stream has to bring, by portal and revision.
pub fn due(watch: &Watch, seen: &[Message], truth: &[Committed], begin: &Revisions) -> BTreeSet<(i64, i64)> {
    let mut from = begin.clone();
    for message in seen {
        if let Said::Snapshot { shown, .. } = &message.said {
            from.extend(shown.iter().copied());
        }
    }
    let after = |event: &&Committed| event.revision > from.get(&event.portal_id).copied().unwrap_or(0);
    truth
        .iter()
        .filter(after)
        .filter(|event| !watch.kinds_of(event).is_empty())
        .map(|event| (event.portal_id, event.revision))
        .collect()
}

/// What came, by portal and revision.
pub fn changes(seen: &[Message]) -> BTreeSet<(i64, i64)> {
    seen.iter()
        .filter_map(|message| match message.said {
            Said::Change { portal_id, revision, .. } => Some((portal_id, revision)),
            _ => None,
        })
        .collect()
}

/// All that one commit changed comes in one message.
pub fn atomic(watch: &Watch, seen: &[Message], truth: &[Committed]) -> Result<()> {
    for message in seen {
        let Said::Change { portal_id, revision, kinds } = &message.said else { continue };
        let event = truth.iter().find(|event| event.portal_id == *portal_id && event.revision == *revision);
        let Some(event) = event else { bail!("portal {portal_id}: {revision} never happened") };
        let whole = watch.kinds_of(event);
        ensure!(*kinds == whole, "portal {portal_id}, {revision}: {kinds:?} instead of {whole:?}");
    }
    Ok(())
}

/// A resumed call goes on: no snapshot once the first one was whole, and no reset.
pub fn resumable(seen: &[Message]) -> Result<()> {
    let mut begun = None;
    for message in seen {
        match &message.said {
            Said::Snapshot { more, .. } => {
                let first = begun.is_none_or(|call| call == message.call);
                ensure!(first, "call {} began anew", message.call);
                begun = (!more).then_some(message.call);
            }
            Said::Reset(cause) => bail!("call {} was reset: {cause:?}", message.call),
            Said::Change { .. } | Said::Heartbeat | Said::End(_) => {}
        }
        ensure!(!message.token.is_empty(), "no token: {message:?}");
    }
    Ok(())
}

/// All of them.
pub fn all(watch: &Watch, seen: &[Message], truth: &[Committed], begin: &Revisions) -> Result<()> {
    ordered(seen)?;
    unique(seen)?;
    reliable(watch, seen, truth, begin)?;
    atomic(watch, seen, truth)?;
    resumable(seen)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(said: Said, call: usize) -> Message {
        Message { said, token: "t".to_owned(), call }
    }

    fn change(revision: i64, call: usize) -> Message {
        message(Said::Change { portal_id: 7, revision, kinds: vec!["attempt", "connection"] }, call)
    }

    fn good() -> (Watch, Vec<Message>, Vec<Committed>) {
        let snapshot = Said::Snapshot { shown: vec![(7, 2)], more: false };
        let seen = vec![
            message(snapshot, 0),
            change(3, 0),
            message(Said::Heartbeat, 0),
            change(4, 1),
            change(5, 1),
            change(6, 2),
        ];
        let changes = json!([{"kind": "attempt", "after": {}}, {"kind": "connection", "after": {}}]);
        let event = |revision| Committed { portal_id: 7, revision, changes: changes.clone() };
        (Watch::Connections(0), seen, (1..=6).map(event).collect())
    }

    fn check(break_it: impl Fn(&mut Vec<Message>)) -> Vec<&'static str> {
        let (watch, mut seen, truth) = good();
        break_it(&mut seen);
        let verdicts = [
            ("ordered", ordered(&seen)),
            ("unique", unique(&seen)),
            ("reliable", reliable(&watch, &seen, &truth, &Revisions::new())),
            ("atomic", atomic(&watch, &seen, &truth)),
            ("resumable", resumable(&seen)),
        ];
        verdicts.into_iter().filter(|(_, verdict)| verdict.is_err()).map(|(name, _)| name).collect()
    }

    #[test]
    fn a_good_recording_passes() {
        assert_eq!(check(|_| ()), [""; 0]);
    }

    #[test]
    fn planted_bugs_are_caught() {
        assert_eq!(check(|seen| drop(seen.remove(3))), ["reliable"], "a lost change");
        assert_eq!(check(|seen| drop(seen.pop())), ["reliable"], "the newest is lost");
        assert_eq!(check(|seen| seen.insert(4, change(4, 1))), ["unique"], "a change twice");
        assert_eq!(check(|seen| seen.push(change(3, 2))), ["ordered", "unique"], "an old one after a cut");
        assert_eq!(check(|seen| seen.swap(3, 4)), ["ordered"], "two in the wrong order");
        assert_eq!(check(|seen| seen.insert(1, change(2, 0))), ["unique", "reliable"], "known by snapshot");
        assert_eq!(check(|seen| seen.push(change(9, 2))), ["reliable", "atomic"], "it never happened");
        let half = Said::Change { portal_id: 7, revision: 5, kinds: vec!["attempt"] };
        assert_eq!(check(|seen| seen.splice(4..5, [message(half.clone(), 1)]).for_each(drop)), ["atomic"]);
        let snapshot = Said::Snapshot { shown: vec![(7, 4)], more: false };
        let anew = check(|seen| seen.splice(3..4, [message(snapshot.clone(), 1)]).for_each(drop));
        assert!(anew.contains(&"resumable"), "a snapshot instead of what was missed: {anew:?}");
    }
}
