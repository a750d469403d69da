//! The database holds its rules by itself, whoever writes to it and however he breaks off. Most of these tests speak
//! SQL, or call the store without the API above it.

mod catalog;
mod cut;
mod dropped;
mod events;
mod keys;
mod leases;
mod ledger;
mod one_org;
mod places;
mod races;
mod raw;
mod remembered;
mod shares;
mod stored;
mod ties;
mod values;
mod ways;
