//! For whom an answer is written: its language, and which portals may be named in it.

use crate::{
    domain::{PortalId, Refusal, access::PortalGrant, portal::NamedPortal},
    locale::Language,
};

/// The figure of a refusal that lists portals.
const PORTALS: &str = "portals";
/// The figure that counts those that are not named.
const OTHERS: &str = "other_portals";

/// Who reads an answer.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// The language of its texts.
    pub language: Language,
    /// The portals that may be named.
    pub portals: &'a PortalGrant,
}

impl Viewer<'_> {
    /// The figures by which a text lists portals: those that may be named, and how many there are beside them.
    #[must_use]
    pub fn figures(&self, portals: &[NamedPortal]) -> Vec<(&'static str, String)> {
        let may_be_named = portals.iter().filter(|portal| self.portals.allows(portal.portal_id));
        let named: Vec<String> = may_be_named.map(ToString::to_string).collect();
        let others = portals.len() - named.len();
        let mut figures = vec![(PORTALS, named.join(", "))];
        if others > 0 {
            figures.push((OTHERS, others.to_string()));
        }
        figures
    }

    /// A refusal that names no portal but such as may be named; the others are counted.
    #[must_use]
    pub fn refusal(&self, refusal: &Refusal) -> Refusal {
        let mut shown = refusal.clone();
        let Some((_, list)) = shown.args.iter_mut().find(|(name, _)| name == PORTALS) else { return shown };
        let listed = list.split(", ").filter(|text| !text.is_empty());
        let (named, others): (Vec<_>, Vec<_>) =
            listed.partition(|text| hub_id(text).is_some_and(|portal_id| self.portals.allows(portal_id)));
        if others.is_empty() {
            return shown;
        }
        let others = others.len();
        *list = named.join(", ");
        shown.with(OTHERS, others)
    }
}

fn hub_id(text: &str) -> Option<PortalId> {
    text.parse().ok().and_then(PortalId::parse)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::Reason;

    fn refusal(portals: &str) -> Refusal {
        Refusal::new(Reason::OrgPortalLimitReached).with("limit", 2).with(PORTALS, portals)
    }

    #[test]
    fn only_granted_portals_are_named_and_the_others_counted() {
        let grant =
            |ids: &[i64]| PortalGrant::Only(ids.iter().copied().filter_map(PortalId::parse).collect());
        let shown = |grant: &PortalGrant| {
            let viewer = Viewer { language: Language::En, portals: grant };
            let shown = viewer.refusal(&refusal("10, 20, 30"));
            (shown.arg(PORTALS).map(str::to_owned), shown.arg(OTHERS).map(str::to_owned))
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(shown(&PortalGrant::All), (text("10, 20, 30"), None));
        assert_eq!(shown(&grant(&[20])), (text("20"), text("2")));
        assert_eq!(
            shown(&grant(&[1, 2])),
            (text(""), text("3")),
            "no number is taken for another's beginning"
        );
        assert_eq!(shown(&PortalGrant::Only(BTreeSet::new())), (text(""), text("3")));
    }

    #[test]
    fn what_is_no_portal_is_not_named() {
        let none = PortalGrant::none();
        let viewer = Viewer { language: Language::En, portals: &none };
        assert_eq!(viewer.refusal(&refusal("ten")).arg(PORTALS), Some(""));
        assert_eq!(viewer.refusal(&refusal("")).arg(OTHERS), None);
        let plain = Refusal::new(Reason::NotConnected).with("portal_id", 1);
        assert_eq!(viewer.refusal(&plain), plain);
    }
}
