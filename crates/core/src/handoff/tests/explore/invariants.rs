//! What always holds, by name. `docs/handoff.md` lists it.

/// A name, and what it says.
pub(in crate::handoff::tests) const INVARIANTS: [(&str, &str); 20] = [
    (
        "one_phone_one_lead",
        "Two leads never have a current leg on one phone, and no phone is rung that is up for another lead.",
    ),
    (
        "reserved_while_current",
        "The rep of a current leg is held for that lead, from before the phone rings until it is given up.",
    ),
    ("a_phone_is_rung_once", "A phone of a rep is rung once for a lead, whatever came of it."),
    (
        "strays_only_hang_up",
        "A leg that is not current is hung up where it is told to be up, and nothing else comes of what is told of it.",
    ),
    ("a_conversation_is_left_alone", "Once caller and rep speak, only the two of them end it."),
    (
        "nobody_is_left_alone",
        "A rep who leaves after the conversation leaves no caller on the line but with the agent.",
    ),
    (
        "the_caller_is_told",
        "Whoever is on the line is told what happens next whenever that changes, and hears music or the agent while phones ring.",
    ),
    (
        "who_asks_is_called_back",
        "A caller who asks for a call back in place of waiting is promised one, and no phone goes on ringing; nobody who is being \
         put through loses a rep by it.",
    ),
    (
        "the_agent_leaves",
        "An agent who makes caller and rep known to each other is let go while the two speak, and at no other time.",
    ),
    ("somebody_is_next", "There is a next step with an owner who is here and a time, in every state."),
    (
        "a_timer_moves_it_on",
        "Every stage that waits has set the timer that ends it, though nobody tells us anything again.",
    ),
    (
        "one_end",
        "A lead ends once: connected, booked or called stays so, and nothing is promised beside it, unless whoever called says by key \
         that they reached nobody.",
    ),
    (
        "promises_are_kept_or_told",
        "A promise is kept, taken over by somebody who is told of it, replaced by one that the caller is told of, or broken and told to \
         whoever is to look.",
    ),
    (
        "who_has_the_lead_is_told",
        "Whoever gets a lead that is owed a call is told, and so is whoever was to make it or has let it lie.",
    ),
    (
        "nobody_takes_it_while_its_rep_calls",
        "While a rep calls a lead it is neither offered to others nor taken by one of them.",
    ),
    (
        "the_clock_calls_for_who_owes",
        "Where the clock makes the call that was promised, the phone rings of whoever owes it by then.",
    ),
    (
        "who_is_missed_is_called_back",
        "A caller who was left to the agent, and has gone before it came, is owed a call, and the lead is open once more.",
    ),
    (
        "the_lead_is_dialled_for_one_who_accepted",
        "A lead is dialled once, at the moment at which a rep accepts to call them back.",
    ),
    ("a_call_ends_for_both", "When a call to a lead ends, whichever of the two phones may be up is hung up."),
    (
        "every_way_ends",
        "From every state the lead can come to an end: connected, booked, called, or a person who looks.",
    ),
];
