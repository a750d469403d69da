### The steps of the wizard. The value is the title; `.help` says what it is about, `.where` where Salesforce shows the
### value, `.warning` what to know before acting, `.label` what is asked or confirmed, `.checkbox` what
### is confirmed besides the answer.

step-part-calls = { HAS($calls) ->
    [yes] As a rule of thumb, syncing a contact takes up to { NUMBER($calls) } API calls for each record; this varies.
   *[no] Syncing a contact takes several API calls for each record.
}

step-prerequisites = Get started
    .help = This setup connects HubSpot with Salesforce, so that leads and contacts reach both your marketing and your sales team. You need: a HubSpot Professional or Enterprise subscription; Salesforce Professional, Enterprise or Unlimited Edition, and not a trial; a Salesforce user with the rights that your edition asks for; access to Salesforce during the setup, because you will go back and forth; and a basic understanding of how the integration works. It takes about 30 minutes. You can leave at any time and go on later, also from another computer. { step-part-calls } Salesforce limits the API calls of each day. A portal connects to one Salesforce org only. { HAS($portal_limit) ->
        [yes] An org takes up to { NUMBER($portal_limit) } { NUMBER($portal_limit) ->
            [one] portal
           *[other] portals
        }.
       *[no] An org takes a limited number of portals.
    } To connect several portals with one org, run this setup in each of them; nothing is copied from one to another.
    .where = HubSpot shows the subscription under Settings > Account & Billing.
    .label = Which HubSpot subscription does the portal have?
    .checkbox = I have read what is needed

step-edition = Salesforce edition
    .help = Choose the edition that your company uses. Which rights the Salesforce user needs and how many API calls there are depends on it. Professional, Enterprise and Unlimited Edition can be connected; a trial cannot, whatever its edition. When the accounts are connected, the answer is checked against the org.
    .where = In Salesforce Classic: your name at the top right > Setup > Administration Setup. In Lightning Experience: the gear at the top right > Setup > Company Information, field "Organization Edition".
    .label = Which edition of Salesforce do you have?

step-admin-access = Administrative access
    .help = A Salesforce user with administrative access is needed to install the HubSpot package, and the connector works as this user: it must reach every object that syncs. In Professional Edition only a top-level Salesforce administrator will do. In Enterprise and Unlimited Edition it is a top-level administrator, or a user with full object-level and full field-level security; object-level security alone is not enough. If you have no such access, answer so: the setup then waits until your Salesforce administrator helps, and nothing is lost.
    .where = In Salesforce: Setup > Users > Users, column "Profile". A top-level administrator has the profile System Administrator or one with the permissions "Modify All Data" and "Customize Application".
    .label = Do you have administrative access to Salesforce?

step-environment = Production or sandbox
    .help = Salesforce has production orgs and sandboxes. A sandbox is an environment for tests; it is separate from production and behaves a little differently. If you are not sure, you most likely use production. The answer decides where the login is sent, and it must match the org that the login leads to.
    .where = The address tells: a sandbox has ".sandbox.my.salesforce.com" in it, or an older one begins with "cs" or contains "--". A sandbox also shows its name at the top of each page.
    .warning = Notes on sandboxes: a sandbox logs in at test.salesforce.com with a user name that ends with the name of the sandbox; its package is installed by a link of its own; its API call limit is another one than that of production; a refresh deletes what was synced into it and the connection must then be made again; HubSpot contacts that you sync with it are real ones.
    .label = Do you use a sandbox of Salesforce?
    .checkbox = I have read the notes on sandboxes

step-seat-count = Salesforce seats
    .help = Enter how many Salesforce licenses (seats) your company owns, used or not. The suggested API call limit is computed from this number. It is checked against the org when the accounts are connected.
    .where = In Salesforce Classic: your name at the top right > Setup > System Overview; the number of licenses is at the bottom of the page. In Lightning Experience: the gear at the top right > Setup > Company Information, list "User Licenses", row "Salesforce", column "Total Licenses".
    .label = How many Salesforce seats do you have?

step-api-call-limit = API call limit
    .help = HubSpot and Salesforce talk to each other by API calls, and Salesforce grants your org only so many in any 24 hours (a rolling window, not a calendar day), which all integrations share. Here you decide how many of them this portal may use. { HAS($suggested) ->
        [yes] { NUMBER($suggested) } are suggested, computed from your seats and your edition; you may enter another number.
       *[no] A number is suggested from your seats and your edition; you may enter another one.
    }{ HAS($allocation) ->
        [yes] {" "}The org is granted { NUMBER($allocation) }.
       *[no] { "" }
    }{ HAS($held_by_others) ->
        [yes] {" "}Other portals of the org hold { NUMBER($held_by_others) }.
       *[no] { "" }
    } { step-part-calls }{ HAS($syncs) ->
        [yes] {" "}A limit of { NUMBER($limit) } is enough for roughly { NUMBER($syncs) } contact syncs a day.
       *[no] { "" }
    } When the limit is reached, changes wait and are synced later; nothing is lost. A limit that you set by hand is never replaced without your consent.
    .where = In Salesforce Classic: your name > Setup > Company Profile > Company Information, field "API Requests, Last 24 Hours": used calls, with the maximum in brackets. In Lightning Experience: Setup > Company Information, or Setup > System Overview, "API Usage".
    .label = API calls that this portal may use in 24 hours

step-package = HubSpot package in Salesforce
    .help = Install the HubSpot integration package in your Salesforce org. Open the installer, log in with the administrator of the very org that you connect, and install it for all users, or at least for the user that the connector works as. The guide shows each click. When the installation is complete (Salesforce sends an e-mail if it takes longer), come back and confirm it. Connecting checks that the package is there.
    .where = After the installation the package is listed in Salesforce under Setup > Installed Packages.
    .warning = Use the installer that fits your answer on the sandbox: the package of a production org is not in its sandboxes unless they were refreshed after the installation.
    .label = I have installed the HubSpot integration package

step-security-token = Salesforce security token
    .help = A login with user name and password also needs the security token of the Salesforce user. Salesforce sent it by e-mail when the account was created or when its password was last reset, so look in that mailbox first. If it cannot be found, it can be reset in Salesforce; the new one comes by e-mail and can take up to 15 minutes to work. If you connect by OAuth, no token is needed: say so here. The token is stored encrypted and is never shown again.
    .where = The e-mail from Salesforce is named "Your new Salesforce security token". To reset it in Salesforce Classic: your name > My Settings > Personal > Reset My Security Token. In Lightning Experience: your picture at the top right > Settings > Reset My Security Token.
    .warning = A reset makes the old token useless at once: every other integration that logs in as the same Salesforce user stops until it gets the new token. { HAS($portals) ->
        [yes] Of our own connections, these use this user: { $portals }.
       *[no] { "" }
    }{ HAS($other_portals) ->
        [yes] {" "}Connections of portals that you may not see use it as well: { NUMBER($other_portals) }.
       *[no] { "" }
    }
    .label = Enter your Salesforce token

step-visualforce-module = Visualforce module
    .help = Add the HubSpot Visualforce component to the page layouts of leads and contacts. It is a window in the record that shows the HubSpot lead intelligence of that person, so that your sales team sees what a lead has done. The guide shows how. HubSpot Embed, its successor, satisfies this step too. When you have done it, confirm it; connecting checks it. This step cannot be skipped.
    .where = In Salesforce Classic: Setup > Customize > Leads > Page Layouts, and the same for Contacts; drag the component from "Visualforce Pages" into a section. In Lightning Experience: the gear > Setup > Object Manager > Lead > Page Layouts, and the same for Contact.
    .warning = Every layout that your sales team uses needs the component, on both leads and contacts.
    .label = I have added HubSpot lead intelligence to Salesforce

step-connect-accounts = Connect accounts
    .help = Enter the Salesforce user name and password; the security token is carried over from its step. Instead you can use OAuth, which Salesforce recommends. Connecting logs in, checks that everything is in place (edition, sandbox, seats, package, rights, page layouts, API calls) and then starts the connector. It may take a few minutes; you can leave meanwhile. If something is missing, nothing is connected, your answers stay, and each finding says what to do and who must do it.
    .where = The user name looks like an e-mail address, but need not be one. Salesforce shows it under Setup > Users > Users.
    .warning = Do not try a refused login again and again: Salesforce locks the user out. The login by user name and password ends with the Salesforce release Summer '27; plan for OAuth.
    .label = Enter your Salesforce credentials

step-object-sync = Accounts and opportunities
    .help = Contacts are synced in any case. Decide whether Salesforce accounts are synced too: it is recommended, because you then know more about the company of a contact and can use it to personalize. Then decide whether Salesforce opportunities are synced: only their standard fields are. Both need an answer; nothing is preselected. You can change it at any time.
    .label = Do you want to sync Salesforce accounts and opportunities?

step-activity-sync = Activities and tasks
    .help = Decide which activities are created in Salesforce: when a contact submits a HubSpot form, when a contact opens an e-mail, both or neither. Then decide whether the Salesforce tasks of a contact are synced with HubSpot; this needs a yes or a no. You can change it at any time.
    .warning = Opened e-mails can be very many; each activity takes API calls.
    .label = Which activities and tasks do you want to sync?

step-inclusion-list = Inclusion list
    .help = Not every lead is ready for your sales team. An inclusion list limits which contacts go from HubSpot to Salesforce; it does not limit the other direction. Choose a smart list (a list that keeps itself up to date), create a new one here, or decide for no inclusion list: then new contacts go to Salesforce from the lifecycle stage subscriber on; contacts without a stage do not. Don't worry about it too long: you can set, change and remove the list at any time.
    .warning = "No inclusion list" sends many more contacts to Salesforce. It must be chosen; it is not what you get by not answering.
    .label = Which contacts go from HubSpot to Salesforce?

step-review = Review and switch on
    .help = Look at all decisions once more; each can be edited. Then switch on "Sync contacts with Salesforce". From then on new and changed contacts sync. Contacts that exist already do not: they sync when they are imported or when they change.
    .warning = From this moment on records are created and changed in your Salesforce org and your HubSpot portal.
    .label = Sync contacts with Salesforce

step-test = Test
    .help = Create a test contact: it is created in HubSpot and really synced to Salesforce, and you see how it gets on: starting, scheduling, processing, completed. If it fails, you learn why and what to do. The test does not depend on the inclusion list, but its result says whether the list would have let the contact through. The records can be deleted again. You can also go on without a test.
    .warning = The test contact appears in both systems, and automation that reacts to new contacts or leads will react to it.
    .label = Create test contact

step-done = Done
    .help = Contacts now sync between HubSpot and Salesforce in both directions. Last, decide about the contacts that existed before: import them, so that the two databases become as equal as possible, or leave them; they then sync when they change. All settings can be changed at any time without running this setup again.
    .label = What about the contacts that exist already?

## Answers of steps that ask several things

option-accounts-yes = Yes, sync Salesforce accounts
option-accounts-no = No, do not sync Salesforce accounts
option-opportunities-yes = Yes, sync the standard fields of Salesforce opportunities
option-opportunities-no = No, do not sync Salesforce opportunities
option-on-form-submission = Create a Salesforce activity when a contact submits a form
option-on-email-open = Create a Salesforce activity when a contact opens an e-mail
option-tasks-yes = Yes, sync the Salesforce tasks of a contact with HubSpot
option-tasks-no = No, do not sync Salesforce tasks
option-smart-list = Only the contacts of a smart list
option-no-inclusion-list = No inclusion list
option-create-smart-list = Create a new smart list
option-token = Enter the security token
option-token-not-used = No token: this org will be connected by OAuth
option-sandbox-yes = Yes, a sandbox
option-sandbox-no = No, a production org

## Links

link-setup-guide = How to set up the integration of HubSpot with Salesforce
link-edition-guide = How to find the edition of your Salesforce org
link-admin-access-guide = Which rights the Salesforce user needs
link-sandbox-notes = Notes on connecting a sandbox
link-seat-guide = How to find the number of your Salesforce licenses
link-api-calls-guide = How Salesforce counts API calls
link-installer-production = Install the HubSpot package in a production org
link-installer-sandbox = Install the HubSpot package in a sandbox
link-package-guide = How to install the HubSpot package in Salesforce
link-token-guide = How to reset the Salesforce security token
link-visualforce-guide = How to add the Visualforce component to the page layouts
link-embed-guide = How to add HubSpot Embed to Salesforce
link-oauth-guide = How to connect by OAuth
link-opportunity-fields = Which fields of an opportunity are synced
link-inclusion-list-guide = How an inclusion list works
link-import-guide = How to import existing contacts
