//! A request as the simulator's rules see it.

use std::net::IpAddr;

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, header, request::Parts},
};
use serde_json::{Map, Value};

use super::answer::ApiError;

/// Which of Salesforce's hosts a request was meant for. All of them end at one address here, so it is told by a path
/// prefix (`/login`, `/test`, `/my/<my domain>`) or by the `Host` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostKind {
    /// The simulator's plain base URL: stands for every host.
    Any,
    /// `login.salesforce.com`.
    Login,
    /// `test.salesforce.com`.
    Test,
    /// The org with this My Domain.
    MyDomain(String),
}

/// A request, or a part of a composite one.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// HTTP method.
    pub method: Method,
    /// Path without host prefix, query and slash at the end; percent-encoded.
    pub path: String,
    /// Query parameters, decoded.
    pub query: Vec<(String, String)>,
    /// Headers; empty for a part of a composite request.
    pub headers: HeaderMap,
    /// Body, decompressed.
    pub body: Bytes,
    /// Which host was meant.
    pub host: HostKind,
    /// The client's address, for trusted IP ranges.
    pub peer: Option<IpAddr>,
    /// Length of the request line's target and all headers.
    pub head_bytes: usize,
}

impl Incoming {
    /// Takes a request apart.
    pub fn new(parts: Parts, body: Bytes, peer: Option<IpAddr>) -> Self {
        let header_bytes: usize =
            parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
        let (host, path) = split_host(parts.uri.path(), &parts.headers);
        Self {
            method: parts.method,
            path,
            query: parse_query(parts.uri.query().unwrap_or_default()),
            headers: parts.headers,
            body,
            host,
            peer,
            head_bytes: header_bytes + target,
        }
    }

    /// A part of a composite request: `url` with path and query.
    pub fn part(method: Method, url: &str, headers: HeaderMap, body: Bytes) -> Self {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        Self {
            method,
            path: path.trim_end_matches('/').to_owned(),
            query: parse_query(query),
            headers,
            body,
            host: HostKind::Any,
            peer: None,
            head_bytes: 0,
        }
    }

    /// The first query parameter with this name.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// An option of a `k=v` header (`,` and `;` both separate), any case.
    pub fn header_option(&self, name: &str, key: &str) -> Option<&str> {
        self.header(name)?.split([',', ';']).find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case(key).then(|| value.trim())
        })
    }

    /// The session token: `Bearer` or `OAuth`.
    pub fn token(&self) -> Option<&str> {
        let (scheme, token) = self.header(header::AUTHORIZATION.as_str())?.split_once(' ')?;
        let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
        known.then(|| token.trim())
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// `JSON_PARSER_ERROR`.
    pub fn json_object(&self) -> Result<Map<String, Value>, ApiError> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(ApiError::bad_json("The HTTP entity body is required to be a JSON object.")),
            Err(_) if self.body.is_empty() => Err(ApiError::bad_json(
                "The HTTP entity body is required, but this request has no entity body.",
            )),
            Err(error) => Err(ApiError::bad_json(format!(
                "Unexpected character or end of input at [line:{}, column:{}]",
                error.line(),
                error.column()
            ))),
        }
    }

    /// The body as a form, decoded.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

fn parse_query(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn split_host(path: &str, headers: &HeaderMap) -> (HostKind, String) {
    let trimmed = path.trim_end_matches('/');
    if let Some(rest) = trimmed.strip_prefix("/login/services") {
        return (HostKind::Login, format!("/services{rest}"));
    }
    if let Some(rest) = trimmed.strip_prefix("/test/services") {
        return (HostKind::Test, format!("/services{rest}"));
    }
    if let Some((domain, rest)) = trimmed.strip_prefix("/my/").and_then(|rest| rest.split_once('/')) {
        return (HostKind::MyDomain(domain.to_owned()), format!("/{rest}"));
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let kind = match host {
        "login.salesforce.com" => HostKind::Login,
        "test.salesforce.com" => HostKind::Test,
        _ => match host.strip_suffix(".my.salesforce.com") {
            Some(domain) => HostKind::MyDomain(domain.trim_end_matches(".sandbox").to_owned()),
            None => HostKind::Any,
        },
    };
    (kind, trimmed.to_owned())
}

/// Decodes `%41` in one path segment; `+` stays.
pub fn decode_segment(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| byte == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prefix_says_which_host_was_meant() {
        let none = HeaderMap::new();
        assert_eq!(
            split_host("/test/services/Soap/u/64.0/", &none),
            (HostKind::Test, "/services/Soap/u/64.0".into())
        );
        assert_eq!(
            split_host("/my/acme/services/oauth2/token", &none),
            (HostKind::MyDomain("acme".into()), "/services/oauth2/token".into())
        );
        assert_eq!(split_host("/services/data/", &none), (HostKind::Any, "/services/data".into()));
    }

    #[test]
    fn segments_are_decoded_once() {
        assert_eq!(decode_segment("a%2Fb%20c%2525+d"), "a/b c%25+d");
        assert_eq!(decode_segment("100%"), "100%");
    }
}
