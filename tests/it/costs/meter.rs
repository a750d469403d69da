//! Counts the round trips of one call, and leaves out what the server does on its own meanwhile.

use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap, HashSet},
    future::Future,
};

use anyhow::{Context as _, Result};
use connector::api::v1;
use tonic::Status;

use crate::harness::{
    eventually,
    proxy::{Proxy, RoundTrip},
    walk::Clients,
};

/// Statements of the server's own timers and of its worker. All others are the call's.
const OWN_ACCORD: &[&str] = &[
    "store::check_writable",
    "doorbell::ring",
    "events::newest_event",
    "events::revisions",
    "jobs::take_jobs",
    "jobs::renew_lease",
    "keys::announce",
    "keys::begin_rewrap",
    "keys::is_other_key_carried",
    "keys::join_keys",
    "keys::sealing_key",
    "rewrap::",
];

/// Counts.
pub struct Meter {
    proxy: Proxy,
    clients: Clients,
    /// Connections whose last statement was of the server's own accord.
    is_own: HashMap<usize, bool>,
    /// The round trips of each RPC, by the names of their statements; the fewest, where it was called more than once.
    pub counts: BTreeMap<&'static str, Vec<String>>,
}

impl Meter {
    /// Counts what goes through a proxy on behalf of a server.
    pub fn new(proxy: Proxy, clients: Clients) -> Self {
        Self { proxy, clients, is_own: HashMap::new(), counts: BTreeMap::new() }
    }

    /// Makes a call and counts its round trips, those after its answer as well.
    pub async fn count<T>(
        &mut self,
        rpc: &'static str,
        call: impl Future<Output = Result<T, Status>>,
    ) -> Result<T> {
        self.settle().await?;
        let before = self.proxy.take();
        self.foreign(before);
        let answer = call.await.with_context(|| rpc.to_owned())?;
        self.settle().await?;
        let during = self.proxy.take();
        let made = self.foreign(during);
        let least = self.counts.entry(rpc).or_insert_with(|| made.clone());
        if made.len() < least.len() {
            *least = made;
        }
        Ok(answer)
    }

    /// Waits until nothing is under way: what a call leaves behind runs before a later call is answered.
    async fn settle(&self) -> Result<()> {
        // So many times in a row.
        let quiet = Cell::new(0);
        eventually("the database connections became quiet", async || {
            let request = v1::DescribeSetupRequest::default();
            self.clients.setups.clone().describe_setup(request).await?;
            quiet.set(if self.proxy.is_quiet() { quiet.get() + 1 } else { 0 });
            Ok((quiet.get() >= 3).then_some(()))
        })
        .await
    }

    /// Those that are not of the server's own accord, by name. Begin and end of a transaction belong to what is between.
    fn foreign(&mut self, round_trips: Vec<RoundTrip>) -> Vec<String> {
        let (mut made, mut begun) = (Vec::new(), HashSet::new());
        for RoundTrip { connection, statements, is_preparation } in round_trips {
            // A connection is asked twice a second whether it still lives, whoever comes by then.
            let is_ping = statements.is_empty();
            if is_preparation || is_ping {
                continue;
            }
            let is = |words: &[&str]| statements.iter().all(|statement| words.contains(&statement.as_str()));
            if is(&["begin"]) {
                begun.insert(connection);
                continue;
            }
            let is_own = self.is_own.entry(connection).or_default();
            if !is(&["commit", "rollback"]) {
                let of_own_accord =
                    |statement: &String| OWN_ACCORD.iter().any(|name| statement.contains(name));
                *is_own = statements.iter().any(of_own_accord);
            }
            let begins = begun.remove(&connection);
            if !*is_own {
                made.extend(begins.then(|| "begin".to_owned()));
                made.push(statements.iter().map(|statement| name(statement)).collect::<Vec<_>>().join("; "));
            }
        }
        made
    }
}

/// What a statement calls itself, in the comment that it begins with.
fn name(statement: &str) -> &str {
    let comment = statement.trim_start().strip_prefix("/*").and_then(|rest| rest.split_once("*/"));
    comment.map_or(statement, |(name, _)| name.trim())
}
