use super::*;

#[test]
fn a_briefing_stored_for_slack_is_one_for_the_chat() {
    let stored = |channel| format!(r#"{{"effect":"brief","rep":"ana","channel":"{channel}","why":"ringing"}}"#);
    let effect = Effect::Brief { rep: RepId::new("ana").unwrap(), channel: Channel::Chat, why: BriefWhy::Ringing };
    for channel in ["slack", "chat"] {
        assert_eq!(serde_json::from_str::<Effect>(&stored(channel)).unwrap(), effect);
    }
    assert_eq!(serde_json::to_string(&effect).unwrap(), stored("chat"));
}
