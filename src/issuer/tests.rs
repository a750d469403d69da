#![expect(clippy::unwrap_used, reason = "test")]

use base64::Engine as _;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::*;

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("connector-issuer-{}", Uuid::now_v7()));
    std::fs::create_dir(&folder).unwrap();
    folder
}

fn order(lifetime: u64) -> Order<'static> {
    Order {
        issuer: "me",
        audience: "you",
        subject: "somebody",
        scopes: BTreeSet::from([Scope::Setup, Scope::StatusRead]),
        portals: PortalGrant::All,
        lifetime: Duration::from_secs(lifetime),
    }
}

#[test]
fn a_key_is_written_once_and_read_back() {
    let folder = folder();
    let path = folder.join("key.json");
    let made = Issuer::create(&path).unwrap();
    let read = Issuer::load(&path).unwrap();
    assert_eq!((made.key_id(), made.jwks()), (read.key_id(), read.jwks()));
    assert!(Issuer::create(&path).is_err(), "it is never overwritten");
    let private = std::fs::read_to_string(&path).unwrap();
    let secret =
        serde_json::from_str::<Value>(&private).unwrap().get("d").unwrap().as_str().unwrap().to_owned();
    assert!(!made.jwks().contains(&secret) && !format!("{made:?}").contains(&secret));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Issuer::load(&path), Err(IssuerError::Io { .. })), "open to others");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_key_that_was_touched_is_refused() {
    let folder = folder();
    let path = folder.join("key.json");
    Issuer::create(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let other = Issuer::generate().unwrap();
    let key: Value = serde_json::from_str(&text).unwrap();
    for (field, value) in
        [("x", other.public.as_str()), ("kid", "mine"), ("d", "AAAA"), ("kty", "EC"), ("d", "?")]
    {
        let mut touched = key.clone();
        *touched.get_mut(field).unwrap() = value.into();
        let beside = folder.join("touched.json");
        private_file::replace(&beside, &touched.to_string()).unwrap();
        assert!(matches!(Issuer::load(&beside), Err(IssuerError::NotAKey(_))), "{field}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_jwks_grows_and_keeps_what_it_has() {
    let folder = folder();
    let path = folder.join("jwks.json");
    let (first, second) = (Issuer::generate().unwrap(), Issuer::generate().unwrap());
    for issuer in [&first, &second, &first] {
        add_to_jwks(issuer, &path).unwrap();
    }
    let jwks: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let ids: Vec<&str> = jwks
        .get("keys")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key.get("kid").unwrap().as_str().unwrap())
        .collect();
    assert_eq!(ids, [first.key_id(), second.key_id()]);
    std::fs::write(&path, "{}").unwrap();
    assert!(matches!(add_to_jwks(&first, &path), Err(IssuerError::NotAJwks(_))));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_token_says_what_was_ordered_and_not_for_ever() {
    let issuer = Issuer::generate().unwrap();
    let token = issuer.issue(&order(60)).unwrap();
    let payload = token.expose_secret().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let text = |name: &str| claims.get(name).unwrap().as_str().unwrap();
    assert_eq!([text("iss"), text("aud"), text("sub"), text("portals")], ["me", "you", "somebody", "*"]);
    assert_eq!(text("scope"), "setup status.read");
    let number = |name: &str| claims.get(name).unwrap().as_i64().unwrap();
    assert_eq!(number("exp") - number("iat"), 60);
    for lifetime in [0, LONGEST_LIFETIME.as_secs() + 1] {
        assert!(matches!(issuer.issue(&order(lifetime)), Err(IssuerError::Lifetime)));
    }
    for subject in ["", "a\nb", "handoff:1", &"x".repeat(MAX_SUBJECT + 1)] {
        assert!(
            matches!(issuer.issue(&Order { subject, ..order(60) }), Err(IssuerError::Subject)),
            "{subject:?}"
        );
    }
}
