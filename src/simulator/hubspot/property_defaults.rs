//! The properties that every portal has from the start: those that a connector reads, writes or filters on.

use std::collections::BTreeMap;

use time::macros::datetime;

use super::{
    fixture::StageFixture,
    object_type::ObjectType,
    property::{Choice, Property},
    property_table::{
        CALL, COMMON, COMMUNICATION, COMPANY, CONTACT, DEAL, EMAIL, ENGAGEMENT, Kind, MEETING, NOTE, Row,
        TASK, TICKET,
    },
};

/// HubSpot's own lifecycle stages in order.
pub(super) const LIFECYCLE_STAGES: [(&str, &str); 8] = [
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
];

/// The properties of a fresh portal by name.
pub(super) fn catalog(kind: ObjectType, stages: &[StageFixture]) -> BTreeMap<String, Property> {
    let own: &[Row] = match kind {
        ObjectType::Contact => CONTACT,
        ObjectType::Company => COMPANY,
        ObjectType::Deal => DEAL,
        ObjectType::Ticket => TICKET,
        ObjectType::Communication => COMMUNICATION,
        ObjectType::Task => TASK,
        ObjectType::Note => NOTE,
        ObjectType::Meeting => MEETING,
        ObjectType::Call => CALL,
        ObjectType::Email => EMAIL,
    };
    let engagement: &[Row] = if kind.is_engagement() { ENGAGEMENT } else { &[] };
    let rows = COMMON.iter().chain(engagement).chain(own);
    let mut catalog: BTreeMap<String, Property> =
        rows.map(|row| (row.0.to_owned(), define(kind, row))).collect();
    if matches!(kind, ObjectType::Contact | ObjectType::Company) {
        let stages = stage_choices(stages);
        if kind == ObjectType::Contact {
            add_stage_dates(&mut catalog, kind, &stages);
        }
        let mut property = define(kind, &("lifecyclestage", "Lifecycle Stage", Kind::Choice(&[]), false));
        property.field_type = "radio".to_owned();
        property.options = stages;
        catalog.insert(property.name.clone(), property);
    }
    catalog
}

/// `hs_lifecyclestage_<value>_date`: when a contact first reached the stage.
fn add_stage_dates(catalog: &mut BTreeMap<String, Property>, kind: ObjectType, stages: &[Choice]) {
    for stage in stages {
        let mut property = define(kind, &("", "", Kind::Moment, true));
        property.name = stage_date_property(&stage.value);
        property.label = format!("Became a {} Date", stage.label);
        catalog.insert(property.name.clone(), property);
    }
}

pub(super) fn stage_date_property(stage: &str) -> String {
    format!("hs_lifecyclestage_{stage}_date")
}

pub(super) fn stage_choices(stages: &[StageFixture]) -> Vec<Choice> {
    let listed: Vec<(String, String)> = if stages.is_empty() {
        LIFECYCLE_STAGES.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect()
    } else {
        stages.iter().map(|stage| (stage.value.clone(), stage.label.clone())).collect()
    };
    (0..)
        .zip(listed)
        .map(|(display_order, (value, label))| Choice {
            label,
            value,
            display_order,
            hidden: false,
            description: None,
        })
        .collect()
}

fn define(kind: ObjectType, row: &Row) -> Property {
    let (name, label, sort, read_only) = *row;
    let (data_type, field_type) = match sort {
        Kind::Text => ("string", "text"),
        Kind::Area => ("string", "textarea"),
        Kind::Html => ("string", "html"),
        Kind::Phone => ("string", "phonenumber"),
        Kind::Number => ("number", "number"),
        Kind::Moment => ("datetime", "date"),

        Kind::Flag => ("bool", "booleancheckbox"),
        Kind::Owner | Kind::Choice(_) => ("enumeration", "select"),
        Kind::Choices(_) => ("enumeration", "checkbox"),
    };
    let options = match sort {
        Kind::Choice(values) | Kind::Choices(values) => choices(values),
        Kind::Flag => choices(&["true", "false"]),
        _ => Vec::new(),
    };
    Property {
        name: name.to_owned(),
        label: label.to_owned(),
        data_type: data_type.to_owned(),
        field_type: field_type.to_owned(),
        description: String::new(),
        group_name: default_group(kind).to_owned(),
        options,
        display_order: -1,
        calculated: false,
        external_options: matches!(sort, Kind::Owner),
        has_unique_value: false,
        hidden: false,
        hubspot_defined: true,
        read_only_value: read_only,
        form_field: !read_only,
        created_at: datetime!(2019-08-06 02:41:08 UTC),
        updated_at: datetime!(2024-09-12 14:22:56 UTC),
        archived_at: None,
    }
}

fn choices(values: &[&str]) -> Vec<Choice> {
    (0..)
        .zip(values)
        .map(|(display_order, value)| Choice {
            label: (*value).to_owned(),
            value: (*value).to_owned(),
            display_order,
            hidden: false,
            description: None,
        })
        .collect()
}

/// The group that HubSpot's own properties of a type are in.
pub(super) fn default_group(kind: ObjectType) -> &'static str {
    match kind {
        ObjectType::Contact => "contactinformation",
        ObjectType::Company => "companyinformation",
        ObjectType::Deal => "dealinformation",
        ObjectType::Ticket => "ticketinformation",
        ObjectType::Communication => "communication",
        ObjectType::Task => "task",
        ObjectType::Note => "note",
        ObjectType::Meeting => "meeting",
        ObjectType::Call => "call",
        ObjectType::Email => "email",
    }
}
