//! Integration tests, one program: one link and one database server for all.

mod harness;
mod private_postgres;
mod watching;
mod wizard;
