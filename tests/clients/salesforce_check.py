#!/usr/bin/env python3
"""Checks the Salesforce simulator with simple-salesforce, a client that others wrote.

Needs a simulator with its standard seed at SALESFORCE_URL and the package simple-salesforce. Can run again and again
against the same one. Prints one line per check; exits 1 if one failed.
"""

import os
import sys
import traceback
import uuid
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit, urlunsplit

import requests
from simple_salesforce import Salesforce, SalesforceLogin
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

URL = os.environ.get("SALESFORCE_URL", "").rstrip("/")
VERSION = "64.0"
USER = {"username": "admin@acme.example", "password": "password", "security_token": "token"}
# Sets the records of this run apart from those of others.
RUN = uuid.uuid4().hex[:8]
checks = []


class LocalSession(requests.Session):
    """The client insists on https and *.salesforce.com: this leads it to the simulator."""

    def request(self, method, url, **options):
        target, local = urlsplit(url), urlsplit(URL)
        if target.hostname.endswith(".salesforce.com") or target.hostname == local.hostname:
            url = urlunsplit((local.scheme, local.netloc, target.path, target.query, ""))
        return super().request(method, url, **options)


def check(function):
    checks.append(function)
    return function


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def raises(error, function, *arguments, **options):
    try:
        function(*arguments, **options)
    except error as raised:
        return raised
    raise AssertionError(f"{error} was expected")


def connect():
    return Salesforce(**USER, version=VERSION, session=LocalSession())


@check
def login_over_soap():
    session_id, instance = SalesforceLogin(**USER, scratch_url=URL, sf_version=VERSION)
    expect(session_id.startswith("00D5g000007ACME!"), session_id)
    expect(instance == urlsplit(URL).netloc, instance)


@check
def login_as_the_client_does_it():
    sf = connect()
    expect(sf.query("SELECT Id FROM Organization")["totalSize"] == 1, "one organization")


@check
def login_with_client_credentials():
    sf = Salesforce(
        consumer_key="acme-client-id",
        consumer_secret="connector-client-secret",
        domain="acme.my",
        version=VERSION,
        session=LocalSession(),
    )
    expect(sf.query("SELECT Id FROM Organization")["totalSize"] == 1, "one organization")


@check
def login_refused():
    wrong = {**USER, "password": "wrong"}
    error = raises(SalesforceAuthenticationFailed, SalesforceLogin, **wrong, scratch_url=URL, sf_version=VERSION)
    expect(error.code == "INVALID_LOGIN", error.code)
    # login() ends with version 64.0.
    error = raises(SalesforceAuthenticationFailed, SalesforceLogin, **USER, scratch_url=URL, sf_version="65.0")
    expect("UNSUPPORTED_API_VERSION" in error.code, error.code)


@check
def expired_session():
    sf = Salesforce(instance_url=URL, session_id="00D5g000007ACME!nonsense", version=VERSION, session=LocalSession())
    raises(SalesforceExpiredSession, sf.query, "SELECT Id FROM Lead")


@check
def query_with_relationships():
    sf = connect()
    contacts = sf.query("SELECT Id, Name, Account.Name FROM Contact WHERE Email = 'hank@globex.example'")
    expect(contacts["records"][0]["Account"]["Name"] == "Globex", contacts)
    accounts = sf.query("SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Globex'")
    expect(accounts["records"][0]["Contacts"]["records"][0]["LastName"] == "Scorpio", accounts)
    expect(sf.query("SELECT COUNT() FROM Contact WHERE Name LIKE 'Hank%'")["totalSize"] == 1, "count")


@check
def query_page_by_page():
    sf = connect()
    for start in range(0, 2200, 200):
        records = [
            {"attributes": {"type": "Lead"}, "LastName": f"Page {start + number}", "Company": f"Pages {RUN}"}
            for number in range(200)
        ]
        results = sf.restful("composite/sobjects", method="POST", json={"allOrNone": True, "records": records})
        expect(all(result["success"] for result in results), results[:1])
    soql = f"SELECT Id FROM Lead WHERE Company = 'Pages {RUN}' ORDER BY Id"
    first = sf.query(soql)
    expect((first["totalSize"], first["done"], len(first["records"])) == (2200, False, 2000), "a first page of 2000")
    second = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    expect(second["done"] and len(second["records"]) == 200, "a second page of 200")
    expect(len(sf.query_all(soql)["records"]) == 2200, "query_all")
    expect(sum(1 for _ in sf.query_all_iter(soql)) == 2200, "query_all_iter")


@check
def query_refused():
    sf = connect()
    error = raises(SalesforceMalformedRequest, sf.query, "SELECT Nothing FROM Lead")
    expect(error.content[0]["errorCode"] == "INVALID_FIELD", error.content)
    error = raises(SalesforceMalformedRequest, sf.query, "SELECT Id FROM")
    expect(error.content[0]["errorCode"] == "MALFORMED_QUERY", error.content)


@check
def describe():
    sf = connect()
    names = [described["name"] for described in sf.describe()["sobjects"]]
    expect({"Account", "Contact", "Lead", "Opportunity", "Task"} <= set(names), names)
    fields = {field["name"]: field for field in sf.Lead.describe()["fields"]}
    expect(fields["HubSpot_Id__c"]["externalId"], "external id")
    expect(fields["Company"]["length"] == 255 and not fields["Company"]["nillable"], "Company")
    expect(sf.Contact.metadata()["objectDescribe"]["name"] == "Contact", "metadata")


@check
def layouts():
    sf = connect()
    described = sf.Lead.describe_layout("012000000000000AAA")
    components = [
        component["type"]
        for section in described["detailLayoutSections"]
        for row in section["layoutRows"]
        for item in row["layoutItems"]
        for component in item["layoutComponents"]
    ]
    expect("VisualforcePage" in components, set(components))


@check
def create_read_update_delete():
    sf = connect()
    created = sf.Contact.create({"LastName": "Crud", "Email": "crud@x.example"})
    expect(created["success"] and len(created["id"]) == 18, created)
    contact = sf.Contact.get(created["id"])
    expect((contact["Name"], contact["Email"]) == ("Crud", "crud@x.example"), contact)
    expect(sf.Contact.update(created["id"], {"FirstName": "Ada"}) == 204, "update")
    expect(sf.Contact.get(created["id"])["Name"] == "Ada Crud", "name follows")
    expect(sf.Contact.delete(created["id"]) == 204, "delete")
    raises(SalesforceResourceNotFound, sf.Contact.get, created["id"])
    expect(sf.query(f"SELECT Id FROM Contact WHERE Id = '{created['id']}'")["totalSize"] == 0, "not in query")
    everything = sf.query(f"SELECT IsDeleted FROM Contact WHERE Id = '{created['id']}'", include_deleted=True)
    expect(everything["records"][0]["IsDeleted"] is True, "in queryAll")


@check
def create_refused():
    sf = connect()
    error = raises(SalesforceMalformedRequest, sf.Lead.create, {"LastName": "x"})
    expect(error.content[0]["errorCode"] == "REQUIRED_FIELD_MISSING", error.content)
    expect(error.content[0]["fields"] == ["Company"], error.content)
    error = raises(SalesforceMalformedRequest, sf.Contact.create, {"LastName": "x", "Email": "nonsense"})
    expect(error.content[0]["errorCode"] == "INVALID_EMAIL_ADDRESS", error.content)


@check
def upsert_by_external_id():
    sf = connect()
    expect(sf.Contact.upsert(f"HubSpot_Id__c/{RUN}", {"LastName": "Upsert"}) == 201, "created")
    expect(sf.Contact.upsert(f"HubSpot_Id__c/{RUN}", {"FirstName": "Again"}) == 200, "updated")
    contact = sf.Contact.get_by_custom_id("HubSpot_Id__c", RUN)
    expect(contact["Name"] == "Again Upsert", contact)
    for number in range(2):
        sf.Contact.create({"LastName": f"Twin {number}", "Email": f"twin.{RUN}@x.example"})
    raises(SalesforceMoreThanOneRecord, sf.Contact.upsert, f"Email/twin.{RUN}@x.example", {"FirstName": "Which"})


@check
def collections():
    sf = connect()
    records = [{"attributes": {"type": "Contact"}, "LastName": name} for name in ("One", "")]
    results = sf.restful("composite/sobjects", method="POST", json={"records": records})
    expect([result["success"] for result in results] == [True, False], results)
    expect(results[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING", results)
    change = [{"attributes": {"type": "Contact"}, "id": results[0]["id"], "Title": "CTO"}]
    changed = sf.restful("composite/sobjects", method="PATCH", json={"records": change})
    expect(changed[0]["success"], changed)
    fetched = sf.restful("composite/sobjects/Contact", params={"ids": results[0]["id"], "fields": "Id,Title"})
    expect(fetched[0]["Title"] == "CTO", fetched)
    upserts = [{"attributes": {"type": "Contact"}, "HubSpot_Id__c": f"collection-{RUN}", "LastName": "Coll"}]
    path = "composite/sobjects/Contact/HubSpot_Id__c"
    for created in (True, False):
        upserted = sf.restful(path, method="PATCH", json={"records": upserts})
        expect(upserted[0]["created"] is created, upserted)
    removed = sf.restful("composite/sobjects", method="DELETE", params={"ids": results[0]["id"]})
    expect(removed[0]["success"], removed)


@check
def composite():
    sf = connect()
    base = f"/services/data/v{VERSION}/sobjects"
    parts = [
        {"method": "POST", "url": f"{base}/Account", "referenceId": "account", "body": {"Name": f"Composite {RUN}"}},
        {
            "method": "POST",
            "url": f"{base}/Contact",
            "referenceId": "contact",
            "body": {"LastName": "Part", "AccountId": "@{account.id}"},
        },
    ]
    answer = sf.restful("composite", method="POST", json={"allOrNone": True, "compositeRequest": parts})
    expect([part["httpStatusCode"] for part in answer["compositeResponse"]] == [201, 201], answer)
    found = sf.query(f"SELECT Account.Name FROM Contact WHERE Account.Name = 'Composite {RUN}'")
    expect(found["records"][0]["Account"]["Name"] == f"Composite {RUN}", found)


@check
def limits_and_usage():
    sf = connect()
    limits = sf.limits()["DailyApiRequests"]
    expect(limits["Max"] == 150000 and limits["Remaining"] < limits["Max"], limits)
    sf.query("SELECT Id FROM Organization")
    usage = sf.api_usage["api-usage"]
    expect((usage.total, usage.used) == (150000, 150000 - limits["Remaining"] + 1), usage)


@check
def tooling():
    sf = connect()
    soql = "SELECT Id, SubscriberPackage.NamespacePrefix FROM InstalledSubscriberPackage"
    packages = sf.toolingexecute("query/", params={"q": soql})
    expect(packages["records"][0]["SubscriberPackage"]["NamespacePrefix"] == "HubSpot_Inc", packages)


@check
def changes():
    sf = connect()
    created = sf.Lead.create({"LastName": "Changed", "Company": "C"})
    now = datetime.now(timezone.utc)
    updated = sf.Lead.updated(now - timedelta(minutes=2), now + timedelta(minutes=1))
    expect("latestDateCovered" in updated, updated)
    sf.Lead.delete(created["id"])
    deleted = sf.Lead.deleted(now - timedelta(minutes=2), now + timedelta(minutes=1))
    expect("earliestDateAvailable" in deleted, deleted)


@check
def unknown_objects():
    sf = connect()
    raises(SalesforceResourceNotFound, sf.Nothing__c.create, {"Name": "x"})
    raises((SalesforceMalformedRequest, SalesforceGeneralError), sf.query, "SELECT Id FROM Nothing__c")


def main():
    if not URL:
        sys.exit("SALESFORCE_URL is not set")
    failed = 0
    for function in checks:
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok      {name}")
        except Exception:  # every check runs, whatever one does
            failed += 1
            print(f"FAILED  {name}\n{traceback.format_exc()}")
    print(f"{len(checks) - failed} of {len(checks)} checks passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
