//! How a lead came, held against what its call says.

use crate::intake::reader::Object;
use baton_core::domain::lead::{Call, LeadChannel};

/// `None`: not said, or not to be read.
pub(super) fn read(data: &mut Object<'_, '_>) -> Option<LeadChannel> {
    data.choice("channel", &LeadChannel::ALL.map(|channel| (channel.as_str(), channel)))
}

/// A form or a chat has nobody on a line. Where the event says that somebody is, the carrier's leg decides: with one there is a
/// caller, who is not left alone for a word; without one `live` was meant for whoever waits before a screen.
pub(super) fn settle(said: Option<LeadChannel>, call: Option<&mut Call>, data: &Object<'_, '_>) -> LeadChannel {
    let channel = said.unwrap_or_default();
    let Some(call) = call.filter(|call| call.live && channel != LeadChannel::Call) else { return channel };
    let name = channel.as_str();
    if call.leg.is_some() {
        let hint =
            format!("a caller is on the line, so it counts as a call: leave channel out, or {name:?} without call.leg");
        let allowed = "\"call\" while somebody is on the line";
        data.findings.fault("/data/channel".into(), format!("{name:?}"), allowed, Some(hint));
        return LeadChannel::Call;
    }
    call.live = false;
    let hint = format!("counts as false: nobody is on a line of what came as {name:?}");
    data.findings.fault("/data/call/live".into(), "true".into(), "false, or channel \"call\"", Some(hint));
    channel
}
