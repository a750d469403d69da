//! Smart lists and inclusion rules.

use super::{card, grid, more, plain, show, stacked};
use crate::{
    api::v1::{self, inclusion_rule::Rule},
    ctl::{
        lang::Lang,
        output::{View, number},
    },
};

show! {
    ListSmartListsResponse => |m, view| stacked([many(&m.lists, view), more(&m.next_page_token, view.lang)]);
    CreateSmartListResponse => |m, view| many(m.list.as_slice(), view);
    SetInclusionListResponse => |m, view| in_force(m.inclusion.as_ref(), view);
    ClearInclusionListResponse => |m, view| in_force(m.inclusion.as_ref(), view);
}

fn many(lists: &[v1::SmartList], view: &View) -> String {
    let header = ["list", "name", "size"];
    let rows = lists
        .iter()
        .map(|list| vec![plain(&list.list_id), plain(&list.name), plain(number(list.size))])
        .collect();
    grid(view, &header, rows)
}

fn in_force(rule: Option<&v1::InclusionRule>, view: &View) -> String {
    card(view, vec![("inclusion", plain(rule_text(rule, view.lang)))])
}

/// The rule in a few words; empty where none is set.
pub(super) fn rule_text(rule: Option<&v1::InclusionRule>, lang: Lang) -> String {
    match rule.and_then(|rule| rule.rule.as_ref()) {
        None => String::new(),
        Some(Rule::List(list)) if list.name.is_empty() => list.list_id.clone(),
        Some(Rule::List(list)) => format!("{} ({})", list.name, list.list_id),
        Some(Rule::NoList(none)) => lang.with("ctl-no-list", &[("stage", &none.lowest_lifecycle_stage)]),
    }
}
