//! Calls of others on the same Asterisk, and what looks like theirs.

use super::*;

fn found(id: &str, name: &str, args: &str) -> Channel {
    let found = json!({ "id": id, "name": name, "state": "Up", "dialplan": { "app_data": format!("baton,{args}") } });
    serde_json::from_value(found).unwrap()
}

fn bridge_with(call: &str, members: &[&str]) -> Bridge {
    Bridge { id: bridge_of(call), channels: members.iter().map(|member| (*member).to_owned()).collect() }
}

/// A caller's with somebody in it, one that is being made, and those of two who are called back.
#[test]
fn bridges_of_another_workspace_are_left_alone() {
    let bridges = [
        bridge_with("1796028155.8", &["1796028155.8"]),
        bridge_with("1796028155.9", &[]),
        bridge_with(LEG, &[LEG]),
        bridge_with("leg_7k2m.2", &[]),
    ];
    let mut line = Line::new();
    assert_eq!(line.calls.find(&[], &bridges, &[], line.now), []);
}

/// As where a number is dialled by way of the dialplan.
#[test]
fn a_lead_on_a_local_channel_is_no_stranger() {
    let lead = leg().of_lead();
    let channels = [
        found(LEG, "PJSIP/ben-00000001", &format!("rep,{LEG}")),
        found(lead.as_str(), "Local/4155550142@outbound-00000001;1", &format!("lead,{LEG}")),
    ];
    let mut line = Line::new();
    let acts = line.calls.find(&channels, &[bridge_with(LEG, &[LEG, lead.as_str()])], &[], line.now);
    assert_eq!(told(&acts), [Happened::Answered, Happened::Answered, Happened::Joined]);
    assert_eq!(deeds(acts), [Deed::HearRep { leg: leg() }]);
}
