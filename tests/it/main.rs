//! Integration tests, one program: one link and one database server for all.

mod connect;
mod harness;
mod private_postgres;
mod wizard;
