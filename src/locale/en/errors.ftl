### Errors: one message for each value of ErrorReason. The value says the rule and the figures, `.fix` says what to do
### and who must do it. NUMBER groups digits, DURATION turns seconds into words, LABEL turns the name of an enum value into words, HAS is "yes" when an
### argument was given.

error-part-retry = { HAS($retry_seconds) ->
    [yes] Try again in { DURATION($retry_seconds) }.
   *[no] Try again later.
}

## General

error-unspecified = No reason was given.
    .fix = Tell the operator of this service if it stays unclear what went wrong.
error-invalid-field = A field of the request is missing or not valid: { $fields }.
    .fix = Correct the fields that are named and send the request again.
error-request-id-reused = The request id { $request_id } was already used for another request.
    .fix = Send this request with a new request id. Repeat an id only to repeat the very same request.
error-etag-mismatch = It was changed after you read it. Nothing was overwritten.
    .fix = Read it again, look at what changed, and send your change with the new etag.
error-page-token-invalid = The page token is not valid for this list.
    .fix = Start again with the first page and use the page tokens only with the query that returned them.
error-resume-token-invalid = The resume token does not belong to this stream, or not to this database.
    .fix = Watch without a resume token: the stream then starts with a full snapshot.
error-portal-not-found = HubSpot portal { $portal_id } is not registered here, or you have no access to it.
    .fix = Check the portal id (hub id). A new portal must be registered first.
error-setup-not-found = There is no setup { $setup_id }, or you have no access to it.
    .fix = Check the setup id, or start the setup of the portal; a setup that is under way is found again that way.
error-connection-not-found = HubSpot portal { $portal_id } has no connection to Salesforce, or you have no access to it.
    .fix = Connect the accounts in the setup of the portal first.
error-org-not-found = No portal of yours was ever connected to the Salesforce org { $org_id }.
    .fix = Check the organization id (15 or 18 characters, it begins with 00D). Salesforce shows it under Setup > Company Information.
error-test-contact-not-found = There is no test contact { $test_contact_id }, or you have no access to it.
    .fix = List the test contacts of the portal, or create a new one.
error-smart-list-not-found = HubSpot portal { $portal_id } has no list { $list_id }.
    .fix = Choose one of the smart lists that the portal has now, or create a new one.
error-conflicting-change = Another change of the same data came in between. Nothing was done.
    .fix = Send the same request again.
error-service-overloaded = The service has too much to do right now. Your request was not carried out.
    .fix = { error-part-retry }
error-store-unavailable = The database does not answer right now.
    .fix = { error-part-retry } Use the same request id: what was done is then not done twice. If it lasts, the operator of this service must look at the database.
error-deadline-exceeded = The time that was allowed for this request ran out. It was carried out wholly or not at all.
    .fix = Send it again with the same request id to learn which; allow more time.
error-internal-error = Something went wrong inside the service. It is not your fault.
    .fix = { HAS($request_id) ->
        [yes] Tell the operator of this service the request id { $request_id }.
       *[no] Tell the operator of this service when it happened and what you did.
    }
error-server-shutting-down = This server is just being shut down.
    .fix = Send the request again; another server will take it.
error-unauthenticated = You are not signed in: the call carries no credential that this server knows.
    .fix = Send a valid credential. The operator of this service issues them.
error-permission-denied = { HAS($method) ->
        [yes] You are not allowed to call { $method }.
       *[no] You are not allowed to do this.
    }
    .fix = Ask the operator of this service for the role that it needs.
error-message-too-large = { HAS($max_bytes) ->
        [yes] The request is too large: at most { NUMBER($max_bytes) } bytes are accepted.
       *[no] The request is too large.
    }
    .fix = Send less in one request.
error-caller-limit-reached = You have as many calls or streams under way as one caller may have: { $limit }.
    .fix = End some of them first. { error-part-retry } The operator of this service can change the number.

## The wizard

error-hubspot-subscription-not-eligible = The integration needs a HubSpot Professional or Enterprise subscription. { HAS($subscription) ->
        [yes] This portal has: { LABEL($subscription, kind: "hub-spot-subscription") }.
       *[no] None was named.
    }
    .fix = Choose Professional or Enterprise if the portal has it. Otherwise a HubSpot administrator must upgrade the portal before it can be connected.
error-salesforce-edition-not-eligible = The integration needs Salesforce Professional, Enterprise or Unlimited Edition. { HAS($edition) ->
        [yes] { LABEL($edition, kind: "salesforce-edition") } cannot be connected.
       *[no] No edition was named.
    }
    .fix = Look the edition up in Salesforce (Setup > Company Information, field "Organization Edition") and choose it. An org of another edition must be upgraded by your company first.
error-admin-access-insufficient = "{ LABEL($admin_access, kind: "admin-access") }" is not enough for { LABEL($edition, kind: "salesforce-edition") }. Professional Edition needs a top-level Salesforce administrator; Enterprise and Unlimited Edition need a top-level administrator, or a user with both full object-level and full field-level security.
    .fix = Use a Salesforce user with these rights, or ask your Salesforce administrator to grant them; then answer this step again.
error-sandbox-notes-not-acknowledged = A sandbox can be connected only after you have confirmed that you read the notes on sandboxes.
    .fix = Read the notes and tick the box, or choose production.
error-setup-step-not-reached = This step comes later. These steps must be completed first: { LABEL($steps) }.
    .fix = Complete the steps that are named, in this order.
error-setup-not-active = This setup was given up; its answers can be read but not changed.
    .fix = Start the setup of the portal again.
error-setup-has-connection = The setup cannot be given up, because HubSpot portal { $portal_id } is connected to Salesforce through it.
    .fix = Disconnect the portal first if you want to start over. To change a setting, just change it: no new setup is needed.
error-api-call-limit-over-allocation = A limit of { NUMBER($limit) } API calls in 24 hours is too high. Salesforce grants the org { NUMBER($allocation) }; the other portals of the org hold { NUMBER($held_by_others) }, so at most { NUMBER($available) } are left for this portal.
    .fix = Choose a limit of at most { NUMBER($available) }, or first lower the limit of another portal of the same org. More calls can be bought from Salesforce.
error-package-not-confirmed = The setup goes on only when you confirm that the HubSpot integration package is installed in Salesforce.
    .fix = Install the package with the installer of this step (your Salesforce administrator may have to do it), then tick "I have installed the HubSpot integration package".
error-visualforce-module-not-confirmed = The setup goes on only when you confirm that HubSpot lead intelligence was added to Salesforce. This step cannot be skipped.
    .fix = Add the Visualforce component to the lead and the contact page layouts (or install HubSpot Embed), then tick "I have added HubSpot lead intelligence to Salesforce".
error-security-token-missing = A login with user name and password also needs the Salesforce security token, and none is stored.
    .fix = Enter the token at the step "{ step-security-token }", or send it together with the password.
error-review-changed = A decision was changed after the review was shown. Sync was not switched on.
    .fix = Look at the review again and then switch sync on.
error-list-not-smart = { HAS($list_name) ->
        [yes] The list "{ $list_name }"
       *[no] List { $list_id }
    } is not a smart list. An inclusion list must be a smart (active) list, which keeps itself up to date; a static list does not.
    .fix = Choose a smart list, or create one from this step.
error-prerequisites-not-acknowledged = The setup starts only when you confirm that you have read what is needed for it.
    .fix = Read what is needed and confirm it.
error-smart-list-name-taken = The portal already has a list named "{ $name }".
    .fix = Choose another name, or use the list that exists.
error-lifecycle-stage-unknown = { $field }: the portal has no lifecycle stage "{ $stage }". It has: { $stages }.
    .fix = Send the internal value of one of these stages.

## Connecting

error-handoff-not-found = The setup { $setup_id } has no hand-off { $handoff_id }.
    .fix = Check the id. The list of the setup's hand-offs shows those that there are.
error-portal-already-connected = HubSpot portal { $portal_id } is already connected to the Salesforce org { $org_id }. A portal can be connected to one org only.
    .fix = Disconnect the portal from this org first, then connect it to the other one.
error-org-portal-limit-reached = The Salesforce org { $org_id } is already connected to as many HubSpot portals as it may have: { NUMBER($limit) }. { HAS($portals) ->
        [yes] They are: { $portals }.
       *[no] { "" }
    }{ HAS($other_portals) ->
        [yes] {" "}Portals among them that you may not see: { NUMBER($other_portals) }.
       *[no] { "" }
    }
    .fix = Disconnect one of these portals; its place is then free. The operator of this service can change the number of portals for each org.
error-org-changed = This portal was connected to the Salesforce org { $previous_org_id } before; this login leads to another one, { $org_id }.
    .fix = If the other org is meant, connect again and name { $org_id } as the expected org. If not, use a user of the former org.
error-trial-org = A Salesforce trial cannot be connected, whatever its edition. { HAS($trial_end) ->
        [yes] This org is a trial that ends on { $trial_end }.
       *[no] This org is a trial.
    }
    .fix = Connect a paid org, or a sandbox of one. Your company can turn the trial into a paid org with Salesforce; then connect again.
error-sandbox-mismatch = The setup says { LABEL($claimed, kind: "salesforce-environment") }, but Salesforce reports { LABEL($found, kind: "salesforce-environment") }.
    .fix = Edit the step "{ step-environment }", or log in with a user of the org that you mean. The user name of a sandbox usually ends with the name of the sandbox.
error-edition-mismatch = The setup says { LABEL($claimed, kind: "salesforce-edition") }, but the org reports { LABEL($found, kind: "salesforce-edition") }, which cannot be connected. Professional, Enterprise or Unlimited Edition is needed.
    .fix = Check that the user belongs to the right org. If it does, your company must upgrade the org before it can be connected.
error-salesforce-login-refused = Salesforce refused the login{ HAS($username) ->
        [yes] {" "}of { $username }
       *[no] { "" }
    }. User name, password or security token is wrong, or the user is locked out: Salesforce does not say which.
    .fix = { HAS($claimed) ->
        [yes] The setup says { LABEL($claimed, kind: "salesforce-environment") }, and the login went to the host of it. A user who belongs to the other kind of org is refused there in these very words: then edit the step "{ step-environment }".{" "}
       *[no] { "" }
    }Check all three before you try once more: repeated attempts lock the user out. If the password was changed, a new token came by e-mail. Your Salesforce administrator finds the exact reason in the Login History of the user.
error-security-token-not-active-yet = Salesforce does not accept the security token yet. A new token can take up to 15 minutes to work. { HAS($next_try_time) ->
        [yes] The next try is at { $next_try_time }.
       *[no] It is tried again automatically.
    }
    .fix = There is nothing to do but wait. If it is still refused after 15 minutes, check the token, the user name and the password.
error-salesforce-soap-login-disabled = This Salesforce org does not allow a login with user name, password and security token (SOAP login).
    .fix = Connect by OAuth instead; that is what Salesforce recommends. Or let your Salesforce administrator enable SOAP API login() and give the user the permission "Use Any API Auth".
error-salesforce-api-disabled = This Salesforce org or this user may not use the API.
    .fix = Your Salesforce administrator must give the user the permission "API Enabled". Professional Edition may need API access added to the contract.
error-salesforce-password-expired = The Salesforce password{ HAS($username) ->
        [yes] {" "}of { $username }
       *[no] { "" }
    } has expired.
    .fix = Set a new password in Salesforce, take the new security token from the e-mail that follows, and connect again. An integration user should have a password that never expires.
error-salesforce-login-restricted = Salesforce does not let this user log in from here or at this time{ HAS($code) ->
        [yes] {" "}({ $code })
       *[no] { "" }
    }.
    .fix = Your Salesforce administrator must check the login IP ranges, the login hours and the identity verification of the user's profile, and allow the addresses of this service.
error-salesforce-oauth-refused = Salesforce refused the OAuth login{ HAS($code) ->
        [yes] : { $code }
       *[no] { "" }
    }.
    .fix = Check the consumer key and the secret or key. Your Salesforce administrator must have installed and approved the external client app (or connected app) for this user.
error-salesforce-org-unavailable = Salesforce does not answer, or the org is in maintenance{ HAS($code) ->
        [yes] {" "}({ $code })
       *[no] { "" }
    }.
    .fix = { error-part-retry } status.salesforce.com tells how the instance is doing.
error-salesforce-host-not-allowed = { HAS($host) ->
        [yes] { $host } is not an address of Salesforce.
       *[no] The address is not one of Salesforce.
    } Nothing was sent there.
    .fix = Use the My Domain address of the org, for example https://acme.my.salesforce.com.
error-login-outcome-unknown = The login was sent to Salesforce, but its answer was lost. It was not repeated, so that the user is not locked out.
    .fix = Connect again.
error-package-not-installed = The HubSpot integration package is not installed in this Salesforce org, although the setup says so.
    .fix = Your Salesforce administrator must install the package in this very org (production or sandbox); then connect again.
error-object-access-missing = The Salesforce user lacks rights that sync needs: { $subject }.
    .fix = Your Salesforce administrator must give the user read, create and edit rights to every object that syncs; then connect again.
error-field-access-missing = The Salesforce user cannot read or edit fields that sync: { $subject }.
    .fix = Your Salesforce administrator must make these fields visible and editable for the user in the field-level security; then connect again.
error-visualforce-module-not-found = The HubSpot Visualforce component is missing from page layouts: { $subject }.
    .fix = Your Salesforce administrator must add it to the lead and the contact page layouts (Setup > Object Manager > Lead or Contact > Page Layouts); then connect again.
error-salesforce-api-calls-exhausted = Salesforce allows no more API calls for now. { HAS($allocation) ->
        [yes] The org may use { NUMBER($allocation) } in any 24 hours, and they are used up.
       *[no] The calls of the last 24 hours are used up.
    } Nothing is lost: changes stay queued.
    .fix = { error-part-retry } Calls become free again one by one, 24 hours after each was made. If it happens often, raise the limit, let other integrations use less, or buy more calls from Salesforce.
error-connection-stale = { HAS($step) ->
        [yes] The step "{ LABEL($step) }" was changed after the accounts were connected, so the connection must be checked again.
       *[no] Edition, sandbox, token or credentials were changed after the accounts were connected, so the connection must be checked again.
    }
    .fix = Go to "{ step-connect-accounts }" and connect again. Until then sync stands still; nothing is lost.
error-not-connected = HubSpot portal { $portal_id } is not connected to a Salesforce org.
    .fix = Connect the accounts first.
error-connect-running = HubSpot portal { $portal_id } is being connected right now.
    .fix = Wait until this attempt has ended, then try again.
error-external-id-field-missing = { $subject } in Salesforce lacks the field { $field }, which keeps a record from being created twice.
    .fix = Your Salesforce administrator must create it on Lead and Contact as a text field marked "External ID" and "Unique", and make it editable for the user; then connect again.
error-org-api-call-limit-exceeded = The portals of this Salesforce org would together hold more API calls than the { NUMBER($allocation) } that Salesforce grants in 24 hours: { NUMBER($limit) } here and { NUMBER($held_by_others) } at the other portals. At most { NUMBER($available) } are left.
    .fix = Choose a limit of at most { NUMBER($available) }, or lower the limit of another portal of the org first.
error-credential-missing = No Salesforce credential is stored that could be used again.
    .fix = Enter the credential: user name and password, or OAuth.
error-salesforce-login-limit = There were too many logins of this Salesforce user within an hour{ HAS($username) ->
        [yes] {" "}({ $username })
       *[no] { "" }
    }. No more are sent, because Salesforce would lock the user out.
    .fix = { error-part-retry } Meanwhile check user name, password and security token.
error-edition-claim-differs = The setup says { LABEL($claimed, kind: "salesforce-edition") }, but the org reports { LABEL($found, kind: "salesforce-edition") }.
    .fix = Edit the step "{ step-edition }" and choose { LABEL($found, kind: "salesforce-edition") }; then connect again.

## HubSpot

error-hubspot-credential-refused = { HAS($portal_id) ->
        [yes] HubSpot no longer accepts the credential of portal { $portal_id }.
       *[no] HubSpot does not accept the credential.
    } The app may have been uninstalled, or its token revoked.
    .fix = A HubSpot administrator must install the app again or create a new token; then store it for the portal. Sync goes on by itself after that.
error-hubspot-scope-missing = The HubSpot credential may not do this: the scope { $scope } is missing.
    .fix = A HubSpot administrator must add the scope to the app or the key and approve it; then store the new credential for the portal.
error-hubspot-unavailable = HubSpot does not answer right now.
    .fix = { error-part-retry } status.hubspot.com tells about outages.
error-hubspot-rate-limited = HubSpot allows no more requests of this portal for the moment.
    .fix = { error-part-retry } If it happens often, let other integrations of the portal use less.
error-hubspot-portal-mismatch = This credential belongs to another HubSpot portal{ HAS($found) ->
        [yes] {" "}({ $found })
       *[no] { "" }
    }, not to { $portal_id }.
    .fix = Use a credential of portal { $portal_id }, or register the other portal.
error-hubspot-rejected = HubSpot refused the record: { $message }
    .fix = A HubSpot administrator must change the rule or the property that is named, or the record must be corrected.

## Test contact and sync

error-sync-not-enabled = Sync is not switched on for HubSpot portal { $portal_id }.
    .fix = Look at the review and switch on "Sync contacts with Salesforce".
error-test-contact-running = The test contact is still under way{ HAS($status) ->
        [yes] {" "}({ LABEL($status, kind: "test-contact-status") })
       *[no] { "" }
    }.
    .fix = Wait until it has ended, or cancel it.
error-test-contact-ended = The test contact has already ended{ HAS($status) ->
        [yes] {" "}({ LABEL($status, kind: "test-contact-status") })
       *[no] { "" }
    }.
    .fix = There is nothing to cancel any more. Create a new test contact if you want to test again.
error-salesforce-validation-rule = A validation rule of your Salesforce org refused the record: { $message }
    .fix = Your Salesforce administrator must change the validation rule or exempt the integration user from it; then try again.
error-salesforce-duplicate-rule = A duplicate rule of your Salesforce org refused the record: { $message }
    .fix = Your Salesforce administrator must allow the integration user to save duplicates, or the duplicate in Salesforce must be merged; then try again.
error-salesforce-permission-missing = The Salesforce user may not write this record{ HAS($message) ->
        [yes] : { $message }
       *[no] .
    }
    .fix = Your Salesforce administrator must give the user rights to the object, its fields and its record type; then try again.
error-salesforce-rejected = Salesforce refused the record{ HAS($code) ->
        [yes] {" "}({ $code })
       *[no] { "" }
    }: { $message }
    .fix = Correct the record in HubSpot, or let your Salesforce administrator change the rule or the field that is named; then try again.
error-salesforce-session-refused = Salesforce ended the session, and this service may not log in again by itself.
    .fix = Connect the accounts again.
error-sync-not-on = Only a sync that is on can be paused, and only a paused one can be resumed. { HAS($portal_id) ->
        [yes] The sync of HubSpot portal { $portal_id } is neither.
       *[no] { "" }
    }
    .fix = Look at the status of the sync. If it was never switched on, finish the setup of the portal.

## Keys

error-no-new-key = Key { $key_id } is the newest one and seals already. No stored secret is under another key.
    .fix = Whoever operates this service must add a key to the key ring (connectord new-key-file --add); then rotate again.
error-key-not-everywhere = Key { $key_id } is not held by every server yet: { NUMBER($servers) } of those that run could not open secrets with it.
    .fix = Whoever operates this service must put the same key ring on every server, or restart those that take it from the environment. Servers look every second; then rotate again.
error-key-in-use = Key { $key_id } is in use: { HAS($rows) ->
        [yes] { NUMBER($rows) } stored secrets are under it, or a server seals with it.
       *[no] stored secrets are under it, or a server seals with it.
    }
    .fix = Rotate to another key and wait until no secret is under this one; the key status shows the progress.
error-key-not-found = There is no key { $key_id }.
    .fix = Look at the key status: it names all keys.
error-key-retired = Key { $key_id } was retired and must not seal again.
    .fix = Whoever operates this service must add a new key to the key ring (connectord new-key-file --add).
error-key-unavailable = A stored secret is under key { $key_id }, which this server does not hold.
    .fix = { error-part-retry } If it lasts, whoever operates this service must put the key ring with that key on every server.
error-key-service-unavailable = The service that holds the keys gave no key{ HAS($message) ->
        [yes] : { $message }
       *[no] .
    }
    .fix = { error-part-retry } If it lasts, whoever operates this service must look at the key service.
error-stored-secret-unreadable = A stored secret does not open{ HAS($secret) ->
        [yes] {" "}({ $secret })
       *[no] { "" }
    }: it was changed or moved in the database, or its key is another one now.
    .fix = Enter the credential again. Whoever operates this service must find out what changed the database.
