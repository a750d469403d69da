### The review, what is said when something succeeded, notices, suspensions and the inclusion verdict.

## Decisions of the review: what was decided about, and what was decided

review-subscription = HubSpot subscription
review-edition = Salesforce edition
review-admin-access = Access of the Salesforce user
review-environment = Production or sandbox
review-seat-count = Salesforce seats
review-api-call-limit = API call limit
review-package = HubSpot package in Salesforce
review-security-token = Security token
review-visualforce-module = HubSpot lead intelligence in Salesforce
review-connection = Salesforce connection
review-accounts = Sync Salesforce accounts
review-opportunities = Sync Salesforce opportunities
review-on-form-submission = Salesforce activity on form submission
review-on-email-open = Salesforce activity on e-mail open
review-tasks = Sync Salesforce tasks
review-inclusion = Contacts from HubSpot to Salesforce
review-sync = Sync contacts with Salesforce
review-test = Test
review-import = Existing contacts

review-value-yes = Yes
review-value-no = No
review-value-yes-standard-fields = Yes, the standard fields
review-value-on = On
review-value-off = Off
review-value-not-answered = Not answered
review-value-to-confirm = { $value } (to be confirmed)
review-value-seat-count = { NUMBER($seats) }
review-value-limit-suggested = { NUMBER($limit) } in any 24 hours (as suggested)
review-value-limit-by-hand = { NUMBER($limit) } in any 24 hours (set by hand; suggested: { NUMBER($suggested) })
review-value-sandbox = Sandbox; the notes were read
review-value-package-confirmed = Confirmed{ HAS($by) ->
    [yes] {" "}by { $by }
   *[no] { "" }
}
review-value-module-confirmed = Confirmed: { LABEL($method, kind: "visualforce-method") }
review-value-token-set = Set at { $time }
review-value-token-not-used = Not used (OAuth)
review-value-connected = Connected to { $org_name } ({ $org_id })
review-value-connection-stale = Must be connected again
review-value-not-connected = Not connected
review-value-inclusion-list = Only the contacts of the smart list "{ $list_name }"
review-value-no-inclusion-list = No inclusion list: new contacts from the stage { LABEL($stage, kind: "lifecycle-stage") } on
review-value-not-tested = Not tested
review-value-tested = Tested: the contact reached Salesforce
review-value-test-failed = Tested: the contact did not reach Salesforce
review-value-test-cancelled = The test was cancelled
review-value-test-running = The test is under way

## Success

success-connected = Successfully connected your accounts
success-probed = Everything is in place. Nothing was changed.
success-probed-with-warnings = The accounts can be connected. { NUMBER($warnings) ->
    [one] One finding
   *[other] { NUMBER($warnings) } findings
} should be looked at.
success-sync-enabled = Successfully switched on: contacts now sync with Salesforce. Contacts that exist already sync when they are imported or when they change.
success-sync-already-enabled = Sync is on.
success-disconnected = Disconnected. Settings and answers are kept; the place at the Salesforce org is free.
success-credential-replaced = The new Salesforce credential works and is in use.
success-paused = Sync is paused. Changes are queued.
success-resumed = Sync goes on where it was.
success-setup-abandoned = The setup was given up. Its answers can still be read; its secrets were deleted.
success-list-created = The smart list "{ $list_name }" was created in HubSpot.

## Attempts to connect

connect-progress-queued = The attempt starts in a moment.
connect-progress-logging-in = Logging in to Salesforce.
connect-progress-waiting-for-token = The security token is not active yet. { HAS($time) ->
    [yes] Trying again at { $time }.
   *[no] Trying again soon.
} A new token can take up to 15 minutes to work.
connect-progress-probing = Checking that everything is in place.
connect-progress-starting = Starting the connector.
connect-failed = The accounts were not connected. Nothing was changed, and your answers are kept.

## Test contact

test-contact-message-starting = The test contact is being started.
test-contact-message-scheduling = The test contact waits for its turn.
test-contact-message-processing = The test contact was created in HubSpot and is being synced to Salesforce.
test-contact-message-completed = The test contact is in HubSpot and in Salesforce{ HAS($object) ->
    [yes] {" "}(as { $object })
   *[no] { "" }
}. Sync works.
test-contact-message-failed = The test contact did not reach Salesforce. { HAS($message) ->
    [yes] { $message }
   *[no] { "" }
}
test-contact-message-cancelled = The test contact was cancelled.
test-contact-message-waiting-for-calls = The test contact waits for free API calls.
test-contact-message-deleted = The records of the test contact were deleted in both systems.

## Finished

setup-summary-tested = Congratulations, the setup is complete. Contacts now sync between HubSpot and Salesforce in both directions. A test contact reached Salesforce. { setup-part-import } { setup-part-customize }
setup-summary-not-tested = Congratulations, the setup is complete. Contacts now sync between HubSpot and Salesforce in both directions. Not tested: no test contact has reached Salesforce; you can create one at any time. { setup-part-import } { setup-part-customize }
setup-part-import = { $decision ->
    [IMPORT_DECISION_IMPORT] Existing contacts shall be imported; until then they sync when they change.
   *[other] Existing contacts are not imported; they sync when they change.
}
setup-part-customize = All settings can be changed at any time.

## Notices

notice-security-token-reset-breaks-others = Resetting the security token makes the old one useless at once: every other integration that logs in as this Salesforce user stops until it gets the new token.{ HAS($portals) ->
    [yes] {" "}Of our own connections, these use this user: { $portals }.
   *[no] { "" }
}{ HAS($other_portals) ->
    [yes] {" "}Connections of portals that you may not see use it as well: { NUMBER($other_portals) }.
   *[no] { "" }
}
notice-same-salesforce-user = Other portals are connected with the same Salesforce user{ HAS($username) ->
    [yes] {" "}{ $username }
   *[no] { "" }
}: { $portals }. A new password or token must be given to them too.
notice-api-call-limit-needs-confirmation = Your API call limit of { NUMBER($limit) } was kept, but seats, edition or sandbox have changed: { NUMBER($suggested) } would be suggested now. Confirm your limit or change it.
notice-api-call-limit-meaning = { NUMBER($limit) } API calls in any 24 hours are enough for roughly { NUMBER($syncs) } contact syncs a day, reckoned with { NUMBER($calls) } calls for each; this is a rule of thumb and varies.
notice-allocation-estimated = The org's { NUMBER($allocation) } API calls in 24 hours are an estimate{ HAS($policy) ->
    [yes] {" "}by the policy { $policy }
   *[no] { "" }
}. Salesforce's own figure replaces it when the accounts are connected.
notice-allocation-differs = Salesforce grants the org { NUMBER($allocation) } API calls in 24 hours; { NUMBER($estimated) } had been estimated. Look at your limit again.
notice-limit-over-allocation = Your API call limit of { NUMBER($limit) } is now more than the { NUMBER($available) } that are left for this portal. Choose a lower one.
notice-sandbox-behaves-differently = You connect a sandbox. It behaves a little differently from production: it logs in at test.salesforce.com, has its own package and its own API call limit, and a refresh of the sandbox ends the connection.
notice-waiting-for-administrator = The setup waits for your Salesforce administrator. Everything you have answered is kept; go on when administrative access is there.
notice-admin-access-reopened = For { LABEL($edition, kind: "salesforce-edition") } your access no longer suffices: answer the step on administrative access again.
notice-connection-stale = { HAS($step) ->
    [yes] The step "{ LABEL($step) }" was changed: connect the accounts again.
   *[no] An answer was changed: connect the accounts again.
} Until then sync stands still; changes are kept.
notice-security-token-new = A new security token can take up to 15 minutes to work. If the login is refused before that, it is tried again by itself.
notice-password-login-ends = The login by user name and password ends with the Salesforce release Summer '27. Plan to connect by OAuth.
notice-existing-contacts = Contacts that exist already do not sync by themselves: they sync when they are imported or when they change.
notice-not-tested = Not tested yet: no test contact has reached Salesforce.
notice-subscription-differs = HubSpot's answers point to another subscription than the declared one: { $evidence }
notice-stale-answers = These answers must be confirmed or given again: { LABEL($steps) }.
notice-portal-places-left = The Salesforce org is connected to { NUMBER($connected) } of at most { NUMBER($limit) } portals.
notice-login-ended-without-answer = The last login ended without an answer. Connect again.

## Suspensions: what the system had to stop for

suspension-reason-not-connected = Not connected
    .detail = Sync is suspended, because the portal is not connected to a Salesforce org. Connect the accounts; changes are kept and sync then goes on by itself.
suspension-reason-connection-stale = Must be connected again
    .detail = Sync is suspended, because edition, sandbox, token or credentials were changed since the connection was checked. Connect the accounts again; changes are kept and sync then goes on by itself.
suspension-reason-salesforce-credential-refused = Salesforce refuses the credential
    .detail = Sync is suspended, because Salesforce no longer accepts the credential: the password or token was changed, the app was blocked, or the user is locked or inactive. Store a new credential; changes are kept and sync then goes on by itself.
suspension-reason-hubspot-credential-refused = HubSpot refuses the credential
    .detail = Sync is suspended, because HubSpot no longer accepts the credential of the portal: the app may have been uninstalled, or its token revoked. A HubSpot administrator must renew it; changes are kept and sync then goes on by itself.
suspension-reason-api-calls-exhausted = No API calls left
    .detail = Sync is suspended, because no API calls are left in the rolling 24 hours.{ HAS($limit) ->
        [yes] {" "}The limit of this portal is { NUMBER($limit) }.
       *[no] { "" }
    } Changes are kept and sync goes on by itself when calls become free. If it happens often, raise the limit or buy more calls from Salesforce.

## Inclusion verdict

inclusion-in-list = The inclusion list "{ $list_name }" lets this contact through: it is a member.
inclusion-not-in-list = The inclusion list "{ $list_name }" would not let this contact through: it is not a member.
inclusion-stage-included = There is no inclusion list. The contact's stage, { LABEL($stage, kind: "lifecycle-stage") }, is { LABEL($lowest, kind: "lifecycle-stage") } or later, so it syncs.
inclusion-stage-too-low = There is no inclusion list. The contact's stage, { LABEL($stage, kind: "lifecycle-stage") }, comes before { LABEL($lowest, kind: "lifecycle-stage") }, so it would not sync.
inclusion-no-stage = There is no inclusion list, and the contact has no lifecycle stage; such contacts do not sync.
inclusion-unknown-stage = The portal does not know the lifecycle stage "{ $stage }", so it cannot be compared and the contact would not sync.
inclusion-list-gone = The inclusion list "{ $list_name }" no longer exists in HubSpot, so nothing is let through. Choose another list.
inclusion-not-evaluated = The inclusion rule has not been evaluated.
inclusion-test-is-independent = The test contact is synced whatever the inclusion rule says.
