//! Who waits behind whom: steps wait for steps of their own lane only, so that a slow CRM never keeps a phone from ringing.

use crate::domain::effect::{Channel, Effect};
use crate::store::Claim;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// One per vendor, and one for what needs nobody but the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Timers,
    Calls,
    Calendar,
    Chat,
    Crm,
    Mail,
    Events,
}

impl Lane {
    /// The most urgent first.
    const ALL: [Self; 7] = [Self::Timers, Self::Calls, Self::Calendar, Self::Chat, Self::Crm, Self::Mail, Self::Events];

    pub fn of(effect: &Effect) -> Self {
        match effect {
            Effect::Timer { .. } => Self::Timers,
            Effect::Instruct { .. }
            | Effect::Hold
            | Effect::Ring { .. }
            | Effect::Whisper { .. }
            | Effect::Join { .. }
            | Effect::HangUp { .. } => Self::Calls,
            Effect::FindSlots { .. } | Effect::Book { .. } => Self::Calendar,
            Effect::Brief { channel: Channel::Slack, .. } | Effect::UpdateCard { .. } => Self::Chat,
            Effect::WriteCrm { .. } | Effect::ReadOwner => Self::Crm,
            Effect::Brief { channel: Channel::Email, .. } | Effect::ConfirmToCaller { .. } => Self::Mail,
            Effect::Publish { .. } => Self::Events,
        }
    }

    /// The most pressing pace at which steps that are taken up again here still go.
    fn keeps(self) -> Pace {
        match self {
            Self::Timers => Pace::Surge,
            Self::Calls | Self::Calendar => Pace::Rush,
            Self::Chat | Self::Crm | Self::Mail | Self::Events => Pace::Calm,
        }
    }

    /// [`Effect::kind`] of what goes this way.
    pub fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Timers => &["timer"],
            Self::Calls => &["instruct", "hold", "ring", "whisper", "join", "hang_up"],
            Self::Calendar => &["find_slots", "book"],
            Self::Chat => &["brief_slack", "update_card"],
            Self::Crm => &["write_crm", "read_owner"],
            Self::Mail => &["brief_email", "confirm_to_caller"],
            Self::Events => &["publish"],
        }
    }
}

/// How many leads wait to be decided, and so what may go on meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pace {
    /// Everything.
    Calm,
    /// What somebody waits for on a line.
    Rush,
    /// Of what is new, timers alone: a queue that is decided in half the time rings the last of its callers sooner.
    Surge,
}

/// The free hands of each lane.
pub struct Lanes {
    pace: watch::Sender<Pace>,
    permits: [Arc<Semaphore>; Lane::ALL.len()],
}

impl Lanes {
    pub fn new(each: usize) -> Self {
        let permits = std::array::from_fn(|_| Arc::new(Semaphore::new(each)));
        Self { pace: watch::Sender::new(Pace::Calm), permits }
    }

    pub fn set_pace(&self, now: Pace) {
        self.pace.send_if_modified(|pace| std::mem::replace(pace, now) != now);
    }

    /// Waits until it is no more pressing than this.
    pub async fn eased_to(&self, most: Pace) {
        let mut pace = self.pace.subscribe();
        let _eased = pace.wait_for(|pace| *pace <= most).await;
    }

    pub async fn pace_changed(&self) {
        // The sender lives as long as we do.
        let _changed = self.pace.subscribe().changed().await;
    }

    /// Waits for a hand.
    pub async fn enter(&self, lane: Lane) -> OwnedSemaphorePermit {
        let permit = Arc::clone(&self.permits[lane as usize]).acquire_owned().await;
        permit.expect("the lanes are never closed")
    }

    /// Every hand that is free now, lane by lane, and for what. A step whose lease has lapsed was put off before, or its worker
    /// has died: whatever the pace, it waits no longer.
    pub fn free(&self) -> Vec<(Lane, Claim, Vec<OwnedSemaphorePermit>)> {
        let hands = |lane: Lane| {
            std::iter::from_fn(move || Arc::clone(&self.permits[lane as usize]).try_acquire_owned().ok()).collect()
        };
        let pace = *self.pace.borrow();
        let which = |lane: Lane| if pace <= lane.keeps() { Claim::DueAndLapsed } else { Claim::Lapsed };
        let lanes = Lane::ALL.into_iter().map(|lane| (lane, which(lane), hands(lane)));
        lanes.filter(|(_, _, hands): &(Lane, Claim, Vec<_>)| !hands.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::{BriefWhy, Confirmation, CrmNote, Instruction, Timer, Topic};
    use crate::domain::id::{HandoffId, LeadId, LegId, RepId};
    use crate::domain::outcome::Slot;
    use chrono::{DateTime, Utc};
    use std::collections::BTreeSet;

    fn one_of_each() -> Vec<Effect> {
        let rep = RepId::new("ana").unwrap();
        let leg = LegId::of(&HandoffId::of(&LeadId::from_digest([1; 16])), 1);
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let slot = Slot { rep: rep.clone(), from: at, until: at };
        let brief = |channel| Effect::Brief { rep: rep.clone(), channel, why: BriefWhy::Ringing };
        vec![
            Effect::Instruct { instruction: Instruction::Hold { rep: rep.clone() } },
            Effect::Hold,
            Effect::Ring { leg: leg.clone(), rep: rep.clone() },
            Effect::Whisper { leg: leg.clone(), rep: rep.clone() },
            Effect::Join { leg: leg.clone() },
            Effect::HangUp { leg },
            Effect::FindSlots { search: 1, rep: rep.clone() },
            Effect::Book { slot: slot.clone(), attempt: 1 },
            Effect::WriteCrm { owner: rep.clone(), note: CrmNote::Routed },
            brief(Channel::Slack),
            brief(Channel::Email),
            Effect::UpdateCard { card: String::new(), rep: rep.clone() },
            Effect::ConfirmToCaller { what: Confirmation::Booking { slot } },
            Effect::Publish { topic: Topic::LeadRouted },
            Effect::Timer { timer: Timer::PatienceBy },
            Effect::ReadOwner,
        ]
    }

    #[test]
    fn every_kind_of_step_is_claimed_in_its_lane_and_in_no_other() {
        let effects = one_of_each();
        for effect in &effects {
            assert!(Lane::of(effect).kinds().contains(&effect.kind()), "{}", effect.kind());
        }
        let claimed: Vec<&str> = Lane::ALL.iter().flat_map(|lane| lane.kinds().iter().copied()).collect();
        let all: BTreeSet<&str> = Effect::KINDS.into_iter().collect();
        assert_eq!(claimed.iter().copied().collect::<BTreeSet<_>>(), all);
        assert_eq!(claimed.len(), Effect::KINDS.len(), "no kind is in two lanes");
        assert_eq!(effects.iter().map(Effect::kind).collect::<BTreeSet<_>>(), all, "KINDS lists them all");
    }

    #[tokio::test]
    async fn a_full_lane_holds_up_nobody_else() {
        let lanes = Lanes::new(2);
        let _crm = (lanes.enter(Lane::Crm).await, lanes.enter(Lane::Crm).await);
        let free = lanes.free();
        assert_eq!(free.len(), Lane::ALL.len() - 1);
        assert!(free.iter().all(|(lane, _, hands)| *lane != Lane::Crm && hands.len() == 2));
        let next = tokio::time::timeout(std::time::Duration::from_millis(20), lanes.enter(Lane::Crm)).await;
        assert!(next.is_err(), "the third waits");
    }
}
