//! What the probe finds in good and poor orgs.

use super::{ADMIN, World};
use crate::{
    salesforce::{
        CrmObject, Edition, LayoutModule, LimitSource, Package, ProbeScope, SalesforceErrorKind as Kind,
        Seats, probe,
    },
    simulator::salesforce::fixture::{FieldRights, ObjectRights},
};

#[tokio::test]
async fn a_good_org_is_probed_in_three_calls() {
    let world = World::start().await;
    let api = world.api(ADMIN).await;
    let report = probe(&api, &ProbeScope { accounts: true, opportunities: true }).await;
    assert_eq!((report.stopped.as_ref(), report.calls), (None, 3));
    assert_eq!(world.simulators.salesforce.used_calls("acme").unwrap(), 3, "we count as Salesforce does");
    let organization = report.organization.known().unwrap();
    assert_eq!((&organization.edition, organization.is_sandbox), (&Edition::Enterprise, false));
    assert_eq!(report.seats.known().map(|seats: &Seats| seats.total), Some(50));
    assert!(report.permissions.known().unwrap().modify_all_data);
    assert!(
        matches!(report.package.known(), Some(Package::Installed { version, .. }) if version == "1.107.0.1")
    );
    for object in [CrmObject::Contact, CrmObject::Lead] {
        assert_eq!(report.layouts[&object].known(), Some(&LayoutModule { layouts: 1, with_module: 1 }));
        assert!(report.objects[&object].known().unwrap().external_id.unwrap().is_external_id);
    }
    for (object, access) in &report.objects {
        let access = access.known().unwrap();
        assert!(access.createable && access.updateable && access.queryable, "{object:?}");
        for (field, rights) in &access.fields {
            assert!(
                rights.is_some_and(|rights| rights.createable && rights.updateable),
                "{object:?}.{field}"
            );
        }
    }
    let limit = report.daily_limit.known().unwrap();
    assert_eq!((limit.max, limit.source), (150_000, LimitSource::Limits));
}

#[tokio::test]
async fn a_poor_org_is_probed_too() {
    let world = World::start().await;
    world.edit(|org| {
        org.package = None;
        org.visualforce_on_lead_layout = false;
        org.external_id_field = false;
        let user = &mut org.users[1];
        user.object_rights
            .insert("Lead".to_owned(), ObjectRights { create: false, ..ObjectRights::default() });
        user.object_rights.insert(
            "Opportunity".to_owned(),
            ObjectRights { read: false, create: false, edit: false, delete: false },
        );
        user.field_rights.insert("Contact.Phone".to_owned(), FieldRights { read: false, edit: false });
        user.field_rights.insert("Contact.Email".to_owned(), FieldRights { read: true, edit: false });
    });
    let api = world.api("sales@acme.example").await;
    let report = probe(&api, &ProbeScope { accounts: false, opportunities: true }).await;
    assert!(report.stopped.is_none());
    assert!(!report.permissions.known().unwrap().modify_all_data);
    assert_eq!(report.daily_limit.known().unwrap().source, LimitSource::Header, "without View Setup");
    assert!(report.seats.known().is_none(), "without View Setup: {:?}", report.seats);
    assert_eq!(report.layouts[&CrmObject::Lead].known().unwrap().with_module, 0);
    let contact = report.objects[&CrmObject::Contact].known().unwrap();
    assert_eq!((contact.fields["Phone"], contact.external_id), (None, None));
    assert!(!contact.fields["Email"].unwrap().updateable);
    assert!(!report.objects[&CrmObject::Lead].known().unwrap().createable);
    assert!(!report.objects[&CrmObject::Opportunity].known().unwrap().queryable);
    let admin = probe(&world.api(ADMIN).await, &ProbeScope::default()).await;
    assert_eq!(admin.package.known(), Some(&Package::NotInstalled));
}

#[tokio::test]
async fn the_daily_limit_is_known_with_and_without_the_right_to_read_it() {
    let world = World::start().await;
    for (username, source) in [(ADMIN, LimitSource::Limits), ("sales@acme.example", LimitSource::Header)] {
        let api = world.api(username).await;
        let limit = api.daily_limit().await.unwrap();
        assert_eq!((limit.max, limit.source, api.calls()), (150_000, source, 1), "{username}");
        assert_eq!(limit.max - limit.remaining, world.simulators.salesforce.used_calls("acme").unwrap());
    }
}

#[tokio::test]
async fn a_trial_says_so_and_an_exhausted_org_says_that_too() {
    let world = World::start().await;
    let trial = probe(&world.api("admin@trial.example").await, &ProbeScope::default()).await;
    assert!(trial.organization.known().unwrap().trial_expiration.is_some());
    let api = world.api(ADMIN).await;
    world.edit(|org| org.daily_api_used = org.daily_api_limit);
    let report = probe(&api, &ProbeScope::default()).await;
    assert_eq!(report.stopped.map(|error| error.kind().clone()), Some(Kind::DailyLimitExceeded));
    assert_eq!(report.daily_limit.known().map(|limit| limit.remaining), Some(0));
}
