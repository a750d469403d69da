//! JSON from outside: bounded in depth, and errors that repeat nothing of the content.

use serde::de::DeserializeOwned;

/// Deeper than any vendor answer; shallower than a stack.
const MAX_DEPTH: usize = 64;

/// The body is not the JSON that was expected. It says where, never what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonError {
    #[error("JSON is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    #[error("unexpected JSON at line {line}, column {column}")]
    Unexpected { line: usize, column: usize },
}

/// Parses a body after bounding its depth.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, JsonError> {
    if depth(body) > MAX_DEPTH {
        return Err(JsonError::TooDeep);
    }
    serde_json::from_slice(body)
        .map_err(|error| JsonError::Unexpected { line: error.line(), column: error.column() })
}

fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in body {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (false, b'"') => in_string = true,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::{JsonError, parse};

    #[test]
    fn depth_is_bounded_and_brackets_in_strings_do_not_count() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse::<serde_json::Value>(nested(64).as_bytes()).is_ok());
        assert_eq!(parse::<serde_json::Value>(nested(65).as_bytes()), Err(JsonError::TooDeep));
        let text = format!(r#"{{"a":"{}\"["}}"#, "[".repeat(200));
        assert!(parse::<serde_json::Value>(text.as_bytes()).is_ok());
    }

    #[test]
    fn errors_repeat_nothing_of_the_content() {
        let error = parse::<u32>(br#""hunter2""#).map_err(|error| error.to_string());
        assert_eq!(error, Err("unexpected JSON at line 1, column 9".to_owned()));
    }
}
