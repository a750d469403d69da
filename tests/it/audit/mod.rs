//! The audit trail: a row for every change, nothing that can be changed afterwards without being found, and roles that
//! may not try.

mod installation;
mod large;
mod roles;
mod rows;
mod tamper;
mod trail;
