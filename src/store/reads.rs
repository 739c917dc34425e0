//! Reads that are one method of [`Tx`], for those who need no other in the same transaction.

use super::database::Access;
use super::{
    ApiToken, Aside, AttentionCounts, AuditLine, AuditQuery, Budgets, CalendarChannel, CallerOnLine, CarrierLeg,
    ChainEnd, ConsoleSession, Cut, DeliveryLine, InboxRow, Kept, LeadFile, LeadInCrm, LeadQuery, LeadRecord,
    LeadSummary, LiveLine, Met, MirrorPoll, Mirrored, OfferedCard, OldPage, OtherChoice, Owed, Passed, PastLead,
    RepState, ReportRow, SeenWorker, Sibling, StepRow, StepStats, Store, StoreError, StoredDecision, StoredRelease,
    Tallies, TimelineEntry, Tx, VendorRef, WaitingLead, WebhookStanding,
};
use crate::telemetry::figures::State;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::{HandoffId, LeadId, LegId, PoolId, ReleaseId, RepId};
use baton_core::domain::lead::Lead;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::rep::Busy;
use baton_core::handoff::Handoff;
use baton_core::routing::Decision;
use baton_core::routing::decision::DecidedAgain;
use baton_core::routing::ledger::Ledger;
use baton_core::routing::waits::RecentWaits;
use baton_core::rules::SourceFile;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A transaction may be tried again when whoever asked for it is gone: what is lent (`&`) is copied for every try.
macro_rules! reads {
    ($access:ident: $($name:ident($($(&$lent:ident)? $($given:ident)?: $kind:ty),*) -> $made:ty;)*) => {
        impl Store {$(
            #[doc = concat!("[`Tx::", stringify!($name), "`] by itself.")]
            ///
            /// # Errors
            /// As [`Store::read`].
            pub async fn $name(&self, $($($lent: &$kind)? $($given: $kind)?),*) -> Result<$made, StoreError> {
                $($(let $lent = $lent.to_owned();)?)*
                self.in_task(stringify!($name), Access::$access, move |tx: &mut Tx| {
                    $($(let $lent = $lent.clone();)?)*
                    Box::pin(async move { tx.$name($($(&$lent)? $($given)?),*).await })
                })
                .await
            }
        )*}
    };
}

reads! {
    Glance:
    attention_counts() -> AttentionCounts;
    audit_end() -> ChainEnd;
    audit_find(&query: AuditQuery, limit: usize) -> Vec<AuditLine>;
    budgets(now: DateTime<Utc>) -> Budgets;
    callers_on_line(now: DateTime<Utc>) -> Vec<CallerOnLine>;
    callers_left_to_agent(now: DateTime<Utc>) -> Vec<String>;
    carrier_leg(&leg: LegId) -> Option<CarrierLeg>;
    carrier_leg_named(&sid: str) -> Option<LegId>;
    crm_read_until(&vendor: str) -> Option<DateTime<Utc>>;
    console_session(&id: str) -> Option<ConsoleSession>;
    channel_proves(&id: str, &token: str) -> bool;
    channels() -> Vec<CalendarChannel>;
    decided_again(&lead: LeadId) -> Vec<(DateTime<Utc>, DecidedAgain)>;
    decision_stored(&id: str) -> Option<StoredDecision>;
    decisions_stored(&after: (DateTime<Utc>, String), until: DateTime<Utc>, limit: usize) -> Vec<StoredDecision>;
    deliveries_log(&webhook: str, failed: bool, limit: usize) -> Vec<DeliveryLine>;
    handoff(&id: HandoffId) -> Handoff;
    handoff_of_call(&platform: str, &call: str) -> Option<HandoffId>;
    handoffs_open_since(before: DateTime<Utc>, limit: usize) -> Vec<HandoffId>;
    handoffs_owed() -> u64;
    inbox_answer(&key: str) -> Option<String>;
    inbox_count_quarantined() -> u64;
    inbox_quarantined(limit: usize) -> Vec<Aside>;
    inbox_row(&key: str) -> Option<InboxRow>;
    ledgers_read() -> BTreeMap<PoolId, Ledger>;
    inbox_take_stale(before: DateTime<Utc>, limit: usize) -> Vec<InboxRow>;
    kept_begin(kind: Kept) -> Passed;
    kept_page(&cut: Cut, &passed: Passed) -> OldPage;
    kept_since() -> Vec<(Kept, DateTime<Utc>)>;
    lead(&id: LeadId) -> Option<LeadRecord>;
    lead_file(&handoff: HandoffId) -> Option<LeadFile>;
    lead_files(&handoffs: [HandoffId]) -> BTreeMap<HandoffId, LeadFile>;
    live_line(&platform: str, &call: str) -> Option<LiveLine>;
    listener_hears(&carrier: str, now: DateTime<Utc>) -> bool;
    lead_given_since(&lead: LeadId, since: DateTime<Utc>) -> bool;
    leads_in_crm(&records: [String]) -> Vec<LeadInCrm>;
    leads_find(&query: LeadQuery, limit: usize) -> Vec<LeadSummary>;
    mirror_get(&keys: [String]) -> BTreeMap<String, Mirrored>;
    mirror_holding(&rows: [String]) -> BTreeMap<String, Vec<String>>;
    mirror_oldest(&source: str, limit: usize) -> Vec<(CrmId, DateTime<Utc>)>;
    mirror_poll(&source: str) -> MirrorPoll;
    ping_answer(&key: str) -> Option<String>;
    offered_card(&key: str) -> Option<OfferedCard>;
    other_choices_unasked(from: DateTime<Utc>, until: DateTime<Utc>, limit: usize) -> Vec<(Lead, DateTime<Utc>)>;
    owing(now: DateTime<Utc>) -> BTreeMap<RepId, Owed>;
    past_leads(&after: (DateTime<Utc>, String), limit: usize) -> Vec<PastLead>;
    rep_quiet_until(&rep: RepId) -> Option<DateTime<Utc>>;
    reps_read() -> BTreeMap<RepId, RepState>;
    meetings_of(&rep: RepId, from: DateTime<Utc>, until: DateTime<Utc>, &but: LeadId, now: DateTime<Utc>) -> BTreeSet<DateTime<Utc>>;
    slots_claimed(&rep: RepId, now: DateTime<Utc>) -> Vec<Busy>;
    step_vendor_ref(&key: str) -> VendorRef;
    text_claimed(&effect_key: str) -> Option<PhoneE164>;
    timeline(&lead: LeadId) -> Vec<TimelineEntry>;
    tokens() -> Vec<ApiToken>;
    transfer_begun(&leg: LegId) -> bool;
    transfer_came(&channel: str) -> bool;
    transfer_left(&platform: str, &call: str) -> bool;
    waits_lately() -> RecentWaits;
    workers_seen(now: DateTime<Utc>) -> Vec<SeenWorker>;
}

reads! {
    Read:
    decisions_of(&release: ReleaseId, limit: usize) -> Vec<Decision>;
    callers_find(&keys: [String]) -> BTreeMap<String, Met>;
    lead_to_give(&lead: LeadId) -> Option<WaitingLead>;
    other_choices(from: DateTime<Utc>, until: DateTime<Utc>) -> BTreeMap<LeadId, OtherChoice>;
    release_files(&id: ReleaseId) -> Option<Vec<SourceFile>>;
    releases() -> Vec<StoredRelease>;
    report_rows(from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<ReportRow>;
    state(now: DateTime<Utc>) -> State;
    step_siblings(&step: StepRow, now: DateTime<Utc>) -> Vec<Sibling>;
    steps_of(&leads: [LeadId]) -> Vec<StepRow>;
    step_stats(now: DateTime<Utc>) -> StepStats;
    tallies() -> Option<Tallies>;
    webhooks_standing() -> BTreeMap<String, WebhookStanding>;
}
