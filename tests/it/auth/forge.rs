//! Makes tokens of any kind, also such as no honest issuer makes.

use anyhow::{Context as _, Result};
use aws_lc_rs::{
    encoding::AsDer as _,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://issuer.example";
pub const AUDIENCE: &str = "connector";

/// A key of one algorithm and its id.
pub struct ForgedKey {
    pub id: &'static str,
    pub algorithm: Algorithm,
    pub signing: EncodingKey,
}

impl ForgedKey {
    pub fn ed25519(id: &'static str) -> Result<Self> {
        let pair = Ed25519KeyPair::generate()?.to_pkcs8v1()?;
        Ok(Self { id, algorithm: Algorithm::EdDSA, signing: EncodingKey::from_ed_der(pair.as_ref()) })
    }

    pub fn p256(id: &'static str) -> Result<Self> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
        Ok(Self { id, algorithm: Algorithm::ES256, signing: EncodingKey::from_ec_der(pair.as_ref()) })
    }

    pub fn rsa(id: &'static str) -> Result<Self> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der()?;
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        Ok(Self { id, algorithm: Algorithm::RS256, signing: EncodingKey::from_rsa_pem(pem.as_bytes())? })
    }

    /// The public half.
    pub fn jwk(&self) -> Result<Value> {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&self.signing, self.algorithm)?)?;
        let fields = jwk.as_object_mut().context("an object")?;
        fields.insert("kid".to_owned(), self.id.into());
        fields.insert("use".to_owned(), "sig".into());
        Ok(jwk)
    }

    /// A token with any header and any claims, signed as its own algorithm demands.
    pub fn sign(&self, header: &str, claims: &str) -> Result<String> {
        sign(header, claims, &self.signing, self.algorithm)
    }

    /// A token that is good.
    pub fn good(&self) -> Result<String> {
        self.sign(&self.header().to_string(), &claims().to_string())
    }

    /// A good token but for some claims.
    pub fn with_claims(&self, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Result<String> {
        let mut claims = claims();
        change(claims.as_object_mut().context("an object")?);
        self.sign(&self.header().to_string(), &claims.to_string())
    }

    /// A good token but for some fields of its header.
    pub fn with_header(&self, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Result<String> {
        let mut header = self.header();
        change(header.as_object_mut().context("an object")?);
        self.sign(&header.to_string(), &claims().to_string())
    }

    pub fn header(&self) -> Value {
        let algorithm = serde_json::to_value(self.algorithm).unwrap_or_default();
        json!({"alg": algorithm, "kid": self.id, "typ": "JWT"})
    }
}

pub fn sign(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> Result<String> {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm)?;
    Ok(format!("{message}.{signature}"))
}

pub fn jwks(keys: &[&ForgedKey]) -> Result<String> {
    let keys = keys.iter().map(|key| key.jwk()).collect::<Result<Vec<_>>>()?;
    Ok(json!({"keys": keys}).to_string())
}

pub fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

/// Claims that are good for ten minutes and everything.
pub fn claims() -> Value {
    let now = now();
    json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "somebody",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "scope": "openid setup connect status.read sync.operate org.operate audit.read keys.operate",
        "portals": "*",
    })
}
