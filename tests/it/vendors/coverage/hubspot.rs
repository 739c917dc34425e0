//! HubSpot.

use super::table::{Faults, Row};

const READS: Faults = &[
    ("outage", "vendors::crm::hubspot::faults::every_read_may_simply_be_repeated"),
    ("limit", "vendors::crm::hubspot::faults::every_read_may_simply_be_repeated"),
    ("lost answer", "vendors::crm::hubspot::faults::every_read_may_simply_be_repeated"),
];
const CHANGES: Faults = &[
    ("outage", "vendors::crm::hubspot::changes::every_question_for_changes_may_simply_be_repeated"),
    ("limit", "vendors::crm::hubspot::changes::every_question_for_changes_may_simply_be_repeated"),
    ("lost answer", "vendors::crm::hubspot::changes::every_question_for_changes_may_simply_be_repeated"),
];
const WRITES: Faults = &[
    ("outage", "vendors::crm::hubspot::faults::every_write_whose_answer_is_lost_is_in_doubt"),
    ("limit", "vendors::crm::hubspot::faults::every_write_whose_answer_is_lost_is_in_doubt"),
    ("lost answer", "vendors::crm::hubspot::faults::every_write_whose_answer_is_lost_is_in_doubt"),
];

pub const ROWS: &[Row] = &[
    Row {
        operations: &["owners"],
        held: "vendors::crm::hubspot::look_up::owners_are_looked_up_in_one_call",
        faults: READS,
    },
    Row {
        operations: &["users"],
        held: "vendors::crm::hubspot::people::out_of_office_hours_and_the_status_are_absences",
        faults: READS,
    },
    Row {
        operations: &["contacts", "property"],
        held: "vendors::crm::hubspot::the_check_names_what_the_portal_lacks",
        faults: READS,
    },
    Row {
        operations: &["read_contact"],
        held: "vendors::crm::hubspot::an_existing_contact_is_completed_and_not_overwritten",
        faults: READS,
    },
    Row {
        operations: &["read_owner"],
        held: "vendors::crm::hubspot::contact_note_and_task_are_created_and_linked",
        faults: READS,
    },
    Row {
        operations: &["search", "batch_read", "associations"],
        held: "vendors::crm::hubspot::records::every_record_that_shares_a_key_is_found_and_with_it_its_company",
        faults: READS,
    },
    Row {
        operations: &["changes"],
        held: "vendors::crm::hubspot::changes::what_has_changed_is_told_page_by_page",
        faults: CHANGES,
    },
    Row {
        operations: &["open_tickets"],
        held: "vendors::crm::hubspot::changes::companies_that_changed_are_read_with_what_is_open_of_them",
        faults: CHANGES,
    },
    Row {
        operations: &["create_contact", "create_engagement"],
        held: "vendors::crm::hubspot::contact_note_and_task_are_created_and_linked",
        faults: &[
            ("outage", "vendors::crm::hubspot::faults::every_write_whose_answer_is_lost_is_in_doubt"),
            ("limit", "vendors::crm::hubspot::faults::every_write_whose_answer_is_lost_is_in_doubt"),
            ("lost answer", "vendors::crm::hubspot::faults::every_write_whose_answer_is_lost_is_in_doubt"),
            ("refused", "vendors::crm::hubspot::the_admins_own_rules_need_a_person"),
        ],
    },
    Row {
        operations: &["update_contact"],
        held: "vendors::crm::hubspot::an_existing_contact_is_completed_and_not_overwritten",
        faults: WRITES,
    },
    Row {
        operations: &["update_engagement"],
        held: "vendors::crm::hubspot::a_repetition_finds_everything",
        faults: WRITES,
    },
    Row {
        operations: &["try_write"],
        held: "vendors::crm::hubspot::look_up::a_write_to_nobody_shows_whether_the_key_may_write",
        faults: &[
            ("outage", "vendors::crm::hubspot::faults::every_write_whose_answer_is_lost_is_in_doubt"),
            ("limit", "vendors::crm::hubspot::faults::every_write_whose_answer_is_lost_is_in_doubt"),
            ("lost answer", "vendors::crm::hubspot::faults::every_write_whose_answer_is_lost_is_in_doubt"),
            ("refused", "vendors::crm::hubspot::look_up::a_write_to_nobody_shows_whether_the_key_may_write"),
        ],
    },
];
