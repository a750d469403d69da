//! What is counted, not timed: round trips to the database and Salesforce API calls. Each has a table, and a change
//! that needs more than its row fails.

mod api_calls;
mod meter;
mod round_trips;
mod tour;
