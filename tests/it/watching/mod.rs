//! The watches against etcd's words: ordered, unique, reliable, atomic, resumable, bookmarkable.

mod contract;
mod doorbell;
mod ends;
mod load;
mod order;
mod record;
mod rules;
mod stalled;
mod tokens;
mod writers;
