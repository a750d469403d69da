//! The connector's PostgreSQL launcher, compiled here as well: these tasks must run while the connector itself does
//! not compile.

#[path = "../../src/dev/postgres/mod.rs"]
pub mod postgres;
