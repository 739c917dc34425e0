//! Twilio: calls and texts.

use super::table::{Faults, Row};

const ALL: Faults = &[
    ("outage", "vendors::twilio::client::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("limit", "vendors::twilio::client::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("lost answer", "vendors::twilio::client::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
];

pub const ROWS: &[Row] = &[
    Row {
        operations: &["ring", "find_calls"],
        held: "vendors::twilio::client::a_leg_is_read_by_its_name_or_found_by_number_and_time",
        faults: ALL,
    },
    Row {
        operations: &["dial_lead"],
        held: "vendors::twilio::client::a_lead_whom_a_rep_calls_back_is_looked_for_before_they_are_dialled_again",
        faults: ALL,
    },
    Row {
        operations: &["hold", "instruct", "find_room", "stop_recording"],
        held: "vendors::twilio::client::the_caller_is_sent_on_and_nothing_is_said_beside_that",
        faults: &[
            ("outage", "vendors::twilio::client::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            ("limit", "vendors::twilio::client::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            (
                "lost answer",
                "vendors::twilio::client::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart",
            ),
            ("refused", "vendors::twilio::client::every_error_has_its_class_and_repeats_no_number"),
        ],
    },
    Row {
        operations: &["fetch_agent"],
        held: "vendors::twilio::front::where_nobody_accepts_the_agent_has_the_caller",
        faults: ALL,
    },
    Row {
        operations: &["change_participant"],
        held: "vendors::twilio::rooms::when_they_have_spoken_the_callers_call_ends_with_the_reps",
        faults: &[
            ("outage", "vendors::twilio::rooms::a_room_that_cannot_be_changed_hurts_no_conversation"),
            ("limit", "vendors::twilio::rooms::a_room_that_cannot_be_changed_hurts_no_conversation"),
            ("lost answer", "vendors::twilio::rooms::a_room_that_cannot_be_changed_hurts_no_conversation"),
        ],
    },
    Row {
        operations: &["ask"],
        held: "vendors::twilio::client::a_rep_is_sent_on_to_the_question_by_the_name_of_their_call",
        faults: &[
            ("outage", "vendors::twilio::client::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            ("limit", "vendors::twilio::client::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            (
                "lost answer",
                "vendors::twilio::client::faults::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart",
            ),
            ("gone", "vendors::twilio::client::a_rep_is_sent_on_to_the_question_by_the_name_of_their_call"),
        ],
    },
    Row {
        operations: &["hang_up"],
        held: "vendors::twilio::client::a_leg_is_ended_as_it_stands_and_one_that_is_gone_is_well",
        faults: ALL,
    },
    Row {
        operations: &["end_call"],
        held: "vendors::twilio::client::a_caller_who_has_spoken_is_hung_up_and_one_who_is_gone_is_well",
        faults: ALL,
    },
    Row {
        operations: &["read_call"],
        held: "vendors::twilio::client::it_is_known_whether_a_caller_is_there",
        faults: ALL,
    },
    Row {
        operations: &["read_account", "find_number"],
        held: "vendors::twilio::check::an_account_is_well_that_is_active_and_has_its_numbers",
        faults: &[
            ("outage", "vendors::twilio::client::faults::an_account_that_cannot_be_asked_is_no_fault_of_its_numbers"),
            ("limit", "vendors::twilio::client::faults::an_account_that_cannot_be_asked_is_no_fault_of_its_numbers"),
            (
                "lost answer",
                "vendors::twilio::client::faults::an_account_that_cannot_be_asked_is_no_fault_of_its_numbers",
            ),
        ],
    },
    Row {
        operations: &["send_text"],
        held: "vendors::twilio::texts::a_text_whose_answer_was_lost_is_found_by_number_and_time",
        faults: &[
            ("lost answer", "vendors::twilio::texts::a_text_whose_answer_was_lost_is_found_by_number_and_time"),
            ("outage", "vendors::twilio::texts::every_error_has_its_class_and_repeats_no_number"),
            ("limit", "vendors::twilio::texts::every_error_has_its_class_and_repeats_no_number"),
            ("refused", "vendors::twilio::texts::every_error_has_its_class_and_repeats_no_number"),
        ],
    },
    Row {
        operations: &["find_messages"],
        held: "vendors::twilio::texts::a_text_whose_answer_was_lost_is_found_by_number_and_time",
        faults: &[
            ("outage", "vendors::twilio::texts::a_search_may_simply_be_repeated"),
            ("limit", "vendors::twilio::texts::a_search_may_simply_be_repeated"),
            ("lost answer", "vendors::twilio::texts::a_search_may_simply_be_repeated"),
        ],
    },
];
