### Words of the admin tool: what it asks, how it heads its tables, what it says on the way. Names of enum values and steps are in
### other files.

## Table headers

ctl-header-portal = Portal
ctl-header-name = Name
ctl-header-account-type = Account type
ctl-header-subscription = Subscription
ctl-header-ui-domain = User interface
ctl-header-data-location = Data hosted in
ctl-header-time-zone = Time zone
ctl-header-credential = Credential
ctl-header-registered = Registered
ctl-header-updated = Updated
ctl-header-created = Created
ctl-header-etag = Etag
ctl-header-org = Org
ctl-header-edition = Edition
ctl-header-environment = Environment
ctl-header-instance = Instance
ctl-header-seats = Seats
ctl-header-portals = Portals
ctl-header-first-seen = First seen
ctl-header-place = Place
ctl-header-limit = Calls in 24 h
ctl-header-used = Used
ctl-header-connection = Connection
ctl-header-allocation = Granted in 24 h
ctl-header-held = Held by portals
ctl-header-unassigned = Unassigned
ctl-header-used-in-org = Used in the org
ctl-header-used-by-connector = Used by the connector
ctl-header-reserved = Reserved
ctl-header-list = List
ctl-header-size = Contacts
ctl-header-inclusion = Inclusion rule
ctl-header-check = Check
ctl-header-claimed = Claimed
ctl-header-found = Found
ctl-header-fix = What to do
ctl-header-actor = Who
ctl-header-attempt = Attempt
ctl-header-state = State
ctl-header-next-try = Next try
ctl-header-logins = Logins
ctl-header-api-calls = API calls used
ctl-header-result = Result
ctl-header-connected = Connected
ctl-header-probed = Checked
ctl-header-disconnected = Disconnected
ctl-header-setup = Setup
ctl-header-status = Status
ctl-header-next-step = Next step
ctl-header-step = Step
ctl-header-answer = Answer
ctl-header-answered-by = Answered by
ctl-header-time = Time
ctl-header-decision = Decision
ctl-header-edit-at = Edit at
ctl-header-row = Row
ctl-header-method = Method
ctl-header-changed = Changed
ctl-header-reason = Reason
ctl-header-call = Call
ctl-header-rows = Rows
ctl-header-chains = Chains
ctl-header-good-until = Good until row
ctl-header-review-etag = Review etag
ctl-header-health = Health
ctl-header-operator = Operator
ctl-header-suspension = Suspended because
ctl-header-objects = Objects
ctl-header-activities = Activities
ctl-header-test-contact = Test contact
ctl-header-email = E-mail
ctl-header-hubspot-record = HubSpot record
ctl-header-salesforce-record = Salesforce record
ctl-header-message = Message
ctl-header-handoff = Hand-off
ctl-header-created-by = Made by
ctl-header-expires = Ends
ctl-header-revoked = Taken back
ctl-header-token = Token
ctl-header-cleanup = Clean-up
ctl-header-key = Key
ctl-header-secrets = Secrets
ctl-header-servers = Servers
ctl-header-rotation = Rotation
ctl-header-secrets-done = Wrapped anew
ctl-header-secrets-left = Left
ctl-header-secrets-unreadable = Do not open
ctl-header-requested-by = Asked for by
ctl-header-started = Started
ctl-header-ended = Ended
ctl-header-server = Server
ctl-header-keys = Keys
ctl-header-sealing-key = Seals with

## Answers

ctl-recommended = { $label } (recommended)
ctl-nothing = Nothing found.
ctl-audit-good = Nothing is wrong
ctl-audit-broken = Broken: nothing behind these rows can be relied on
ctl-audit-signed = { $count } signed statements over { $chains } chains were read
ctl-more = More: --page-token { $token }
ctl-places = { $taken } of { $limit } places taken
ctl-connectable = Connecting would succeed
ctl-not-connectable = Connecting would fail
ctl-no-list = None: new contacts from lifecycle stage { $stage } on
ctl-confirmed = Confirmed
ctl-token-not-used = Not needed (OAuth)
ctl-token-set = Set, fingerprint { $fingerprint }
ctl-not-tested = Not tested
ctl-limit-suggested = Suggested: { NUMBER($suggested) }
ctl-limit-set = { NUMBER($limit) } (suggested: { NUMBER($suggested) })
ctl-limit-means = { $limit }, about { NUMBER($syncs) } contact syncs a day
ctl-objects = Accounts: { $accounts }; opportunities: { $opportunities }
ctl-activities = Form submission: { $form }; e-mail open: { $opened }; tasks: { $tasks }
ctl-verdict-included = Would let it through
ctl-verdict-excluded = Would not let it through
ctl-next-step = Next, { $step }: { $command }
ctl-serving-server = Server
ctl-serving = Serving
ctl-serving-not = Not serving
ctl-serving-unknown = Not known

## Events

ctl-event-connection = Portal { $portal_id }, connection: { $state } { $org }
ctl-event-attempt = { $at } portal { $portal_id }, attempt to connect: { $state }
ctl-event-setup = { $at } portal { $portal_id }, setup: { $state }
ctl-event-setup-stale = to be confirmed: { $count }
ctl-event-sync = Portal { $portal_id }, sync: { $state }
ctl-event-joined = An attempt is under way already: joined it.

## Progress

ctl-progress-next-try = { $state } (next try: { $time })
ctl-progress-reconnecting = The stream was interrupted; resuming ({ $cause })
ctl-progress-detach = Ctrl-C stops watching; the work goes on at the server.
ctl-progress-rewrap = Sealing with key { $key_id }: { $done } secrets wrapped anew, { $left } left

## Secrets

ctl-ask-portal-token = HubSpot token of the portal
ctl-ask-hubspot-secret = Client secret of the HubSpot app
ctl-ask-hubspot-refresh-token = Refresh token of the HubSpot app
ctl-ask-token = Enter your Salesforce token:
ctl-ask-password = Salesforce password
ctl-ask-private-key = Private key (PEM)
ctl-ask-client-secret = Consumer secret
ctl-ask-refresh-token = Refresh token

## Confirmations

ctl-confirm-disconnect = Disconnect portal { $portal_id } from its Salesforce org? Sync stops, settings are kept, the place becomes free.
ctl-confirm-abandon = Give up setup { $setup_id }? Its secrets are deleted.
ctl-confirm-delete-test = Delete the records of test contact { $test_contact_id } in HubSpot and Salesforce?
ctl-confirm-retire-key = Retire key { $key_id } for ever? Backups of the database from before the rotation can't be used without it.
ctl-confirm-enable = Switch on "Sync contacts with Salesforce"?
ctl-confirm-needs-yes = { $question } Give --yes to do it without being asked.

## Prompts

ctl-prompt-choose = — please choose —
ctl-prompt-keys = ↑↓ to move, Enter to choose, Esc for the menu
ctl-prompt-keys-multiple = Space to tick, Enter to go on (none is fine), Esc for the menu
ctl-prompt-yes-or-no = Please answer y or n.
ctl-prompt-empty = An answer is needed.
ctl-prompt-whole-number = A whole number, please.

## The wizard

ctl-wizard-welcome = Setup of HubSpot portal { $portal_id } ({ $state }). Esc opens the menu; you can leave at any time, every answer is kept.
ctl-wizard-left = Every answer is kept. Go on with: { $command }
ctl-wizard-stale = Please confirm: "{ $step }" changed since this was answered.
ctl-wizard-waits = The setup waits. Work with your Salesforce administrator, then come back and answer this step again.
ctl-wizard-now = Now: { $answer }
ctl-wizard-customize = Change what syncs at any time: { $command }
ctl-ask-handoff-token = Enter the token that was handed to you:
ctl-handoff-once = The token is shown this once. Give it to the Salesforce administrator by a safe way, with this command: { $command }
ctl-handoff-again = This hand-off was made before; its token is not shown again. If it is lost, take the hand-off back and make another one.
ctl-handoff-done = The steps in Salesforce are done, or wait for another step: { $step }. Whoever handed them to you goes on from there.
ctl-handoff-no-terminal = Without a terminal, answers come as options: 'connectorctl handoff --help' lists them
ctl-wizard-no-terminal = The wizard needs a terminal; 'connectorctl setup --help' lists a command for each step
ctl-wizard-no-portal = No portal is registered: 'connectorctl portals register' adds one
ctl-menu = What do you want to do?
ctl-menu-go-on = Go on
ctl-menu-finished = Leave: the setup is complete
ctl-menu-edit = Edit an earlier answer
ctl-menu-leave = Leave; every answer is kept
ctl-menu-edit-which = Which answer do you want to edit?
ctl-ask-portal = Which portal do you want to set up?
ctl-ask-accept-limit = Enter accepts the suggestion. { $limit }
ctl-ask-has-token = Security token
ctl-ask-has-token-yes = Enter the token
ctl-ask-has-token-no = No token: the org will be connected by OAuth
ctl-ask-visualforce-method = By which means?
ctl-ask-credential-method = How shall the connector log in to Salesforce?
ctl-ask-credential-stored = The same credential as before
ctl-ask-username = Salesforce user name
ctl-ask-client-id = Consumer key
ctl-ask-private-key-file = File with the private key (PEM)
ctl-ask-has-client-secret = Does the app have a secret?
ctl-ask-login-url = My Domain of the org, for example https://acme.my.salesforce.com
ctl-ask-login-url-empty = Enter: the usual login host
ctl-ask-expected-org = The portal was connected to another org before. Is { $org_id } the one that is meant now?
ctl-ask-accounts = Sync Salesforce accounts? (recommended: yes)
ctl-ask-opportunities = Sync the standard fields of Salesforce opportunities?
ctl-ask-activities = When shall a Salesforce activity be created?
ctl-ask-activities-form = When a contact submits a form
ctl-ask-activities-email = When a contact opens an e-mail
ctl-ask-tasks = Sync the Salesforce tasks of contacts with HubSpot?
ctl-ask-inclusion = Which contacts go from HubSpot to Salesforce?
ctl-ask-inclusion-none = -- No Inclusion List --
ctl-ask-inclusion-new = Create a new smart list
ctl-ask-list-name = Name of the new list
ctl-ask-list-stages = Contacts of which lifecycle stages?
ctl-ask-lowest-stage = From which lifecycle stage on do new contacts sync? (usual: Subscriber)
ctl-ask-review = Are all decisions as they should be?
ctl-ask-review-enable = Switch on "Sync contacts with Salesforce"
ctl-ask-review-edit = Edit a decision
ctl-ask-test = Test the integration?
ctl-ask-test-create = Create a test contact
ctl-ask-test-skip = Go on without a test
ctl-ask-import = What about contacts that exist already?

## Trouble

ctl-error = Error:
ctl-error-interrupted = Interrupted. What was already sent is carried out.
ctl-error-declined = Nothing was done.
ctl-no-setup = Portal { $portal_id } has no setup.
ctl-error-usage = 'connectorctl --help' shows how.
ctl-error-unreachable = Cannot reach { $endpoint }: { $cause }
ctl-error-retry = Try again in { DURATION($seconds) }.
ctl-error-request-id = Request id at the server: { $id }
ctl-error-next = What to do next:

## What to do next, by the reason of an error

ctl-hint-same-request = Run the same command again with --request-id { $id }: it is done once, whether or not it got through.
ctl-hint-request-id-reused = Leave --request-id out: a fresh one is made for each command.
ctl-hint-etag-mismatch = Look at the current state with 'get', then run the command again with its etag.
ctl-hint-resume-token-invalid = Watch again without --resume-token.
ctl-hint-portal-not-found = 'connectorctl portals list' shows those that are registered; 'connectorctl portals register' adds one.
ctl-hint-setup-not-found = 'connectorctl setup list' shows them; 'connectorctl setup start --portal PORTAL' starts one.
ctl-hint-connection-not-found = 'connectorctl connections list' shows those there are.
ctl-hint-org-not-found = 'connectorctl orgs list' shows those there are.
ctl-hint-test-contact-not-found = 'connectorctl test-contact list PORTAL' shows those there are.
ctl-hint-smart-list-not-found = 'connectorctl lists list PORTAL' shows the smart lists that can be chosen.
ctl-hint-unauthenticated = Give a token by --token-file, CONNECTOR_TOKEN or --ready-file.
ctl-hint-permission-denied = Ask whoever runs the service for a token that may do this.
ctl-hint-internal-error = Give the request id to whoever runs the service; it leads to the log lines.
ctl-hint-setup-step-not-reached = 'connectorctl setup wizard --portal PORTAL' goes on at the first step that is open.
ctl-hint-setup-not-active = 'connectorctl setup start --portal PORTAL' starts a new one.
ctl-hint-portal-already-connected = 'connectorctl connections disconnect PORTAL' first.
ctl-hint-prerequisites-not-acknowledged = Read 'connectorctl setup describe', then add --acknowledged.
ctl-hint-sandbox-notes-not-acknowledged = Read 'connectorctl setup describe', then add --sandbox-notes-acknowledged.
ctl-hint-package-not-confirmed = Install the package in Salesforce, then add --installed.
ctl-hint-visualforce-module-not-confirmed = Add lead intelligence to the lead and contact layouts, then add --added.
ctl-hint-security-token-missing = Store it with 'connectorctl setup token', or send it along: connect --security-token-file PATH.
ctl-hint-review-changed = 'connectorctl setup review' shows the decisions as they are now.
ctl-hint-api-call-limit-over-allocation = Choose a smaller limit, or leave it out to accept the suggestion.
ctl-hint-smart-list-name-taken = Choose another --name, or set the list that has it.
ctl-hint-org-portal-limit-reached = 'connectorctl orgs portals ORG' shows who holds the places; disconnecting one frees its place.
ctl-hint-org-changed = Add --expected-org ORG if the new org is meant.
ctl-hint-org-api-call-limit-exceeded = 'connectorctl orgs budget ORG' shows the shares; 'connectorctl orgs allocate ORG PORTAL=CALLS' changes them.
ctl-hint-sandbox-mismatch = Correct the answer with 'connectorctl setup environment', then connect again.
ctl-hint-edition-claim-differs = Correct the answer with 'connectorctl setup edition', then connect again.
ctl-hint-connection-stale = 'connectorctl connect --portal PORTAL' checks it again.
ctl-hint-connect-running = 'connectorctl connections watch PORTAL' shows how it goes.
ctl-hint-credential-missing = 'connectorctl connect --help' shows how to give a credential.
ctl-hint-salesforce-soap-login-disabled = Connect by OAuth: connect --method jwt-bearer or client-credentials.
ctl-hint-hubspot-credential-refused = 'connectorctl portals update-credential PORTAL' stores a new one.
ctl-hint-sync-not-enabled = 'connectorctl setup enable --portal PORTAL' switches sync on.
ctl-hint-sync-not-on = 'connectorctl status get PORTAL' shows where it stands.
ctl-hint-test-contact-running = 'connectorctl test-contact watch ID' follows it; 'connectorctl test-contact cancel ID' stops it.
ctl-hint-test-contact-ended = 'connectorctl test-contact delete ID' removes its records.

## What to do next, by the code of an error

ctl-hint-unavailable = See that the server runs and --endpoint is right; 'connectorctl health' asks it.
ctl-hint-deadline = Try again, or allow more time by --timeout.
ctl-hint-unimplemented = The server is of another version; 'connectorctl version' shows that of this tool.
