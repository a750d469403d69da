### What is wrong with one field of a request; shown beside the field.

violation-required = This must be given.
violation-unknown-value = This is not one of the known values.
violation-too-long = At most { NUMBER($max) } { NUMBER($max) ->
    [one] character is
   *[other] characters are
} allowed.
violation-too-many = At most { NUMBER($max) } { NUMBER($max) ->
    [one] entry is
   *[other] entries are
} allowed.
violation-too-large = At most { NUMBER($max) } bytes are allowed.
violation-out-of-range = This must be between { NUMBER($min) } and { NUMBER($max) }.
violation-not-a-uuid = This must be a UUID, for example 0197c2a4-5d1e-7c3b-9f60-2b7f1c0a8d42.
violation-not-an-org-id = This must be a Salesforce organization id: 15 or 18 characters that begin with 00D.
violation-not-a-list-id = This must be the id of a HubSpot list: 1 to 32 digits.
violation-not-an-address = This must be an https address of Salesforce, for example https://acme.my.salesforce.com.
violation-not-a-key = This must be an RSA private key in PEM format.
violation-positive = This must be at least 1.
violation-choose-yes-or-no = Choose yes or no; nothing is preselected.
violation-invalid-characters = This contains characters that are not allowed.
violation-bad-token = This does not look like a security token: it must be one word without spaces, as it came by e-mail.
violation-duplicate = This is named more than once.
violation-empty = This must not be empty.
violation-exactly-one = Exactly one of these must be given.
violation-not-allowed-here = This must be left out here.
violation-token-and-not-used = Enter a token, or say that none is used: not both.
violation-unknown-stage = This HubSpot portal has no such lifecycle stage.
