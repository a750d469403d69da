//! Whether a chain holds: row after row, each from its predecessor, to the head that the portal's row names.

use std::cmp::Ordering;

use super::row::{Head, Row};

/// What is wrong with a chain. Nothing behind it can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The row that should come next is missing: deleted, or another one was put before it.
    Missing,
    /// The row does not name its predecessor's hash: one of the two was exchanged.
    Unlinked,
    /// The row's content does not give its hash: it was edited.
    Edited,
    /// The portal's row names another end: rows were cut off, added or exchanged there.
    Head,
    /// A row that a signed statement names is missing or another one: the chain was cut off or made anew since.
    SignedHead,
}

impl Problem {
    /// Its name, as the API and the admin tool show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unlinked => "unlinked",
            Self::Edited => "edited",
            Self::Head => "head",
            Self::SignedHead => "signed_head",
        }
    }
}

/// What was found, and how far the chain is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The portal's hub id.
    pub portal_id: i64,
    /// Where: the sequence of the row that is wrong or missing.
    pub sequence: i64,
    /// What.
    pub problem: Problem,
    /// The last row that is as it was written; 0 for none.
    pub good_until: i64,
}

/// A walk along one chain.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    portal_id: i64,
    head: Head,
}

impl Walk {
    /// Begins behind a row that is known to be good; [`Head::START`] for the whole chain.
    #[must_use]
    pub fn from(portal_id: i64, head: Head) -> Self {
        Self { portal_id, head }
    }

    /// The last row that was found good.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// Takes the next row in the order of the sequence.
    ///
    /// # Errors
    /// What is wrong with it; the walk ends there.
    pub fn take(&mut self, row: &Row) -> Result<(), Finding> {
        let expected = self.head.sequence + 1;
        if row.sequence != expected || row.draft.portal_id != self.portal_id {
            return Err(self.finding(expected, Problem::Missing));
        }
        if row.prev_hash != self.head.hash {
            // One of the two was exchanged.
            let good_until = (self.head.sequence - 1).max(0);
            return Err(Finding { good_until, ..self.finding(expected, Problem::Unlinked) });
        }
        if row.computed_hash() != row.hash {
            return Err(self.finding(expected, Problem::Edited));
        }
        self.head = row.head();
        Ok(())
    }

    /// Ends the walk at the head that the portal's row names.
    ///
    /// # Errors
    /// [`Problem::Head`] when the last row is not that one.
    pub fn end(&self, recorded: Head) -> Result<(), Finding> {
        if self.head == recorded {
            return Ok(());
        }
        let good_until = match recorded.sequence.cmp(&self.head.sequence) {
            Ordering::Less => recorded.sequence,
            Ordering::Greater => self.head.sequence,
            // One of the two was exchanged.
            Ordering::Equal => self.head.sequence - 1,
        };
        let finding = self.finding(good_until + 1, Problem::Head);
        Err(Finding { good_until, ..finding })
    }

    fn finding(&self, sequence: i64, problem: Problem) -> Finding {
        Finding { portal_id: self.portal_id, sequence, problem, good_until: self.head.sequence }
    }
}
