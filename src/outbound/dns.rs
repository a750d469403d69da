//! Name resolution that refuses private addresses, so that a name under somebody else's control cannot lead a call
//! into our own network.

use std::{
    error::Error,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// How a name becomes addresses: the system's resolver, or one whose answers a test makes up.
pub(super) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

#[derive(Clone)]
pub(super) struct PublicAddresses {
    trusted_hosts: Arc<[String]>,
    lookup: Lookup,
}

impl PublicAddresses {
    pub(super) fn new(trusted_hosts: Vec<String>) -> Self {
        Self::with_lookup(trusted_hosts, Arc::new(|name| Box::pin(of_the_system(name))))
    }

    pub(super) fn with_lookup(trusted_hosts: Vec<String>, lookup: Lookup) -> Self {
        Self { trusted_hosts: trusted_hosts.into(), lookup }
    }
}

async fn of_the_system(name: String) -> io::Result<Vec<SocketAddr>> {
    // Port 0 is replaced by the connector with the address's own port.
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}

#[derive(Debug, thiserror::Error)]
#[error("the host name leads to an address that is not public")]
struct NotPublic;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let trusted = self.trusted_hosts.iter().any(|host| host == name.as_str());
        let found = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            // What was looked at is what is connected to: a name that is asked again may answer otherwise.
            let found = found.await?;
            if !trusted && !found.iter().all(|address| is_public(address.ip())) {
                return Err(NotPublic.into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

/// Whether the call failed because the resolver above refused the addresses.
pub(super) fn refused(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<NotPublic>() {
            return true;
        }
        cause = inner.source();
    }
    false
}

/// Whether an address is reachable over the public internet: everything that IANA sets aside is refused, also when
/// it hides in an IPv6 form of an IPv4 address.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let set_aside = a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 224;
    !set_aside
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Only 2000::/3 is handed out as global unicast; Teredo, ORCHID and documentation lie inside it.
    let global_unicast = first & 0xe000 == 0x2000;
    let set_aside = match first {
        0x2001 => second < 0x0200 || second == 0x0db8,
        _ => first & 0xfff0 == 0x3ff0,
    };
    global_unicast && !set_aside
}

/// The IPv4 address within a mapped, compatible, NAT64 or 6to4 address.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let tail = || {
        let [h1, h2] = high.to_be_bytes();
        let [l1, l2] = low.to_be_bytes();
        Ipv4Addr::new(h1, h2, l1, l2)
    };
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(tail()),
        (0x2002, ..) => {
            let [h1, h2] = b.to_be_bytes();
            let [l1, l2] = c.to_be_bytes();
            Some(Ipv4Addr::new(h1, h2, l1, l2))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_public;

    #[test]
    fn private_addresses_are_refused_in_every_form() -> Result<(), std::net::AddrParseError> {
        for private in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2002:c0a8:101::",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "fec0::1",
            "100::1",
            "3fff::1",
        ] {
            assert!(!is_public(private.parse()?), "{private} must be refused");
        }
        for public in
            ["13.108.0.1", "136.146.0.1", "1.1.1.1", "2600:1f18::1", "2a00:1450::1", "64:ff9b::808:808"]
        {
            assert!(is_public(public.parse()?), "{public} must be allowed");
        }
        Ok(())
    }
}
