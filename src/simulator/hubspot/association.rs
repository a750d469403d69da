//! Links between records. Every link has two sides, each with its own type numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::object_type::ObjectType::{
    self, Call, Communication, Company, Contact, Deal, Email, Meeting, Note, Task, Ticket,
};

/// Who defined an association type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Category {
    HubSpot,
    User,
}

impl Category {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "HUBSPOT_DEFINED" => Some(Self::HubSpot),
            "USER_DEFINED" | "INTEGRATOR_DEFINED" => Some(Self::User),
            _ => None,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::HubSpot => "HUBSPOT_DEFINED",
            Self::User => "USER_DEFINED",
        }
    }
}

/// An association type: category and number.
pub(super) type Spec = (Category, u32);

/// One direction of an association type.
#[derive(Debug, Clone)]
pub(super) struct TypeInfo {
    pub from: ObjectType,
    pub to: ObjectType,
    pub spec: Spec,
    pub inverse: Spec,
    pub label: Option<String>,
}

const PRIMARY: Option<&str> = Some("Primary");

/// From, to, number, number of the way back, label.
const HUBSPOT_TYPES: &[(ObjectType, ObjectType, u32, u32, Option<&str>)] = &[
    (Contact, Company, 279, 280, None),
    (Contact, Company, 1, 2, PRIMARY),
    (Deal, Contact, 3, 4, None),
    (Deal, Company, 341, 342, None),
    (Deal, Company, 5, 6, PRIMARY),
    (Ticket, Contact, 16, 15, None),
    (Ticket, Company, 339, 340, None),
    (Ticket, Company, 26, 25, PRIMARY),
    (Ticket, Deal, 28, 27, None),
    (Contact, Contact, 449, 449, None),
    (Company, Company, 450, 450, None),
    (Company, Company, 13, 14, Some("Child Company")),
    (Contact, Call, 193, 194, None),
    (Contact, Email, 197, 198, None),
    (Contact, Meeting, 199, 200, None),
    (Contact, Note, 201, 202, None),
    (Contact, Task, 203, 204, None),
    (Contact, Communication, 82, 81, None),
    (Company, Call, 181, 182, None),
    (Company, Email, 185, 186, None),
    (Company, Meeting, 187, 188, None),
    (Company, Note, 189, 190, None),
    (Company, Task, 191, 192, None),
    (Company, Communication, 88, 87, None),
    (Deal, Call, 205, 206, None),
    (Deal, Email, 209, 210, None),
    (Deal, Meeting, 211, 212, None),
    (Deal, Note, 213, 214, None),
    (Deal, Task, 215, 216, None),
    (Deal, Communication, 86, 85, None),
    (Ticket, Call, 219, 220, None),
    (Ticket, Email, 223, 224, None),
    (Ticket, Meeting, 225, 226, None),
    (Ticket, Note, 227, 228, None),
    (Ticket, Task, 229, 230, None),
    (Ticket, Communication, 84, 83, None),
];

type Side = (ObjectType, u64, ObjectType);

/// All links of one portal, and the types its users added.
#[derive(Debug, Default)]
pub(super) struct Associations {
    links: BTreeMap<Side, BTreeMap<u64, BTreeSet<Spec>>>,
    user_types: Vec<TypeInfo>,
}

impl Associations {
    /// The types from one object type to another, HubSpot's first.
    pub(super) fn types(&self, from: ObjectType, to: ObjectType) -> Vec<TypeInfo> {
        let mut types = Vec::new();
        for &(a, b, there, back, label) in HUBSPOT_TYPES {
            let (there, back) = ((Category::HubSpot, there), (Category::HubSpot, back));
            let info = |from, to, spec, inverse| TypeInfo {
                from,
                to,
                spec,
                inverse,
                label: label.map(str::to_owned),
            };
            if (a, b) == (from, to) {
                types.push(info(a, b, there, back));
            }
            if (b, a) == (from, to) && there != back {
                types.push(info(b, a, back, there));
            }
        }
        types.extend(self.user_types.iter().filter(|info| (info.from, info.to) == (from, to)).cloned());
        types
    }

    /// The unlabelled type.
    pub(super) fn default_type(&self, from: ObjectType, to: ObjectType) -> Option<TypeInfo> {
        self.types(from, to).into_iter().find(|info| info.label.is_none())
    }

    /// Adds a label in both directions; answers the new types.
    pub(super) fn define(&mut self, from: ObjectType, to: ObjectType, label: &str) -> Vec<TypeInfo> {
        let count = u32::try_from(self.user_types.len()).unwrap_or(u32::MAX / 2);
        let there = (Category::User, count + 1);
        let back = (Category::User, count + 2);
        let label = Some(label.to_owned());
        let added = vec![
            TypeInfo { from, to, spec: there, inverse: back, label: label.clone() },
            TypeInfo { from: to, to: from, spec: back, inverse: there, label },
        ];
        self.user_types.extend(added.clone());
        added
    }

    /// Links two records with these types, and with the unlabelled one, which every link has.
    pub(super) fn link(&mut self, from: (ObjectType, u64), to: (ObjectType, u64), types: &[TypeInfo]) {
        let unlabelled = self.default_type(from.0, to.0);
        let is_first = self.linked(from.0, from.1, to.0).is_none_or(BTreeMap::is_empty);
        let mut wanted: Vec<TypeInfo> = types.iter().cloned().chain(unlabelled).collect();
        let primary = self.types(from.0, to.0).into_iter().find(is_primary);
        if let Some(primary) = primary {
            let asked = wanted.iter().any(|info| info.spec == primary.spec);
            if asked {
                self.drop_primary(from, to.0, &primary);
            }
            if is_first && to.0 == Company && !asked {
                wanted.push(primary);
            }
        }
        for info in wanted {
            self.add(from, to, info.spec);
            self.add(to, from, info.inverse);
        }
    }

    fn add(&mut self, from: (ObjectType, u64), to: (ObjectType, u64), spec: Spec) {
        self.links.entry((from.0, from.1, to.0)).or_default().entry(to.1).or_default().insert(spec);
    }

    /// There is one primary company only: a new one takes the label from the old one.
    fn drop_primary(&mut self, from: (ObjectType, u64), to: ObjectType, primary: &TypeInfo) {
        let Some(partners) = self.links.get_mut(&(from.0, from.1, to)) else { return };
        let mut demoted = Vec::new();
        for (partner, specs) in partners.iter_mut() {
            if specs.remove(&primary.spec) {
                demoted.push(*partner);
            }
        }
        for partner in demoted {
            if let Some(specs) =
                self.links.get_mut(&(to, partner, from.0)).and_then(|back| back.get_mut(&from.1))
            {
                specs.remove(&primary.inverse);
            }
        }
    }

    /// Removes every link between two records; answers whether there was one.
    pub(super) fn unlink(&mut self, from: (ObjectType, u64), to: (ObjectType, u64)) -> bool {
        if let Some(back) = self.links.get_mut(&(to.0, to.1, from.0)) {
            back.remove(&from.1);
        }
        self.links.get_mut(&(from.0, from.1, to.0)).is_some_and(|there| there.remove(&to.1).is_some())
    }

    /// Removes single types; the unlabelled one stays unless it is named.
    pub(super) fn unlabel(&mut self, from: (ObjectType, u64), to: (ObjectType, u64), types: &[TypeInfo]) {
        let sides = [(from, to, false), (to, from, true)];
        for (here, there, is_back) in sides {
            let Some(partners) = self.links.get_mut(&(here.0, here.1, there.0)) else { continue };
            let Some(specs) = partners.get_mut(&there.1) else { continue };
            for info in types {
                specs.remove(if is_back { &info.inverse } else { &info.spec });
            }
            if specs.is_empty() {
                partners.remove(&there.1);
            }
        }
    }

    /// The partners of a record, ascending by id.
    pub(super) fn linked(
        &self,
        from: ObjectType,
        id: u64,
        to: ObjectType,
    ) -> Option<&BTreeMap<u64, BTreeSet<Spec>>> {
        self.links.get(&(from, id, to))
    }

    /// The partner with the primary label.
    pub(super) fn primary(&self, from: ObjectType, id: u64, to: ObjectType) -> Option<u64> {
        let primary = self.types(from, to).into_iter().find(is_primary)?;
        let partners = self.linked(from, id, to)?;
        partners.iter().find(|(_, specs)| specs.contains(&primary.spec)).map(|(partner, _)| *partner)
    }

    pub(super) fn remove_record(&mut self, kind: ObjectType, id: u64) {
        self.links.retain(|(from, from_id, to), partners| {
            if *to == kind {
                partners.remove(&id);
            }
            (*from, *from_id) != (kind, id) && !partners.is_empty()
        });
    }

    /// Moves the links of a merged record to the survivor.
    pub(super) fn move_record(&mut self, kind: ObjectType, loser: u64, winner: u64) {
        for to in ObjectType::ALL {
            let partners: Vec<u64> =
                self.linked(kind, loser, to).map(|all| all.keys().copied().collect()).unwrap_or_default();
            for partner in partners.into_iter().filter(|partner| (to, *partner) != (kind, winner)) {
                let default: Vec<TypeInfo> = self.default_type(kind, to).into_iter().collect();
                self.link((kind, winner), (to, partner), &default);
            }
        }
        self.remove_record(kind, loser);
    }

    /// `associationTypes` of one link.
    pub(super) fn render_types(&self, from: ObjectType, to: ObjectType, specs: &BTreeSet<Spec>) -> Value {
        let known = self.types(from, to);
        let rendered = specs.iter().map(|spec| {
            let label = known.iter().find(|info| info.spec == *spec).and_then(|info| info.label.clone());
            json!({"category": spec.0.as_str(), "typeId": spec.1, "label": label})
        });
        Value::Array(rendered.collect())
    }
}

fn is_primary(info: &TypeInfo) -> bool {
    info.label.as_deref() == PRIMARY
}
