### What the probe found. The value of a check is its title; `.fix-failed`, `.fix-warning` and `.fix-not-checked` say what to do when it
### did not pass. A check without one of them takes that of `finding-any`.

finding-any = Check
    .fix-failed = Your Salesforce administrator must correct this; then connect again.
    .fix-warning = It works as it is. Have your Salesforce administrator look at it when there is time.
    .fix-not-checked = It could not be checked; nothing is known to be wrong. Look at it in Salesforce yourself.

check-login = Login
    .fix-failed = Check user name, password and security token, and whether the sandbox step is answered rightly. Do not try too often: Salesforce locks the user out. Your Salesforce administrator finds the exact reason in the Login History of the user.
    .fix-warning = The login by user name and password works, but Salesforce ends it with the release Summer '27. Ask your Salesforce administrator to set up OAuth, then store the new credential.
    .fix-not-checked = The login could not be tried. Try again in a moment.

check-api-enabled = API access
    .fix-failed = Your Salesforce administrator must give the user the permission "API Enabled". Professional Edition may need API access added to the contract.
    .fix-not-checked = Whether the user may use the API could not be checked. Your Salesforce administrator can look for the permission "API Enabled" in the profile of the user.

check-edition = Salesforce edition
    .fix-failed = The setup says { LABEL($claimed, kind: "salesforce-edition") }, the org reports { LABEL($found, kind: "salesforce-edition") }. Edit the edition step, or use a user of the right org. Only Professional, Enterprise and Unlimited Edition can be connected.
    .fix-warning = The setup says { LABEL($claimed, kind: "salesforce-edition") }, the org reports { LABEL($found, kind: "salesforce-edition") }. Edit the edition step, because the suggested API call limit depends on it.
    .fix-not-checked = The org did not say its edition. Look it up in Salesforce under Setup > Company Information.

check-trial = No trial
    .fix-failed = The org is a trial{ HAS($found) ->
        [yes] {" "}(it ends on { $found })
       *[no] { "" }
    } and cannot be connected. Connect a paid org, or turn this one into a paid org with Salesforce first.
    .fix-not-checked = Whether the org is a trial could not be checked. Salesforce shows a trial's last day under Setup > Company Information.

check-environment = Production or sandbox
    .fix-failed = The setup says { LABEL($claimed, kind: "salesforce-environment") }, the org is { LABEL($found, kind: "salesforce-environment") }. Edit the sandbox step, or log in with a user of the org that you mean.
    .fix-not-checked = Whether the org is a sandbox could not be checked. { HAS($claimed) ->
        [yes] The setup says { LABEL($claimed, kind: "salesforce-environment") }, and the login went to the host of it; a user of the other kind of org is refused there as if the password were wrong. If that may be so, edit the sandbox step.{" "}
       *[no] { "" }
    }The user name of a sandbox usually ends with the name of the sandbox.

check-seats = Salesforce seats
    .fix-failed = The setup says { NUMBER($claimed) } seats, Salesforce reports { NUMBER($found) }. Correct the number in the seats step.
    .fix-warning = The setup says { NUMBER($claimed) } seats, Salesforce reports { NUMBER($found) }. Correct the number in the seats step; the suggested API call limit is computed from it.
    .fix-not-checked = The number of seats could not be read. To let it be checked, your Salesforce administrator gives the user the permission "View Setup and Configuration". The setup works without it.

check-package = HubSpot package
    .fix-failed = The HubSpot integration package is not installed in this org. Your Salesforce administrator must install it in this very org (production or sandbox); then connect again.
    .fix-not-checked = Whether the HubSpot package is installed could not be checked. Look in Salesforce under Setup > Installed Packages, or let your Salesforce administrator give the user the permission "View Setup and Configuration".

check-package-version = Version of the HubSpot package
    .fix-failed = Version { $found } of the HubSpot package is too old; { $claimed } or later is needed. Your Salesforce administrator must install the current version; then connect again.
    .fix-warning = Version { $found } of the HubSpot package works, but a newer one is available. Your Salesforce administrator can install it at any time.
    .fix-not-checked = The version of the HubSpot package could not be read. Look in Salesforce under Setup > Installed Packages.

check-object-access = Rights to objects
    .fix-failed = The user lacks rights to { $subject }{ HAS($found) ->
        [yes] : { $found }
       *[no] { "" }
    }. Your Salesforce administrator must give it read, create and edit in the profile or a permission set; then connect again.
    .fix-warning = The user lacks rights to { $subject }{ HAS($found) ->
        [yes] : { $found }
       *[no] { "" }
    }. It is not needed by what you have chosen so far; let your Salesforce administrator add it before you switch that on.
    .fix-not-checked = The rights to { $subject } could not be checked. Your Salesforce administrator can look at them in the profile of the user.

check-field-access = Rights to fields
    .fix-failed = The user cannot read or edit { $subject }{ HAS($found) ->
        [yes] : { $found }
       *[no] { "" }
    }. Your Salesforce administrator must make the field visible and editable in the field-level security; then connect again.
    .fix-warning = The user cannot edit { $subject }; the field will not be synced to Salesforce. Your Salesforce administrator can make it editable in the field-level security.
    .fix-not-checked = The rights to { $subject } could not be checked. Your Salesforce administrator can look at the field-level security.

check-page-layouts = Visualforce component on the page layouts
    .fix-failed = The HubSpot component is not on a page layout of { $subject }. Your Salesforce administrator must add it under Setup > Object Manager > { $subject } > Page Layouts; then connect again.
    .fix-warning = The HubSpot component is not on every page layout of { $subject }{ HAS($found) ->
        [yes] : it is missing on { $found }
       *[no] { "" }
    }. Whoever uses such a layout does not see lead intelligence. Your Salesforce administrator can add it. With HubSpot Embed nothing needs to be done.
    .fix-not-checked = The page layouts of { $subject } could not be checked. Open a record in Salesforce and look whether HubSpot lead intelligence appears.

check-api-calls = Remaining API calls
    .fix-failed = The org has no API calls left in the rolling 24 hours{ HAS($found) ->
        [yes] {" "}({ $found })
       *[no] { "" }
    }. Wait until calls become free, or let your Salesforce administrator find out which integration uses so many; then connect again.
    .fix-warning = Few API calls are left in the rolling 24 hours{ HAS($found) ->
        [yes] : { $found }
       *[no] { "" }
    }. Sync will wait when they are used up. Let other integrations use less, or buy more calls from Salesforce.
    .fix-not-checked = The remaining API calls could not be read. To let them be read, your Salesforce administrator gives the user the permission "View Setup and Configuration". Until then the estimate holds, and Salesforce's figures are taken from its other answers.

check-external-id = External-id field
    .fix-failed = { $subject } lacks the external-id field{ HAS($claimed) ->
        [yes] {" "}{ $claimed }
       *[no] { "" }
    }, which keeps a record from being created twice. Your Salesforce administrator must create it on Lead and Contact as a text field marked "External ID" and "Unique", and make it editable for the user; then connect again.
    .fix-not-checked = Whether { $subject } has the external-id field could not be checked. Your Salesforce administrator can look in the Object Manager.

check-admin-access = Administrative access
    .fix-failed = The user does not have the access that the setup claims: { LABEL($claimed, kind: "admin-access") }. Use another user, or let your Salesforce administrator extend its rights; then connect again.
    .fix-warning = The user does not seem to have the access that the setup claims ({ LABEL($claimed, kind: "admin-access") }), but it reaches everything that syncs now. Let your Salesforce administrator extend its rights before more objects are synced.
    .fix-not-checked = The rights of the user could not be read. Your Salesforce administrator can look at its profile and permission sets.

## Why a check could not be made

finding-not-checked-no-api-calls = { $subject }: could not be checked, because the org has no API calls left in the rolling 24 hours. Connect again when calls are free.
finding-not-checked-no-view-setup = { $subject }: could not be checked, because the Salesforce user lacks the permission "View Setup and Configuration". Your Salesforce administrator can grant it; the setup works without it.
finding-not-checked-login-failed = { $subject }: could not be checked, because the login failed.
finding-not-checked-earlier-failed = { $subject }: not checked, because an earlier check failed.
finding-not-checked-unavailable = { $subject }: could not be checked, because Salesforce did not answer. Check again later.
finding-not-checked-not-offered = { $subject }: could not be checked, because this edition does not offer the interface for it. Look at it in Salesforce yourself.
finding-not-checked-embed = { $subject }: not checked, because HubSpot Embed needs no page layout.
finding-not-checked-not-needed = { $subject }: not checked, because nothing that you have chosen needs it.

## Words for what was claimed and found

finding-claimed-installed = installed
finding-found-missing = missing
finding-found-present = present
finding-found-no-create = may not create
finding-found-no-edit = may not edit
finding-found-no-read = may not read
finding-found-read-only = read-only
finding-found-hidden = not visible
finding-found-not-a-trial = not a trial
finding-found-trial-until = trial until { $date }
finding-found-calls-left = { NUMBER($left) } of { NUMBER($allocation) } left
finding-found-layouts = { NUMBER($with) } of { NUMBER($all) } layouts
finding-found-administrator = administrator
finding-found-not-an-administrator = not an administrator
