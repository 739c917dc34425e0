//! What is told of every effect. All that differs from effect to effect is answered here; leases, fences, deadlines, marks and
//! tries are the same for all of them, and the runner's.

use super::matter::Matter;
use super::parts::OutboxParts;
use super::webhooks::Webhooks;
use crate::connectors::{CrmRef, VendorError};
use crate::render::caller::CallerContext;
use crate::render::context::BriefContext;
use crate::store::StepRow;
use baton_core::domain::effect::{BriefWhy, Class};
use baton_core::domain::id::{LegId, RepId};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::Slot;
use baton_core::domain::rep::Rep;
use baton_core::handoff::{Event, Handoff, Stage};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// One effect as its lane has it done. What stands without a default is answered effect by effect.
#[async_trait::async_trait]
pub(super) trait Work: Send + Sync {
    /// What a lost answer means.
    fn class(&self, parts: &OutboxParts) -> Class;

    /// One call to the vendor; what it means is `handoff`'s business.
    async fn perform(&self, at: &At<'_>) -> Result<Done, VendorError>;

    /// What the vendor knows of an effect whose answer was lost; `None`: it did not happen. Asked for `LookFirst` alone.
    async fn look(&self, parts: &OutboxParts, step: &StepRow) -> Result<Option<Done>, VendorError>;

    /// What it means for the handoff that it will not happen.
    fn fallback(&self, why: &str) -> Fallback;

    /// The same where it never can, as it is set up.
    fn fallback_of_setup(&self, why: &str) -> Fallback {
        self.fallback(why)
    }

    /// Its result, if it needs no vendor.
    fn at_once(&self) -> Option<Event> {
        None
    }

    /// How old what is known of the lead may be: its result may rest on how the handoff stands now, and not on how it stood
    /// when the step was planned.
    fn matter_within(&self) -> Duration {
        Duration::MAX
    }

    /// How long after its deadline it is still settled if it may have happened.
    fn settled_within(&self) -> TimeDelta {
        TimeDelta::zero()
    }

    /// The leg whose rep is free once it has ended.
    fn frees(&self) -> Option<&LegId> {
        None
    }
}

/// What a call is made with.
pub(super) struct At<'a> {
    pub parts: &'a OutboxParts,
    pub step: &'a StepRow,
    pub matter: &'a Matter,
    pub webhooks: &'a Webhooks,
}

impl At<'_> {
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.parts.clock.now()
    }

    pub(super) fn caller_context(&self) -> CallerContext<'_> {
        let Matter { rules, handoff, .. } = self.matter;
        let company = rules.handoff.company.as_deref();
        CallerContext { reps: &rules.reps, company, caller: handoff.whereabouts(), now: self.now() }
    }

    pub(super) fn feedback_url(&self, rep: &RepId) -> Option<String> {
        let links = self.parts.links.as_ref()?;
        Some(links.link(&self.matter.lead.id, rep, self.now()))
    }

    fn own_url(&self, rep: &RepId) -> Option<String> {
        let links = self.parts.links.as_ref()?;
        Some(links.own_link(rep, self.now()))
    }

    /// Where the lead moves their meeting at this time, or calls it off; it was moved so often before.
    pub(super) fn change_url(&self, slot: &Slot, moves: u32) -> Option<String> {
        let links = self.parts.links.as_ref()?;
        Some(links.meeting_link(&self.matter.lead.id, moves, slot.from))
    }

    /// Where the call that is owed is made, if whoever carries our calls can.
    fn call_url(&self, rep: &RepId, why: BriefWhy) -> Option<String> {
        let asks = matches!(why, BriefWhy::Callback | BriefWhy::Reminder | BriefWhy::Escalation | BriefWhy::Tried);
        let can = self.parts.vendors.telephony.as_ref().is_some_and(|telephony| telephony.dials_leads());
        self.feedback_url(rep).filter(|_| asks && can).map(|page| format!("{page}/call"))
    }

    /// Where the call is accepted that the rep's phone rings for, if that puts them through.
    fn accept_url(&self, rep: &RepId, why: BriefWhy) -> Option<String> {
        let can = self.parts.vendors.telephony.as_ref().is_some_and(|telephony| telephony.joins_when_told());
        self.feedback_url(rep).filter(|_| why == BriefWhy::Ringing && can).map(|page| format!("{page}/accept"))
    }

    /// A briefing for this rep, written by `write`.
    pub(super) fn brief<T>(&self, rep: &Rep, why: BriefWhy, write: impl FnOnce(BriefContext<'_>) -> T) -> T {
        let Matter { decision, handoff, rules, .. } = self.matter;
        let note = match &handoff.stage {
            _ if why == BriefWhy::Tried => tried(handoff),
            Stage::Callback { .. } if why == BriefWhy::CalledOff => Some("They are called instead"),
            Stage::Done { .. } if why == BriefWhy::CalledOff => Some("They want nothing in its place"),
            Stage::NeedsAttention { why, .. } => Some(why.as_str()),
            _ => None,
        };
        // A delegate may have promised what the owner cannot do.
        let named = match (why, &handoff.stage) {
            (BriefWhy::Mail | BriefWhy::Escalation | BriefWhy::GivenAway, Stage::Callback { promise }) => {
                &promise.owner
            }
            _ => &handoff.owner,
        };
        write(BriefContext {
            why,
            briefing: &self.matter.briefing(),
            plan: &decision.plan,
            rep,
            owner_name: rules.reps.get(named).map_or("nobody", |owner| owner.name.as_str()),
            at: (why != BriefWhy::Ringing).then(|| handoff.next_step().at),
            note,
            record_url: self.matter.crm().and_then(|crm| crm.url.as_deref()),
            feedback_url: self.feedback_url(&rep.id).as_deref(),
            own_url: self.own_url(&rep.id).as_deref(),
            call_url: self.call_url(&rep.id, why).as_deref(),
            accept_url: self.accept_url(&rep.id, why).as_deref(),
        })
    }
}

/// How the last call that was owed ended, for whoever made it.
fn tried(handoff: &Handoff) -> Option<&'static str> {
    let leg = handoff.legs.iter().rev().find(|leg| leg.dialled.is_some())?;
    let of_lead = leg.dialled.as_ref().and_then(|lead| lead.state);
    // Where the rep has ended it, the lead is let go.
    Some(match of_lead.filter(|state| *state != LegState::Cancelled).unwrap_or(leg.state) {
        LegState::Busy => "The line was busy",
        LegState::Machine => "A machine answered",
        LegState::WrongNumber => "Nobody has this number",
        LegState::Forwarded => "The phone sends its calls elsewhere",
        LegState::Declined => "The call was declined",
        LegState::HungUp => "Somebody hung up before you two were joined",
        LegState::Lost => "You were cut off within seconds",
        LegState::Vendor | LegState::Config => "The call could not be placed",
        LegState::Cancelled => "The lead may not be called now",
        LegState::Ringing
        | LegState::Answered
        | LegState::Accepted
        | LegState::Joined
        | LegState::NoAnswer
        | LegState::Elsewhere => "Nobody answered",
    })
}

/// A call that came back well.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub vendor_ref: Option<String>,
    pub result: Option<String>,
    pub event: Option<Event>,
    /// What the CRM calls the lead from now on.
    pub crm: Option<CrmRef>,
    /// It is not done: its time comes then.
    pub again_at: Option<DateTime<Utc>>,
}

impl Done {
    /// Nothing has gone wrong, and it is too early.
    pub(super) fn again(at: DateTime<Utc>, why: &str) -> Self {
        Self { again_at: Some(at), result: Some(why.to_owned()), ..Self::default() }
    }

    pub(super) fn event(event: Event) -> Self {
        Self { event: Some(event), ..Self::default() }
    }

    /// Ended well, with nothing done at a vendor.
    pub(super) fn nothing(why: impl Into<String>) -> Self {
        Self { result: Some(why.into()), ..Self::default() }
    }

    pub(super) fn reference(vendor_ref: impl Into<String>) -> Self {
        Self { vendor_ref: Some(vendor_ref.into()), ..Self::default() }
    }
}

/// What the handoff is told of an effect that will not happen.
#[derive(Default)]
pub(super) struct Fallback {
    /// It failed for good, or was too late.
    pub failed: Option<Event>,
    /// The vendor no longer has what it is about.
    pub gone: Option<Event>,
}

impl Fallback {
    /// The same for both.
    pub(super) fn of(event: Event) -> Self {
        Self { failed: Some(event.clone()), gone: Some(event) }
    }
}
