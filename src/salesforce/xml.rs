//! A SOAP answer as a small tree. Only what a login answer needs: elements by local name and their text. A DOCTYPE is
//! refused, so there are no entities beyond the five that XML predefines.

use quick_xml::{Reader, events::Event};

const MAX_DEPTH: usize = 64;
/// A login answer has about fifty elements.
const MAX_ELEMENTS: usize = 5_000;

/// The body is not XML that may be read. It says what is wrong, never with the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum XmlError {
    #[error("the XML is not well formed")]
    NotWellFormed,
    #[error("the XML declares a document type")]
    Doctype,
    #[error("the XML is nested deeper than {MAX_DEPTH} levels or has more than {MAX_ELEMENTS} elements")]
    TooMuch,
}

/// An element: local name, own text, children.
#[derive(Debug, Default)]
pub(super) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The child of this local name.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first descendant of this local name, in document order.
    pub(super) fn find(&self, name: &str) -> Option<&Element> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.find(name) })
    }

    /// The text of the child of this local name, if not empty.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(Element::text).filter(|text| !text.is_empty())
    }

    /// The text without the white space around it.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }
}

/// Parses a whole document; the answer is a nameless parent of the root element.
pub(super) fn parse(body: &[u8]) -> Result<Element, XmlError> {
    let text = std::str::from_utf8(body).map_err(|_| XmlError::NotWellFormed)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    let mut elements = 0;
    loop {
        match reader.read_event().map_err(|_| XmlError::NotWellFormed)? {
            Event::Start(tag) => {
                elements += 1;
                open.push(named(tag.local_name().as_ref()));
            }
            Event::Empty(tag) => {
                elements += 1;
                current(&mut open)?.children.push(named(tag.local_name().as_ref()));
            }
            Event::End(_) => {
                let closed = open.pop().ok_or(XmlError::NotWellFormed)?;
                current(&mut open)?.children.push(closed);
            }
            Event::Text(words) => current(&mut open)?.text.push_str(&words.into_inner()),
            Event::CData(words) => current(&mut open)?.text.push_str(&words.into_inner()),
            Event::GeneralRef(reference) => {
                let character = predefined(&reference.into_inner()).ok_or(XmlError::NotWellFormed)?;
                current(&mut open)?.text.push(character);
            }
            Event::DocType(_) => return Err(XmlError::Doctype),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
        if open.len() > MAX_DEPTH || elements > MAX_ELEMENTS {
            return Err(XmlError::TooMuch);
        }
    }
    let document = open.pop().ok_or(XmlError::NotWellFormed)?;
    let complete = open.is_empty() && document.children.len() == 1;
    if complete { Ok(document) } else { Err(XmlError::NotWellFormed) }
}

fn named(name: &str) -> Element {
    Element { name: name.to_owned(), ..Element::default() }
}

fn current(open: &mut [Element]) -> Result<&mut Element, XmlError> {
    open.last_mut().ok_or(XmlError::NotWellFormed)
}

fn predefined(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = reference.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Text for the inside of an element. Characters that XML cannot carry at all give `None`.
pub(super) fn escape(text: &str) -> Option<String> {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // Line ends would be normalized away, and then the password would be another one.
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(c),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => return None,
            _ => escaped.push(c),
        }
    }
    Some(escaped)
}

#[cfg(test)]
mod tests {
    use super::{XmlError, escape, parse};

    #[test]
    fn prefixes_entities_and_cdata_are_understood() -> Result<(), XmlError> {
        let document = parse(
            b"<?xml version=\"1.0\"?><s:a xmlns:s='u'><s:b>x &amp; &#x79;<![CDATA[<z>]]></s:b><c/></s:a>",
        )?;
        let a = document.child("a").ok_or(XmlError::NotWellFormed)?;
        assert_eq!(a.text_of("b"), Some("x & y<z>"));
        assert_eq!(a.text_of("c"), None);
        assert!(document.find("b").is_some());
        Ok(())
    }

    #[test]
    fn hostile_documents_are_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
        assert_eq!(parse(bomb.as_bytes()).err(), Some(XmlError::Doctype));
        assert_eq!(parse(b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>").err(), Some(XmlError::Doctype));
        assert_eq!(parse(b"<a>&b;</a>").err(), Some(XmlError::NotWellFormed));
        let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
        assert_eq!(parse(deep.as_bytes()).err(), Some(XmlError::TooMuch));
        let wide = format!("<a>{}</a>", "<b/>".repeat(5_001));
        assert_eq!(parse(wide.as_bytes()).err(), Some(XmlError::TooMuch));
    }

    #[test]
    fn every_truncation_is_an_error_and_never_a_panic() {
        let whole = b"<?xml version=\"1.0\"?><a><b t='1'>x &lt; y</b><c>&#65;</c></a>";
        assert!(parse(whole).is_ok());
        for end in 0..whole.len() {
            assert!(parse(whole.get(..end).unwrap_or_default()).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn escaping_survives_a_round_trip() -> Result<(), XmlError> {
        let password = " <&>\"' é]]>\tx ";
        let escaped = escape(password).ok_or(XmlError::NotWellFormed)?;
        assert!(!escaped.contains("]]>"));
        let document = parse(format!("<a>{escaped}</a>").as_bytes())?;
        assert_eq!(document.child("a").map(|a| a.text.as_str()), Some(password));
        assert_eq!(escape("a\u{0}b"), None);
        Ok(())
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(body in "[<>/!\\[\\]a-z&#;x0-9 ='\"?-]{0,80}") {
            let _ = parse(body.as_bytes());
            let _ = parse(format!("<a>{body}</a>").as_bytes());
        }
    }
}
