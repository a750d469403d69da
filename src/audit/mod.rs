//! The audit trail as mathematics: what a row hashes to, whether a chain holds, what is signed over all heads.
//!
//! No database, no clock, no file but the signing key's. The admin tool checks exported statements with the same code.

mod chain;
mod details;
mod heads;
mod key;
mod row;
mod series;

pub use chain::{Finding, Problem, Walk};
pub use details::{Details, Subject};
pub use heads::{ChainHead, FormError, Predecessor, Statement};
pub use key::{KeyError, PublicKey, SigningKey};
pub use row::{Draft, Hash, Head, Row};
pub use series::{Series, SeriesProblem};
