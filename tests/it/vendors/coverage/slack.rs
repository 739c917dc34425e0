//! Slack.

use super::table::{Faults, Row};

const ALL: Faults = &[
    ("outage", "vendors::chat::slack::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("limit", "vendors::chat::slack::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("lost answer", "vendors::chat::slack::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("error inside a 200", "vendors::chat::slack::every_error_inside_a_200_has_its_class"),
];

pub const ROWS: &[Row] = &[
    Row { operations: &["auth.test"], held: "vendors::chat::slack::the_check_names_what_is_missing", faults: ALL },
    Row {
        operations: &["conversations.open"],
        held: "vendors::chat::slack::a_user_is_written_to_in_their_direct_channel",
        faults: ALL,
    },
    Row {
        operations: &["conversations.history"],
        held: "vendors::chat::slack::a_long_history_is_read_page_by_page",
        faults: ALL,
    },
    Row {
        operations: &["chat.postMessage", "chat.update"],
        held: "vendors::chat::slack::a_card_is_posted_rewritten_and_still_found",
        faults: ALL,
    },
    Row {
        operations: &["users.list"],
        held: "vendors::chat::slack::members_are_looked_up_page_by_page_and_channels_are_not",
        faults: ALL,
    },
];
