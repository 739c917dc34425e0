//! One suite over both engines: what the store promises, SQLite and PostgreSQL keep alike.
//!
//! SQLite runs in a file of its own per test, PostgreSQL in a database of its own per test on the server that
//! `BATON_TEST_POSTGRES` names (`postgres://USER@HOST:PORT/ANY`, a role that may create databases). Without it those tests
//! say that they were left out; with `CI=true` they fail instead.

mod acts;
pub mod corrections;
mod inbox;
pub mod leads;
mod ledgers;
mod live;
mod moves;
mod opening;
mod past;
mod releases;
mod reports;
mod reps;
pub mod server;
mod steps;
mod transactions;
pub mod tx;
mod webhooks;
pub mod world;

use acts::{audit, sessions};
use leads::keep;

/// Each test runs once per engine: `sqlite::MODULE::NAME` and `postgres::MODULE::NAME`; the last list is for PostgreSQL alone.
macro_rules! conformance {
    (both: { $($module:ident: [$($name:ident),+ $(,)?])+ } postgres: { $($pg_module:ident: [$($pg_name:ident),+ $(,)?])+ }) => {
        mod sqlite {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    crate::store::server::on_sqlite(crate::store::$module::$name).await;
                })+
            })+
        }
        mod postgres {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    crate::store::server::on_postgres(crate::store::$module::$name).await;
                })+
            })+
            mod alone {
                $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $pg_name() {
                    crate::store::server::on_postgres(crate::store::$pg_module::$pg_name).await;
                })+)+
            }
        }
        /// Tests that need a PostgreSQL.
        const ON_POSTGRES: usize = [$($(stringify!($name)),+),+].len() + [$($(stringify!($pg_name)),+),+].len();
    };
}

conformance! {
    both: {
        acts: [
            of_sixteen_who_ask_at_once_one_carries_it_out,
            an_act_that_is_done_is_answered_as_it_was,
            a_key_is_given_back_unless_its_act_is_done,
            a_claim_knows_itself_again_and_no_other_ends_it,
            an_act_that_broke_off_is_nobodys_after_ten_minutes,
            a_key_of_yesterday_is_free_again,
        ]
        audit: [
            entries_hang_on_each_other_and_are_found,
            many_who_act_at_once_keep_one_chain,
            an_act_that_is_undone_leaves_no_entry,
            whatever_is_changed_afterwards_is_found,
            a_chain_that_was_written_anew_lacks_the_hash_that_was_kept,
            nothing_but_a_reason_can_be_taken_out_and_the_chain_stays_whole,
        ]
        corrections: [
            a_misroute_told_twice_refunds_once,
            a_lead_with_a_new_owner_costs_the_new_owner,
            a_lead_that_left_the_pool_costs_nobody,
            a_turn_by_hand_stands_in_the_journal_with_its_author,
            turns_and_corrections_at_once_keep_every_journal_whole,
            a_turn_that_was_undone_is_no_turn_for_who_stands_longest,
            two_workers_never_give_the_same_turn,
        ]
        inbox: [
            a_message_is_stored_once,
            the_same_messages_at_once_are_new_to_one_worker_each,
            a_message_comes_back_byte_for_byte,
            a_message_is_finished_once_and_keeps_its_answer,
            what_a_dead_worker_left_is_found_oldest_first,
            poison_is_put_aside_and_can_be_replayed,
            what_comes_again_is_known_for_what_it_is,
        ]
        keep: [
            what_has_had_its_time_goes_and_only_that,
            what_was_written_of_what_goes_goes_with_it,
            a_lead_that_is_in_use_stays_however_old_it_is,
            leads_that_somebody_closed_or_that_were_erased_go_as_well,
            an_event_whose_bytes_are_gone_is_known_by_its_name,
            a_decision_that_is_no_longer_kept_says_so,
            two_workers_let_nothing_go_twice,
            one_worker_at_a_time_has_the_right,
            who_breaks_off_has_let_go_of_whole_pages,
            transcripts_go_on_where_they_were,
            a_release_stays_as_long_as_something_needs_it,
        ]
        leads: [
            five_hundred_leads_come_back_exactly,
            texts_that_databases_dislike_come_back_exactly,
            every_float_comes_back_to_the_bit,
            an_event_makes_one_lead,
            a_lead_is_found_by_its_call,
            a_caller_is_known_by_the_last_lead_of_a_number_or_an_address,
            leads_of_a_number_are_those_that_may_be_of_one_call,
            what_does_not_decode_is_named_by_table_column_and_row,
        ]
        ledgers: [
            turns_taken_at_once_sum_to_zero_without_a_gap,
            a_recount_finds_a_tampered_balance,
            a_recount_names_a_gap_in_the_journal,
        ]
        live: [
            a_sentence_is_taken_once_and_never_beside_an_answer,
            what_nobody_heard_may_be_said_again,
            a_call_that_is_over_is_forgotten_and_no_other,
            a_call_whose_end_nobody_told_is_forgotten_half_a_day_later,
            one_worker_at_a_time_hears_the_lines,
            a_caller_is_on_the_line_by_the_leg_until_they_have_left,
            who_comes_to_an_address_is_the_caller_for_whom_the_rep_waits,
            an_address_is_good_until_its_time_is_up_and_a_number_rests_before_it_is_anothers,
            a_caller_who_is_found_on_a_lent_number_is_not_the_next_ones,
            a_caller_whose_lead_is_known_has_come_before,
            a_platforms_end_is_no_word_of_a_caller_who_is_on_the_way,
            what_a_ping_said_of_a_caller_is_forgotten_within_minutes,
        ]
        moves: [
            of_two_saves_at_one_revision_one_counts,
            a_move_is_one_commit_and_the_view_follows,
            a_lead_that_is_open_once_more_is_counted_once,
            handoffs_that_move_together_do_not_get_in_each_others_way,
            phones_that_ring_at_once_ring_for_one_lead,
            what_is_held_up_by_one_move_stores_none_of_them,
            of_two_leads_that_choose_one_time_one_books_it,
            of_leads_that_move_to_one_time_one_has_it,
            a_rep_has_no_more_meetings_on_a_day_than_the_rules_allow,
            a_move_that_must_ask_the_next_rep_waits_for_nobody_crosswise,
            of_two_workers_with_one_event_one_moves_the_handoff,
            how_long_callers_waited_is_read_of_those_who_were_put_through,
        ]
        opening: [
            migrating_again_does_nothing,
            two_workers_migrate_once,
            a_foreign_history_is_refused,
            what_a_newer_version_has_added_is_in_nobodys_way,
        ]
        past: [past_leads_come_page_by_page_each_once]
        releases: [
            a_release_comes_back_to_the_byte,
            what_releases_share_is_stored_once,
            two_workers_store_one_release_at_once,
            decisions_come_in_the_order_they_were_made,
        ]
        reports: [
            a_report_row_gathers_everything_about_a_lead,
            a_period_includes_its_start_and_not_its_end,
            pages_of_a_period_hold_each_lead_once,
            accepted_is_a_call_that_a_rep_took_whatever_became_of_it,
            feedback_outcomes_and_owner_changes_are_told_once,
            accounts_are_remembered_even_when_there_is_none,
            what_is_told_later_goes_into_the_answers_that_an_account_is_in,
            tokens_come_back_and_can_be_taken_away,
            bi_views_can_be_read,
            sums_over_the_views_are_the_figures_of_the_report,
            a_report_is_of_the_leads_that_it_is_asked_for,
        ]
        reps: [
            of_sixteen_callers_one_gets_the_phone,
            a_reservation_ends_by_time_or_by_its_holder,
            leads_given_at_once_are_all_counted,
            who_misses_rings_in_a_row_is_not_rung_for_a_while,
            a_new_day_starts_at_zero,
        ]
        sessions: [a_session_ends_by_hand_when_it_is_idle_and_when_it_is_old]
        steps: [
            steps_are_claimed_by_priority_then_time,
            a_lapsed_lease_comes_back_with_the_next_fence,
            the_leases_of_the_dead_end_at_once,
            only_who_is_alone_takes_over_what_others_hold,
            a_lease_is_made_longer_for_its_holder_alone,
            a_backlog_of_one_kind_costs_the_others_nothing,
            a_zombies_result_does_not_count_and_is_kept,
            a_lapsed_call_does_not_wait_behind_a_backlog,
            two_claimers_never_hold_one_step,
            a_leg_keeps_the_first_name_that_its_carrier_gives_it,
            nobody_is_written_to_twice_within_a_day,
            each_end_is_written_down,
            what_has_failed_is_due_again_or_closed,
            what_a_step_follows_from_stays_when_it_was,
            many_ends_in_one_statement_count_one_by_one,
            a_vendors_strange_text_does_not_keep_a_step_open,
            a_stop_gives_back_what_was_not_sent,
            a_ring_that_nobody_began_is_given_back_and_looked_for,
            the_backlog_is_measured,
            open_briefings_in_slack_become_briefings_in_the_chat,
        ]
        transactions: [
            a_caller_who_leaves_neither_undoes_the_commit_nor_leaves_it_open,
            an_error_undoes_everything,
            a_panic_undoes_everything_and_reaches_the_caller,
            a_reading_transaction_sees_one_state,
            a_reading_transaction_cannot_write,
            a_conflict_is_tried_again_and_then_told,
            writers_that_read_first_wait_for_each_other,
            emptying_the_log_keeps_nobody_waiting,
        ]
        webhooks: [
            an_event_is_kept_once_for_each_webhook,
            a_try_has_one_maker_and_a_dead_ones_comes_back,
            two_workers_never_make_one_try,
            many_tries_end_in_one_commit_each_by_its_own_fence,
            a_receiver_that_rests_is_sent_nothing_and_no_try_is_counted,
            a_webhook_to_which_nothing_was_delivered_is_disabled_and_enabled_again,
            a_receiver_that_is_gone_is_sent_nothing_more,
            the_log_says_what_became_of_each_delivery,
            what_was_kept_long_enough_is_forgotten,
            a_backlog_is_taken_up_to_the_last,
        ]
    }
    postgres: {
        steps: [two_processes_never_hold_one_step, a_look_reads_what_it_takes_however_many_leases_lapsed]
        transactions: [
            a_deadlock_is_resolved_and_both_commit,
            a_lost_connection_is_tried_again,
            a_commit_whose_answer_is_lost_is_not_run_again,
            a_single_statement_whose_answer_is_lost_is_not_run_again,
        ]
        opening: [
            an_unsafe_server_is_refused,
            a_wrong_clock_is_refused,
            indexes_are_built_beside_whoever_writes,
            a_migration_holds_nobody_up_while_it_waits,
            what_is_asked_of_an_empty_table_is_planned_anew_when_it_has_filled,
        ]
        webhooks: [tidying_reads_what_it_forgets, enabling_reads_what_it_takes_up]
        keep: [looking_reads_what_is_old]
    }
}

#[tokio::test]
async fn a_database_that_cannot_keep_promises_is_refused() {
    opening::refuses_unknown_and_unsafe_urls().await;
}

#[test]
fn postgres_is_not_left_out_silently() {
    server::say_if_postgres_is_left_out(ON_POSTGRES);
}
