//! Whether the caller still waits when the lead is decided: a call that was qualified long ago rings nobody.

use crate::domain::lead::Lead;
use crate::routing::decision::NoLongerLive;
use crate::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::borrow::Cow;

/// The lead as it counts at this moment: after the call, if its caller was said to be on the line too long ago.
pub fn at<'l>(lead: &'l Lead, now: DateTime<Utc>, rules: &RuleSet) -> (Cow<'l, Lead>, Option<NoLongerLive>) {
    let since = lead.qualified_at();
    let at_most = TimeDelta::from_std(rules.handoff.live_at_most).unwrap_or(TimeDelta::MAX);
    let waited = now - since;
    if !lead.is_live() || waited <= at_most {
        return (Cow::Borrowed(lead), None);
    }
    let told = NoLongerLive { since, waited_ms: waited.num_milliseconds(), at_most_ms: at_most.num_milliseconds() };
    (Cow::Owned(lead.clone().after_the_call()), Some(told))
}
