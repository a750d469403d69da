//! The door: which connections come in, and which go when there are too many.
//!
//! Neither tonic nor hyper bounds connections, and both hold one that never says anything for ever. Here a
//! connection is *silent* until its first request; when the house is full the oldest silent one makes room, so that
//! whoever only opens connections can't shut out those who use them.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// The wait after an accept that failed for lack of file descriptors or memory; it doubles up to the longest.
const FIRST_BACK_OFF: Duration = Duration::from_millis(10);
/// The longest wait between two tries to accept.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(1);
/// Silent connections that are closed at once when file descriptors run out.
const EVICTED_AT_ONCE: usize = 64;

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// In all.
    pub total: usize,
    /// From one address; of IPv6 from one network of 64 bits, as that is what one subscriber has.
    pub per_address: usize,
}

/// Keeps the books of the connections.
#[derive(Debug)]
pub(super) struct Door {
    limits: ConnectionLimits,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    next_id: u64,
    connections: HashMap<u64, IpAddr>,
    per_address: HashMap<IpAddr, usize>,
    /// Those that have not yet made a request, oldest first.
    silent: BTreeMap<u64, CancellationToken>,
}

impl Books {
    fn remove(&mut self, id: u64) -> Option<CancellationToken> {
        if let Some(address) = self.connections.remove(&id)
            && let Some(count) = self.per_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&address);
            }
        }
        self.silent.remove(&id)
    }

    fn evict_oldest_silent(&mut self, from: Option<IpAddr>) -> bool {
        let is_wanted = |id: &u64| from.is_none_or(|from| self.connections.get(id) == Some(&from));
        let Some(id) = self.silent.keys().copied().find(is_wanted) else { return false };
        if let Some(evicted) = self.remove(id) {
            evicted.cancel();
        }
        true
    }
}

impl Door {
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, books: Mutex::default() })
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // No code that holds the lock can panic half-way through a change.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a connection in, if need be in place of the oldest silent one. `None` when the house is full of
    /// connections that are in use.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        let network = network_of(address);
        let mut books = self.books();
        let from_there = books.per_address.get(&network).copied().unwrap_or(0);
        if from_there >= self.limits.per_address && !books.evict_oldest_silent(Some(network)) {
            return None;
        }
        if books.connections.len() >= self.limits.total && !books.evict_oldest_silent(None) {
            return None;
        }
        let id = books.next_id;
        books.next_id += 1;
        books.connections.insert(id, network);
        *books.per_address.entry(network).or_default() += 1;
        let evicted = CancellationToken::new();
        books.silent.insert(id, evicted.clone());
        drop(books);
        Some(Ticket { door: Arc::clone(self), id, evicted })
    }

    fn evict_many(&self) -> usize {
        let mut books = self.books();
        (0..EVICTED_AT_ONCE).take_while(|_| books.evict_oldest_silent(None)).count()
    }
}

/// A connection's place in the house; dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Ticket {
    door: Arc<Door>,
    id: u64,
    evicted: CancellationToken,
}

impl Ticket {
    /// The connection has made a request: it is no longer the first to go.
    pub(super) fn has_spoken(&self) {
        self.door.books().silent.remove(&self.id);
    }

    /// Another connection needs the place.
    pub(super) fn evicted(&self) -> &CancellationToken {
        &self.evicted
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.door.books().remove(self.id);
    }
}

/// The address itself, or the network of 64 bits that an IPv6 address is in.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Accepts the next connection that may come in.
pub(super) async fn next_connection(
    listener: &TcpListener,
    door: &Arc<Door>,
) -> (TcpStream, SocketAddr, Ticket) {
    let mut back_off = FIRST_BACK_OFF;
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                back_off = FIRST_BACK_OFF;
                let Some(ticket) = door.admit(address.ip()) else {
                    tracing::debug!(%address, "too many connections, refused one");
                    continue;
                };
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%address, %error, "connection was gone before it was served");
                    continue;
                }
                return (stream, address, ticket);
            }
            Err(error) if is_of_the_connection(&error) => {
                tracing::debug!(%error, "connection was gone before it was accepted");
            }
            Err(error) => {
                let evicted = door.evict_many();
                tracing::warn!(%error, evicted, wait = ?back_off, "cannot accept connections");
                tokio::time::sleep(back_off).await;
                back_off = (back_off * 2).min(LONGEST_BACK_OFF);
            }
        }
    }
}

/// Errors of one connection say nothing of the next one; all others (no file descriptors, no memory) do.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn the_oldest_silent_connection_makes_room() {
        let door = Door::new(ConnectionLimits { total: 3, per_address: 3 });
        let oldest = door.admit(address(1)).unwrap();
        let spoken = door.admit(address(2)).unwrap();
        spoken.has_spoken();
        let younger = door.admit(address(3)).unwrap();
        let newest = door.admit(address(4)).unwrap();
        assert!(oldest.evicted().is_cancelled());
        assert!(!spoken.evicted().is_cancelled() && !younger.evicted().is_cancelled());
        younger.has_spoken();
        newest.has_spoken();
        assert!(door.admit(address(5)).is_none(), "all places are in use");
        drop(oldest);
        assert!(door.admit(address(5)).is_none(), "the evicted one gave its place away already");
        drop(spoken);
        assert!(door.admit(address(5)).is_some());
    }

    #[test]
    fn one_address_does_not_take_the_places_of_others() {
        let door = Door::new(ConnectionLimits { total: 100, per_address: 2 });
        let tickets: Vec<Ticket> = (0..2).filter_map(|_| door.admit(address(1))).collect();
        for ticket in &tickets {
            ticket.has_spoken();
        }
        assert!(door.admit(address(1)).is_none());
        assert!(door.admit(address(2)).is_some());
        drop(tickets);
        assert!(door.admit(address(1)).is_some());
        assert!(door.books().per_address.len() <= 1, "the books forget addresses that are gone");
    }

    #[test]
    fn ipv6_is_counted_by_network() {
        let one: IpAddr = "2001:db8:1:2::1".parse().unwrap();
        let two: IpAddr = "2001:db8:1:2:ffff::9".parse().unwrap();
        let other: IpAddr = "2001:db8:1:3::1".parse().unwrap();
        assert_eq!(network_of(one), network_of(two));
        assert_ne!(network_of(one), network_of(other));
        assert_eq!(network_of("::ffff:10.0.0.1".parse().unwrap()), address(1));
    }
}
