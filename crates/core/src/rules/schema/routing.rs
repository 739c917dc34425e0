//! The shape of `routing.yaml`.

use super::{DURATION, KeyShape, Map, Schema, Shape, choice, key, list, map, names, required, some, words};
use crate::rules::files::matching::KEYS;
use crate::rules::files::pools::{CALENDAR_UNKNOWN, POLICIES, WHEN_FULL};
use crate::rules::files::routes::{ASSIGNMENT, COUNTS_AS, EXISTING, IF_UNDECIDED, VERSION};
use crate::rules::files::vocabulary::KINDS;
use crate::rules::model::field::{BUILT_IN, COUNTED, FieldKind, counted};

/// Fields that are no built-in ones; `baton check` knows which are declared.
const DECLARED: &str = "^(lead\\.custom|account)\\..";
const CONDITION: &str = "condition";
const VALUE: &str = "value";

pub(super) fn schema() -> Schema {
    let root = map(vec![
        required(
            "version",
            "Of this file's shape.",
            Shape::Either(vec![Shape::Choice(vec![VERSION]), Shape::Positive]),
        ),
        key("fields", "The fields that rules may test, beside the built-in ones, and their values.", fields()),
        key("segments", "Conditions with a name: `segment: NAME` in any condition.", names(Shape::Shared(CONDITION))),
        key(
            "match",
            "How the lead's company is found.",
            map(vec![
                key("keys", "What finds it, the strongest first.", list(choice(&KEYS))),
                key("name_at_least", "How alike two names must be, from 0.7 to 1.", Shape::Word),
                key("shared_domains", "Mail domains that name no company; `default` is the built-in list.", words()),
            ]),
        ),
        key(
            "ownership",
            "Who keeps a lead that somebody looks after already; the first that holds.",
            list(ownership()),
        ),
        key(
            "assignment",
            "Who gives the lead to a rep: Baton, or the CRM's own rules.",
            Shape::Either(vec![choice(&ASSIGNMENT), map(vec![required("crm", "The CRM's own rules.", crm())])]),
        ),
        key(
            "calendars_believed_for",
            "What a calendar said counts for so long, 15m if left out; then it is unknown, and each pool's `calendar_unknown` says what that counts as.",
            DURATION,
        ),
        key(
            "calendars",
            "What keeps a rep, beside meetings and absences; each counts as busy if left out.",
            map(vec![
                key("tentative", "Invitations that were accepted perhaps.", choice(&COUNTS_AS)),
                key("focus", "Focus time.", choice(&COUNTS_AS)),
                key("all_day", "Whole days that are busy and no absence, such as a conference.", choice(&COUNTS_AS)),
            ]),
        ),
        required(
            "tiers",
            "The value of a lead: the first whose condition holds; the last has none.",
            some(rule(vec![
                required("name", "Name of the tier.", Shape::Word),
                key("ladder", "A ladder of handoff.yaml.", Shape::Word),
            ])),
        ),
        required("pools", "Reps who share turns.", list(pool())),
        key(
            "routes",
            "Exceptions, looked at before territories, in this order.",
            list(rule(vec![
                required("name", "Name of the route; reports count by it.", Shape::Word),
                required(
                    "to",
                    "Where the lead goes: a pool or a rep.",
                    map(vec![
                        key("pool", "A pool of this file.", Shape::Word),
                        key("rep", "A rep of reps.csv.", Shape::Word),
                    ]),
                ),
            ])),
        ),
        required(
            "catch_all",
            "Takes whatever nothing else has taken.",
            map(vec![required("pool", "A pool of this file.", Shape::Word)]),
        ),
    ]);
    let shared = vec![(CONDITION, condition(Vec::new())), (VALUE, value())];
    Schema { title: "Baton: rules/routing.yaml", root, shared }
}

fn fields() -> Shape {
    let spec = || {
        map(vec![
            key("type", "What its values are; text if nothing is said.", choice(&KINDS)),
            key("one_of", "The values it may have.", words()),
            key("from", "Where it comes from: crm, for fields that begin with account.", Shape::Choice(vec!["crm"])),
            key("crm_field", "What the CRM calls it, where that is not what stands behind account.", Shape::Word),
        ])
    };
    let keys = BUILT_IN.iter().map(|(path, kind)| key(path, about(*kind), spec())).collect();
    Shape::Map(Map { keys, others: Some((DECLARED, Box::new(spec()))) })
}

fn crm() -> Shape {
    map(vec![key(
        "wait",
        "How long a lead waits for the owner whom a workflow of HubSpot sets, 15s if left out and 2m at most.",
        DURATION,
    )])
}

fn ownership() -> Shape {
    map(vec![
        required("existing", "Who owns it.", choice(&EXISTING)),
        key(
            "wait_at_most",
            "The owner is given up if their first free moment is later, also where a delegate could take the call.",
            DURATION,
        ),
        key("leave_at_most", "Instead, for leave and out of office: given up if it ends later.", DURATION),
        key("off_rota_at_most", "Instead, for hours and days off by the rota, and holidays.", DURATION),
        key("within", "The owner of a lead or contact is given up if it was quiet for longer.", DURATION),
    ])
}

fn pool() -> Shape {
    let select = || {
        map(vec![
            key("team", "Teams of reps.csv.", words()),
            key("seniority", "Seniorities of reps.csv.", words()),
            key("skill", "Skills of reps.csv.", words()),
            key("language", "Languages of reps.csv.", words()),
            key("product", "Products of reps.csv.", words()),
            key("except", "Reps who are left out.", words()),
            key("weight", "The weight of all of them.", Shape::Positive),
            key("weights", "The weight of some of them.", names(Shape::Positive)),
        ])
    };
    let members = Shape::Either(vec![
        select(),
        list(Shape::Either(vec![Shape::Word, select(), names(Shape::Positive)])),
        names(Shape::Positive),
    ]);
    let prefer = map(vec![
        key("skill", "A rep with this skill.", words()),
        key("language", "A rep who speaks the lead's language.", Shape::Flag),
        key("product", "A rep who sells what the lead asks for.", Shape::Flag),
        key("relax_after", "Until then the others are not rung.", DURATION),
    ]);
    map(vec![
        required("name", "Name of the pool.", Shape::Word),
        key(
            "serves",
            "The territories and tiers whose leads come here.",
            map(vec![
                key("territory", "Territories of territories.csv.", words()),
                key("tier", "Tiers of this file.", words()),
            ]),
        ),
        required("members", "Reps: by team and seniority, as a list, or with weights.", members),
        key("require", "What the rep must have: `language`, `product`, or skills of reps.csv.", words()),
        key("prefer", "Who goes first, the most important wish first.", list(prefer)),
        key("policy", "Whose turn it is.", choice(&POLICIES)),
        key(
            "caps",
            "Most leads per rep.",
            map(vec![
                key("per_day", "A day.", Shape::Positive),
                key("per_week", "A week.", Shape::Positive),
                key("open", "Open at once.", Shape::Positive),
            ]),
        ),
        key("when_full", "Whether a rep at the cap forgoes turns or keeps up to two.", choice(&WHEN_FULL)),
        key("overflow", "The pool that takes over; the catch-all if nothing is said.", Shape::Word),
        key("calendar_unknown", "What a calendar that cannot be read counts as.", choice(&CALENDAR_UNKNOWN)),
        key("owned_leads_count", "Leads that came by ownership cost a turn.", Shape::Flag),
        key(
            "lead_rep",
            "Answers for leads that nobody takes; the first member's manager if nothing is said.",
            Shape::Word,
        ),
    ])
}

/// A rule: its own keys, and those of a condition.
fn rule(mut keys: Vec<KeyShape>) -> Shape {
    keys.push(key("if_undecided", "What happens while fields of the condition are not known.", choice(&IF_UNDECIDED)));
    condition(keys)
}

fn condition(mut keys: Vec<KeyShape>) -> Shape {
    let condition = || Shape::Shared(CONDITION);
    keys.extend([
        key("any", "At least one of these conditions.", some(condition())),
        key("all", "All of these conditions.", some(condition())),
        key("not", "Not this condition.", condition()),
        key("segment", "A segment of this file, or any of several.", words()),
        key("when", "An expression, such as lead.custom.seats * 12 > 1000.", Shape::Word),
    ]);
    keys.extend(BUILT_IN.iter().map(|(path, kind)| key(path, about(*kind), Shape::Shared(VALUE))));
    keys.extend(COUNTED.iter().zip(counted()).map(|(path, (_, kind))| key(path, about(kind), Shape::Shared(VALUE))));
    Shape::Map(Map { keys, others: Some((DECLARED, Box::new(Shape::Shared(VALUE)))) })
}

/// What a field should be.
fn value() -> Shape {
    Shape::Either(vec![
        Shape::Word,
        some(Shape::Word),
        map(vec![
            key("not", "None of these.", Shape::Shared(VALUE)),
            key("prefix", "Starts with one of these.", words()),
            key("known", "Whether the field is known.", Shape::Flag),
        ]),
    ])
}

fn about(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "A text: a value, a list, { not: … } or { prefix: … }.",
        FieldKind::Number | FieldKind::Whole => "A number: a value, or a range such as 100..999 or \">= 1000\".",
        FieldKind::Flag => "yes or no.",
        FieldKind::Date => "A date, or a range such as 2026-01-01..2026-03-31.",
    }
}
