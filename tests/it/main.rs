//! Integration tests, one program: one link and one database server for all.

mod harness;
mod kills;
mod private_postgres;
mod test_contact;
mod wizard;
