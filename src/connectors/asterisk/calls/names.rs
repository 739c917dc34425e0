//! What things are called at Asterisk: everything that is made for a call has its name from the caller's channel, and a rep's
//! channel is its leg.

use crate::connectors::asterisk::event::Channel;
use baton_core::domain::id::LegId;

const BRIDGE: &str = "baton-";
const AGENT: &str = "agent-";
const WHISPER: &str = "whisper-";
const QUESTION: &str = "question-";
const AGAIN: &str = "again-";
const WORDS: &str = "words-";
const LAST_WORDS: &str = "last-";
/// A phone that forwards its calls makes two of these, as does one that transfers.
const LOCAL: &str = "Local/";
/// In the place of the caller's channel, of a rep whose caller the platform still has.
pub(in crate::connectors::asterisk) const AWAY: &str = "away";
/// The first argument of a caller in the dialplan.
const INBOUND: &str = "inbound";

pub(in crate::connectors::asterisk) fn bridge_of(call: &str) -> String {
    format!("{BRIDGE}{call}")
}

pub(in crate::connectors::asterisk) fn agent_of(call: &str) -> String {
    format!("{AGENT}{call}")
}

pub(in crate::connectors::asterisk) fn whisper_of(leg: &LegId) -> String {
    format!("{WHISPER}{leg}")
}

/// What came of a call, asked for the first time or once more.
pub(in crate::connectors::asterisk) fn question_of(leg: &LegId, again: bool) -> String {
    format!("{}{leg}", if again { AGAIN } else { QUESTION })
}

pub(in crate::connectors::asterisk) fn words_of(call: &str) -> String {
    format!("{WORDS}{call}")
}

/// After which the call ends.
pub(in crate::connectors::asterisk) fn last_words_of(call: &str) -> String {
    format!("{LAST_WORDS}{call}")
}

/// Whether a member of a bridge is a rep.
pub(in crate::connectors::asterisk) fn is_rep(channel: &str) -> bool {
    leg(channel).is_some()
}

pub(super) fn leg(channel: &str) -> Option<LegId> {
    LegId::new(channel).ok().filter(|leg| leg.handoff().is_some() && leg.dialled_for().is_none())
}

/// Of a lead's channel: the leg of the rep who calls them back.
pub(super) fn rep_of_lead(channel: &str) -> Option<LegId> {
    LegId::new(channel).ok()?.dialled_for()
}

/// The leg of a rep who calls back, by the bridge in which they wait for the lead.
pub(super) fn rep_of_bridge(bridge: &str) -> Option<LegId> {
    leg(call_of_bridge(bridge)?)
}

pub(super) fn leg_of_whisper(playback: &str) -> Option<LegId> {
    leg(playback.strip_prefix(WHISPER)?)
}

pub(super) fn leg_of_question(playback: &str) -> Option<LegId> {
    leg(playback.strip_prefix(QUESTION).or_else(|| playback.strip_prefix(AGAIN))?)
}

pub(super) fn call_of_bridge(bridge: &str) -> Option<&str> {
    bridge.strip_prefix(BRIDGE)
}

pub(super) fn call_of_agent(channel: &str) -> Option<&str> {
    channel.strip_prefix(AGENT)
}

/// Whether they are the last ones.
pub(super) fn call_of_words(playback: &str) -> Option<(&str, bool)> {
    let last = playback.strip_prefix(LAST_WORDS).map(|call| (call, true));
    last.or_else(|| playback.strip_prefix(WORDS).map(|call| (call, false)))
}

/// The channel of the caller for whom a rep's phone was rung; `None`: they have not come yet.
pub(super) fn here(call: &str) -> Option<String> {
    (call != AWAY).then(|| call.to_owned())
}

pub(super) fn is_caller(args: &[String]) -> bool {
    args.first().is_some_and(|first| first == INBOUND)
}

/// It comes with a caller's arguments and is none.
pub(super) fn is_stranger(channel: &Channel) -> bool {
    channel.name.starts_with(LOCAL)
}

/// An id as Asterisk gives them to channels: seconds and a number, perhaps after the name of the system. Another carrier's leg is
/// none of ours.
pub(in crate::connectors::asterisk) fn is_of_asterisk(call: &str) -> bool {
    let unique = call.rsplit('-').next().unwrap_or(call);
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    unique.split_once('.').is_some_and(|(seconds, number)| all_digits(seconds) && all_digits(number))
}
