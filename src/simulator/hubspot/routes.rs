//! The table of routes: method and path to handler, scopes and the name under which the call is counted.

use http::Method;

use super::{
    association_http as links, association_types as link_types,
    auth::Scopes,
    batch,
    dispatch::{Handler, account_details, api_usage},
    error::Outcome,
    forms,
    lists::{definitions, members},
    object_type::ObjectType,
    objects, people, property_http as properties, search,
    wire::{Request, Version},
};

/// One route.
pub(super) struct Route {
    pub kind: &'static str,
    pub scopes: Scopes,
    pub handler: Handler,
    pub is_search: bool,
}

fn route(kind: &'static str, scopes: Scopes, handler: Handler) -> Option<Route> {
    Some(Route { kind, scopes, handler, is_search: false })
}

/// `contacts.create` and the like, known at compile time for every object type.
macro_rules! kind {
    ($object:expr, $operation:literal) => {
        match $object {
            ObjectType::Contact => concat!("contacts.", $operation),
            ObjectType::Company => concat!("companies.", $operation),
            ObjectType::Deal => concat!("deals.", $operation),
            ObjectType::Ticket => concat!("tickets.", $operation),
            ObjectType::Communication => concat!("communications.", $operation),
            ObjectType::Task => concat!("tasks.", $operation),
            ObjectType::Note => concat!("notes.", $operation),
            ObjectType::Meeting => concat!("meetings.", $operation),
            ObjectType::Call => concat!("calls.", $operation),
            ObjectType::Email => concat!("emails.", $operation),
        }
    };
}

/// The route of a request; the failure is about an object type that does not exist.
pub(super) fn find(request: &Request) -> Outcome<Option<Route>> {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let Some((area, rest)) = segments.split_first() else { return Ok(None) };
    let method = &request.method;
    Ok(match *area {
        "objects" => return object_routes(request, method, rest),
        "properties" => return property_routes(method, rest),
        "associations" => return association_routes(request, method, rest),
        "lists" => list_routes(method, rest),
        "owners" => owner_routes(method, rest),
        "pipelines" => return pipeline_routes(method, rest),
        "account-info" => match (method, rest) {
            (&Method::GET, ["details"]) => {
                route("account-info.details", Scopes::All(vec!["oauth"]), account_details)
            }
            (&Method::GET, ["api-usage", "daily", "private-apps"]) => {
                route("account-info.api-usage", Scopes::All(vec!["oauth"]), api_usage)
            }
            _ => None,
        },
        "forms" if *method == Method::GET && rest.is_empty() => {
            route("forms.list", Scopes::All(vec!["forms"]), forms::list)
        }
        "form-submissions" if *method == Method::GET => {
            route("forms.submissions", Scopes::All(vec!["forms"]), forms::submissions)
        }
        "email-events" if *method == Method::GET => {
            route("email-events.list", Scopes::All(vec!["content"]), forms::email_events)
        }
        _ => None,
    })
}

fn object_routes(request: &Request, method: &Method, rest: &[&str]) -> Outcome<Option<Route>> {
    let Some((name, rest)) = rest.split_first() else { return Ok(None) };
    let object = ObjectType::parse(name)?;
    let read = || Scopes::All(object.read_scopes());
    let write = || Scopes::All(object.write_scopes());
    if let [_, "associations", rest @ ..] = rest {
        return record_association_routes(request, method, object, rest);
    }
    Ok(match (method, rest) {
        (&Method::POST, []) => route(kind!(object, "create"), write(), objects::create),
        (&Method::GET, []) => route(kind!(object, "list"), read(), objects::list),
        (&Method::POST, ["search"]) => route(kind!(object, "search"), read(), search::search)
            .map(|route| Route { is_search: true, ..route }),
        (&Method::POST, ["merge"]) => route(kind!(object, "merge"), write(), objects::merge),
        (&Method::POST, ["gdpr-delete"]) => {
            route(kind!(object, "gdpr-delete"), write(), objects::privacy_delete)
        }
        (&Method::POST, ["batch", "create"]) => route(kind!(object, "batch.create"), write(), batch::create),
        (&Method::POST, ["batch", "read"]) => route(kind!(object, "batch.read"), read(), batch::read),
        (&Method::POST, ["batch", "update"]) => route(kind!(object, "batch.update"), write(), batch::update),
        (&Method::POST, ["batch", "upsert"]) => route(kind!(object, "batch.upsert"), write(), batch::upsert),
        (&Method::POST, ["batch", "archive"]) => {
            route(kind!(object, "batch.archive"), write(), batch::archive)
        }
        (&Method::GET, [_]) => route(kind!(object, "read"), read(), objects::read),
        (&Method::PATCH, [_]) => route(kind!(object, "update"), write(), objects::update),
        (&Method::DELETE, [_]) => route(kind!(object, "archive"), write(), objects::archive),
        _ => None,
    })
}

/// `…/objects/{type}/{id}/associations/…`
fn record_association_routes(
    request: &Request,
    method: &Method,
    object: ObjectType,
    rest: &[&str],
) -> Outcome<Option<Route>> {
    let name = if rest.first() == Some(&"default") { rest.get(1) } else { rest.first() };
    let other = ObjectType::parse(name.unwrap_or(&""))?;
    let read = || Scopes::All([object.read_scopes(), other.read_scopes()].concat());
    let write = || Scopes::All([object.write_scopes(), other.write_scopes()].concat());
    let is_v3 = request.version == Version::V3;
    Ok(match (method, rest) {
        (&Method::GET, [_]) => route("associations.list", read(), links::list),
        (&Method::PUT, ["default", _, _]) if !is_v3 => {
            route("associations.default", write(), links::put_default)
        }
        (&Method::PUT, [_, _]) if !is_v3 => route("associations.put", write(), links::put_labelled),
        (&Method::DELETE, [_, _]) if !is_v3 => route("associations.delete", write(), links::delete),
        (&Method::PUT, [_, _, _]) if is_v3 => route("associations.put", write(), links::put_v3),
        (&Method::DELETE, [_, _, _]) if is_v3 => route("associations.delete", write(), links::delete),
        _ => None,
    })
}

/// `…/associations/{from}/{to}/…`
fn association_routes(request: &Request, method: &Method, rest: &[&str]) -> Outcome<Option<Route>> {
    let [from, to, rest @ ..] = rest else { return Ok(None) };
    let (from, to) = (ObjectType::parse(from)?, ObjectType::parse(to)?);
    let read = || Scopes::All([from.read_scopes(), to.read_scopes()].concat());
    let write = || Scopes::All([from.write_scopes(), to.write_scopes()].concat());
    let is_v3 = request.version == Version::V3;
    Ok(match (method, rest) {
        (&Method::POST, ["batch", "read"]) => route("associations.batch.read", read(), links::batch_read),
        (&Method::POST, ["batch", "create"]) => {
            route("associations.batch.create", write(), links::batch_create)
        }
        (&Method::POST, ["batch", "archive"]) => {
            route("associations.batch.archive", write(), links::batch_archive)
        }
        (&Method::POST, ["batch", "associate", "default"]) if !is_v3 => {
            route("associations.batch.default", write(), links::batch_default)
        }
        (&Method::POST, ["batch", "labels", "archive"]) if !is_v3 => {
            route("associations.batch.labels", write(), links::batch_unlabel)
        }
        (&Method::GET, ["labels"]) if !is_v3 => route("associations.labels", read(), link_types::labels),
        (&Method::POST, ["labels"]) if !is_v3 => {
            route("associations.labels.create", write(), link_types::create_label)
        }
        (&Method::GET, ["types"]) if is_v3 => route("associations.types", read(), link_types::types_v3),
        _ => None,
    })
}

fn property_routes(method: &Method, rest: &[&str]) -> Outcome<Option<Route>> {
    let Some((name, rest)) = rest.split_first() else { return Ok(None) };
    let object = ObjectType::parse(name)?;
    let read = || Scopes::Any(object.schema_read_scopes());
    let write = || Scopes::All(object.schema_write_scopes());
    Ok(match (method, rest) {
        (&Method::GET, []) => route("properties.list", read(), properties::list),
        (&Method::POST, []) => route("properties.create", write(), properties::create),
        (&Method::GET, ["groups"]) => route("properties.groups.list", read(), properties::list_groups),
        (&Method::POST, ["groups"]) => route("properties.groups.create", write(), properties::create_group),
        (&Method::GET, ["groups", _]) => route("properties.groups.read", read(), properties::read_group),
        (&Method::PATCH, ["groups", _]) => {
            route("properties.groups.update", write(), properties::update_group)
        }
        (&Method::DELETE, ["groups", _]) => {
            route("properties.groups.archive", write(), properties::archive_group)
        }
        (&Method::POST, ["batch", "create"]) => {
            route("properties.batch.create", write(), properties::batch_create)
        }
        (&Method::POST, ["batch", "read"]) => route("properties.batch.read", read(), properties::batch_read),
        (&Method::POST, ["batch", "archive"]) => {
            route("properties.batch.archive", write(), properties::batch_archive)
        }
        (&Method::GET, [_]) => route("properties.read", read(), properties::read),
        (&Method::PATCH, [_]) => route("properties.update", write(), properties::update),
        (&Method::DELETE, [_]) => route("properties.archive", write(), properties::archive),
        _ => None,
    })
}

fn list_routes(method: &Method, rest: &[&str]) -> Option<Route> {
    let read = || Scopes::All(vec!["crm.lists.read"]);
    let create = || Scopes::All(vec!["crm.lists.write"]);
    let write = || Scopes::All(vec!["crm.lists.read", "crm.lists.write"]);
    match (method, rest) {
        (&Method::POST, []) => route("lists.create", create(), definitions::create),
        (&Method::GET, []) => route("lists.read-many", read(), definitions::read_many),
        (&Method::POST, ["search"]) => route("lists.search", read(), definitions::search),
        (&Method::POST, ["all"]) => route("lists.all", read(), definitions::all),
        (&Method::GET, ["idmapping"]) => route("lists.idmapping", read(), definitions::legacy_id),
        (&Method::GET, ["object-type-id", _, "name", _]) => {
            route("lists.read", read(), definitions::read_by_name)
        }
        (&Method::GET, ["records", _, _, "memberships"]) => {
            route("lists.of-record", read(), members::of_record)
        }
        (&Method::POST, ["records", "memberships", "batch", "read"]) => {
            route("lists.of-records", read(), members::of_records)
        }
        (&Method::GET, [_]) => route("lists.read", read(), definitions::read),
        (&Method::DELETE, [_]) => route("lists.delete", write(), definitions::delete),
        (&Method::PUT, [_, "restore"]) => route("lists.restore", write(), definitions::restore),
        (&Method::PUT, [_, "update-list-name"]) => route("lists.rename", write(), definitions::rename),
        (&Method::PUT, [_, "update-list-filters"]) => {
            route("lists.update-filters", write(), definitions::update_filters)
        }
        (&Method::GET, [_, "memberships"]) => route("lists.memberships", read(), members::by_id),
        (&Method::GET, [_, "memberships", "join-order"]) => {
            route("lists.memberships", read(), members::by_join_order)
        }
        (&Method::PUT, [_, "memberships", "add"]) => route("lists.add", write(), members::add),
        (&Method::PUT, [_, "memberships", "remove"]) => route("lists.remove", write(), members::remove),
        (&Method::PUT, [_, "memberships", "add-and-remove"]) => {
            route("lists.add-and-remove", write(), members::add_and_remove)
        }
        (&Method::PUT, [_, "memberships", "add-from", _]) => {
            route("lists.add-from", write(), members::add_from)
        }
        (&Method::DELETE, [_, "memberships"]) => route("lists.clear", write(), members::clear),
        _ => None,
    }
}

fn owner_routes(method: &Method, rest: &[&str]) -> Option<Route> {
    let scopes = Scopes::All(vec!["crm.objects.owners.read"]);
    match (method, rest) {
        (&Method::GET, []) => route("owners.list", scopes, people::owners),
        (&Method::GET, [_]) => route("owners.read", scopes, people::owner),
        _ => None,
    }
}

fn pipeline_routes(method: &Method, rest: &[&str]) -> Outcome<Option<Route>> {
    let Some((name, rest)) = rest.split_first() else { return Ok(None) };
    let scopes = Scopes::Any(ObjectType::parse(name)?.schema_read_scopes());
    Ok(match (method, rest) {
        (&Method::GET, []) => route("pipelines.list", scopes, people::pipelines),
        (&Method::GET, [_]) => route("pipelines.read", scopes, people::pipeline),
        (&Method::GET, [_, "stages"]) => route("pipelines.stages", scopes, people::stages),
        _ => None,
    })
}
