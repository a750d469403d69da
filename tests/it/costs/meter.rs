//! Counts the round trips of one call, and leaves out what the server does on its own meanwhile.

use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap},
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
];
/// Runs when the pool takes a connection back: belongs to what ran on it before.
const TAKEN_BACK: &str = "pool::after_release";

/// Counts.
pub struct Meter {
    proxy: Proxy,
    clients: Clients,
    /// Connections whose last statement was of the server's own accord.
    is_own: HashMap<usize, bool>,
    /// The round trips of each RPC; the fewest, where it was called more than once.
    pub counts: BTreeMap<&'static str, usize>,
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
        let count = self.foreign(during);
        self.counts.entry(rpc).and_modify(|least| *least = count.min(*least)).or_insert(count);
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

    /// How many of these are not of the server's own accord.
    fn foreign(&mut self, round_trips: Vec<RoundTrip>) -> usize {
        round_trips.into_iter().filter(|round_trip| self.is_of_a_call(round_trip)).count()
    }

    fn is_of_a_call(&mut self, round_trip: &RoundTrip) -> bool {
        if round_trip.is_preparation {
            return false;
        }
        let is_own = self.is_own.entry(round_trip.connection).or_default();
        let follows = round_trip.statements.iter().all(|statement| statement.contains(TAKEN_BACK));
        if !follows {
            let of_own_accord = |statement: &String| OWN_ACCORD.iter().any(|name| statement.contains(name));
            *is_own = round_trip.statements.iter().any(of_own_accord);
        }
        !*is_own
    }
}
