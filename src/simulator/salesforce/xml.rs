//! Just enough XML for SOAP: prefixes are ignored, document types are refused.

use quick_xml::{Reader, escape, events::Event};

/// Elements nest no deeper than this.
const MAX_DEPTH: usize = 64;

/// An element without its prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Local name.
    pub name: String,
    /// All text directly inside, unescaped; CDATA too.
    pub text: String,
    /// Elements inside.
    pub children: Vec<Element>,
}

impl Element {
    /// The first child with this name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child with this name; empty if there is none.
    pub fn child_text(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }
}

/// Reads a document; nothing if it is not well-formed, nests too deep, or has a document type.
pub fn parse(document: &str) -> Option<Element> {
    let mut reader = Reader::from_str(document);
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() > MAX_DEPTH {
                    return None;
                }
                open.push(Element { name: local(start.name().as_ref()), ..Element::default() });
            }
            Event::Empty(start) => {
                let element = Element { name: local(start.name().as_ref()), ..Element::default() };
                open.last_mut()?.children.push(element);
            }
            Event::End(_) => {
                let element = open.pop()?;
                open.last_mut()?.children.push(element);
            }
            Event::Text(text) => open.last_mut()?.text.push_str(&text.into_inner()),
            Event::CData(text) => open.last_mut()?.text.push_str(&text.into_inner()),
            Event::GeneralRef(reference) => {
                let entity = format!("&{};", &*reference);
                open.last_mut()?.text.push_str(&escape::unescape(&entity).ok()?);
            }
            Event::DocType(_) => return None,
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    let mut document = open.pop().filter(|_| open.is_empty())?;
    document.children.pop()
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or(name).to_owned()
}

/// Text for an element or attribute.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "test")]
mod tests {
    use super::*;

    #[test]
    fn prefixes_cdata_and_entities() {
        let document = "<?xml version='1.0'?><!-- c --><s:a xmlns:s='u'><x:b>1 &lt; 2 &#38; <![CDATA[<3>]]></x:b><c/></s:a>";
        let root = parse(document).unwrap();
        assert_eq!(root.name, "a");
        assert_eq!(root.child_text("b"), "1 < 2 & <3>");
        assert!(root.child("c").is_some());
    }

    #[test]
    fn document_types_and_broken_documents_are_refused() {
        assert_eq!(parse("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), None);
        assert_eq!(parse("<a><b></a>"), None);
        assert_eq!(parse("<a>&unknown;</a>"), None);
        assert_eq!(parse(&"<a>".repeat(100_000)), None);
    }
}
