//! A rep who calls a lead back: two channels of ours, and no caller.

use super::*;

const LEAD: &str = "leg_7k2m.1-lead";

fn waits() -> Value {
    json!({ "id": format!("baton-{LEG}"), "channels": [LEG] })
}

fn enters_back(line: &mut Line, id: &str) -> Vec<Act> {
    line.hears(&json!({ "type": "ChannelEnteredBridge", "channel": channel(id), "bridge": waits() }))
}

/// The rep has accepted, and waits.
fn accepted() -> Line {
    let mut line = Line::new();
    assert_eq!(told(&line.comes_in(LEG, &["rep", LEG])), [Happened::Answered]);
    line.plays("PlaybackStarted", &format!("whisper-{LEG}"), "playing");
    assert_eq!(told(&line.presses("1")), [Happened::Accepted]);
    assert_eq!(enters_back(&mut line, LEG), [], "they are not joined with anybody");
    line
}

fn speaking() -> Line {
    let mut line = accepted();
    line.comes_in(LEAD, &["lead", LEG]);
    enters_back(&mut line, LEAD);
    line
}

fn of_lead(happened: Happened) -> Act {
    Act::Tell(Told { call: None, leg: Some(leg().of_lead()), happened, why: None })
}

fn hang_up_of(channel: &str) -> Deed {
    Deed::HangUp { channel: channel.to_owned(), reason: Reason::Normal }
}

#[test]
fn a_lead_who_answers_is_joined_with_the_rep_who_waits() {
    let mut line = accepted();
    let acts = line.comes_in(LEAD, &["lead", LEG]);
    assert_eq!(acts, [of_lead(Happened::Answered), Act::Do(Deed::JoinLead { rep: leg() })]);
    let heard = Act::Do(Deed::HearRep { leg: leg() });
    assert_eq!(enters_back(&mut line, LEAD), [of_lead(Happened::Joined), heard]);
    assert_eq!(enters_back(&mut line, LEAD), [], "once");
    assert_eq!(line.presses("1"), [], "a key of the conversation");
}

#[test]
fn a_lead_who_cannot_be_had_is_told_by_the_cause() {
    for (cause, happened) in [(17, Happened::Busy), (19, Happened::NoAnswer), (0, Happened::NoAnswer)] {
        assert_eq!(accepted().ends(LEAD, cause), [of_lead(happened)]);
    }
}

#[test]
fn a_rep_who_leaves_takes_the_lead_along() {
    for mut line in [accepted(), speaking()] {
        let acts = line.ends(LEG, 16);
        assert_eq!(told(&acts), [Happened::RepLeft]);
        let over = Deed::CallOver { call: LEG.to_owned() };
        assert_eq!(deeds(acts), [Deed::LegOver { leg: leg() }, hang_up_of(LEAD), over]);
    }
}

fn answers(key: char) -> Act {
    Act::Answer { leg: leg(), key }
}

/// It is for the handoff to say what is asked, and which keys mean something.
#[test]
fn a_rep_whom_the_lead_leaves_stays_and_says_by_key_what_came_of_it() {
    let mut line = speaking();
    assert_eq!(line.ends(LEAD, 16), [of_lead(Happened::CallerLeft)], "nobody is hung up");
    assert_eq!(line.presses("1"), [], "nobody has asked");
    line.plays("PlaybackStarted", &format!("question-{LEG}"), "playing");
    assert_eq!(line.presses("7"), [answers('7')]);
    line.plays("PlaybackStarted", &format!("again-{LEG}"), "playing");
    assert_eq!(line.presses("A"), [], "no keypad shows it");
    assert_eq!(line.presses("2"), [answers('2')]);
}

/// What has been played is not told again.
#[test]
fn a_rep_who_was_asked_while_nobody_heard_is_heard() {
    let found = json!({ "id": LEG, "state": "Up", "dialplan": { "app_data": format!("baton,rep,{LEG}") } });
    let channels = [serde_json::from_value::<Channel>(found).unwrap()];
    let believed = |asked| Carried {
        call: Some(LEG.to_owned()),
        up: vec![leg()],
        rings: Vec::new(),
        asked,
        is_served: false,
        takes_callback_key: false,
        is_left_to_agent: false,
    };
    let mut line = Line::new();
    line.calls.find(&channels, &[], &[believed(Some(leg()))], line.now);
    assert_eq!(line.presses("1"), [answers('1')]);
    let mut line = Line::new();
    line.calls.find(&channels, &[], &[believed(None)], line.now);
    assert_eq!(told(&line.presses("1")), [Happened::Accepted], "the whisper may have been heard");
}

#[test]
fn a_lead_who_answers_when_the_rep_is_gone_is_let_go() {
    let mut line = accepted();
    line.ends(LEG, 16);
    assert_eq!(line.comes_in(LEAD, &["lead", LEG]), [Act::Do(hang_up_of(LEAD))]);
}

/// Found after a connect: both, the rep alone, the lead alone, and the rep who has just picked up.
#[test]
fn what_became_of_the_two_while_nobody_heard_is_read() {
    let found = |id: &str, args: &str| {
        let found = json!({ "id": id, "state": "Up", "dialplan": { "app_data": format!("baton,{args}") } });
        serde_json::from_value::<Channel>(found).unwrap()
    };
    let (rep, lead) = (found(LEG, &format!("rep,{LEG}")), found(LEAD, &format!("lead,{LEG}")));
    let bridge = |members: &[&str]| Bridge {
        id: bridge_of(LEG),
        channels: members.iter().map(|member| (*member).to_owned()).collect(),
    };
    let reads = |channels: &[Channel], bridges: &[Bridge]| {
        let mut line = Line::new();
        let believed = Carried {
            call: Some(LEG.to_owned()),
            up: vec![leg()],
            rings: Vec::new(),
            asked: None,
            is_served: false,
            takes_callback_key: false,
            is_left_to_agent: false,
        };
        told(&line.calls.find(channels, bridges, &[believed], line.now))
    };
    let both = [rep.clone(), lead.clone()];
    let speaking = [Happened::Answered, Happened::Answered, Happened::Joined];
    assert_eq!(reads(&both, &[bridge(&[LEG, LEAD])]), speaking);
    assert_eq!(reads(std::slice::from_ref(&rep), &[bridge(&[LEG])]), [Happened::Answered, Happened::CallerLeft]);
    assert_eq!(reads(&[lead], &[bridge(&[LEAD])]), [Happened::RepLeft, Happened::RepLeft], "one event, told twice");
    assert_eq!(reads(&[], &[]), [Happened::RepLeft]);
    assert_eq!(reads(&[rep], &[]), [Happened::Answered]);
}
