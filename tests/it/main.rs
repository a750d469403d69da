//! Integration tests, one program: one link and one database server for all.

mod attacks;
mod audit;
mod auth;
mod authorization;
mod bad_input;
mod batches;
mod connect;
mod costs;
mod database;
mod docs;
mod fuzz;
mod harness;
mod hubspot_tokens;
mod keys;
mod kills;
mod layers;
mod noise;
mod private_postgres;
mod secrets;
mod test_contact;
mod watching;
mod wizard;
