//! Client certificates: whose they are. That they are good was found in the handshake.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio_rustls::rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::Rejected;
use crate::{
    domain::access::{Access, PortalGrant, Scope},
    grpc::tls::Tls,
};

/// A certificate is judged again when that was last done so long ago: expired, revoked, authority withdrawn.
const JUDGED_AGAIN_AFTER: Duration = Duration::from_secs(20);

/// Which certificates a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SanPattern {
    /// Exactly this DNS name or URI.
    Exact(String),
    /// A SPIFFE id below this one: `spiffe://trust.domain/path/`, whole segments.
    SpiffeBelow(String),
}

impl SanPattern {
    /// Reads a pattern: a name, or a SPIFFE id that ends in `/*`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(above) = text.strip_suffix("/*") {
            return if is_spiffe_id(above) {
                Ok(Self::SpiffeBelow(format!("{above}/")))
            } else {
                Err("only a SPIFFE id may end in /*: spiffe://trust.domain/path/*")
            };
        }
        let is_uri = text.contains("://");
        if text.is_empty() || text.contains('*') {
            Err("must be a DNS name, a URI, or a SPIFFE id that ends in /*")
        } else if text.starts_with("spiffe:") && !is_spiffe_id(text) {
            Err("is not a SPIFFE id: spiffe://trust.domain/path")
        } else {
            Ok(Self::Exact(if is_uri { text.to_owned() } else { text.to_ascii_lowercase() }))
        }
    }

    fn is_for(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::SpiffeBelow(above) => {
                is_spiffe_id(name) && name.strip_prefix(above.as_str()).is_some_and(|rest| !rest.is_empty())
            }
        }
    }
}

/// Whose certificate it is and what it allows.
#[derive(Clone, Debug)]
pub struct CertificateRule {
    /// Which certificates.
    pub san: SanPattern,
    /// The principal's name; the certificate's own name without it.
    pub principal: Option<String>,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// The portals that it may know of.
    pub portals: PortalGrant,
}

/// All rules; the first that fits is taken.
pub(super) struct CertificateRules(Vec<CertificateRule>);

impl CertificateRules {
    pub(super) fn new(rules: Vec<CertificateRule>) -> Self {
        Self(rules)
    }

    /// What a certificate allows now.
    pub(super) fn access(&self, certificate: &ClientCertificate) -> Result<Access, Rejected> {
        if !certificate.is_still_good() {
            return Err(Rejected::CertificateNoLongerGood);
        }
        self.access_of(&certificate.0.names).ok_or(Rejected::CertificateNotMapped)
    }

    fn access_of(&self, names: &[String]) -> Option<Access> {
        let fits = |rule: &CertificateRule| names.iter().find(|name| rule.san.is_for(name)).cloned();
        let (rule, name) = self.0.iter().find_map(|rule| Some((rule, fits(rule)?)))?;
        Some(Access {
            principal: rule.principal.clone().unwrap_or(name).into(),
            scopes: rule.scopes.clone(),
            portals: rule.portals.clone(),
            expires_at: None,
            handoff: None,
        })
    }
}

/// The certificate of the other side of a connection. Cheap to clone.
#[derive(Clone)]
pub struct ClientCertificate(Arc<Judged>);

struct Judged {
    chain: Vec<CertificateDer<'static>>,
    names: Vec<String>,
    tls: Tls,
    last: Mutex<(bool, Instant)>,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientCertificate").field(&self.0.names).finish()
    }
}

impl ClientCertificate {
    /// A chain that was good in a handshake a moment ago.
    pub(in crate::grpc) fn new(chain: Vec<CertificateDer<'static>>, tls: Tls) -> Self {
        let names = chain.first().map(names_of).unwrap_or_default();
        Self(Arc::new(Judged { chain, names, tls, last: Mutex::new((true, Instant::now())) }))
    }

    fn is_still_good(&self) -> bool {
        let Judged { chain, tls, last, .. } = &*self.0;
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.1.elapsed() >= JUDGED_AGAIN_AFTER {
            *last = (tls.still_takes(chain), Instant::now());
        }
        last.0
    }
}

/// The names that a certificate is for. With a SPIFFE id it has that one alone: an SVID has exactly one URI.
fn names_of(certificate: &CertificateDer<'static>) -> Vec<String> {
    let Ok(certificate) = EndEntityCert::try_from(certificate) else { return Vec::new() };
    let uris: Vec<&str> = certificate.valid_uri_names().collect();
    names_from(certificate.valid_dns_names(), &uris)
}

fn names_from<'a>(dns: impl Iterator<Item = &'a str>, uris: &[&str]) -> Vec<String> {
    let is_spiffe = |uri: &&str| uri.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("spiffe:"));
    if uris.iter().any(is_spiffe) {
        return match uris {
            [id] if is_spiffe_id(id) => vec![(*id).to_owned()],
            _ => Vec::new(),
        };
    }
    // A wildcard names nobody.
    let dns = dns.filter(|name| !name.contains('*')).map(str::to_ascii_lowercase);
    dns.chain(uris.iter().map(|uri| (*uri).to_owned())).collect()
}

/// `spiffe://trust.domain/path`, as the SPIFFE ID standard has it: no user, port, query, empty or dotted segment.
fn is_spiffe_id(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("spiffe://").filter(|_| text.len() <= 2_048) else { return false };
    let (domain, path) = rest.split_once('/').map_or((rest, None), |(domain, path)| (domain, Some(path)));
    let is_low = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b".-_".contains(&c);
    let is_in_path = |c: u8| c.is_ascii_alphanumeric() || b".-_".contains(&c);
    let is_segment =
        |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(is_in_path);
    (1..=255).contains(&domain.len())
        && domain.bytes().all(is_low)
        && path.is_none_or(|path| path.split('/').all(is_segment))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use super::*;

    fn rule(san: &str, principal: Option<&str>) -> CertificateRule {
        CertificateRule {
            san: SanPattern::parse(san).unwrap(),
            principal: principal.map(str::to_owned),
            scopes: BTreeSet::from([Scope::Setup]),
            portals: PortalGrant::All,
        }
    }

    fn who(rules: &CertificateRules, name: &str) -> Option<String> {
        rules.access_of(&[name.to_owned()]).map(|access| access.principal.to_string())
    }

    #[test]
    fn names_are_mapped_exactly_or_by_whole_segments() {
        let rules = CertificateRules::new(vec![
            rule("spiffe://corp.example/ns/crm/sa/admin", Some("admin")),
            rule("spiffe://corp.example/ns/crm/*", None),
            rule("Batch.corp.example", Some("batch")),
        ]);
        assert_eq!(who(&rules, "spiffe://corp.example/ns/crm/sa/admin").as_deref(), Some("admin"));
        assert_eq!(
            who(&rules, "spiffe://corp.example/ns/crm/sa/x").as_deref(),
            Some("spiffe://corp.example/ns/crm/sa/x")
        );
        assert_eq!(who(&rules, "batch.corp.example").as_deref(), Some("batch"));
        for stranger in [
            "spiffe://corp.example/ns/crm",
            "spiffe://corp.example/ns/crm/",
            "spiffe://corp.example/ns/crmx/sa",
            "spiffe://corp.example/ns/crm/../../admin",
            "spiffe://corp.example/ns/crm/sa?x=1",
            "spiffe://corp.example.evil/ns/crm/sa",
            "spiffe://evil/spiffe://corp.example/ns/crm/sa",
            "SPIFFE://corp.example/ns/crm/sa/admin",
            "batch.corp.example.evil",
            "*.corp.example",
            "",
        ] {
            assert_eq!(who(&rules, stranger), None, "{stranger}");
        }
    }

    #[test]
    fn a_certificate_with_a_spiffe_id_has_no_other_name() {
        let names = |uris: &[&str]| names_from(["Host.example", "*.example"].into_iter(), uris);
        assert_eq!(names(&[]), ["host.example"]);
        assert_eq!(names(&["https://x.example/a"]), ["host.example", "https://x.example/a"]);
        assert_eq!(names(&["spiffe://a/b"]), ["spiffe://a/b"]);
        for bad in [
            &["spiffe://a/b", "spiffe://a/c"][..],
            &["spiffe://a/b", "https://x"],
            &["Spiffe://a/b"],
            &["spiffe://A/b"],
        ] {
            assert!(names(bad).is_empty(), "{bad:?}");
        }
    }

    #[test]
    fn patterns_that_could_mean_more_than_they_say_are_refused() {
        for bad in [
            "",
            "*",
            "*.example",
            "spiffe://*",
            "spiffe://a/*/b",
            "https://x/*",
            "spiffe:a",
            "spiffe://a//b/*",
        ] {
            assert!(SanPattern::parse(bad).is_err(), "{bad}");
        }
    }
}
