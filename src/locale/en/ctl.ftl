### Words of the admin tool: what it asks, how it heads its tables, what it says on the way. Names of enum values and steps are in
### other files.

## Common

common-yes = Yes
common-no = No
common-none = none
common-unknown = unknown
common-never = never
common-not-set = not set
common-all = all
common-cancel = Cancel
common-continue = Continue
common-back = Back
common-edit = Edit
common-retry = Try again
common-leave = Leave; the setup can be continued later
common-recommended = { $label } (recommended)
common-of = { NUMBER($part) } of { NUMBER($all) }
common-per-day = { NUMBER($calls) } in 24 hours

## Table headers

ctl-header-portal = Portal
ctl-header-name = Name
ctl-header-subscription = Subscription
ctl-header-evidence = Evidence
ctl-header-credential = Credential
ctl-header-username = User name
ctl-header-fingerprint = Fingerprint
ctl-header-org = Org
ctl-header-org-name = Org name
ctl-header-edition = Edition
ctl-header-environment = Environment
ctl-header-seats = Seats
ctl-header-place = Place
ctl-header-portals = Portals
ctl-header-setup = Setup
ctl-header-step = Step
ctl-header-state = State
ctl-header-status = Status
ctl-header-answer = Answer
ctl-header-answered-by = Answered by
ctl-header-next-step = Next step
ctl-header-missing = Missing
ctl-header-stale = To be confirmed
ctl-header-notices = Notices
ctl-header-decision = Decision
ctl-header-value = Value
ctl-header-attempt = Attempt
ctl-header-check = Check
ctl-header-result = Result
ctl-header-subject = Subject
ctl-header-claimed = Claimed
ctl-header-found = Found
ctl-header-fix = What to do
ctl-header-actor = Who
ctl-header-reason = Reason
ctl-header-message = Message
ctl-header-connection = Connection
ctl-header-list = List
ctl-header-size = Contacts
ctl-header-limit = API call limit
ctl-header-suggested = Suggested
ctl-header-allocation = Granted
ctl-header-used = Used
ctl-header-reserved = Reserved
ctl-header-held = Held
ctl-header-unassigned = Unassigned
ctl-header-source = Source
ctl-header-health = Health
ctl-header-operator = Set by
ctl-header-suspension = Suspended because
ctl-header-since = Since
ctl-header-email = E-mail
ctl-header-hubspot-record = HubSpot record
ctl-header-salesforce-record = Salesforce record
ctl-header-inclusion = Inclusion rule
ctl-header-cleanup = Clean-up
ctl-header-time = Time
ctl-header-created = Created
ctl-header-updated = Updated
ctl-header-etag = Etag
ctl-header-service = Service

## The wizard: frame

ctl-wizard-welcome = Setup of HubSpot portal { $portal_id }
ctl-wizard-resumed = This setup is under way; it goes on with: { $step }
ctl-wizard-step = Step { NUMBER($number) } of { NUMBER($all) }: { $title }
ctl-wizard-where = Where to find it
ctl-wizard-warning = Caution
ctl-wizard-links = Guides
ctl-wizard-saved = Saved.
ctl-wizard-left = You left the setup. Everything you answered is kept; go on with: { $command }
ctl-wizard-stale-now = This change makes these answers to be confirmed: { $steps }
ctl-wizard-answer-again = Please correct the answer.
ctl-wizard-what-now = What do you want to do?
ctl-wizard-edit-which = Which decision do you want to edit?
ctl-wizard-finished = The setup is complete.
ctl-wizard-keys = ↑↓ to move, Enter to choose, Esc to go back
ctl-wizard-keys-multiple = Space to tick, Enter to confirm, Esc to go back
ctl-wizard-secret-hint = What you type is not shown.

## The wizard: questions

ctl-ask-portal = Which portal do you want to set up?
ctl-ask-portal-token = HubSpot token of the portal
ctl-ask-portal-name = A name for the portal (optional)
ctl-ask-seat-count = Number of seats
ctl-ask-limit = API calls in 24 hours (Enter accepts { NUMBER($suggested) })
ctl-ask-keep-limit = Keep your limit of { NUMBER($limit) }? Suggested now: { NUMBER($suggested) }
ctl-ask-token = Security token
ctl-ask-credential-method = How shall the connector log in to Salesforce?
ctl-ask-username = Salesforce user name
ctl-ask-password = Salesforce password
ctl-ask-client-id = Consumer key
ctl-ask-client-secret = Consumer secret
ctl-ask-refresh-token = Refresh token
ctl-ask-private-key-file = File with the private key (PEM)
ctl-ask-login-url = My Domain of the org, for example https://acme.my.salesforce.com
ctl-ask-use-stored-credential = Use the stored credential of { $username }?
ctl-ask-expected-org = The login leads to another org, { $org_id }. Connect to it?
ctl-ask-list = Which smart list?
ctl-ask-list-name = Name of the new list
ctl-ask-list-stages = Contacts of which lifecycle stages?
ctl-ask-lowest-stage = From which lifecycle stage on do new contacts sync?
ctl-ask-enable = Switch on "Sync contacts with Salesforce"?
ctl-ask-test = Create a test contact now?
ctl-ask-delete-test = Delete the test contact from both systems?
ctl-ask-pause-reason = Why is the sync paused? (optional)

## Confirmations

ctl-confirm-disconnect = Disconnect portal { $portal_id } from the Salesforce org { $org_id }? Sync stops; settings are kept.
ctl-confirm-abandon = Give up the setup of portal { $portal_id }? Its secrets are deleted.
ctl-confirm-delete-test = Delete the records of the test contact { $email } in HubSpot and Salesforce?
ctl-confirm-token-reset = Have the other integrations been told that the token was reset?

## Progress

ctl-progress-connecting = Connecting
ctl-progress-waiting = Waiting; Ctrl-C leaves, the work goes on
ctl-progress-watching = Watching; Ctrl-C ends
ctl-progress-elapsed = { NUMBER($seconds) } s
ctl-progress-reconnecting = The stream was interrupted; resuming
ctl-progress-reset = The stream starts anew: { $cause }
ctl-progress-ended = The stream ended: { $cause }
ctl-progress-test = Test contact
ctl-progress-api-calls-used = API calls used: { NUMBER($calls) }

## What to do next

ctl-next = What to do next
ctl-next-run = Go on with: { $command }
ctl-next-register = No portal is registered yet. Register one with: { $command }
ctl-next-setup = Start the setup of this portal with: { $command }
ctl-next-watch = See how it gets on with: { $command }
ctl-next-retry-same-id = Whether it was carried out is not known. Run it again with the same request id: { $command }
ctl-next-wait = Try again at { $time }.

## Trouble

ctl-error = Error
ctl-error-fix = What to do
ctl-error-reason = Reason
ctl-error-request-id = Request id
ctl-error-fields = Fields
ctl-error-unreachable = The server at { $endpoint } does not answer.
ctl-error-no-terminal = This needs a terminal. Give the answers as options instead; see { $command }.
ctl-error-interrupted = Interrupted. What was already sent is carried out.
ctl-error-file = The file { $file } could not be read: { $reason }
ctl-empty-portals = No portal is registered.
ctl-empty-setups = There is no setup.
ctl-empty-connections = There is no connection.
ctl-empty-orgs = There is no org.
ctl-empty-lists = The portal has no smart list.
ctl-empty-test-contacts = There is no test contact.
ctl-empty-findings = Nothing to report.
