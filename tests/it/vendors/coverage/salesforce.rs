//! Salesforce.

use super::table::{Faults, Row};

const READS: Faults = &[
    ("outage", "vendors::crm::salesforce::look_up::every_read_may_simply_be_repeated"),
    ("limit", "vendors::crm::salesforce::look_up::every_read_may_simply_be_repeated"),
    ("lost answer", "vendors::crm::salesforce::look_up::every_read_may_simply_be_repeated"),
];

const CHANGES: Faults = &[
    ("outage", "vendors::crm::salesforce::changes::every_question_for_changes_may_simply_be_repeated"),
    ("limit", "vendors::crm::salesforce::changes::every_question_for_changes_may_simply_be_repeated"),
    ("lost answer", "vendors::crm::salesforce::changes::every_question_for_changes_may_simply_be_repeated"),
];

const WRITES: Faults = &[
    ("outage", "vendors::crm::salesforce::faults::every_write_whose_answer_is_lost_is_in_doubt"),
    ("limit", "vendors::crm::salesforce::faults::every_write_whose_answer_is_lost_is_in_doubt"),
    ("lost answer", "vendors::crm::salesforce::faults::every_write_whose_answer_is_lost_is_in_doubt"),
];

pub const ROWS: &[Row] = &[
    Row {
        operations: &["token"],
        held: "vendors::crm::salesforce::session::many_calls_at_once_share_one_token",
        faults: &[
            ("outage", "vendors::crm::salesforce::look_up::every_read_may_simply_be_repeated"),
            ("lost answer", "vendors::crm::salesforce::look_up::every_read_may_simply_be_repeated"),
            ("limit", "vendors::crm::salesforce::faults::a_limit_on_logins_is_none_on_who_we_are"),
            ("refused", "vendors::crm::salesforce::session::a_session_that_ends_in_between_is_renewed_once"),
        ],
    },
    Row {
        operations: &["query", "find", "search"],
        held: "vendors::crm::salesforce::records::every_record_that_shares_a_key_is_found_and_with_it_its_account",
        faults: READS,
    },
    Row {
        operations: &["changes", "next_page"],
        held: "vendors::crm::salesforce::changes::what_has_changed_is_told_page_by_page_with_what_is_gone",
        faults: CHANGES,
    },
    Row {
        operations: &["describe"],
        held: "vendors::crm::salesforce::the_check_names_what_the_org_lacks",
        faults: READS,
    },
    Row {
        operations: &["versions"],
        held: "vendors::crm::salesforce::check::a_version_that_the_org_does_not_speak_is_told_with_those_that_it_does",
        faults: READS,
    },
    Row {
        operations: &["absences"],
        held: "vendors::crm::salesforce::absences::events_and_messages_of_all_users_are_told_in_one_request",
        faults: READS,
    },
    Row {
        operations: &["news"],
        held: "vendors::crm::salesforce::news::what_was_done_with_a_lead_is_told_in_one_request",
        faults: READS,
    },
    Row {
        operations: &["notify"],
        held: "vendors::crm::salesforce::shown::a_user_is_shown_a_lead_once_however_often_it_is_asked",
        faults: WRITES,
    },
    Row {
        operations: &["read_owner"],
        held: "vendors::crm::salesforce::a_lead_and_its_task_are_created_in_one_call_with_our_owner",
        faults: &[
            ("outage", "vendors::crm::salesforce::look_up::every_read_may_simply_be_repeated"),
            ("limit", "vendors::crm::salesforce::look_up::every_read_may_simply_be_repeated"),
            ("lost answer", "vendors::crm::salesforce::look_up::every_read_may_simply_be_repeated"),
            ("gone", "vendors::crm::salesforce::a_deleted_record_is_gone_and_a_foreign_id_is_not_sent"),
        ],
    },
    Row {
        operations: &["composite"],
        held: "vendors::crm::salesforce::a_lead_and_its_task_are_created_in_one_call_with_our_owner",
        faults: &[
            ("outage", "vendors::crm::salesforce::an_exhausted_day_waits_and_an_outage_is_repeated"),
            ("limit", "vendors::crm::salesforce::an_exhausted_day_waits_and_an_outage_is_repeated"),
            ("lost answer", "vendors::crm::salesforce::after_a_lost_answer_nothing_is_made_twice"),
            ("locked", "vendors::crm::salesforce::a_locked_row_rolls_everything_back_and_the_next_try_succeeds"),
            ("refused", "vendors::crm::salesforce::what_only_an_admin_can_mend_goes_to_a_person"),
        ],
    },
    Row {
        operations: &["assign"],
        held: "vendors::crm::salesforce::owners::the_orgs_rules_choose_once_and_their_owner_outlives_our_writes",
        faults: &[
            ("outage", "vendors::crm::salesforce::faults::every_write_whose_answer_is_lost_is_in_doubt"),
            ("limit", "vendors::crm::salesforce::faults::every_write_whose_answer_is_lost_is_in_doubt"),
            ("lost answer", "vendors::crm::salesforce::owners::a_lost_answer_to_an_assignment_is_read_the_next_time"),
        ],
    },
    Row {
        operations: &["try_write"],
        held: "vendors::crm::salesforce::look_up::a_lead_is_tried_and_rolled_back_and_what_the_org_refuses_is_told",
        faults: &[
            ("outage", "vendors::crm::salesforce::faults::every_write_whose_answer_is_lost_is_in_doubt"),
            ("limit", "vendors::crm::salesforce::faults::every_write_whose_answer_is_lost_is_in_doubt"),
            (
                "lost answer",
                "vendors::crm::salesforce::look_up::a_lead_is_tried_and_rolled_back_and_what_the_org_refuses_is_told",
            ),
            (
                "locked",
                "vendors::crm::salesforce::look_up::a_lead_is_tried_and_rolled_back_and_what_the_org_refuses_is_told",
            ),
        ],
    },
];
