use super::*;
use baton_platforms::signature::{Secret, TwilioKeys};
use baton_platforms::twilio::Pages;

pub(super) const CALL: &str = "CA8f0a3b6c9d2e4f5061728394a5b6c7d8";

pub(super) fn section(language: Option<&str>) -> TwilioSection {
    let secret = Secret::new("a secret of these tests").expect("a secret");
    TwilioSection {
        pages: Pages::new("https://baton.example", secret, Vec::new()),
        keys: TwilioKeys::default(),
        music: "https://music.example/a.mp3?b=1&c=2".to_owned(),
        agent: None,
        agent_within: std::time::Duration::from_secs(20),
        language: language.map(str::to_owned),
    }
}

#[test]
fn what_is_said_is_never_a_verb() {
    let text = section(None).last_words("A & B</Say><Dial>+1900</Dial>\u{0}\n\"'").text();
    let said = "<Say>A &amp; B&lt;/Say&gt;&lt;Dial&gt;+1900&lt;/Dial&gt; &quot;&apos;</Say><Hangup></Hangup>";
    assert!(text.ends_with(&format!("<Response>{said}</Response>")), "{text}");
}

#[test]
fn a_caller_is_never_left_without_what_comes_next() {
    let section = section(None);
    for document in [
        section.hold(CALL),
        section.hold_announced(CALL, "+15551230001"),
        section.wait_announced(CALL, "+15551230001"),
        section.meet(CALL, "leg_1.1"),
        section.wait(CALL, None, "1"),
        section.say_and_wait(CALL, Some("One moment.")),
        section.in_a_moment(CALL),
        section.offer(CALL, "Press 1.", "abc", 1),
        section.to_agent(CALL, "sip:agent@voice.example", Some("leg_1.0")),
    ] {
        let text = document.text();
        assert!(text.ends_with("</Redirect></Response>"), "{text}");
        assert!(!text.contains("a=1&b") && text.matches("rc=3&amp;rp=all").count() >= 1, "{text}");
    }
    assert!(section.last_words("Goodbye.").text().ends_with("</Say><Hangup></Hangup></Response>"));
}

#[test]
fn the_agent_is_dialled_by_number_or_sip_or_has_the_call_at_its_platform() {
    let (section, leads_back) = (section(None), "<Redirect>https://baton.example/v1/telephony/twilio/next/");
    for (agent, asked) in [
        ("+14155550190", "<Number>+14155550190</Number></Dial>"),
        ("sip:agent@voice.example", "<Sip>sip:agent@voice.example?X-Baton-Call=CA8f0a"),
    ] {
        let text = section.to_agent(CALL, agent, None).text();
        assert!(text.contains(asked) && text.contains(leads_back), "{text}");
        assert!(text.contains("answerOnBridge=\"true\" timeout=\"20\""), "{text}");
        let told = section.to_agent(CALL, agent, Some("leg_1.0")).text();
        assert!(told.contains("/v1/telephony/twilio/machine/leg_1.0?"), "{told}");
        assert!(told.contains("statusCallbackEvent=\"answered\">"), "{told}");
    }
    let text = section.to_agent(CALL, "https://voice.example/twilio?id=1&b=2", None).text();
    let asked = "<Response><Redirect method=\"POST\">https://voice.example/twilio?id=1&amp;b=2</Redirect></Response>";
    assert!(text.ends_with(asked), "{text}");
}
