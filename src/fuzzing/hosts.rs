//! Addresses: which hosts may be called.

use url::Url;

use crate::{
    domain::OrgId,
    salesforce::{HostPolicy, Origin, SalesforceId},
};

/// Where Salesforce is, as an outsider would say it.
const SALESFORCE: [&str; 2] = [".my.salesforce.com", ".salesforce.com"];

/// An address, as a caller, an administrator or Salesforce itself gives it, and ids.
///
/// # Panics
/// When an address is let through that leads to somebody else, or that is not the one that was read.
pub fn hosts(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(origin) = HostPolicy::default().check(text) {
        let url = Url::parse(text);
        let url = url.unwrap_or_else(|error| unreachable!("{text:?} was let through: {error}"));
        assert_eq!(url.host_str(), Some(origin.host()), "{text:?}");
        assert_eq!((url.scheme(), url.port_or_known_default()), ("https", Some(443)), "{text:?}");
        assert!(url.username().is_empty() && url.password().is_none(), "{text:?}");
        assert!(SALESFORCE.iter().any(|end| origin.host().ends_with(end)), "{text:?} leads to {origin}");
        assert!(matches!(url.host(), Some(url::Host::Domain(_))), "{text:?} is an address");
        let again = HostPolicy::default().check(&origin.to_string());
        assert_eq!(again.as_ref(), Ok(&origin), "{text:?}");
    }
    if let Ok(origin) = Origin::parse(text) {
        assert_eq!(Origin::parse(&origin.to_string()).as_ref(), Ok(&origin), "{text:?}");
        // An exception lets its own origin through and nothing else.
        let policy = HostPolicy::new(vec![origin.clone()]);
        assert!(policy.check(&origin.to_string()).is_ok(), "{text:?}");
        assert!(policy.check("https://evil.example").is_err() || origin.host() == "evil.example");
    }
    if let Ok(id) = SalesforceId::parse(text) {
        assert_eq!(SalesforceId::parse(id.as_str()).as_ref(), Ok(&id), "{text:?}");
    }
    if let Some(id) = OrgId::parse(text) {
        assert_eq!(OrgId::parse(&id.to_string()), Some(id), "{text:?}");
    }
}

/// Addresses that are let through, and such as are meant to be taken for one.
pub fn seeds() -> Vec<Vec<u8>> {
    [
        "https://login.salesforce.com",
        "https://test.salesforce.com/services/oauth2/token",
        "https://acme.my.salesforce.com",
        "https://acme--uat.sandbox.my.salesforce.com:443/x?y#z",
        "https://acme-dev-ed.develop.my.salesforce.com",
        "https://na1.salesforce.com",
        "https://eu11-api.salesforce.com",
        "https://acme.lightning.force.com",
        "https://acme.my.salesforce.com.evil.example",
        "https://acme.my.salesforce.com@evil.example",
        "https://evil.example/.my.salesforce.com",
        "https://evil.example#.my.salesforce.com",
        "https://evil.example\\.my.salesforce.com",
        "https://acme.my.salesforce.com.",
        "https://[::ffff:7f00:1]/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://xn--acme-.my.salesforce.com",
        "https://acme%2emy.salesforce.com",
        "http://127.0.0.1:8081",
        "HTTPS://ACME.MY.SALESFORCE.COM",
        "00Dx0000000BV7z",
        "00Dx0000000BV7zEAG",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
