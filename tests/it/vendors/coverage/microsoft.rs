//! Microsoft Graph: calendars and automatic replies.

use super::table::{Faults, Row};

const ALL: Faults = &[
    ("outage", "vendors::calendar::graph::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("limit", "vendors::calendar::graph::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("lost answer", "vendors::calendar::graph::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
];
const READS: Faults = &[
    ("outage", "vendors::calendar::graph::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("limit", "vendors::calendar::graph::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("lost answer", "vendors::calendar::graph::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("error inside a 200", "vendors::calendar::graph::a_vendor_that_fails_inside_its_200_makes_nobody_free"),
];
const MOVES: Faults = &[
    ("outage", "vendors::calendar::graph::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("limit", "vendors::calendar::graph::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("lost answer", "vendors::calendar::graph::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("gone", "vendors::calendar::graph::changing::a_meeting_is_not_moved_onto_another_or_where_there_is_none"),
];

pub const ROWS: &[Row] = &[
    Row {
        operations: &["token"],
        held: "vendors::calendar::graph::tokens_are_fetched_once_and_anew_when_they_end_or_are_refused",
        faults: &[
            ("outage", "vendors::calendar::graph::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            (
                "lost answer",
                "vendors::calendar::graph::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart",
            ),
            ("limit", "vendors::calendar::graph::faults::a_limit_on_tokens_is_none_on_who_we_are"),
            ("refused", "vendors::calendar::graph::tokens_are_fetched_once_and_anew_when_they_end_or_are_refused"),
        ],
    },
    Row {
        operations: &["calendar.getSchedule"],
        held: "vendors::calendar::graph::every_status_is_told_as_its_kind_and_an_unreachable_mailbox_is_unknown",
        faults: READS,
    },
    Row {
        operations: &["batch"],
        held: "vendors::calendar::graph::whoever_has_automatic_replies_on_is_away",
        faults: READS,
    },
    Row {
        operations: &["calendarView.list"],
        held: "vendors::calendar::graph::booking::booking_again_finds_the_first",
        faults: ALL,
    },
    Row {
        operations: &["event.create"],
        held: "vendors::calendar::graph::booking::a_meeting_is_booked_and_the_guest_is_invited",
        faults: ALL,
    },
    Row {
        operations: &["event.get", "event.update"],
        held: "vendors::calendar::graph::changing::a_meeting_is_moved_and_moving_it_again_changes_nothing",
        faults: MOVES,
    },
    Row {
        operations: &["event.cancel", "event.delete"],
        held: "vendors::calendar::graph::changing::a_meeting_is_cancelled_with_words_and_one_that_is_gone_is_well",
        faults: ALL,
    },
];
