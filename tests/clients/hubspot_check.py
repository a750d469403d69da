#!/usr/bin/env python3
"""Drives the HubSpot simulator with the official client (hubspot-api-client), which was written by others.

Needs HUBSPOT_URL (base URL of a simulator with the standard seed). HUBSPOT_TOKEN, HUBSPOT_CLIENT_ID,
HUBSPOT_CLIENT_SECRET and HUBSPOT_REFRESH_TOKEN default to those of portal A. Prints one line per check and ends with
status 1 if one failed.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

import hubspot
from hubspot.crm.associations.v4 import (
    AssociationSpec,
    BatchInputPublicDefaultAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
)
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputForCreate,
    SimplePublicObjectBatchInputUpsert,
    SimplePublicObjectId,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.contacts import ApiException as ContactsException
from hubspot.crm.lists import ApiException as ListsException
from hubspot.crm.lists import ListCreateRequest, ListSearchRequest, MembershipChangeRequest
from hubspot.crm.properties import (
    BatchInputPropertyCreate,
    BatchReadInputPropertyName,
    OptionInput,
    PropertyCreate,
    PropertyGroupCreate,
    PropertyName,
    PropertyUpdate,
)

URL = os.environ.get("HUBSPOT_URL", "").rstrip("/")
TOKEN = os.environ.get("HUBSPOT_TOKEN", "sim-hubspot-token-a")
CLIENT_ID = os.environ.get("HUBSPOT_CLIENT_ID", "51b5a9e0-0000-4000-8000-000000000001")
CLIENT_SECRET = os.environ.get("HUBSPOT_CLIENT_SECRET", "51b5a9e0-0000-4000-8000-0000000000ff")
REFRESH_TOKEN = os.environ.get("HUBSPOT_REFRESH_TOKEN", "na1-sim-refresh-a")
RUN = uuid.uuid4().hex[:8]
EVENTUALLY_SECONDS = 30

failures = 0


def check(name, ok, seen=None):
    global failures
    if ok:
        print(f"ok    {name}")
    else:
        failures += 1
        print(f"FAIL  {name}: {seen!r}")


def section(run):
    """A section that raises counts as one failed check; the others still run."""
    global failures
    try:
        run()
    except Exception as error:  # noqa: BLE001 - whatever the client raises is a finding
        failures += 1
        print(f"FAIL  {run.__name__}: {type(error).__name__}: {error}")


def refused(call, exception, status):
    try:
        call()
    except exception as error:
        return error if error.status == status else None
    return None


def eventually(read, fits):
    """Search and active lists lag behind writes."""
    deadline = time.monotonic() + EVENTUALLY_SECONDS
    seen = read()
    while not fits(seen) and time.monotonic() < deadline:
        time.sleep(0.3)
        seen = read()
    return seen


def raw(path, token=TOKEN):
    request = urllib.request.Request(URL + path, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.headers, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read() or b"null")


def address(name):
    return f"{name}.{RUN}@clients.example"


client = hubspot.Client.create(access_token=TOKEN, host=URL)
contacts = client.crm.contacts


def create_contact(name, **properties):
    properties = {"email": address(name), **properties}
    return contacts.basic_api.create(SimplePublicObjectInputForCreate(properties=properties, associations=[]))


def account_info():
    for version in ("v3", "2026-03", "2026-09"):
        status, headers, body = raw(f"/account-info/{version}/details")
        check(f"account details {version}", status == 200 and isinstance(body["portalId"], int), body)
        check(f"rate limit headers {version}", "X-HubSpot-RateLimit-Daily" in headers, dict(headers))
    status, _, body = raw("/account-info/2026-09/api-usage/daily/private-apps")
    check("daily usage", status == 200 and body["results"][0]["fetchStatus"] == "SUCCESS", body)
    status, _, body = raw("/account-info/2026-09/details", token=None)
    check("no token is 401", status == 401 and body["category"] == "INVALID_AUTHENTICATION", body)


def contacts_basic():
    made = create_contact("basic", firstname="Basic", lastname="Contact")
    check("create", made.id and made.properties["email"] == address("basic"), made)
    read = contacts.basic_api.get_by_id(made.id, properties=["email", "firstname", "city", "no_such_property"])
    check("read by id", read.properties["firstname"] == "Basic", read)
    check("empty is null, unknown is left out", read.properties["city"] is None and "no_such_property" not in read.properties, read)
    by_email = contacts.basic_api.get_by_id(address("basic").upper(), id_property="email")
    check("read by email", by_email.id == made.id, by_email)
    changed = contacts.basic_api.update(made.id, SimplePublicObjectInput(properties={"city": "Nara"}))
    check("update", changed.properties["city"] == "Nara" and changed.updated_at >= made.updated_at, changed)
    history = contacts.basic_api.get_by_id(made.id, properties_with_history=["city"])
    check("history", history.properties_with_history["city"][0].value == "Nara", history)

    conflict = refused(lambda: create_contact("basic"), ContactsException, 409)
    check("a taken address is 409 with the id", conflict and f"Existing ID: {made.id}" in conflict.body, conflict)
    invalid = refused(lambda: create_contact("invalid", no_such_property="1"), ContactsException, 400)
    check("an unknown property is 400", invalid and "PROPERTY_DOESNT_EXIST" in invalid.body, invalid)

    page = contacts.basic_api.get_page(limit=2, properties=["email"])
    rest = contacts.basic_api.get_page(limit=2, after=page.paging.next.after)
    ids = [contact.id for contact in page.results + rest.results]
    check("pages do not overlap", len(set(ids)) == len(ids), ids)
    check("get_all", made.id in {contact.id for contact in contacts.get_all()})

    contacts.basic_api.archive(made.id)
    gone = refused(lambda: contacts.basic_api.get_by_id(made.id), ContactsException, 404)
    check("archived is 404", gone is not None)
    check("archived is still there when asked", contacts.basic_api.get_by_id(made.id, archived=True).archived)


def contacts_merge():
    winner, loser = create_contact("winner"), create_contact("loser")
    merged = contacts.basic_api.merge(PublicMergeInput(primary_object_id=winner.id, object_id_to_merge=loser.id))
    check("merge", merged.id == winner.id, merged)
    check("the losing id leads to the winner", contacts.basic_api.get_by_id(loser.id).id == winner.id)


def contacts_batch():
    inputs = [SimplePublicObjectBatchInputForCreate(properties={"email": address(f"batch{n}")}, associations=[]) for n in range(3)]
    made = contacts.batch_api.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    check("batch create", made.status == "COMPLETE" and len(made.results) == 3, made)
    ids = [contact.id for contact in made.results]

    wanted = BatchReadInputSimplePublicObjectId(
        properties=["email"], properties_with_history=[], inputs=[SimplePublicObjectId(id=one) for one in ids]
    )
    check("batch read", len(contacts.batch_api.read(wanted).results) == 3)
    wanted = BatchReadInputSimplePublicObjectId(
        properties=["email"],
        properties_with_history=[],
        id_property="email",
        inputs=[SimplePublicObjectId(id=address("batch0")), SimplePublicObjectId(id=address("nobody"))],
    )
    some = contacts.batch_api.read(wanted)
    check("batch read by email reports the missing", some.num_errors == 1 and len(some.results) == 1, some)

    changes = [SimplePublicObjectBatchInput(id=one, properties={"city": "Kobe"}) for one in ids]
    changed = contacts.batch_api.update(BatchInputSimplePublicObjectBatchInput(inputs=changes))
    check("batch update", {contact.properties["city"] for contact in changed.results} == {"Kobe"}, changed)

    traced = [
        SimplePublicObjectBatchInputForCreate(object_write_trace_id=str(n), properties={"email": address(name)}, associations=[])
        for n, name in enumerate(["batch0", "batch9"])
    ]
    partial = contacts.batch_api.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=traced))
    check(
        "traced inputs succeed one by one",
        len(partial.results) == 1 and partial.errors[0].context["existingId"] == [ids[0]],
        partial,
    )
    upserts = [
        SimplePublicObjectBatchInputUpsert(id=address(name), id_property="email", properties={"city": "Nagoya"})
        for name in ["batch1", "upserted"]
    ]
    upserted = contacts.batch_api.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=upserts))
    check("batch upsert", sorted(result.new for result in upserted.results) == [False, True], upserted)

    contacts.batch_api.archive(BatchInputSimplePublicObjectId(inputs=[SimplePublicObjectId(id=one) for one in ids]))
    gone = refused(lambda: contacts.basic_api.get_by_id(ids[0]), ContactsException, 404)
    check("batch archive", gone is not None)


def contacts_search():
    made = create_contact("searched", firstname="Searched", city=f"City {RUN}")

    def search(*filters, **more):
        request = PublicObjectSearchRequest(
            filter_groups=[FilterGroup(filters=list(filters))] if filters else [], limit=10, after="0",
            sorts=more.pop("sorts", ["-createdate"]), properties=["email", "city"], **more,
        )
        return contacts.search_api.do_search(request)

    mail = Filter(property_name="email", operator="EQ", value=address("searched"))
    found = eventually(lambda: search(mail), lambda page: page.total == 1)
    check("search by email, after the lag", found.total == 1 and found.results[0].id == made.id, found)
    time.sleep(1)
    city = Filter(property_name="city", operator="CONTAINS_TOKEN", value=RUN)
    check("search by token", search(city).total == 1)
    recent = Filter(property_name="lastmodifieddate", operator="GTE", value=str(int(made.created_at.timestamp() * 1000)))
    check("search by time", made.id in {contact.id for contact in search(recent).results})
    check("search by one of several", search(Filter(property_name="email", operator="IN", values=[address("searched")])).total == 1)
    time.sleep(1)
    check("search by query", search(query=address("searched")).total == 1)
    sorts = [{"propertyName": "email", "direction": "ASCENDING"}]
    emails = [contact.properties["email"] or "" for contact in search(Filter(property_name="email", operator="HAS_PROPERTY"), sorts=sorts).results]
    check("sorts as objects", emails == sorted(emails), emails)


def stage_filter(*stages):
    leaf = {
        "filterType": "PROPERTY",
        "property": "lifecyclestage",
        "operation": {"operationType": "ENUMERATION", "operator": "IS_ANY_OF", "values": list(stages)},
    }
    branch = {"filterBranchType": "AND", "filterBranchOperator": "AND", "filterBranches": [], "filters": [leaf]}
    return {"filterBranchType": "OR", "filterBranchOperator": "OR", "filters": [], "filterBranches": [branch]}


def lists():
    api, members = client.crm.lists.lists_api, client.crm.lists.memberships_api
    member, other = create_contact("member", lifecyclestage="evangelist"), create_contact("other")
    request = ListCreateRequest(name=f"Static {RUN}", object_type_id="0-1", processing_type="MANUAL")
    static = api.create(request).list
    check("create a static list", static.processing_type == "MANUAL" and static.processing_status == "COMPLETE", static)
    body = {"name": f"Active {RUN}", "objectTypeId": "0-1", "processingType": "DYNAMIC", "filterBranch": stage_filter("evangelist")}
    active = api.create(body).list
    check("create an active list", active.processing_type == "DYNAMIC", active)
    done = eventually(lambda: api.get_by_id(active.list_id).list, lambda one: one.processing_status == "COMPLETE")
    check("an active list is processed", done.processing_status == "COMPLETE", done)
    joined = eventually(
        lambda: {one.record_id for one in members.get_page(active.list_id, limit=250).results}, lambda ids: member.id in ids
    )
    check("an active list follows its filters", member.id in joined and other.id not in joined, joined)
    check("filters on demand", api.get_by_id(active.list_id, include_filters=True).list.filter_branch is not None)
    check("by name, whatever the case", api.get_by_name(f"ACTIVE {RUN}", "0-1").list.list_id == active.list_id)
    check("several by id", len(api.get_all(list_ids=[static.list_id, active.list_id]).lists) == 2)
    found = api.do_search(
        ListSearchRequest(query=RUN, count=10, offset=0, list_ids=[], processing_types=["DYNAMIC"], additional_properties=["hs_list_size"])
    )
    check("search lists", [one.list_id for one in found.lists] == [active.list_id], found)
    check("size of a list", found.lists[0].additional_properties.get("hs_list_size"), found)

    added = members.add(static.list_id, [member.id, "1"])
    check("add members", added.records_ids_added == [member.id] and added.record_ids_missing == ["1"], added)
    swap = MembershipChangeRequest(record_ids_to_add=[other.id], record_ids_to_remove=[member.id])
    swapped = members.add_and_remove(static.list_id, swap)
    check("add and remove", swapped.record_ids_removed == [member.id], swapped)
    order = members.get_page_ordered_by_added_to_list_date(static.list_id)
    check("members by join order", [one.record_id for one in order.results] == [other.id], order)
    of = members.get_lists("0-1", other.id)
    check("lists of a record", static.list_id in {one.list_id for one in of.results}, of)
    by_hand = refused(lambda: members.add(active.list_id, [other.id]), ListsException, 400)
    check("an active list takes nobody by hand", by_hand is not None)

    renamed = api.update_name(static.list_id, list_name=f"Renamed {RUN}").updated_list
    check("rename", renamed.name == f"Renamed {RUN}", renamed)
    changed = api.update_list_filters(active.list_id, {"filterBranch": stage_filter("other")}).updated_list
    check("change filters", changed.list_id == active.list_id, changed)
    api.remove(static.list_id)
    check("deleted is 404", refused(lambda: api.get_by_id(static.list_id), ListsException, 404) is not None)
    api.restore(static.list_id)
    check("restored", api.get_by_id(static.list_id).list.name == f"Renamed {RUN}")
    for one in (static, active):
        api.remove(one.list_id)


def properties():
    core, groups, batch = (client.crm.properties.core_api, client.crm.properties.groups_api, client.crm.properties.batch_api)
    stages = core.get_by_name("contacts", "lifecyclestage")
    order = [option.value for option in sorted(stages.options, key=lambda option: option.display_order)]
    check("lifecycle stages are ordered", order[:2] == ["subscriber", "lead"], order)
    check("all properties", len(core.get_all("contacts").results) > 30)
    group = groups.create("contacts", PropertyGroupCreate(name=f"group_{RUN}", label="Checks"))
    check("create a group", group.archived is False, group)
    check("list groups", f"group_{RUN}" in {one.name for one in groups.get_all("contacts").results})
    unique = core.create(
        "contacts",
        PropertyCreate(name=f"key_{RUN}", label="Key", group_name=group.name, type="string", field_type="text", has_unique_value=True),
    )
    check("create a unique property", unique.has_unique_value, unique)
    made = create_contact("keyed", **{unique.name: "K1"})
    check("read by a unique property", contacts.basic_api.get_by_id("K1", id_property=unique.name).id == made.id)
    options = [OptionInput(label="One", value="one", display_order=0, hidden=False)]
    several = batch.create(
        "contacts",
        BatchInputPropertyCreate(
            inputs=[
                PropertyCreate(name=f"choice_{RUN}", label="Choice", group_name=group.name, type="enumeration", field_type="select", options=options)
            ]
        ),
    )
    check("batch create properties", several.results[0].options[0].value == "one", several)
    read = batch.read("contacts", BatchReadInputPropertyName(archived=False, inputs=[PropertyName(name="email")]))
    check("batch read properties", read.results[0].name == "email", read)
    check("change a property", core.update("contacts", unique.name, PropertyUpdate(label="New")).label == "New")
    for name in (unique.name, f"choice_{RUN}"):
        core.archive("contacts", name)
    groups.archive("contacts", group.name)
    check("archived properties", unique.name in {one.name for one in core.get_all("contacts", archived=True).results})


def associations():
    basic, batch = client.crm.associations.v4.basic_api, client.crm.associations.v4.batch_api
    contact = create_contact("linked")
    company = client.crm.companies.basic_api.create({"properties": {"name": f"Company {RUN}"}, "associations": []})
    linked = basic.create_default("contacts", contact.id, "companies", company.id)
    check("default association", linked.results[0].association_spec.association_type_id == 279, linked)
    page = basic.get_page("contacts", contact.id, "companies")
    types = {one.type_id for one in page.results[0].association_types}
    check("the first company is the primary one", types == {1, 279}, types)
    read = batch.get_page("contacts", "companies", BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": contact.id}]))
    check("batch read", str(read.results[0].to[0].to_object_id) == company.id, read)
    deal = client.crm.deals.basic_api.create(
        {
            "properties": {"dealname": f"Deal {RUN}", "pipeline": "default", "dealstage": "contractsent", "amount": "1500.00"},
            "associations": [],
        }
    )
    spec = [AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=3)]
    basic.create("deals", deal.id, "contacts", contact.id, association_spec=spec)
    check("labelled association", len(basic.get_page("contacts", contact.id, "deals").results) == 1)
    pairs = BatchInputPublicDefaultAssociationMultiPost(inputs=[{"from": {"id": deal.id}, "to": {"id": company.id}}])
    check("batch default", len(batch.create_default("deals", "companies", pairs).results) == 2)
    note = client.crm.objects.notes.basic_api.create(
        {
            "properties": {"hs_timestamp": "1700000000000", "hs_note_body": "checked"},
            "associations": [{"to": {"id": contact.id}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]}],
        }
    )
    check("a note with its contact", note.properties["hs_note_body"] == "checked", note)
    shown = contacts.basic_api.get_by_id(contact.id, associations=["notes", "companies"])
    check("associations of a contact", set(shown.associations) == {"notes", "companies"}, shown)
    task = client.crm.objects.tasks.basic_api.create(
        {"properties": {"hs_timestamp": "2026-11-30T09:00:00Z", "hs_task_subject": "Call", "hs_task_status": "NOT_STARTED"}, "associations": []}
    )
    check("a task", task.properties["hs_task_subject"] == "Call", task)
    basic.archive("contacts", contact.id, "companies", company.id)
    check("archive an association", basic.get_page("contacts", contact.id, "companies").results == [])
    labels = client.crm.associations.v4.schema.definitions_api.get_all("contacts", "companies")
    check("association labels", {one.type_id for one in labels.results} >= {1, 279}, labels)


def owners_and_pipelines():
    owners = client.crm.owners.owners_api.get_page()
    check("owners", owners.results and owners.results[0].type == "PERSON", owners)
    pipelines = client.crm.pipelines.pipelines_api.get_all("deals")
    check("pipelines", pipelines.results[0].stages[0].id == "appointmentscheduled", pipelines)


def oauth():
    anonymous = hubspot.Client.create(host=URL)
    granted = anonymous.oauth.tokens_api.create(
        grant_type="refresh_token", client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN
    )
    check("refresh", granted.expires_in == 1800 and granted.token_type == "bearer", granted)
    status, headers, body = raw("/account-info/2026-09/details", token=granted.access_token)
    check("the access token opens the portal", status == 200, body)
    check("OAuth answers have no daily headers", "X-HubSpot-RateLimit-Daily" not in headers, dict(headers))
    info = anonymous.oauth.access_tokens_api.get(granted.access_token)
    check("access token details", info.hub_id == body["portalId"], info)
    info = anonymous.oauth.refresh_tokens_api.get(granted.refresh_token)
    check("refresh token details", info.client_id == CLIENT_ID, info)
    bad = refused(
        lambda: anonymous.oauth.tokens_api.create(
            grant_type="refresh_token", client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token="unknown"
        ),
        hubspot.oauth.ApiException,
        400,
    )
    check("an unknown refresh token is 400", bad and "BAD_REFRESH_TOKEN" in bad.body, bad)


def main():
    if not URL:
        sys.exit("HUBSPOT_URL is not set")
    for run in (
        account_info,
        contacts_basic,
        contacts_merge,
        contacts_batch,
        contacts_search,
        lists,
        properties,
        associations,
        owners_and_pipelines,
        oauth,
    ):
        section(run)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
