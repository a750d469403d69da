//! The door: which connections come in, and which go when there are too many.
//!
//! Neither tonic nor hyper bounds connections, and both hold one that never says anything for ever. Here a
//! connection is a *stranger's* until a caller was recognized on it; when the house is full the oldest stranger makes
//! room, so that whoever only opens connections, or asks without a credential, can't shut out those who have one.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// The wait after an accept that failed for lack of file descriptors or memory; it doubles up to the longest.
const FIRST_BACK_OFF: Duration = Duration::from_millis(10);
/// The longest wait between two tries to accept.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(1);
/// Strangers' connections that are closed at once when file descriptors run out.
const EVICTED_AT_ONCE: usize = 64;
/// What a newcomer gets to show its credential then. Accepting fails for lack of descriptors also when nobody waits: the
/// one that got the last descriptor would be cut in the middle of its first word.
const FIRST_WORD: Duration = Duration::from_secs(1);
/// How often the log tells that connections can't be accepted: anybody could fill it.
const TELL_EVERY: Duration = Duration::from_secs(1);

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
    /// Those on which nobody was recognized yet, oldest first.
    strangers: BTreeMap<u64, Stranger>,
    /// When it was last told that connections can't be accepted.
    told: Option<Instant>,
}

/// A connection on which nobody was recognized yet.
#[derive(Debug)]
struct Stranger {
    since: Instant,
    evicted: CancellationToken,
}

impl Books {
    fn remove(&mut self, id: u64) -> Option<Stranger> {
        if let Some(address) = self.connections.remove(&id)
            && let Some(count) = self.per_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&address);
            }
        }
        self.strangers.remove(&id)
    }

    fn evict_oldest_stranger(&mut self, from: Option<IpAddr>) -> bool {
        let is_wanted = |id: &u64| from.is_none_or(|from| self.connections.get(id) == Some(&from));
        let Some(id) = self.strangers.keys().copied().find(is_wanted) else { return false };
        self.evict(id);
        true
    }

    fn evict(&mut self, id: u64) {
        if let Some(stranger) = self.remove(id) {
            stranger.evicted.cancel();
        }
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

    /// Lets a connection in, if need be in place of the oldest stranger's. `None` when the house is full of
    /// connections of callers.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        let network = network_of(address);
        let mut books = self.books();
        let from_there = books.per_address.get(&network).copied().unwrap_or(0);
        if from_there >= self.limits.per_address && !books.evict_oldest_stranger(Some(network)) {
            return None;
        }
        if books.connections.len() >= self.limits.total && !books.evict_oldest_stranger(None) {
            return None;
        }
        let id = books.next_id;
        books.next_id += 1;
        books.connections.insert(id, network);
        *books.per_address.entry(network).or_default() += 1;
        let evicted = CancellationToken::new();
        books.strangers.insert(id, Stranger { since: Instant::now(), evicted: evicted.clone() });
        drop(books);
        Some(Ticket { door: Arc::clone(self), id, evicted })
    }

    /// Evicts strangers that had the time for a first word, oldest first.
    fn evict_many(&self, now: Instant) -> usize {
        let mut books = self.books();
        let had_time = |stranger: &Stranger| now.saturating_duration_since(stranger.since) >= FIRST_WORD;
        let oldest = books.strangers.iter().take_while(|(_, stranger)| had_time(stranger));
        let ids: Vec<u64> = oldest.map(|(id, _)| *id).take(EVICTED_AT_ONCE).collect();
        ids.iter().for_each(|id| books.evict(*id));
        ids.len()
    }

    fn may_tell(&self, now: Instant) -> bool {
        let mut books = self.books();
        let is_due = books.told.is_none_or(|told| now.saturating_duration_since(told) >= TELL_EVERY);
        if is_due {
            books.told = Some(now);
        }
        is_due
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
    /// A caller was recognized on the connection: it makes room for nobody any more.
    pub(super) fn is_recognized(&self) {
        self.door.books().strangers.remove(&self.id);
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
                let now = Instant::now();
                let evicted = door.evict_many(now);
                if door.may_tell(now) {
                    tracing::warn!(%error, evicted, wait = ?back_off, "cannot accept connections");
                }
                tokio::time::sleep(back_off).await;
                // What was evicted gives its descriptors back at once.
                back_off = if evicted > 0 { FIRST_BACK_OFF } else { (back_off * 2).min(LONGEST_BACK_OFF) };
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
    fn the_oldest_stranger_makes_room() {
        let door = Door::new(ConnectionLimits { total: 3, per_address: 3 });
        let oldest = door.admit(address(1)).unwrap();
        let known = door.admit(address(2)).unwrap();
        known.is_recognized();
        let younger = door.admit(address(3)).unwrap();
        let newest = door.admit(address(4)).unwrap();
        assert!(oldest.evicted().is_cancelled());
        assert!(!known.evicted().is_cancelled() && !younger.evicted().is_cancelled());
        younger.is_recognized();
        newest.is_recognized();
        assert!(door.admit(address(5)).is_none(), "all places are in use");
        drop(oldest);
        assert!(door.admit(address(5)).is_none(), "the evicted one gave its place away already");
        drop(known);
        assert!(door.admit(address(5)).is_some());
    }

    #[test]
    fn one_address_does_not_take_the_places_of_others() {
        let door = Door::new(ConnectionLimits { total: 100, per_address: 2 });
        let tickets: Vec<Ticket> = (0..2).filter_map(|_| door.admit(address(1))).collect();
        for ticket in &tickets {
            ticket.is_recognized();
        }
        assert!(door.admit(address(1)).is_none());
        assert!(door.admit(address(2)).is_some());
        drop(tickets);
        assert!(door.admit(address(1)).is_some());
        assert!(door.books().per_address.len() <= 1, "the books forget addresses that are gone");
    }

    #[test]
    fn without_descriptors_those_go_who_had_the_time_to_speak() {
        let door = Door::new(ConnectionLimits { total: 100, per_address: 100 });
        let known = door.admit(address(1)).unwrap();
        known.is_recognized();
        let strangers: Vec<Ticket> = (0..=EVICTED_AT_ONCE).filter_map(|_| door.admit(address(2))).collect();
        let now = Instant::now();
        assert_eq!(door.evict_many(now), 0, "they have just come");
        assert_eq!(door.evict_many(now + FIRST_WORD), EVICTED_AT_ONCE);
        assert_eq!(door.evict_many(now + FIRST_WORD), 1);
        assert_eq!(door.evict_many(now + FIRST_WORD), 0);
        assert!(strangers.iter().all(|ticket| ticket.evicted().is_cancelled()));
        assert!(!known.evicted().is_cancelled());
        assert!(
            door.may_tell(now) && !door.may_tell(now + TELL_EVERY / 2) && door.may_tell(now + TELL_EVERY)
        );
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
