//! The shape of `handoff.yaml`.

use super::{DURATION, Schema, Shape, choice, key, list, map, names, required, some};
use crate::rules::files::handoff::{
    ACTS, COMFORTS, CONFIRMS, DIALS, DISCLOSURES, INTRODUCTIONS, ONE_BY_ONE, RUNGS, TEXT_BACKS,
};

fn booking() -> Shape {
    let at_most = || {
        key(
            "at_most",
            "Meetings of one rep on one day, by the rep's clock; as many as there is room for if left out.",
            Shape::Positive,
        )
    };
    let of_tier = map(vec![
        key("duration", "Length of the meeting.", DURATION),
        key("notice", "No slot earlier than this from now.", DURATION),
        at_most(),
    ]);
    map(vec![
        required("duration", "Length of the meeting.", DURATION),
        required("notice", "No slot earlier than this from now.", DURATION),
        required("within_days", "Calendar days that are searched.", Shape::Positive),
        required("offer", "Slots that are read to the caller.", Shape::Positive),
        required("answer_within", "How long the caller may think.", DURATION),
        key("buffer", "Kept free before and after meetings that stand in the calendar; none if left out.", DURATION),
        at_most(),
        key(
            "confirm",
            "How the lead is told of a meeting, beside the invitation, where they agreed to it; email if left out.",
            Shape::Either(vec![choice(&CONFIRMS), list(choice(&CONFIRMS))]),
        ),
        key("tiers", "By tier of routing.yaml: what is different for its leads.", names(of_tier)),
    ])
}

fn callback() -> Shape {
    let step = map(vec![
        required("after", "Working time of the owner since the promise was made, or became theirs.", DURATION),
        required(
            "do",
            "The owner is reminded, their manager told, or the lead given to whoever else can take it.",
            choice(&ACTS),
        ),
    ]);
    map(vec![
        required("within", "Working time of the owner from now to the promise.", DURATION),
        required("within_after_hang_up", "The same when the caller hung up while waiting.", DURATION),
        key(
            "takes",
            "Of a rep's time by one call: calls that a rep promises are so far apart; 10m if left out.",
            DURATION,
        ),
        key("remind_before", "The owner is reminded this long before the promise.", DURATION),
        key("escalate_before", "The owner's manager is told this long before the promise.", DURATION),
        key("steps", "In place of the two: what is done while the promise is open, in order.", some(step)),
        key("dial", "Who begins a promised call: the rep, or the clock; by_button if left out.", choice(&DIALS)),
        key(
            "text_back",
            "Who is sent a text when they were missed: whoever agreed to texts, or callers too; nobody if left out.",
            choice(&TEXT_BACKS),
        ),
    ])
}

pub(super) fn schema() -> Schema {
    let several = map(vec![
        key("at_once", "So many phones ring together; whoever accepts first has the call.", Shape::Positive),
        key(
            "add_every",
            "Another phone is added whenever so much time has passed, while those before ring on.",
            DURATION,
        ),
    ]);
    let misses = map(vec![
        required("rings", "So many in a row, whoever calls.", Shape::Positive),
        required("for", "The phone is left alone for so long.", DURATION),
    ]);
    let root = map(vec![
        required("patience", "From the moment the caller was qualified until a rep has accepted.", DURATION),
        required(
            "bridge_within",
            "From the same moment until the caller is on the line, or the plan moves on.",
            DURATION,
        ),
        key("live_at_most", "From the same moment: decided later, a caller counts as gone. Not said: 2m.", DURATION),
        required("ring_timeout", "How long a phone rings.", DURATION),
        required("accept_within", "How long a rep may listen before pressing a key.", DURATION),
        required("join_within", "How long joining the call may take.", DURATION),
        required("ring_at_most", "Reps to ring for one lead.", Shape::Positive),
        key(
            "ring",
            "How many phones ring at a time; one_by_one if left out.",
            Shape::Either(vec![choice(&ONE_BY_ONE), several]),
        ),
        key("hold", "What a caller hears while phones ring; music if left out.", choice(&COMFORTS)),
        key(
            "announce_wait",
            "The caller is told when the wait begins how long it takes, as it did for others; no if left out.",
            Shape::Flag,
        ),
        key(
            "offer_callback",
            "Who has waited for so long is offered a call back, for a key; nobody is if left out.",
            DURATION,
        ),
        key(
            "introduce",
            "Who makes caller and rep known to each other: the voice agent, who then leaves; none if left out.",
            choice(&INTRODUCTIONS),
        ),
        key(
            "away_after_misses",
            "A rep who does not answer so many rings in a row is not rung for a while; rung on if left out.",
            misses,
        ),
        required("first_contact_sla", "From the decision to the first word with a human.", DURATION),
        key("company", "What callers know us as: mails to them name it.", Shape::Word),
        key(
            "language",
            "In which the templates are written, but for those in a language's folder; en if left out.",
            Shape::Word,
        ),
        key(
            "disclosure",
            "Of what every caller is to be told: the report counts the calls of which nobody says so. Nothing if left out.",
            list(choice(&DISCLOSURES)),
        ),
        key(
            "open_for",
            "A lead counts as open until it is won or lost, and this long at most; 30d if left out.",
            DURATION,
        ),
        required("needs_attention", "The rep who owns what nothing else could place.", Shape::Word),
        required("ladders", "What is tried, in order, by name; default always exists.", names(some(choice(&RUNGS)))),
        required("booking", "Meetings.", booking()),
        required("callback", "Promised calls.", callback()),
    ]);
    Schema { title: "Baton: rules/handoff.yaml", root, shared: Vec::new() }
}
