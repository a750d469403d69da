//! Tokens that were made to get in.

use anyhow::Result;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::forge::{AUDIENCE, ForgedKey, ISSUER, claims, jwks, now, sign};

/// The issuer's keys, and one that is not.
pub struct Keys {
    pub ed: ForgedKey,
    pub ec: ForgedKey,
    pub rsa: ForgedKey,
    strange: ForgedKey,
}

impl Keys {
    pub fn new() -> Result<Self> {
        Ok(Self {
            ed: ForgedKey::ed25519("ed")?,
            ec: ForgedKey::p256("ec")?,
            rsa: ForgedKey::rsa("rsa")?,
            strange: ForgedKey::ed25519("ed")?,
        })
    }

    pub fn set(&self) -> Result<String> {
        jwks(&[&self.ed, &self.ec, &self.rsa])
    }
}

/// What is wrong with each, and the values of its header.
pub type Cases = Vec<(String, Vec<String>)>;

/// All of them.
pub fn cases(keys: &Keys) -> Result<Cases> {
    let mut cases = Cases::new();
    algorithms(keys, &mut cases)?;
    headers(keys, &mut cases)?;
    wrong_claims(keys, &mut cases)?;
    forms(keys, &mut cases)?;
    Ok(cases)
}

fn add(cases: &mut Cases, what: impl Into<String>, token: impl std::fmt::Display) {
    cases.push((what.into(), vec![format!("Bearer {token}")]));
}

/// `none`, shared secrets made of public keys, algorithms of another key.
fn algorithms(keys: &Keys, cases: &mut Cases) -> Result<()> {
    let good = keys.ed.good()?;
    let claims = claims().to_string();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({"alg": none, "kid": "ed"}).to_string();
        let unsigned = format!("{}.{}", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(&claims));
        let signature = good.rsplit('.').next().unwrap_or_default();
        add(cases, format!("alg {none:?} without signature"), format!("{unsigned}."));
        add(cases, format!("alg {none:?} with a signature"), format!("{unsigned}.{signature}"));
        add(cases, format!("alg {none:?}, signed"), keys.ed.sign(&header, &claims)?);
    }
    for key in [&keys.ed, &keys.ec, &keys.rsa] {
        for (what, secret) in public_forms(key)? {
            for hmac in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let header = json!({"alg": hmac, "kid": key.id, "typ": "JWT"}).to_string();
                let token = sign(&header, &claims, &EncodingKey::from_secret(&secret), hmac)?;
                add(cases, format!("{hmac:?} by the {what} of {}", key.id), token);
            }
        }
    }
    for (key, named) in [(&keys.ed, "ES256"), (&keys.ed, "RS256"), (&keys.ec, "EdDSA"), (&keys.rsa, "ES256")]
    {
        add(
            cases,
            format!("{named} on the key {}", key.id),
            key.with_header(|header| {
                header.insert("alg".to_owned(), named.into());
            })?,
        );
    }
    for named in ["eddsa", "EDDSA", "Ed25519", "es256", "ES384", "PS256", "RS512", "HS256\0", "EdDSA "] {
        add(
            cases,
            format!("alg {named:?}"),
            keys.ed.with_header(|header| {
                header.insert("alg".to_owned(), named.into());
            })?,
        );
    }
    for wrong in [Value::Null, json!(1), json!(["EdDSA"]), json!({"EdDSA": 1})] {
        add(
            cases,
            format!("alg {wrong}"),
            keys.ed.with_header(|header| {
                header.insert("alg".to_owned(), wrong.clone());
            })?,
        );
    }
    Ok(())
}

/// What a shared secret could be made of by somebody who only knows what is public.
fn public_forms(key: &ForgedKey) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let jwk = key.jwk()?;
    let raw: Vec<u8> = ["n", "x", "y"]
        .into_iter()
        .filter_map(|name| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok())
        .flatten()
        .collect();
    let text = ["n", "x"].into_iter().find_map(|name| jwk.get(name)?.as_str()).unwrap_or_default();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&raw));
    Ok(vec![
        ("raw public key", raw),
        ("text of the public key", text.as_bytes().to_vec()),
        ("PEM", pem.into_bytes()),
        ("JWK", jwk.to_string().into_bytes()),
        ("empty secret", Vec::new()),
    ])
}

/// Keys that the token names, brings along or points at.
fn headers(keys: &Keys, cases: &mut Cases) -> Result<()> {
    let ids = [
        Value::Null,
        json!(1),
        json!(["ed"]),
        json!(""),
        json!("unknown"),
        json!("ed "),
        json!("ED"),
        json!("ed\0"),
        json!("../../../../../../dev/null"),
        json!("/etc/passwd"),
        json!("file:///etc/passwd"),
        json!("http://127.0.0.1:1/jwks"),
        json!("ed' OR '1'='1"),
        json!("'; drop table portals; --"),
        json!("ed' UNION SELECT 'AAAA"),
        json!("$(id)"),
        json!("{{7*7}}"),
        json!("e\u{301}d"),
        json!("k".repeat(129)),
        json!("k".repeat(5_000)),
    ];
    for id in ids {
        let shown: String = id.to_string().chars().take(40).collect();
        for key in [&keys.ed, &keys.strange] {
            add(
                cases,
                format!("kid {shown}"),
                key.with_header(|header| {
                    header.insert("kid".to_owned(), id.clone());
                })?,
            );
        }
    }
    add(cases, "no kid", keys.ed.with_header(|header| drop(header.remove("kid")))?);
    let asks = [
        ("crit", json!([])),
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("jku", json!("http://127.0.0.1:1/jwks.json")),
        ("jku", json!("https://issuer.example/jwks.json")),
        ("x5u", json!("https://issuer.example/cert.pem")),
        ("x5c", json!(["AAAA"])),
        ("jwk", keys.strange.jwk()?),
        ("jwk", keys.ed.jwk()?),
        ("url", json!("https://issuer.example")),
        ("typ", json!("JWE")),
        ("typ", json!(1)),
        ("typ", json!(["JWT"])),
        ("cty", json!("JWT")),
    ];
    for (name, value) in asks {
        for key in [&keys.ed, &keys.strange] {
            add(
                cases,
                format!("{name} {value}"),
                key.with_header(|header| {
                    header.insert(name.to_owned(), value.clone());
                })?,
            );
        }
    }
    let body = claims().to_string();
    for twice in [
        r#"{"alg":"EdDSA","alg":"EdDSA","kid":"ed"}"#,
        r#"{"alg":"none","alg":"EdDSA","kid":"ed"}"#,
        r#"{"alg":"EdDSA","kid":"nobody","kid":"ed"}"#,
        r#"{"alg":"EdDSA","kid":"ed","typ":"JWT","typ":"JWT"}"#,
        r#"[]"#,
        r#""EdDSA""#,
        "null",
        "",
        "{",
        r#"{"alg":"EdDSA","kid":"ed"}{}"#,
    ] {
        add(cases, format!("header {twice}"), keys.ed.sign(twice, &body)?);
    }
    Ok(())
}

/// Claims that are missing, of another type, out of bounds, or somebody else's.
fn wrong_claims(keys: &Keys, cases: &mut Cases) -> Result<()> {
    for name in ["exp", "iss", "aud", "sub"] {
        add(cases, format!("no {name}"), keys.ed.with_claims(|claims| drop(claims.remove(name)))?);
    }
    let (now, later) = (now(), now() + 600);
    let other = "https://issuer.example.evil";
    let longest = "s".repeat(129);
    let wrong = [
        ("exp", vec![json!(later.to_string()), json!(""), json!(true), json!([later]), json!({"at": later})]),
        ("exp", vec![Value::Null, json!(-1), json!(0), json!(now - 31), json!(now - 3_600), json!(1e300)]),
        ("exp", vec![json!(u64::MAX), json!(i64::MAX), json!(-1e300), json!(253_402_300_800_i64)]),
        (
            "nbf",
            vec![
                json!(now.to_string()),
                Value::Null,
                json!([now]),
                json!(now + 3_600),
                json!(u64::MAX),
                json!(-1),
            ],
        ),
        ("iat", vec![json!(now.to_string()), Value::Null, json!(false), json!(now + 3_600), json!(-1)]),
        (
            "iss",
            vec![
                json!(other),
                json!(""),
                Value::Null,
                json!(1),
                json!([ISSUER]),
                json!(format!("{ISSUER}/")),
            ],
        ),
        ("iss", vec![json!(ISSUER.to_uppercase()), json!({"iss": ISSUER})]),
        ("aud", vec![json!("another"), json!(""), json!([]), Value::Null, json!(1), json!({AUDIENCE: 1})]),
        (
            "aud",
            vec![json!([AUDIENCE, 1]), json!(["a", "b"]), json!([[AUDIENCE]]), json!(format!("{AUDIENCE} "))],
        ),
        (
            "sub",
            vec![
                json!(""),
                Value::Null,
                json!(1),
                json!(["somebody"]),
                json!(longest),
                json!("a\nb"),
                json!("a\0"),
            ],
        ),
        ("sub", vec![json!("anonymous"), json!("handoff:0198b2b4-0000-7000-8000-000000000000")]),
        ("scope", vec![json!(["setup"]), Value::Null, json!(1), json!({"setup": true})]),
        (
            "portals",
            vec![json!("1"), json!("**"), json!(1), Value::Null, json!(["1"]), json!(["*", 1]), json!([0])],
        ),
        (
            "portals",
            vec![json!([-1]), json!([1.5]), json!([u64::MAX]), json!({"*": true}), json!(["*", "*"])],
        ),
    ];
    for (name, values) in wrong {
        for value in values {
            let shown: String = value.to_string().chars().take(40).collect();
            let token = keys.ed.with_claims(|claims| {
                claims.insert(name.to_owned(), value);
            });
            add(cases, format!("{name} {shown}"), token?);
        }
    }
    let header = keys.ed.header().to_string();
    let good = claims().to_string();
    let first = |field: &str| good.replacen('{', &format!("{{{field},"), 1);
    let last =
        |field: &str| good.strip_suffix('}').map(|open| format!("{open},{field}}}")).unwrap_or_default();
    let doubled = [
        format!(r#""exp":{later}"#),
        r#""exp":1"#.to_owned(),
        r#""exp":"1""#.to_owned(),
        format!(r#""iss":"{other}""#),
        r#""aud":"another""#.to_owned(),
        r#""sub":"root""#.to_owned(),
        r#""s\u0075b":"root""#.to_owned(),
        r#""scope":"""#.to_owned(),
        r#""portals":[]"#.to_owned(),
        format!(r#""nbf":{now}"#),
    ];
    for field in doubled {
        add(cases, format!("twice, first {field}"), keys.ed.sign(&header, &first(&field))?);
        add(cases, format!("twice, last {field}"), keys.ed.sign(&header, &last(&field))?);
    }
    for body in ["", "null", "[]", "\"sub\"", "{", "{}", &format!("{good}{good}"), &format!("[{good}]")] {
        add(cases, format!("claims {body:.20}"), keys.ed.sign(&header, body)?);
    }
    Ok(())
}

/// Bytes that were cut, swapped, written otherwise, or too many.
fn forms(keys: &Keys, cases: &mut Cases) -> Result<()> {
    let good = keys.ed.good()?;
    let other = keys.ed.with_claims(|claims| drop(claims.insert("sub".to_owned(), "another".into())))?;
    let parts: Vec<&str> = good.split('.').collect();
    let others: Vec<&str> = other.split('.').collect();
    let ([header, body, signature], [_, other_body, other_signature]) = (parts.as_slice(), others.as_slice())
    else {
        anyhow::bail!("three parts")
    };
    add(cases, "another key of the same id", keys.strange.good()?);
    add(cases, "the claims of another", format!("{header}.{other_body}.{signature}"));
    add(cases, "the signature of another", format!("{header}.{body}.{other_signature}"));
    add(cases, "no signature", format!("{header}.{body}."));
    for at in [0, 1, 10, 40] {
        let mut bytes = URL_SAFE_NO_PAD.decode(signature)?;
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1;
        }
        add(
            cases,
            format!("bit {at} of the signature"),
            format!("{header}.{body}.{}", URL_SAFE_NO_PAD.encode(bytes)),
        );
    }
    for length in [0, 1, header.len(), header.len() + 1, header.len() + 1 + body.len(), good.len() - 1] {
        add(cases, format!("cut at {length}"), good.get(..length).unwrap_or_default());
    }
    let padded = |part: &str| -> Result<String> { Ok(URL_SAFE.encode(URL_SAFE_NO_PAD.decode(part)?)) };
    add(cases, "padding", format!("{}.{}.{}=", padded(header)?, padded(body)?, signature));
    add(cases, "padding at the end", format!("{good}=="));
    let standard = STANDARD.encode(URL_SAFE_NO_PAD.decode(signature)?);
    add(cases, "another alphabet", format!("{header}.{body}.{standard}"));
    let mut loose = (*signature).to_owned();
    let end = loose.pop().map(|letter| char::from_u32(u32::from(letter) + 1).unwrap_or('B')).unwrap_or('B');
    loose.push(end);
    add(cases, "loose bits at the end", format!("{header}.{body}.{loose}"));
    for (what, token) in [
        ("two parts", format!("{header}.{body}")),
        ("four parts", format!("{good}.{signature}")),
        ("five parts", format!("{header}....{signature}")),
        ("dots", "..".to_owned()),
        ("a space within", format!("{header}. {body}.{signature}")),
        ("a comma", format!("{good},{good}")),
        ("two tokens", format!("{good} {good}")),
        (
            "JSON serialization",
            json!({"payload": body, "protected": header, "signature": signature}).to_string(),
        ),
        ("percent", good.replace('.', "%2E")),
    ] {
        add(cases, what, token);
    }
    let large =
        keys.ed.with_claims(|claims| drop(claims.insert("pad".to_owned(), "p".repeat(9_000).into())))?;
    add(cases, "12 kB", large);
    for (what, values) in [
        ("no scheme", vec![good.clone()]),
        ("Basic", vec![format!("Basic {good}")]),
        ("Token", vec![format!("Token {good}")]),
        ("DPoP", vec![format!("DPoP {good}")]),
        ("no space", vec![format!("Bearer{good}")]),
        ("a tab", vec![format!("Bearer\t{good}")]),
        ("the scheme twice", vec![format!("Bearer Bearer {good}")]),
        ("only the scheme", vec!["Bearer".to_owned()]),
        ("nothing behind it", vec!["Bearer ".to_owned()]),
        ("an empty value", vec![String::new()]),
        ("a good and a bad value", vec![format!("Bearer {good}"), "Bearer x".to_owned()]),
        ("a bad and a good value", vec!["Bearer x".to_owned(), format!("Bearer {good}")]),
        ("two good values", vec![format!("Bearer {good}"), format!("Bearer {good}")]),
        ("no value at all", Vec::new()),
    ] {
        cases.push((what.to_owned(), values));
    }
    Ok(())
}
