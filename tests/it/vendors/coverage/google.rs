//! Google Calendar.

use super::table::{Faults, Row};

const ALL: Faults = &[
    ("outage", "vendors::chat::google::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("limit", "vendors::chat::google::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("lost answer", "vendors::chat::google::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
];

pub const ROWS: &[Row] = &[
    Row {
        operations: &["token"],
        held: "vendors::chat::google::tokens_are_fetched_once_and_anew_when_they_end_or_are_refused",
        faults: &[
            ("outage", "vendors::chat::google::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            (
                "lost answer",
                "vendors::chat::google::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart",
            ),
            ("limit", "vendors::chat::google::faults::a_limit_on_tokens_is_none_on_who_we_are"),
            ("refused", "vendors::chat::google::refused_credentials_say_what_to_mend"),
        ],
    },
    Row {
        operations: &["freebusy.query"],
        held: "vendors::chat::google::busy_free_and_unknown_are_three_things",
        faults: &[
            ("outage", "vendors::chat::google::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            ("limit", "vendors::chat::google::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            (
                "lost answer",
                "vendors::chat::google::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart",
            ),
            ("error inside a 200", "vendors::chat::google::a_vendor_that_fails_inside_its_200_makes_nobody_free"),
        ],
    },
    Row {
        operations: &["events.list"],
        held: "vendors::chat::google::absences_are_named_and_their_naming_may_fail",
        faults: ALL,
    },
    Row {
        operations: &["events.insert"],
        held: "vendors::chat::google::booking::a_meeting_is_booked_and_the_guest_is_told",
        faults: &[
            ("outage", "vendors::chat::google::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            ("limit", "vendors::chat::google::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            (
                "lost answer",
                "vendors::chat::google::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart",
            ),
            ("refused", "vendors::chat::google::booking::the_reason_decides_and_not_the_status"),
        ],
    },
    Row {
        operations: &["events.get"],
        held: "vendors::chat::google::booking::booking_again_finds_the_first",
        faults: ALL,
    },
    Row {
        operations: &["events.patch"],
        held: "vendors::chat::google::moving::a_meeting_is_moved_once_however_often_that_is_asked",
        faults: ALL,
    },
    Row {
        operations: &["events.delete"],
        held: "vendors::chat::google::moving::a_guest_is_told_in_our_words_that_it_is_called_off",
        faults: ALL,
    },
    Row {
        operations: &["events.watch", "channels.stop"],
        held: "vendors::chat::google::faults::a_channel_ends_when_google_says_and_leads_to_an_address_of_https_alone",
        faults: ALL,
    },
];
