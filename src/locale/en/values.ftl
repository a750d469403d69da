### The words for the values of the API's enums; the key is the value's name. Steps and checks have theirs in files of
### their own.

value-unspecified = Not answered

duration-seconds = { NUMBER($count) ->
    [one] { NUMBER($count) } second
   *[other] { NUMBER($count) } seconds
}
duration-minutes = { NUMBER($count) ->
    [one] { NUMBER($count) } minute
   *[other] { NUMBER($count) } minutes
}
duration-hours = { NUMBER($count) ->
    [one] { NUMBER($count) } hour
   *[other] { NUMBER($count) } hours
}

choice-yes = Yes
choice-no = No

hub-spot-subscription-free = Free
hub-spot-subscription-starter = Starter
hub-spot-subscription-professional = Professional
hub-spot-subscription-enterprise = Enterprise

salesforce-edition-group = Group Edition
salesforce-edition-essentials = Essentials
salesforce-edition-professional = Professional Edition
salesforce-edition-enterprise = Enterprise Edition
salesforce-edition-unlimited = Unlimited Edition
salesforce-edition-developer = Developer Edition

admin-access-none = No administrative access
admin-access-top-level-administrator = Top-level Salesforce administrator
admin-access-full-object-and-field = Full object-level and full field-level security
admin-access-object-only = Full object-level security only

salesforce-environment-production = Production
salesforce-environment-sandbox = Sandbox

source-declared = Declared
source-inferred = Inferred

step-state-not-reached = Not reached yet
step-state-open = To be answered
step-state-waiting = Waiting
step-state-answered = Answered
step-state-stale = To be confirmed

setup-status-in-progress = In progress
setup-status-waiting-for-administrator = Waiting for the Salesforce administrator
setup-status-finished = Finished
setup-status-abandoned = Given up

import-decision-import = Import existing contacts
import-decision-do-not-import = Do not import existing contacts

visualforce-method-visualforce = Visualforce component on the page layouts
visualforce-method-hubspot-embed = HubSpot Embed

allocation-source-policy = Estimated
allocation-source-salesforce = Reported by Salesforce

connect-state-queued = Queued
connect-state-logging-in = Logging in to Salesforce
connect-state-waiting-for-token = Waiting for the security token to become active
connect-state-probing = Checking that everything is in place
connect-state-starting = Starting the connector
connect-state-connected = Connected
connect-state-failed = Failed

finding-result-passed = Passed
finding-result-warning = Warning
finding-result-failed = Failed
finding-result-not-checked = Could not be checked

actor-portal-administrator = You
actor-salesforce-administrator = Salesforce administrator
actor-operator = Operator of this service

connection-state-connected = Connected
connection-state-stale = Must be connected again
connection-state-disconnected = Disconnected

test-contact-status-starting = Starting
test-contact-status-scheduling = Scheduling
test-contact-status-processing = Processing
test-contact-status-completed = Completed
test-contact-status-failed = Failed
test-contact-status-cancelled = Cancelled

cleanup-state-deleting = Being deleted
cleanup-state-deleted = Deleted
cleanup-state-failed = Could not be deleted

operator-state-off = Never switched on
operator-state-on = On
operator-state-paused = Paused

key-state-sealing = Seals
key-state-opening = Opens
key-state-missing = Missing
key-state-retired = Retired

key-rotation-state-running = Under way
key-rotation-state-stuck = Stuck: what is left does not open
key-rotation-state-finished = Finished

sync-health-off = Off
sync-health-paused = Paused
sync-health-suspended = Suspended
sync-health-healthy = Healthy

cause-token-too-old = the position in the stream is too old
cause-consumer-too-slow = the messages were not read fast enough
cause-finished = finished
cause-server-shutdown = the server is shutting down
cause-max-age = the stream has reached its maximum age

lifecycle-stage-subscriber = Subscriber
lifecycle-stage-lead = Lead
lifecycle-stage-marketingqualifiedlead = Marketing qualified lead
lifecycle-stage-salesqualifiedlead = Sales qualified lead
lifecycle-stage-opportunity = Opportunity
lifecycle-stage-customer = Customer
lifecycle-stage-evangelist = Evangelist
lifecycle-stage-other = Other

credential-method-password = User name, password and security token
credential-method-jwt-bearer = OAuth (JWT bearer)
credential-method-client-credentials = OAuth (client credentials)
credential-method-refresh-token = OAuth (refresh token)
credential-method-static-token = Static token

## What is wrong with the audit trail

audit-problem-missing = The next row is missing: deleted, or another one was put before it
audit-problem-unlinked = The row does not follow from the one before it: one of the two was exchanged
audit-problem-edited = The row was edited
audit-problem-head = Rows were cut off, added or exchanged at the end
audit-problem-signed-head = A row that was signed is gone or another one: the chain was cut off or made anew since
