//! What to click where, in our words: by vendor, and by what of it is amiss. The pages in `docs/setup/` say the same at length.

use super::step::Step::{self, Clock, Config, Credential, Fields, Reachable, Reps, Setup, Write};

pub(super) fn mend(vendor: &str, step: Step) -> &'static str {
    let of_vendor = OF_VENDORS.iter().find(|(of, steps, _)| *of == vendor && steps.contains(&step));
    of_vendor.map_or_else(|| of_any(step), |&(_, _, words)| words)
}

/// Where a vendor has no words of its own.
fn of_any(step: Step) -> &'static str {
    match step {
        Config => {
            "mend this section of baton.toml: `baton init` writes one with every key explained, and docs/setup/ says where \
             each value is found; a secret is env:NAME or file:NAME, and must be set where this command runs"
        }
        Clock => "let this machine follow NTP: timedatectl set-ntp true, then timedatectl shows `synchronized: yes`",
        Reachable => "let this machine reach the address that baton.toml names, and compare it with the vendor's",
        Credential => "make a new secret at the vendor, and put it where baton.toml refers to",
        Setup | Fields | Write => "follow the vendor's page in docs/setup/ step by step",
        Reps => "compare the id with the vendor's list of people, and mend rules/reps.csv",
    }
}

/// A vendor as its errors call it, or the section where there is none.
const OF_VENDORS: &[(&str, &[Step], &str)] = &[
    ("rules", &[Config], "run baton check, which names every mistake with its file and line"),
    (
        "database",
        &[Reachable],
        "start the database and compare database.url with its host, port, name and login; a SQLite file must be of this user",
    ),
    (
        "database",
        &[Write],
        "run baton migrate once; then look for a full disk, a file or folder of another user, a database that is read-only",
    ),
    (
        "amqp",
        &[Reachable],
        "start RabbitMQ, and compare amqp.url with its host and port: amqp:// is 5672, amqps:// is 5671",
    ),
    (
        "amqp",
        &[Credential],
        "rabbitmqctl list_users, list_vhosts and list_permissions show whom it lets in where: compare them with amqp.url, in \
         which the virtual host / is written %2f",
    ),
    (
        "amqp",
        &[Setup, Fields, Reps, Write],
        "start a worker once with declare = true under [amqp], which makes what is missing; what is there and differs is \
         drained and deleted first",
    ),
    (
        "salesforce",
        &[Reachable],
        "compare crm.base_url with Setup, My Domain, and let this machine reach it on port 443; a limit that is used up is \
         shown in Setup, System Overview, API Usage",
    ),
    (
        "salesforce",
        &[Credential],
        "Setup, External Client App Manager: the app is enabled, its flow (JWT bearer or client credentials) is on, and our \
         user is the one it runs as, pre-authorised by a permission set; then compare key and secret, or the certificate, \
         with crm.auth",
    ),
    (
        "salesforce",
        &[Setup],
        "Setup, Object Manager, Lead and Activity: a field Baton_Key__c, text of 64, External ID, unique; Setup, Permission \
         Sets: our user may read, create and edit leads and tasks, and edit that field",
    ),
    (
        "salesforce",
        &[Fields],
        "Setup, Object Manager, Account, Fields: compare API names and picklist values with rules/routing.yaml, and let our \
         user read them (Field-Level Security)",
    ),
    (
        "salesforce",
        &[Reps],
        "Setup, Users: open the user, whose id (005…) stands in the page's address, and write it into crm_id; a rep who has \
         left is active: no",
    ),
    (
        "salesforce",
        &[Write],
        "the org refuses a new lead with no more than a name and a company: make what it asks for optional for our user, or \
         give it a default (Setup, Object Manager, Lead: required fields, validation rules, flows)",
    ),
    (
        "hubspot",
        &[Reachable],
        "let this machine reach api.hubapi.com on port 443; Development, Monitoring shows the limits",
    ),
    (
        "hubspot",
        &[Credential],
        "Development, Keys, Service keys: copy the key once more into what crm.service_key stands for; one that was rotated \
         ends after seven days",
    ),
    (
        "hubspot",
        &[Setup, Write],
        "Development, Keys, Service keys, Scopes: add those of docs/setup/hubspot.md; Settings, Properties, Contact: \
         baton_key, single-line text that requires unique values",
    ),
    ("hubspot", &[Fields], "Settings, Properties, Company: compare internal names and values with rules/routing.yaml"),
    (
        "hubspot",
        &[Reps],
        "Settings, Users & Teams: the user is active and has access to contacts; GET /crm/owners lists the ids, of which `id` \
         and `userId` are a crm_id, and so is the id of the user's record",
    ),
    ("slack", &[Reachable], "let this machine reach slack.com on port 443"),
    (
        "slack",
        &[Credential],
        "api.slack.com/apps, your app, OAuth & Permissions: copy the Bot User OAuth Token (xoxb-…), with token rotation off",
    ),
    (
        "slack",
        &[Setup],
        "api.slack.com/apps, your app, OAuth & Permissions, Bot Token Scopes: add what is missing, then Reinstall to \
         Workspace",
    ),
    (
        "slack",
        &[Reps],
        "in Slack open the person's profile, ⋮, Copy member ID (U…), and write it into chat_id; a scope users:read is needed \
         to look them up",
    ),
    ("google", &[Reachable], "let this machine reach www.googleapis.com and oauth2.googleapis.com on port 443"),
    (
        "google",
        &[Credential],
        "admin.google.com, Security, API controls, Domain-wide delegation: add the service account's client id with the \
         scopes of docs/setup/google.md; calendar.reader is a user of the domain, and the key is one that the account still \
         has",
    ),
    (
        "google",
        &[Setup],
        "console.cloud.google.com, APIs & Services: enable the Google Calendar API for the account's project",
    ),
    (
        "google",
        &[Reps],
        "compare the address with the user's in admin.google.com, Directory, Users; or share free/busy times with all of the \
         domain (Apps, Google Workspace, Calendar, Sharing settings), or name a calendar.reader who sees them",
    ),
    (
        "smtp",
        &[Reachable],
        "compare mail.host and mail.port with the provider's: 587 with starttls, 465 with tls = \"implicit\"",
    ),
    (
        "smtp",
        &[Credential],
        "compare mail.username and mail.password with the provider's: many ask for an app password or an API key instead of a \
         person's",
    ),
    ("smtp", &[Setup], "take the kind of encryption that the server offers: mail.tls is starttls, implicit or none"),
    ("smtp", &[Write], "let the login send as mail.from: the provider lists verified senders and domains"),
    ("twilio", &[Reachable], "let this machine reach api.twilio.com on port 443"),
    (
        "twilio",
        &[Credential],
        "console.twilio.com, Account Info: copy account SID and auth token; or API keys & tokens: a standard key as \
         SK…:SECRET",
    ),
    (
        "twilio",
        &[Setup, Fields, Reps, Write],
        "console.twilio.com, Phone Numbers, Active numbers: buy the number, or name one that is listed there",
    ),
    ("asterisk", &[Reachable], "start Asterisk, and compare telephony.url with http.conf (enabled = yes, bindport)"),
    ("asterisk", &[Credential], "compare telephony.user and telephony.password with the user in ari.conf"),
    (
        "asterisk",
        &[Setup, Fields, Reps, Write],
        "let this worker's user write into telephony.sounds, a folder that Asterisk reads under the same path",
    ),
    (
        "speech",
        &[Reachable, Credential, Setup, Fields, Reps, Write],
        "run the program by hand with words on its input, or ask the engine with curl: it must answer with one WAV",
    ),
];
