//! The portals that are there from the start; [`super`] documents them.

use serde_json::{Value, json};

use super::fixture::{FormFixture, ListFixture, OAuthAppFixture, PortalFixture, RecordFixture, Tier};

/// Hub id of portal A.
pub const PORTAL_A: u64 = 10_000_001;
/// Hub id of portal B.
pub const PORTAL_B: u64 = 10_000_002;
/// Hub id of portal C.
pub const PORTAL_C: u64 = 10_000_003;

/// Static token of portal A, all scopes.
pub const TOKEN_A: &str = "sim-hubspot-token-a";
/// Static token of portal B, all scopes.
pub const TOKEN_B: &str = "sim-hubspot-token-b";
/// Static token of portal C, all scopes.
pub const TOKEN_C: &str = "sim-hubspot-token-c";
/// Static token of portal A that may only read contacts: no lists, no writes.
pub const TOKEN_A_READ_ONLY: &str = "sim-hubspot-token-a-read-only";

/// Client id of the OAuth app that is installed in portals A and B.
pub const CLIENT_ID: &str = "51b5a9e0-0000-4000-8000-000000000001";
/// Client secret of that app.
pub const CLIENT_SECRET: &str = "51b5a9e0-0000-4000-8000-0000000000ff";
/// Refresh token of the app in portal A.
pub const REFRESH_TOKEN_A: &str = "na1-sim-refresh-a";
/// Refresh token of the app in portal B.
pub const REFRESH_TOKEN_B: &str = "na1-sim-refresh-b";

/// GUID of the form of portal A.
pub const FORM_A: &str = "51b5a9e0-0000-4000-8000-0000000000f0";

/// First name, last name, company, lifecycle stage (empty: none).
const PEOPLE: [(&str, &str, &str, &str); 12] = [
    ("Ada", "Lovelace", "Analytical Engines", "customer"),
    ("Grace", "Hopper", "Compilers Inc", "salesqualifiedlead"),
    ("Alan", "Turing", "Bombe Works", "marketingqualifiedlead"),
    ("Katherine", "Johnson", "Orbit Labs", "opportunity"),
    ("Edsger", "Dijkstra", "Shortest Path", "lead"),
    ("Barbara", "Liskov", "Substitution Partners", "lead"),
    ("Donald", "Knuth", "Literate Press", "subscriber"),
    ("Margaret", "Hamilton", "Apollo Software", "evangelist"),
    ("Tony", "Hoare", "Null & Sons", "other"),
    ("Frances", "Allen", "Optimizing Co", "subscriber"),
    ("Ken", "Thompson", "Unix Works", ""),
    ("Radia", "Perlman", "Spanning Trees", ""),
];

/// A filter tree that asks for one of these lifecycle stages.
pub fn stage_filter(stages: &[&str]) -> Value {
    json!({
        "filterBranchType": "OR",
        "filterBranchOperator": "OR",
        "filters": [],
        "filterBranches": [{
            "filterBranchType": "AND",
            "filterBranchOperator": "AND",
            "filterBranches": [],
            "filters": [{
                "filterType": "PROPERTY",
                "property": "lifecyclestage",
                "operation": {
                    "operationType": "ENUMERATION",
                    "operator": "IS_ANY_OF",
                    "values": stages,
                    "includeObjectsWithNoValueSet": false,
                },
            }],
        }],
    })
}

fn furnished(portal_id: u64, domain: &str, tokens: [&str; 1]) -> PortalFixture {
    let address = |first: &str, last: &str| format!("{first}.{last}@{domain}").to_lowercase();
    let contacts = PEOPLE.iter().map(|(first, last, company, stage)| {
        let email = address(first, last);
        let mut properties = vec![
            ("email", email.as_str()),
            ("firstname", *first),
            ("lastname", *last),
            ("company", *company),
        ];
        if !stage.is_empty() {
            properties.push(("lifecyclestage", *stage));
        }
        RecordFixture::new(&properties)
    });
    let [ada, grace] = [address("Ada", "Lovelace"), address("Grace", "Hopper")];
    let mut portal = PortalFixture {
        hub_domain: domain.to_owned(),
        contacts: contacts.collect(),
        companies: vec![RecordFixture::new(&[("name", "Analytical Engines"), ("domain", domain)])],
        lists: vec![
            ListFixture::manual("Hand-picked contacts", &[ada.as_str(), grace.as_str()]).with_id(1),
            ListFixture::dynamic(
                "Sales ready",
                stage_filter(&["salesqualifiedlead", "opportunity", "customer"]),
            )
            .with_id(2),
            ListFixture::dynamic("Customers", stage_filter(&["customer"])).with_id(3),
        ],
        ..PortalFixture::new(portal_id)
    };
    for token in tokens {
        portal = portal.token(token);
    }
    portal
}

/// The standard portals.
pub(super) fn standard() -> Vec<PortalFixture> {
    let app = || OAuthAppFixture::new(CLIENT_ID, CLIENT_SECRET);
    let mut portal_a = furnished(PORTAL_A, "alpha.example", [TOKEN_A])
        .tier(Tier::Enterprise)
        .token_with_scopes(TOKEN_A_READ_ONLY, &["oauth", "crm.objects.contacts.read"])
        .oauth_app(app().installed(REFRESH_TOKEN_A));
    portal_a.forms = vec![FormFixture { id: FORM_A.to_owned(), name: "Contact us".to_owned() }];
    let mut portal_b =
        furnished(PORTAL_B, "beta.example", [TOKEN_B]).oauth_app(app().installed(REFRESH_TOKEN_B));
    portal_b.time_zone = "Asia/Tokyo".to_owned();
    portal_b.utc_offset_minutes = 540;
    let portal_c = furnished(PORTAL_C, "gamma.example", [TOKEN_C]);
    vec![portal_a, portal_b, portal_c]
}
