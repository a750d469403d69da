#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};

use super::{Expr, Op, SoqlError, parse, run, run::Outcome};
use crate::simulator::salesforce::{
    access::View,
    fixture::{FieldRights, ObjectRights, OrgFixture, UserFixture},
    world::World,
};

const NOW: OffsetDateTime = datetime!(2026-11-23 10:00 UTC);

struct Org {
    world: World,
    id: String,
}

impl Org {
    fn new() -> Self {
        let mut sales = UserFixture::standard("sales@x.example");
        sales.field_rights.insert("Contact.Email".to_owned(), FieldRights { read: false, edit: false });
        let no_rights = ObjectRights { read: false, create: false, edit: false, delete: false };
        sales.object_rights.insert("Lead".to_owned(), no_rights);
        let fixture = OrgFixture::new("X").user(UserFixture::admin("admin@x.example")).user(sales);
        let mut world = World::default();
        let id = world.add_org(fixture, NOW).unwrap();
        let mut org = Self { world, id };
        let globex = org.add("Account", json!({"Name": "Globex", "AnnualRevenue": 10}));
        let initech = org.add("Account", json!({"Name": "Initech", "AnnualRevenue": 30.5}));
        org.add(
            "Contact",
            json!({"LastName": "Scorpio", "Email": "hank@globex.example", "AccountId": globex}),
        );
        org.add(
            "Contact",
            json!({"LastName": "Simpson", "FirstName": "Homer", "AccountId": globex,
            "CreatedDate": "2026-11-20T10:00:00.000+0000"}),
        );
        org.add("Contact", json!({"LastName": "Lumbergh", "AccountId": initech, "HasOptedOutOfEmail": true}));
        org.add("Contact", json!({"LastName": "O'Brien", "Birthdate": "1970-01-01"}));
        org.add("Contact", json!({"LastName": "Gone", "IsDeleted": true}));
        org
    }

    fn add(&mut self, object: &str, row: Value) -> String {
        let Value::Object(row) = row else { unreachable!() };
        self.world.add_record(&self.id, object, row, NOW).unwrap()
    }

    fn run_as(&self, username: &str, tooling: bool, soql: &str) -> Result<Outcome, SoqlError> {
        let org = &self.world.orgs[&self.id];
        let view = View { org, user: org.user_named(username).unwrap(), tooling };
        run(view, &parse(soql)?, NOW, "64.0", false)
    }

    fn run(&self, soql: &str) -> Result<Outcome, SoqlError> {
        self.run_as("admin@x.example", false, soql)
    }

    fn names(&self, condition: &str) -> Vec<String> {
        let outcome =
            self.run(&format!("SELECT LastName FROM Contact WHERE {condition} ORDER BY LastName")).unwrap();
        outcome.rows.iter().map(|row| row["LastName"].as_str().unwrap().to_owned()).collect()
    }

    fn code(&self, soql: &str) -> &'static str {
        self.run(soql).unwrap_err().code
    }
}

#[test]
fn conditions() {
    let org = Org::new();
    let cases: &[(&str, &[&str])] = &[
        ("LastName = 'SCORPIO'", &["Scorpio"]),
        ("LastName != 'Scorpio'", &["Lumbergh", "O'Brien", "Simpson"]),
        ("LastName LIKE 's%'", &["Scorpio", "Simpson"]),
        ("LastName = 'O\\'Brien'", &["O'Brien"]),
        ("NOT LastName LIKE 's%'", &["Lumbergh", "O'Brien"]),
        ("(NOT LastName LIKE 's%') AND Email = null", &["Lumbergh", "O'Brien"]),
        ("Email = null", &["Lumbergh", "O'Brien", "Simpson"]),
        ("Email <> null", &["Scorpio"]),
        ("LastName IN ('Scorpio', 'lumbergh')", &["Lumbergh", "Scorpio"]),
        ("LastName NOT IN ('Scorpio', 'Lumbergh')", &["O'Brien", "Simpson"]),
        ("HasOptedOutOfEmail = true", &["Lumbergh"]),
        ("HasOptedOutOfEmail = true OR (LastName = 'Scorpio' AND Email != null)", &["Lumbergh", "Scorpio"]),
        ("Account.Name = 'globex'", &["Scorpio", "Simpson"]),
        ("Account.AnnualRevenue >= 30", &["Lumbergh"]),
        ("AccountId IN (SELECT Id FROM Account WHERE Name = 'Initech')", &["Lumbergh"]),
        ("AccountId NOT IN (SELECT Id FROM Account)", &["O'Brien"]),
        ("CreatedDate < 2026-11-23T00:00:00Z", &["Simpson"]),
        ("CreatedDate < 2026-11-23T01:00:00+09:00", &["Simpson"]),
        ("CreatedDate = TODAY", &["Lumbergh", "O'Brien", "Scorpio"]),
        ("CreatedDate = LAST_N_DAYS:3", &["Lumbergh", "O'Brien", "Scorpio", "Simpson"]),
        ("CreatedDate < YESTERDAY", &["Simpson"]),
        ("Birthdate = 1970-01-01", &["O'Brien"]),
        ("Birthdate < 1970-01-01", &[]),
    ];
    for (condition, expected) in cases {
        assert_eq!(org.names(condition), *expected, "{condition}");
    }
}

#[test]
fn parents_children_and_missing_parents() {
    let org = Org::new();
    let outcome = org
        .run(
            "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName DESC LIMIT 1) FROM Account \
        WHERE Name = 'Globex'",
        )
        .unwrap();
    let contacts = &outcome.rows[0]["Contacts"];
    assert_eq!(contacts["totalSize"], 1);
    assert_eq!(contacts["records"][0]["LastName"], "Simpson");
    let outcome = org
        .run(
            "SELECT c.LastName, c.Account.Name, c.Owner.Name, Owner.Profile.Name FROM Contact c \
        WHERE c.LastName IN ('O\\'Brien', 'Scorpio') ORDER BY LastName",
        )
        .unwrap();
    assert_eq!(outcome.rows[0]["Account"], Value::Null);
    assert_eq!(outcome.rows[1]["Account"]["Name"], "Globex");
    assert_eq!(outcome.rows[1]["Account"]["attributes"]["type"], "Account");
    assert_eq!(outcome.rows[1]["Owner"]["Name"], "Ada Admin");
    assert_eq!(outcome.rows[1]["Owner"]["Profile"]["Name"], "System Administrator");
}

#[test]
fn relationships_with_several_targets() {
    let mut org = Org::new();
    let contact = org.run("SELECT Id FROM Contact WHERE LastName = 'Scorpio'").unwrap().rows[0]["Id"].clone();
    org.add("Task", json!({"Subject": "call", "WhoId": contact}));
    let outcome =
        org.run("SELECT Who.Name, Who.Type, What.Name FROM Task WHERE Who.Name = 'scorpio'").unwrap();
    assert_eq!(outcome.rows[0]["Who"]["Type"], "Contact");
    assert_eq!(outcome.rows[0]["What"], Value::Null);
}

#[test]
fn order_limit_offset_and_count() {
    let org = Org::new();
    let all = |soql: &str| -> Vec<Value> {
        org.run(soql).unwrap().rows.iter().map(|row| row["LastName"].clone()).collect()
    };
    assert_eq!(all("SELECT LastName FROM Contact ORDER BY LastName DESC LIMIT 2"), ["Simpson", "Scorpio"]);
    assert_eq!(
        all("SELECT LastName FROM Contact ORDER BY LastName LIMIT 2 OFFSET 1"),
        ["O'Brien", "Scorpio"]
    );
    assert_eq!(
        all("SELECT LastName FROM Contact ORDER BY Email NULLS LAST, LastName LIMIT 2"),
        ["Scorpio", "Lumbergh"]
    );
    let count = org.run("SELECT COUNT() FROM Contact WHERE Account.Name = 'Globex'").unwrap();
    assert_eq!((count.total, count.rows.len()), (2, 0));
    assert_eq!(org.code("SELECT Id FROM Contact OFFSET 2001"), "NUMBER_OUTSIDE_VALID_RANGE");
}

#[test]
fn aggregates() {
    let org = Org::new();
    let rows = org
        .run(
            "SELECT Account.Name, COUNT(Id) n, MAX(LastName) FROM Contact GROUP BY Account.Name \
        ORDER BY COUNT(Id) DESC, Account.Name",
        )
        .unwrap()
        .rows;
    assert_eq!(rows.len(), 3);
    assert_eq!(
        (&rows[0]["Name"], &rows[0]["n"], &rows[0]["expr0"]),
        (&json!("Globex"), &json!(2), &json!("Simpson"))
    );
    assert_eq!(rows[0]["attributes"], json!({"type": "AggregateResult"}));
    assert_eq!(rows[1]["Name"], Value::Null);
    let sums = org
        .run("SELECT SUM(AnnualRevenue), AVG(AnnualRevenue), COUNT_DISTINCT(Name) FROM Account")
        .unwrap()
        .rows;
    assert_eq!(
        (&sums[0]["expr0"], &sums[0]["expr1"], &sums[0]["expr2"]),
        (&json!(40.5), &json!(20.25), &json!(2))
    );
    assert_eq!(org.code("SELECT LastName, COUNT(Id) FROM Contact"), "MALFORMED_QUERY");
}

#[test]
fn fields_and_deleted_rows() {
    let org = Org::new();
    let row = org.run("SELECT FIELDS(ALL) FROM Contact LIMIT 1").unwrap().rows.remove(0);
    assert!(row.get("MailingAddress").is_some() && row.get("HubSpot_Id__c").is_some());
    let row = org.run("SELECT Id, FIELDS(CUSTOM) FROM Contact LIMIT 1").unwrap().rows.remove(0);
    assert!(row.get("LastName").is_none() && row.get("HubSpot_Id__c").is_some());
    assert_eq!(org.code("SELECT FIELDS(ALL) FROM Contact"), "MALFORMED_QUERY");
    assert_eq!(org.run("SELECT Id FROM Contact WHERE IsDeleted = true ALL ROWS").unwrap().total, 1);
    assert_eq!(org.run("SELECT Id FROM Contact WHERE IsDeleted = true").unwrap().total, 0);
}

#[test]
fn refusals_have_their_codes() {
    let org = Org::new();
    let cases = [
        ("SELECT", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'x' AND Email = null OR Email = 'y'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact LIMIT -1", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact; DELETE", "MALFORMED_QUERY"),
        ("SELECT Foo FROM Contact", "INVALID_FIELD"),
        ("SELECT Id, Foo.Name FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE CreatedDate > '2026-11-23T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE CreatedDate > 2026-11-23", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE LastName = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT Id, (SELECT Id FROM Nothings) FROM Account", "INVALID_TYPE"),
        ("SELECT Id FROM InstalledSubscriberPackage", "INVALID_TYPE"),
    ];
    for (soql, code) in cases {
        assert_eq!(org.code(soql), code, "{soql}");
    }
    let deep = format!("SELECT Id FROM Contact WHERE {}Id = null{}", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(org.code(&deep), "MALFORMED_QUERY");
}

#[test]
fn rights_hide_objects_and_fields() {
    let org = Org::new();
    let sales = |soql: &str| org.run_as("sales@x.example", false, soql).map_err(|error| error.code);
    assert_eq!(sales("SELECT Id FROM Lead"), Err("INVALID_TYPE"));
    assert_eq!(sales("SELECT Email FROM Contact"), Err("INVALID_FIELD"));
    assert_eq!(sales("SELECT Id FROM Contact WHERE Email = 'a@b.co'"), Err("INVALID_FIELD"));
    assert_eq!(sales("SELECT Id FROM UserLicense"), Err("INVALID_TYPE"));
    let own = sales("SELECT PermissionsModifyAllData FROM UserPermissionAccess LIMIT 1").unwrap();
    assert_eq!(own.rows[0]["PermissionsModifyAllData"], false);
    let row = sales("SELECT FIELDS(STANDARD) FROM Contact LIMIT 1").unwrap().rows.remove(0);
    assert!(row.get("Email").is_none() && row.get("LastName").is_some());
}

#[test]
fn the_wizards_probes() {
    let org = Org::new();
    for soql in [
        "SELECT Id, Name, OrganizationType, IsSandbox, TrialExpirationDate, InstanceName, NamespacePrefix, \
         LanguageLocaleKey, TimeZoneSidKey, DefaultLocaleSidKey, IsReadOnly, CreatedDate FROM Organization LIMIT 1",
        "SELECT Id, Name, MasterLabel, LicenseDefinitionKey, Status, TotalLicenses, UsedLicenses FROM UserLicense \
         WHERE Status='Active' AND LicenseDefinitionKey='SFDC'",
        "SELECT Id, Username, IsActive, UserType, Profile.Name, Profile.PermissionsModifyAllData, \
         Profile.PermissionsApiEnabled, Profile.UserLicense.Name FROM User WHERE Username='admin@x.example'",
        "SELECT NamespacePrefix, Status FROM PackageLicense WHERE NamespacePrefix='HubSpot_Inc'",
    ] {
        assert_eq!(org.run(soql).unwrap().total, 1, "{soql}");
    }
    let assigned = "SELECT AssigneeId, PermissionSet.IsOwnedByProfile, PermissionSet.PermissionsModifyAllData \
        FROM PermissionSetAssignment WHERE Assignee.Username='admin@x.example'";
    assert_eq!(org.run(assigned).unwrap().rows[0]["PermissionSet"]["PermissionsModifyAllData"], true);
    for soql in [
        "SELECT Id,SubscriberPackageId,SubscriberPackage.NamespacePrefix,SubscriberPackageVersion.Id,\
         SubscriberPackageVersion.MajorVersion FROM InstalledSubscriberPackage ORDER BY SubscriberPackageId",
        "SELECT Id, Name, TableEnumOrId FROM Layout WHERE TableEnumOrId='Contact'",
        "SELECT Id, Name FROM ApexPage WHERE NamespacePrefix='HubSpot_Inc' AND Name LIKE '%Lead'",
    ] {
        assert_eq!(org.run_as("admin@x.example", true, soql).unwrap().total, 1, "{soql}");
    }
}

#[test]
fn keywords_are_read_in_any_case() {
    let query = parse("select Id from Contact c where c.Name like 'a%' and Email != null order by Name desc nulls last limit 5 for view").unwrap();
    let Some(Expr::And(parts)) = query.filter else { unreachable!() };
    assert_eq!(parts.len(), 2);
    assert!(matches!(&parts[0], Expr::Compare(path, Op::Like, _) if path == &["c", "Name"]));
    assert!(query.order_by[0].descending && query.order_by[0].nulls_last);
    assert_eq!(query.limit, Some(5));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(
        text in "((?i)select|from|where|and|or|not|in|like|null|[a-z_.]{1,5}|'[^']{0,4}'?|[0-9TZ:+-]{1,12}|[(),=<>!%é]| ){0,40}",
    ) {
        let _ = parse(&text);
        let _ = parse(&format!("SELECT Id FROM Lead WHERE {text}"));
    }
}
