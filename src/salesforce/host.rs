//! Which addresses may be called. A login answers with the address of the org's instance; whoever could forge that
//! answer would otherwise receive the session. Pure: no name is resolved here.
//!
//! The list is that of Salesforce's own hosts that serve the API: the two login hosts, My Domain
//! (`*.my.salesforce.com`) and the legacy instance hosts (`na139.salesforce.com`). `*.force.com` serves customers'
//! pages and is not on it.

use std::fmt;

use url::Url;

const LOGIN_HOSTS: [&str; 2] = ["login.salesforce.com", "test.salesforce.com"];
const MY_DOMAIN: &str = ".my.salesforce.com";
const INSTANCE: &str = ".salesforce.com";
const LIGHTNING: &str = ".lightning.force.com";
const MAX_ADDRESS_BYTES: usize = 2_048;
/// The longest host, and the longest part of one between dots, in bytes (RFC 1035, 2.3.4).
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;

/// Scheme, host and port of an address that may be called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    host: String,
    port: u16,
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostRefused {
    /// Not an absolute address in plain ASCII without user info.
    #[error("not a plain https address")]
    Malformed,
    /// Another scheme than https, or another port than 443.
    #[error("only https on port 443 is allowed")]
    NotHttps,
    /// A Lightning page address; the API lives at the My Domain address beside it.
    #[error("a Lightning page address has no API; use https://{use_instead}")]
    Lightning {
        /// The My Domain host of the same org.
        use_instead: String,
    },
    /// The name of the host leads to a private address.
    #[error("the host leads to an address that is not public")]
    NotPublic,
    /// A host that is not Salesforce's.
    #[error("the host is not one of Salesforce's")]
    NotSalesforce,
}

impl Origin {
    /// Reads the origin of any http or https address. For configured addresses only: nothing is checked.
    ///
    /// # Errors
    /// [`HostRefused::Malformed`] for anything but an absolute http(s) address without user info.
    pub fn parse(address: &str) -> Result<Self, HostRefused> {
        let url = plain(address)?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(HostRefused::NotHttps),
        };
        let host = url.host_str().filter(|host| is_of_dns(host)).ok_or(HostRefused::Malformed)?.to_owned();
        let port = url.port_or_known_default().ok_or(HostRefused::Malformed)?;
        Ok(Self { https, host, port })
    }

    /// The host, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address of a path at this origin. `path_and_query` must begin with a slash and be encoded already.
    pub(super) fn at(&self, path_and_query: &str) -> Result<Url, url::ParseError> {
        Url::parse(&format!("{self}{path_and_query}"))
    }
}

/// Whether a host is as long as hosts may be. One with longer parts of other letters than ASCII is not read as itself
/// again once it is written down.
fn is_of_dns(host: &str) -> bool {
    host.len() <= MAX_HOST && host.split('.').all(|label| (1..=MAX_LABEL).contains(&label.len()))
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, default_port) = if self.https { ("https", 443) } else { ("http", 80) };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port != default_port {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

/// The allow-list: Salesforce's hosts, and origins that the configuration names (simulators).
#[derive(Debug, Clone, Default)]
pub struct HostPolicy {
    exceptions: Vec<Origin>,
}

impl HostPolicy {
    /// Salesforce's hosts and exactly these origins beside them.
    #[must_use]
    pub fn new(exceptions: Vec<Origin>) -> Self {
        Self { exceptions }
    }

    /// The origin of an address that may be called; its path is dropped.
    ///
    /// # Errors
    /// [`HostRefused`] says which rule refuses it.
    pub fn check(&self, address: &str) -> Result<Origin, HostRefused> {
        let origin = Origin::parse(address)?;
        if self.exceptions.contains(&origin) {
            return Ok(origin);
        }
        if !origin.https || origin.port != 443 {
            return Err(HostRefused::NotHttps);
        }
        // The host as written must be the host as parsed: no escapes, no numbers that turn into addresses.
        if !authority(address).is_some_and(|written| {
            let written = written.strip_suffix(":443").unwrap_or(written);
            written.eq_ignore_ascii_case(&origin.host)
        }) {
            return Err(HostRefused::Malformed);
        }
        salesforce_host(&origin.host).map(|()| origin)
    }

    pub(super) fn exception_hosts(&self) -> Vec<String> {
        self.exceptions.iter().map(|origin| origin.host.clone()).collect()
    }
}

fn plain(address: &str) -> Result<Url, HostRefused> {
    let printable = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let authority = authority(address).ok_or(HostRefused::Malformed)?;
    let odd = authority.is_empty() || authority.contains(['@', '%']) || authority.ends_with(':');
    if !printable || odd || address.len() > MAX_ADDRESS_BYTES {
        return Err(HostRefused::Malformed);
    }
    Url::parse(address).map_err(|_| HostRefused::Malformed)
}

fn authority(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    rest.split(['/', '?', '#']).next()
}

fn salesforce_host(host: &str) -> Result<(), HostRefused> {
    let labels: Vec<&str> = host.split('.').collect();
    if host.len() > 253 || !labels.iter().all(|label| is_plain_label(label)) {
        return Err(HostRefused::Malformed);
    }
    if LOGIN_HOSTS.contains(&host) {
        return Ok(());
    }
    if let Some(org) = host.strip_suffix(MY_DOMAIN) {
        // acme · acme--uat.sandbox · acme-dev-ed.develop · acme--uat.cs42
        return if org.split('.').count() <= 2 { Ok(()) } else { Err(HostRefused::NotSalesforce) };
    }
    if let Some(org) = host.strip_suffix(LIGHTNING) {
        return Err(HostRefused::Lightning { use_instead: format!("{org}{MY_DOMAIN}") });
    }
    match host.strip_suffix(INSTANCE) {
        Some(instance) if is_legacy_instance(instance) => Ok(()),
        _ => Err(HostRefused::NotSalesforce),
    }
}

fn is_plain_label(label: &str) -> bool {
    let edges_are_plain = !label.starts_with('-') && !label.ends_with('-');
    let characters =
        label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (1..=63).contains(&label.len()) && edges_are_plain && characters && !label.starts_with("xn--")
}

/// `na1`, `cs42`, `eu11-api`, `usa999`.
fn is_legacy_instance(label: &str) -> bool {
    let label = label.strip_suffix("-api").unwrap_or(label);
    let digits_at = label.find(|c: char| c.is_ascii_digit()).unwrap_or(label.len());
    let (letters, digits) = label.split_at(digits_at);
    (2..=4).contains(&letters.len())
        && letters.bytes().all(|byte| byte.is_ascii_lowercase())
        && (1..=3).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
#[path = "host_tests.rs"]
mod tests;
