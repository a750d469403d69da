#![expect(clippy::unwrap_used, reason = "test")]

use super::{HostPolicy, HostRefused, Origin};

const GOOD_HOSTS: [&str; 18] = [
    "login.salesforce.com",
    "test.salesforce.com",
    "acme.my.salesforce.com",
    "acme-dev-ed.my.salesforce.com",
    "acme--uat.sandbox.my.salesforce.com",
    "acme-dev-ed.develop.my.salesforce.com",
    "acme.scratch.my.salesforce.com",
    "acme.demo.my.salesforce.com",
    "acme.free.my.salesforce.com",
    "acme.patch.my.salesforce.com",
    "acme.trailblaze.my.salesforce.com",
    "acme--uat.cs42.my.salesforce.com",
    "a1.my.salesforce.com",
    "na1.salesforce.com",
    "na139.salesforce.com",
    "cs42.salesforce.com",
    "eu11-api.salesforce.com",
    "usa999.salesforce.com",
];

const BAD_HOSTS: [&str; 62] = [
    "salesforce.com",
    "my.salesforce.com",
    ".my.salesforce.com",
    "a.b.c.my.salesforce.com",
    "www.salesforce.com",
    "help.salesforce.com",
    "appexchange.salesforce.com",
    "na.salesforce.com",
    "na1234.salesforce.com",
    "n1.salesforce.com",
    "nabcd1.salesforce.com",
    "na1-api-api.salesforce.com",
    "na1-apix.salesforce.com",
    "1na.salesforce.com",
    "na1x.salesforce.com",
    "acme.lightning.force.com",
    "acme.my.site.com",
    "acme.force.com",
    "acme.secure.force.com",
    "acme.visualforce.com",
    "acme.content.force.com",
    "acme.cloudforce.com",
    "my.salesforce.com.evil.com",
    "acme.my.salesforce.com.evil.com",
    "acme.my.salesforce.com.",
    "login.salesforce.com.",
    "login.salesforce.com.evil.com",
    "evil-login.salesforce.com",
    "login.salesforce.com-evil.com",
    "loginsalesforce.com",
    "login.salesforce.co",
    "login.salesforce.comm",
    "acmemy.salesforce.com",
    "acme-my.salesforce.com",
    "acme.mysalesforce.com",
    "acme..my.salesforce.com",
    "-acme.my.salesforce.com",
    "acme-.my.salesforce.com",
    "xn--acm-epa.my.salesforce.com",
    "acmé.my.salesforce.com",
    "аcme.my.salesforce.com",
    "acme.my.salesforce。com",
    "acme_x.my.salesforce.com",
    "acme%2emy.salesforce.com",
    "acme.my.salesforce.com%2eevil.com",
    "localhost",
    "127.0.0.1",
    "127.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "169.254.169.254",
    "10.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[fd00::1]",
    "[fe80::1%25eth0]",
    "metadata.google.internal",
    "evil.com",
];

const PATHS: [&str; 4] = ["", "/", "/services/Soap/u/64.0/00Dx0000000BV7z", "/?x=@evil.com#@y"];

fn policy() -> HostPolicy {
    HostPolicy::default()
}

#[test]
fn salesforces_hosts_are_allowed_with_any_path_and_only_their_origin_is_kept() {
    let mut checked = 0;
    for host in GOOD_HOSTS {
        for path in PATHS {
            for port in ["", ":443"] {
                for spelled in [host.to_owned(), host.to_ascii_uppercase()] {
                    let address = format!("https://{spelled}{port}{path}");
                    let origin = policy().check(&address).map(|origin| origin.to_string());
                    assert_eq!(origin, Ok(format!("https://{host}")), "{address}");
                    checked += 1;
                }
            }
        }
    }
    assert_eq!(checked, 288);
}

#[test]
fn no_other_host_is_allowed_in_any_form() {
    let mut checked = 0;
    for host in BAD_HOSTS {
        for path in PATHS {
            for port in ["", ":443"] {
                let address = format!("https://{host}{port}{path}");
                assert!(policy().check(&address).is_err(), "{address}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 496);
}

#[test]
fn a_good_host_in_a_bad_address_is_refused() {
    let mut checked = 0;
    for host in GOOD_HOSTS {
        for address in [
            format!("http://{host}"),
            format!("http://{host}:443"),
            format!("ftp://{host}"),
            format!("ws://{host}"),
            format!("file://{host}/etc/passwd"),
            format!("javascript://{host}/%0aalert(1)"),
            format!("//{host}"),
            host.to_owned(),
            format!("https:{host}"),
            format!("https:/{host}"),
            format!("https:///{host}"),
            format!("https://{host}:80"),
            format!("https://{host}:8443"),
            format!("https://{host}:0443"),
            format!("https://{host}:"),
            format!("https://{host}:65536"),
            format!("https://{host}:443:443"),
            format!("https://{host}."),
            format!("https://{host}.:443"),
            format!("https://user@{host}"),
            format!("https://user:pass@{host}"),
            format!("https://@{host}"),
            format!("https://{host}@evil.com"),
            format!("https://{host}:443@evil.com"),
            format!("https://{host}%40evil.com"),
            format!("https://{host}\\.evil.com"),
            format!("https://evil.com\\@{host}"),
            format!("https://evil.com#@{host}"),
            format!("https://evil.com?@{host}"),
            format!("https://evil.com/{host}"),
            format!("https://evil.com/.{host}"),
            format!("https://{host}\t"),
            format!("https://{host}\n"),
            format!(" https://{host}"),
            format!("https://{host} "),
            format!("https://{host}\u{0}"),
            format!("https://\u{200b}{host}"),
            format!("https://{host}\u{3002}evil.com"),
            format!("https://{host}%00.evil.com"),
            format!("https://{host}%2f.evil.com"),
            format!("https://evil{host}.evil.com"),
            format!("https://{host}.evil.com"),
            format!("https://{host}/{}", "a".repeat(3_000)),
        ] {
            assert!(policy().check(&address).is_err(), "{address}");
            checked += 1;
        }
    }
    assert!(checked > 700);
}

#[test]
fn a_lightning_address_is_refused_with_the_one_to_use() {
    assert_eq!(
        policy().check("https://acme--uat.sandbox.lightning.force.com/lightning/page/home"),
        Err(HostRefused::Lightning { use_instead: "acme--uat.sandbox.my.salesforce.com".to_owned() })
    );
}

#[test]
fn the_reason_tells_what_is_wrong() {
    assert_eq!(policy().check("http://login.salesforce.com"), Err(HostRefused::NotHttps));
    assert_eq!(policy().check("https://evil.com"), Err(HostRefused::NotSalesforce));
    assert_eq!(policy().check("login.salesforce.com"), Err(HostRefused::Malformed));
}

#[test]
fn an_exception_is_exactly_one_origin() {
    let simulator = Origin::parse("http://127.0.0.1:4123").unwrap();
    let policy = HostPolicy::new(vec![simulator.clone()]);
    assert_eq!(policy.check("http://127.0.0.1:4123/services/Soap/u/64.0/00D"), Ok(simulator));
    for other in [
        "http://127.0.0.1:4124",
        "http://127.0.0.1",
        "https://127.0.0.1:4123",
        "http://127.0.0.2:4123",
        "http://localhost:4123",
        "http://user@127.0.0.1:4123",
        "http://127.0.0.1:4123@evil.com",
    ] {
        assert!(policy.check(other).is_err(), "{other}");
    }
    assert!(policy.check("https://acme.my.salesforce.com").is_ok(), "salesforce stays allowed");
}

proptest::proptest! {
    #[test]
    fn whatever_is_allowed_lies_within_salesforces_domain(address in "(https?://)?[a-z0-9.@:/%\\\\-]{0,24}(\\.my)?(\\.salesforce\\.com)?[a-z0-9.@:/%\\\\-]{0,12}") {
        if let Ok(origin) = policy().check(&address) {
            let text = origin.to_string();
            proptest::prop_assert!(text.starts_with("https://"));
            proptest::prop_assert!(text.ends_with(".salesforce.com"), "{address} gave {text}");
            let parsed = url::Url::parse(&address).unwrap();
            proptest::prop_assert_eq!(parsed.host_str(), Some(origin.host()));
        }
    }
}

#[test]
fn an_origin_is_read_as_itself_again() {
    let label = |length| "a".repeat(length);
    let fitting = format!("https://{}.{}.example", label(63), label(63));
    for address in ["http://127.0.0.1:8081", "https://[::1]:8443", "http://localhost", fitting.as_str()] {
        let origin = Origin::parse(address).unwrap();
        assert_eq!(Origin::parse(&origin.to_string()).as_ref(), Ok(&origin), "{address}");
    }
    // Of other letters than ASCII, such a label is read as another one.
    for host in [label(64), format!("{}%C3%A9", label(63)), vec![label(63); 5].join("."), "a..b".to_owned()] {
        assert_eq!(Origin::parse(&format!("https://{host}/")), Err(HostRefused::Malformed), "{host}");
    }
}
