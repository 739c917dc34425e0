//! What `handoff.yaml` says of a call: how long everything may take, and what is tried for the caller.

use crate::domain::effect::{Comfort, SlaAct};
use crate::domain::id::{RepId, TierId};
use crate::domain::lead::{DisclosureKind, is_default};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// `live_at_most` of a handoff.yaml that does not say it.
pub(in crate::rules) fn live_at_most() -> Duration {
    Duration::from_secs(120)
}

/// `takes` of a handoff.yaml that does not say it.
pub(in crate::rules) fn call_takes() -> Duration {
    Duration::from_secs(10 * 60)
}

fn takes_as_usual(takes: &Duration) -> bool {
    *takes == call_takes()
}

/// `language` of a handoff.yaml that does not say it: that of the words that come with Baton.
fn english() -> String {
    HandoffRules::ENGLISH.to_owned()
}

/// `rules/handoff.yaml`, checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandoffRules {
    /// From the moment the caller was qualified until a human has accepted; the caller waits no longer.
    pub patience: Duration,
    /// From the same moment until bridged or moved on.
    pub bridge_within: Duration,
    /// From the same moment: decided later than this, a caller does not count as on the line any more.
    #[serde(default = "live_at_most")]
    pub live_at_most: Duration,
    pub ring_timeout: Duration,
    pub accept_within: Duration,
    pub join_within: Duration,
    /// Reps to ring for one lead at most.
    pub ring_at_most: u32,
    /// Whose phones ring beside one another.
    #[serde(default)]
    pub ring: RingPlan,
    /// What the caller hears meanwhile.
    #[serde(default)]
    pub hold: Comfort,
    /// Whether the caller is told when the wait begins how long it takes.
    #[serde(default)]
    pub announce_wait: bool,
    /// Who has waited for so long is offered a call back.
    #[serde(default)]
    pub offer_callback: Option<Duration>,
    #[serde(default)]
    pub introduce: Introduction,
    /// Whose phone is left alone, and for how long.
    #[serde(default)]
    pub away_after_misses: Option<AwayAfterMisses>,
    pub ladders: Ladders,
    pub booking: BookingRules,
    pub callback: CallbackRules,
    /// Who owns what nothing else could place.
    pub needs_attention: RepId,
    /// From decision to first human contact; what the reports measure against.
    pub first_contact_sla: Duration,
    /// A lead counts as open for this long at most: no outcome may ever be told of it.
    pub open_for: Duration,
    /// What callers know us as.
    pub company: Option<String>,
    /// In which the workspace's templates are written, but for those in the folder of another language. Lower-case primary tag.
    #[serde(default = "english")]
    pub language: String,
    /// Of what every caller is to be told; the reports count the calls of which nobody says so.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub disclosure: BTreeSet<DisclosureKind>,
}

impl HandoffRules {
    /// The language of the words that come with Baton.
    pub const ENGLISH: &'static str = "en";
}

/// How many reps are rung at a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RingPlan {
    #[default]
    OneByOne,
    /// So many; whoever accepts first has the call.
    AtOnce(u32),
    /// One, and another whenever so much time has passed, while those before go on ringing.
    AddEvery(Duration),
}

/// A rep who does not answer so many rings in a row is not rung for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwayAfterMisses {
    pub rings: u32,
    pub lasts: Duration,
}

/// Who makes caller and rep known to each other when they are joined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Introduction {
    /// They do it themselves.
    #[default]
    None,
    /// The voice agent, who stays with them for a moment.
    Agent,
}

/// By name; `default` always exists. A ladder's last rung needs only our own database: [`Rung::Callback`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, Vec<Rung>>")]
pub struct Ladders(BTreeMap<String, Vec<Rung>>);

impl From<BTreeMap<String, Vec<Rung>>> for Ladders {
    fn from(mut by_name: BTreeMap<String, Vec<Rung>>) -> Self {
        by_name.entry(Self::DEFAULT.to_owned()).or_default();
        for rungs in by_name.values_mut().filter(|rungs| rungs.last() != Some(&Rung::Callback)) {
            rungs.push(Rung::Callback);
        }
        Self(by_name)
    }
}

impl Ladders {
    /// What every workspace has: the ladder of tiers that name none.
    pub const DEFAULT: &'static str = "default";

    /// The default where there is none of that name.
    pub fn of(&self, name: Option<&str>) -> &[Rung] {
        name.and_then(|name| self.0.get(name)).unwrap_or_else(|| &self.0[Self::DEFAULT])
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[Rung])> {
        self.0.iter().map(|(name, rungs)| (name.as_str(), rungs.as_slice()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    WarmTransfer,
    /// The voice agent takes a caller of the front door, who has not spoken with it. Nobody writes it into a ladder.
    Agent,
    Booking,
    Callback,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BookingRules {
    pub duration: Duration,
    /// No slot earlier than this from now.
    pub notice: Duration,
    /// Calendar days ahead that are searched.
    pub within_days: u32,
    /// Slots read to the caller.
    pub offer: u32,
    /// How long the caller may think.
    pub answer_within: Duration,
    /// Kept free before and after what stands in the calendar.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub buffer: Duration,
    /// Meetings that one rep has on one day, by their own clock; `None`: as many as there is room for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
    /// How the lead is told of a meeting, beside the invitation.
    #[serde(default = "by_mail", skip_serializing_if = "is_by_mail")]
    pub confirm: BTreeSet<ConfirmBy>,
    /// What is different for the leads of a tier.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tiers: BTreeMap<TierId, MeetingOfTier>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmBy {
    /// Whoever has agreed to mail.
    Email,
    /// Whoever has agreed to texts.
    Text,
}

pub(in crate::rules) fn by_mail() -> BTreeSet<ConfirmBy> {
    BTreeSet::from([ConfirmBy::Email])
}

fn is_by_mail(confirm: &BTreeSet<ConfirmBy>) -> bool {
    *confirm == by_mail()
}

/// In the place of what holds for everybody, where it says something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingOfTier {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
}

impl BookingRules {
    /// As it is for the leads of one tier.
    #[must_use]
    pub fn of(&self, tier: &TierId) -> Self {
        let own = self.tiers.get(tier).copied().unwrap_or_default();
        Self {
            duration: own.duration.unwrap_or(self.duration),
            notice: own.notice.unwrap_or(self.notice),
            at_most: own.at_most.or(self.at_most),
            tiers: BTreeMap::new(),
            ..self.clone()
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallbackRules {
    /// Working time of the owner from now to the promise.
    pub within: Duration,
    /// The same when the caller hung up while waiting: a hot lead.
    pub within_after_hang_up: Duration,
    /// Of a rep's time by one call: a call is promised for the end of so much that is free, and the calls that one rep has
    /// promised are so far apart, where that is possible.
    #[serde(default = "call_takes", skip_serializing_if = "takes_as_usual")]
    pub takes: Duration,
    /// Before the promise: the owner is reminded.
    pub remind_before: Duration,
    /// Before the promise: the owner's manager is told.
    pub escalate_before: Duration,
    /// In place of the two, in order. A step that would come no sooner than the promised time is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<SlaStep>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub dial: CallbackDial,
    #[serde(default, skip_serializing_if = "is_default")]
    pub text_back: TextBack,
}

/// Who is sent a text when they were missed, and are owed a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextBack {
    #[default]
    Nobody,
    /// Whoever has said yes to texts.
    Agreed,
    /// They, and whoever called from a number that may be a mobile's and has not refused texts: it answers their own call.
    Callers,
}

/// Who begins a call that was promised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackDial {
    /// The rep, by one act, or with a phone of their own.
    #[default]
    ByButton,
    /// The clock: the rep's phone rings shortly before the promised time.
    AtTheTime,
}

/// What is done about a promise once so much of its owner's working time has passed since it was made, or became theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlaStep {
    pub after: Duration,
    pub act: SlaAct,
}
