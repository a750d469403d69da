//! From messages to domain values. A parser looks at every field before it answers, so that a caller learns in one go
//! all that is wrong; each bound is a named constant and stands in the proto's comments as well.

pub mod audit;
pub mod connection;
pub mod credential;
pub mod field;
pub mod handoff;
pub mod inclusion_list;
pub mod key;
pub mod mutation;
pub mod org;
pub mod portal;
pub mod settings;
pub mod setup;
pub mod sync;
pub mod test_contact;
mod violations;

#[cfg(test)]
mod tests;

pub use field::Page;
pub use mutation::Mutation;
pub use violations::{Parsed, Violation, Violations, Wrong};
