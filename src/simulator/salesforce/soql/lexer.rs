//! Text to tokens.

use time::{Date, OffsetDateTime};

use super::SoqlError;
use crate::simulator::salesforce::moment;

/// A token and where it began.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) position: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A name or a keyword.
    Word(String),
    /// Quoted text, unescaped.
    Text(String),
    Number(f64),
    Day(Date),
    Time(OffsetDateTime),
    /// `, ( ) . : = != < <= > >=`
    Symbol(&'static str),
    End,
}

/// Longer ones first: `<=` before `<`.
const SYMBOLS: &[&str] = &["!=", "<>", "<=", ">=", "=", "<", ">", ",", "(", ")", ".", ":"];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SoqlError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let position = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            tokens.push(Token { kind: TokenKind::End, position });
            return Ok(tokens);
        };
        let (kind, length) = if first == '\'' {
            quoted(rest).ok_or_else(|| {
                SoqlError::at(
                    "MALFORMED_QUERY",
                    text,
                    position,
                    "line 1: mismatched character '<EOF>' expecting '''",
                )
            })?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            let word = length.and_then(|length| rest.get(..length)).unwrap_or(rest);
            (TokenKind::Word(word.to_owned()), word.len())
        } else if first.is_ascii_digit() || (matches!(first, '-' | '+') && starts_number(rest)) {
            number_or_time(rest).ok_or_else(|| unexpected(text, position, first))?
        } else {
            let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
            let symbol = *symbol.ok_or_else(|| unexpected(text, position, first))?;
            (TokenKind::Symbol(if symbol == "<>" { "!=" } else { symbol }), symbol.len())
        };
        tokens.push(Token { kind, position });
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn unexpected(text: &str, position: usize, letter: char) -> SoqlError {
    SoqlError::at("MALFORMED_QUERY", text, position, &format!("unexpected token: '{letter}'"))
}

fn starts_number(text: &str) -> bool {
    text.chars().nth(1).is_some_and(|letter| letter.is_ascii_digit() || letter == '.')
}

fn quoted(text: &str) -> Option<(TokenKind, usize)> {
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((index, letter)) = letters.next() {
        match letter {
            '\'' => return Some((TokenKind::Text(value), index + 1)),
            '\\' => match letters.next()?.1 {
                'n' | 'N' => value.push('\n'),
                'r' | 'R' => value.push('\r'),
                't' | 'T' => value.push('\t'),
                'b' | 'B' => value.push('\u{8}'),
                'f' | 'F' => value.push('\u{c}'),
                // Kept escaped: they stand for themselves in LIKE, and equal themselves elsewhere.
                wildcard @ ('%' | '_') => value.extend(['\\', wildcard]),
                other => value.push(other),
            },
            _ => value.push(letter),
        }
    }
    None
}

fn number_or_time(text: &str) -> Option<(TokenKind, usize)> {
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || ":+-.".contains(letter)));
    let word = end.and_then(|end| text.get(..end)).unwrap_or(text);
    if word.len() > 10 && word.contains('T') {
        return moment::parse(word).map(|time| (TokenKind::Time(time), word.len()));
    }
    if word.len() == 10 && word.matches('-').count() == 2 {
        return moment::parse_day(word).map(|day| (TokenKind::Day(day), word.len()));
    }
    word.parse::<f64>().ok().map(|number| (TokenKind::Number(number), word.len()))
}
