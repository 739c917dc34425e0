//! Slack.

use super::table::{Faults, Row};

const ALL: Faults = &[
    ("outage", "vendors::chat::slack::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("limit", "vendors::chat::slack::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("lost answer", "vendors::chat::slack::every_call_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("error inside a 200", "vendors::chat::slack::every_error_inside_a_200_has_its_class"),
];

const ANSWERS: Faults = &[
    ("outage", "vendors::chat::slack::answers::every_answer_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("limit", "vendors::chat::slack::answers::every_answer_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    ("lost answer", "vendors::chat::slack::answers::every_answer_tells_an_outage_a_limit_and_a_lost_answer_apart"),
    (
        "error inside a 200",
        "vendors::chat::slack::answers::every_answer_tells_an_outage_a_limit_and_a_lost_answer_apart",
    ),
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
    Row {
        operations: &["users.info", "users.lookupByEmail"],
        held: "vendors::chat::slack::answers::a_member_is_known_by_mail_and_by_id_and_a_visitor_is_nobody",
        faults: ANSWERS,
    },
    Row {
        operations: &["chat.postEphemeral", "views.open", "views.publish"],
        held: "vendors::chat::slack::answers::words_a_form_and_a_page_are_shown_to_one_person",
        faults: ANSWERS,
    },
    Row {
        operations: &["response_url"],
        held: "vendors::chat::slack::answers::words_a_form_and_a_page_are_shown_to_one_person",
        faults: &[
            ("outage", "vendors::chat::slack::answers::every_answer_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            ("limit", "vendors::chat::slack::answers::every_answer_tells_an_outage_a_limit_and_a_lost_answer_apart"),
            (
                "lost answer",
                "vendors::chat::slack::answers::every_answer_tells_an_outage_a_limit_and_a_lost_answer_apart",
            ),
        ],
    },
    Row {
        operations: &["apps.connections.open"],
        held: "vendors::chat::slack::answers::a_connection_is_opened_where_slack_says_and_both_are_heard",
        faults: ANSWERS,
    },
    Row {
        operations: &["socket"],
        held: "vendors::chat::slack::answers::a_connection_is_opened_where_slack_says_and_both_are_heard",
        faults: &[
            (
                "outage",
                "vendors::chat::slack::answers::a_connection_that_does_not_open_tells_an_outage_and_a_limit_apart",
            ),
            (
                "limit",
                "vendors::chat::slack::answers::a_connection_that_does_not_open_tells_an_outage_and_a_limit_apart",
            ),
            (
                "lost answer",
                "vendors::chat::slack::answers::a_connection_that_does_not_open_tells_an_outage_and_a_limit_apart",
            ),
        ],
    },
];
