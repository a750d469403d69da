//! Whether the signed statements hold: each signed, each following the one before, no chain shorter than before.

use std::collections::BTreeMap;

use thiserror::Error;
use uuid::Uuid;

use super::{
    heads::{ChainHead, Predecessor, Statement, root},
    key::PublicKey,
    row::Head,
};

/// What is wrong with a series of statements.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SeriesProblem {
    /// Signed by a key that was not given.
    #[error("statement {number}: signed by the key {key_id}, which is not among the public keys given")]
    UnknownKey {
        /// Which statement.
        number: i64,
        /// The key.
        key_id: String,
    },
    /// The signature does not hold: the file was changed.
    #[error("statement {number}: the signature does not hold")]
    Signature {
        /// Which statement.
        number: i64,
    },
    /// Of another database than the first one.
    #[error("statement {number}: of the database {found}, not of {expected}")]
    Incarnation {
        /// Which statement.
        number: i64,
        /// That of the first.
        expected: Uuid,
        /// Its own.
        found: Uuid,
    },
    /// A number is missing or comes twice.
    #[error("statement {expected} is missing")]
    Missing {
        /// The number that should come.
        expected: i64,
    },
    /// It does not follow the one before: one of the two was exchanged.
    #[error("statement {number} does not follow statement {}", number - 1)]
    Unlinked {
        /// Which statement.
        number: i64,
    },
    /// A chain became shorter, or its last row another one.
    #[error(
        "statement {number}: the trail of portal {portal_id} went back to row {sequence}, after row {before}"
    )]
    WentBack {
        /// Which statement.
        number: i64,
        /// The portal.
        portal_id: i64,
        /// Its head in this statement.
        sequence: i64,
        /// Its head before.
        before: i64,
    },
    /// The root is not the one of all heads: a chain vanished, or moved without being named.
    #[error("statement {number}: its root is not that of the heads signed so far")]
    Root {
        /// Which statement.
        number: i64,
    },
}

/// A walk along the statements, in the order of their numbers.
#[derive(Debug)]
pub struct Series<'a> {
    keys: &'a [PublicKey],
    last: Option<(Uuid, Predecessor)>,
    heads: BTreeMap<i64, Head>,
    /// Statements are missing: roots can't be made.
    has_gap: bool,
}

impl<'a> Series<'a> {
    /// A walk with the public keys that are trusted.
    #[must_use]
    pub fn new(keys: &'a [PublicKey]) -> Self {
        Self { keys, last: None, heads: BTreeMap::new(), has_gap: false }
    }

    /// Takes the next statement. Returns everything that is wrong with it.
    pub fn take(&mut self, statement: &Statement) -> Vec<SeriesProblem> {
        let number = statement.number;
        let problem = match self.keys.iter().find(|key| key.id() == statement.key_id) {
            None => Some(SeriesProblem::UnknownKey { number, key_id: statement.key_id.clone() }),
            Some(key) if !statement.is_signed_by(key) => Some(SeriesProblem::Signature { number }),
            Some(_) => None,
        };
        if let Some(problem) = problem {
            // Nothing that it says counts; the next one finds it missing.
            return vec![problem];
        }
        let mut problems = self.follow(statement);
        for moved in &statement.heads {
            let before = self.heads.insert(moved.portal_id, moved.head());
            if let Some(before) = before.filter(|before| before.sequence >= moved.sequence) {
                problems.push(SeriesProblem::WentBack {
                    number,
                    portal_id: moved.portal_id,
                    sequence: moved.sequence,
                    before: before.sequence,
                });
            }
        }
        if !self.has_gap && statement.root != root(&self.heads()) {
            problems.push(SeriesProblem::Root { number });
        }
        problems
    }

    fn follow(&mut self, statement: &Statement) -> Vec<SeriesProblem> {
        let number = statement.number;
        let mut problems = Vec::new();
        let Some((incarnation, before)) = self.last else {
            // Older ones may be archived elsewhere; the heads that they named are then not known.
            self.has_gap = number != 1;
            self.last = Some((statement.incarnation, statement.as_predecessor()));
            return problems;
        };
        if incarnation != statement.incarnation {
            problems.push(SeriesProblem::Incarnation {
                number,
                expected: incarnation,
                found: statement.incarnation,
            });
        }
        if number != before.number + 1 {
            self.has_gap = true;
            problems.push(SeriesProblem::Missing { expected: before.number + 1 });
        } else if statement.previous != before.digest {
            problems.push(SeriesProblem::Unlinked { number });
        }
        self.last = Some((incarnation, statement.as_predecessor()));
        problems
    }

    /// The newest head of each chain that was signed, by portal id.
    #[must_use]
    pub fn heads(&self) -> Vec<ChainHead> {
        self.heads
            .iter()
            .map(|(portal_id, head)| ChainHead {
                portal_id: *portal_id,
                sequence: head.sequence,
                hash: head.hash,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

    use time::OffsetDateTime;

    use super::*;
    use crate::audit::SigningKey;

    fn head(portal_id: i64, sequence: i64) -> ChainHead {
        let mut hash = [0; 32];
        hash[0] = u8::try_from(sequence).unwrap();
        hash[1] = u8::try_from(portal_id).unwrap();
        ChainHead { portal_id, sequence, hash }
    }

    /// Three statements: two chains begin, one moves, a third begins.
    fn series(key: &SigningKey) -> Vec<Statement> {
        let mut statements: Vec<Statement> = Vec::new();
        let rounds = [
            (vec![head(1, 1), head(2, 5)], vec![head(1, 1), head(2, 5)]),
            (vec![head(1, 3), head(2, 5)], vec![head(1, 3)]),
            (vec![head(1, 3), head(2, 5), head(3, 1)], vec![head(3, 1)]),
        ];
        for (all, moved) in rounds {
            let after = statements.last().map_or(Predecessor::NONE, Statement::as_predecessor);
            let at = OffsetDateTime::UNIX_EPOCH + time::Duration::hours(after.number);
            statements.push(Statement::sign(key, Uuid::nil(), after, at, &all, moved));
        }
        statements
    }

    fn problems(keys: &[PublicKey], statements: &[Statement]) -> Vec<SeriesProblem> {
        let mut series = Series::new(keys);
        statements.iter().flat_map(|statement| series.take(statement)).collect()
    }

    #[test]
    fn a_good_series_holds_and_gives_the_newest_heads() {
        let key = SigningKey::generate().unwrap();
        let keys = [key.public()];
        let mut walk = Series::new(&keys);
        for statement in series(&key) {
            let again = Statement::parse(&statement.to_text().unwrap()).unwrap();
            assert_eq!(again, statement);
            assert_eq!(walk.take(&again), []);
        }
        assert_eq!(walk.heads(), [head(1, 3), head(2, 5), head(3, 1)]);
    }

    #[test]
    fn every_change_of_a_statement_breaks_its_signature() {
        let key = SigningKey::generate().unwrap();
        let keys = [key.public()];
        let edits: [fn(&mut Statement); 8] = [
            |statement| statement.incarnation = Uuid::from_u128(1),
            |statement| statement.number += 1,
            |statement| statement.signed_at += time::Duration::MICROSECOND,
            |statement| statement.previous[31] ^= 1,
            |statement| statement.chains += 1,
            |statement| statement.root[0] ^= 1,
            |statement| statement.heads[0].sequence += 1,
            |statement| statement.chains -= 1,
        ];
        for edit in edits {
            let mut statements = series(&key);
            edit(&mut statements[0]);
            let number = statements[0].number;
            assert_eq!(problems(&keys, &statements[..1]), [SeriesProblem::Signature { number }]);
        }
        let stranger = SigningKey::generate().unwrap().public();
        assert!(matches!(
            problems(&[stranger], &series(&key))[0],
            SeriesProblem::UnknownKey { number: 1, .. }
        ));
    }

    #[test]
    fn a_statement_that_is_missing_or_made_anew_is_found() {
        let key = SigningKey::generate().unwrap();
        let keys = [key.public()];
        let mut statements = series(&key);
        statements.remove(1);
        assert_eq!(problems(&keys, &statements), [SeriesProblem::Missing { expected: 2 }]);

        // Signed with the right key, but after another past.
        let mut statements = series(&key);
        let other = Predecessor { number: 1, digest: [9; 32] };
        let moved = vec![head(1, 3)];
        let all = [head(1, 3), head(2, 5)];
        statements[1] = Statement::sign(&key, Uuid::nil(), other, statements[1].signed_at, &all, moved);
        assert_eq!(problems(&keys, &statements[..2]), [SeriesProblem::Unlinked { number: 2 }]);
    }

    #[test]
    fn a_chain_that_went_back_or_vanished_is_found() {
        let key = SigningKey::generate().unwrap();
        let keys = [key.public()];
        let statements = series(&key);
        let after = statements[1].as_predecessor();
        let at = statements[2].signed_at;
        let back = Statement::sign(&key, Uuid::nil(), after, at, &[head(1, 2), head(2, 5)], vec![head(1, 2)]);
        let gone = Statement::sign(&key, Uuid::nil(), after, at, &[head(1, 3)], Vec::new());
        let found = |last: Statement| problems(&keys, &[statements[0].clone(), statements[1].clone(), last]);
        assert_eq!(
            found(back),
            [SeriesProblem::WentBack { number: 3, portal_id: 1, sequence: 2, before: 3 }]
        );
        assert_eq!(found(gone), [SeriesProblem::Root { number: 3 }]);
    }
}
