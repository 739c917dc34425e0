mod back;
mod door;
mod others;

use super::*;
use crate::connectors::Carried;
use crate::connectors::asterisk::event::read;
use serde_json::{Value, json};
use std::time::Duration;

const C: &str = "1796028155.0";
const LEG: &str = "leg_7k2m.1";

fn channel(id: &str) -> Value {
    json!({ "id": id, "name": "PJSIP/trunk-00000000", "state": "Up", "caller": { "name": "", "number": "+14155550142" } })
}

fn bridge() -> Value {
    json!({ "id": format!("baton-{C}"), "channels": [] })
}

/// The line that one Asterisk tells of, and when it is.
struct Line {
    calls: Calls,
    now: Instant,
}

impl Line {
    fn new() -> Self {
        Self { calls: Calls::default(), now: Instant::now() }
    }

    fn hears(&mut self, event: &Value) -> Vec<Act> {
        self.calls.hear(read(&event.to_string()).expect("an event"), self.now)
    }

    fn comes_in(&mut self, id: &str, args: &[&str]) -> Vec<Act> {
        self.hears(&json!({ "type": "StasisStart", "channel": channel(id), "args": args }))
    }

    fn enters(&mut self, id: &str) -> Vec<Act> {
        self.hears(&json!({ "type": "ChannelEnteredBridge", "channel": channel(id), "bridge": bridge() }))
    }

    fn moves_out(&mut self, id: &str) -> Vec<Act> {
        self.hears(&json!({ "type": "ChannelLeftBridge", "channel": channel(id), "bridge": bridge() }))
    }

    fn leaves(&mut self, id: &str) -> Vec<Act> {
        self.hears(&json!({ "type": "StasisEnd", "channel": channel(id) }))
    }

    fn ends(&mut self, id: &str, cause: u32) -> Vec<Act> {
        self.hears(&json!({ "type": "ChannelDestroyed", "channel": channel(id), "cause": cause }))
    }

    fn presses(&mut self, digit: &str) -> Vec<Act> {
        self.key_of(LEG, digit)
    }

    fn key_of(&mut self, id: &str, digit: &str) -> Vec<Act> {
        self.hears(&json!({ "type": "ChannelDtmfReceived", "channel": channel(id), "digit": digit }))
    }

    fn plays(&mut self, word: &str, id: &str, state: &str) -> Vec<Act> {
        self.hears(&json!({ "type": word, "playback": { "id": id, "state": state } }))
    }

    /// A caller with music, whose agent has been spoken with.
    fn on_hold() -> Self {
        let mut line = Self::new();
        line.comes_in(C, &["inbound", "15551230000"]);
        line.enters(C);
        line.comes_in(&agent_of(C), &["agent", C]);
        line.enters(&agent_of(C));
        line.moves_out(&agent_of(C));
        line
    }

    /// A rep hears who calls.
    fn in_the_whisper() -> Self {
        let mut line = Self::on_hold();
        line.comes_in(LEG, &["rep", C]);
        line.plays("PlaybackStarted", &format!("whisper-{LEG}"), "playing");
        line
    }

    fn alone(&self, seconds: u64) -> Vec<Alone> {
        self.calls.alone(Duration::from_secs(20), self.now + Duration::from_secs(seconds))
    }
}

fn caller(call: &str, number: &str) -> Caller {
    Caller { call: call.to_owned(), number: number.to_owned(), dialled: "1".to_owned() }
}

fn leg() -> LegId {
    LegId::new(LEG).unwrap()
}

fn told(acts: &[Act]) -> Vec<Happened> {
    acts.iter().filter_map(|act| if let Act::Tell(told) = act { Some(told.happened) } else { None }).collect()
}

fn deeds(acts: Vec<Act>) -> Vec<Deed> {
    acts.into_iter().filter_map(|act| if let Act::Do(deed) = act { Some(deed) } else { None }).collect()
}

#[test]
fn a_caller_is_let_in_once_and_a_forwarded_phone_is_none() {
    let mut line = Line::new();
    let admitted = Act::Admit(caller(C, "+14155550142"));
    assert_eq!(line.comes_in(C, &["inbound", "1"]), [admitted]);
    assert_eq!(line.comes_in(C, &["inbound", "1"]), []);
    assert_eq!(line.comes_in("1796028155.9", &["snoop"]), [], "somebody else's");
    let mut forwarded = channel("1796028155.7");
    forwarded["name"] = json!("Local/15551230000@to-baton-00000001;2");
    let start = json!({ "type": "StasisStart", "channel": forwarded, "args": ["inbound", "1"] });
    assert_eq!(line.hears(&start), [hang_up("1796028155.7".to_owned(), Reason::Normal)]);
    let start = json!({ "type": "StasisStart", "channel": channel("1796028155.8"), "args": ["inbound", "1"],
                        "replace_channel": channel(LEG) });
    assert_eq!(line.hears(&start), [hang_up("1796028155.8".to_owned(), Reason::Normal)], "a transfer by phone");
}

#[test]
fn a_key_counts_once_the_whisper_has_begun() {
    let mut line = Line::on_hold();
    assert_eq!(line.presses("1"), [], "it only rings");
    assert_eq!(told(&line.comes_in(LEG, &["rep", C])), [Happened::Answered]);
    assert_eq!(line.presses("1"), [], "nobody was told who calls");
    line.plays("PlaybackStarted", &format!("whisper-{LEG}"), "playing");
    assert_eq!(line.presses("5"), []);
    assert_eq!(told(&line.presses("1")), [Happened::Accepted]);
    assert_eq!(line.presses("1"), [], "once");
    assert_eq!(told(&Line::in_the_whisper().presses("2")), [Happened::Declined]);
}

/// A caller's key means nothing to whoever is being put through, or speaks with a rep.
#[test]
fn a_key_of_a_caller_is_asked_about_while_nobody_is_put_through() {
    let mut line = Line::in_the_whisper();
    let asks = Act::Key { call: C.to_owned() };
    assert_eq!(line.key_of(C, "1"), [asks]);
    assert_eq!(line.key_of(C, "2"), []);
    assert_eq!(line.key_of("1796028155.9", "1"), [], "nobody we know");
    line.presses("1");
    assert_eq!(line.key_of(C, "1"), [], "a rep has accepted");
    line.enters(LEG);
    assert_eq!(line.key_of(C, "1"), [], "it is for the rep");
}

#[test]
fn a_rep_who_comes_into_the_bridge_has_joined_and_leaves_when_the_leg_ends() {
    let mut line = Line::in_the_whisper();
    line.presses("1");
    let acts = line.enters(LEG);
    assert_eq!(told(&acts), [Happened::Joined]);
    assert_eq!(deeds(acts), [Deed::Quiet { call: C.to_owned() }, Deed::HearRep { leg: leg() }]);
    let moved = line.moves_out(LEG);
    assert_eq!((told(&moved), deeds(moved)), (vec![], vec![Deed::Comfort { call: C.to_owned() }]), "moved");
    assert_eq!(told(&line.enters(LEG)), [], "back");
    // An ordinary end is 16 on version 16 and 0 on version 22.
    assert_eq!(told(&line.ends(LEG, 0)), [Happened::RepLeft]);
}

/// The music that one of them has put on would go on without them.
#[test]
fn a_caller_whom_somebody_has_put_on_hold_is_taken_back_when_they_leave() {
    let mut line = Line::in_the_whisper();
    line.enters(LEG);
    let phone = |word: &str, id: &str| json!({ "type": word, "channel": channel(id), "musicclass": "default" });
    let comfort = Deed::Comfort { call: C.to_owned() };
    line.hears(&phone("ChannelHold", C));
    assert_eq!(deeds(line.moves_out(LEG)), std::slice::from_ref(&comfort), "it was the caller who held");
    line.enters(LEG);
    line.hears(&phone("ChannelHold", LEG));
    line.hears(&phone("ChannelUnhold", LEG));
    assert_eq!(deeds(line.moves_out(LEG)), std::slice::from_ref(&comfort), "it is over");
    line.enters(LEG);
    line.hears(&phone("ChannelHold", LEG));
    assert_eq!(deeds(line.moves_out(LEG)), [Deed::TakeBack { call: C.to_owned() }, comfort]);
}

#[test]
fn how_a_ring_ended_is_read_from_its_cause() {
    for (causes, happened) in [
        (&[17][..], Happened::Busy),
        (&[21], Happened::Declined),
        (&[0, 18, 19], Happened::NoAnswer),
        (&[23], Happened::Forwarded),
        (&[1, 22, 28], Happened::WrongNumber),
        (&[34, 38, 58, 127, 20, 16], Happened::Failed),
    ] {
        for cause in causes {
            let acts = Line::on_hold().ends(LEG, *cause);
            assert_eq!(told(&acts), [happened], "{cause}");
            assert!(deeds(acts).contains(&Deed::LegOver { leg: leg() }));
        }
    }
}

#[test]
fn what_we_hung_up_is_told_to_nobody() {
    assert_eq!(told(&Line::on_hold().ends(LEG, 26)), []);
    assert_eq!(told(&Line::in_the_whisper().ends(LEG, 26)), []);
}

#[test]
fn a_caller_who_leaves_takes_everybody_along() {
    let mut line = Line::in_the_whisper();
    let acts = line.leaves(C);
    assert_eq!(told(&acts), [Happened::CallerLeft]);
    let gone = [
        Deed::HangUp { channel: agent_of(C), reason: Reason::Normal },
        Deed::HangUp { channel: LEG.to_owned(), reason: Reason::AnsweredElsewhere },
        Deed::CallOver { call: C.to_owned() },
    ];
    assert_eq!(deeds(acts), gone);
    assert_eq!(told(&line.ends(LEG, 26)), []);
    let late = line.comes_in("leg_7k2m.2", &["rep", C]);
    assert_eq!(deeds(late), [Deed::HangUp { channel: "leg_7k2m.2".to_owned(), reason: Reason::AnsweredElsewhere }]);
}

#[test]
fn nobody_is_left_alone_once_the_agent_has_gone() {
    let mut line = Line::on_hold();
    let waits = Alone { call: C.to_owned(), agent_is_there: true, agent_is_to_come: false, was_served: true };
    assert_eq!(line.alone(4), []);
    assert_eq!(line.alone(5), [waits]);
    line.ends(&agent_of(C), 16);
    assert_eq!(
        line.alone(5),
        [Alone { call: C.to_owned(), agent_is_there: false, agent_is_to_come: false, was_served: true }]
    );
    line.plays("PlaybackStarted", &words_of(C), "playing");
    assert_eq!(line.alone(60), [], "the caller is being told something");
    line.now += Duration::from_secs(60);
    assert_eq!(deeds(line.plays("PlaybackFinished", &words_of(C), "done")), [Deed::Comfort { call: C.to_owned() }]);
    line.plays("PlaybackStarted", &last_words_of(C), "playing");
    let last = line.plays("PlaybackFinished", &last_words_of(C), "done");
    assert_eq!(last, [Act::LastWord { call: C.to_owned() }]);
}

#[test]
fn an_agent_that_does_not_come_is_missed_at_once() {
    let mut line = Line::new();
    line.comes_in(C, &["inbound", "1"]);
    line.calls.dials_agent(C);
    line.enters(C);
    assert_eq!(line.alone(60), [], "its phone rings");
    assert_eq!(line.ends(&agent_of(C), 17), [Act::Look]);
    assert_eq!(
        line.alone(0),
        [Alone { call: C.to_owned(), agent_is_there: false, agent_is_to_come: false, was_served: false }]
    );
}

#[test]
fn a_whisper_that_cannot_be_played_is_told() {
    let mut line = Line::in_the_whisper();
    let whisper = format!("whisper-{LEG}");
    assert_eq!(line.plays("PlaybackFinished", &whisper, "done"), []);
    assert_eq!(line.plays("PlaybackFinished", &whisper, "failed"), [Act::NoSound { leg: leg() }]);
    line.ends(LEG, 0);
    assert_eq!(line.plays("PlaybackFinished", &whisper, "failed"), [], "the rep has hung up");
}

#[test]
fn what_nobody_heard_is_read_and_told() {
    let found = |id: &str, state: &str, args: &str| {
        let found = json!({ "id": id, "state": state, "dialplan": { "app_data": format!("baton,{args}") } });
        serde_json::from_value::<Channel>(found).unwrap()
    };
    let talking = Bridge { id: bridge_of(C), channels: vec![C.to_owned(), LEG.to_owned()] };
    let (held, new, gone) = ("1796028155.1", "1796028155.2", "1796028155.3");
    let music = Bridge { id: bridge_of(held), channels: vec![held.to_owned()] };
    let empty = Bridge { id: bridge_of(gone), channels: vec![] };
    let channels = [
        found(LEG, "Up", &format!("rep,{C}")),
        found("leg_7k2m.2", "Up", &format!("rep,{held}")),
        found("leg_7k2m.3", "Ringing", ""),
        found(C, "Up", "inbound,1"),
        found(held, "Up", "inbound,1"),
        found(new, "Ring", "inbound,1"),
        found("agent-1796028155.9", "Up", "agent,1796028155.9"),
    ];
    let carried = |call: &str, up: Option<&str>| Carried {
        call: Some(call.to_owned()),
        up: up.map(|leg| LegId::new(leg).unwrap()).into_iter().collect(),
        rings: Vec::new(),
        asked: None,
        is_served: true,
        takes_callback_key: false,
        is_left_to_agent: false,
    };
    let rings = |call: &str, leg: &str| Carried { rings: vec![LegId::new(leg).unwrap()], ..carried(call, None) };
    let believed = [
        carried(gone, None),
        carried(held, Some("leg_7k2m.4")),
        Carried { is_left_to_agent: true, ..carried("1796028155.5", None) },
        carried("CA8f0a3b6c9d2e4f50", None),
        rings(C, "leg_7k2m.3"),
        rings(C, "leg_7k2m.5"),
    ];
    let mut line = Line::new();
    let acts = line.calls.find(&channels, &[talking, music, empty], &believed, line.now);
    let told: Vec<_> = acts
        .iter()
        .filter_map(|act| if let Act::Tell(told) = act { Some(told) } else { None })
        .map(|told| (told.call.as_deref().unwrap_or_default(), told.leg.as_ref().map(LegId::as_str), told.happened))
        .collect();
    assert_eq!(
        told,
        [
            (C, Some(LEG), Happened::Answered),
            (C, Some(LEG), Happened::Joined),
            (held, Some("leg_7k2m.2"), Happened::Answered),
            (gone, None, Happened::CallerLeft),
            (held, Some("leg_7k2m.4"), Happened::RepLeft),
            ("1796028155.5", None, Happened::Missed),
        ],
        "another carrier's call is nobody's of ours"
    );
    assert!(acts.contains(&Act::Admit(caller(new, ""))));
    assert!(acts.contains(&Act::Again(caller(held, ""))), "who let them in may have died half way");
    let asked = acts.iter().filter(|act| matches!(act, Act::WasRung { .. })).collect::<Vec<_>>();
    let was_rung = Act::WasRung { call: Some(C.to_owned()), leg: LegId::new("leg_7k2m.5").unwrap() };
    assert_eq!(asked, [&was_rung], "a phone that rings is there; one that does not may have rung before");
    let done = deeds(acts);
    assert_eq!(
        done,
        [
            Deed::HearRep { leg: leg() },
            Deed::HangUp { channel: "agent-1796028155.9".to_owned(), reason: Reason::Normal },
            Deed::CallOver { call: gone.to_owned() },
        ]
    );
}

#[test]
fn a_rep_whose_caller_the_platform_has_is_told_of_and_is_the_callers_once_they_have_come() {
    let mut line = Line::new();
    assert_eq!(told(&line.comes_in(LEG, &["rep", AWAY])), [Happened::Answered], "nobody is here, and it is no stray");
    line.plays("PlaybackStarted", &format!("whisper-{LEG}"), "playing");
    assert_eq!(told(&line.presses("1")), [Happened::Accepted]);
    line.comes_in(C, &["inbound", "baton-7k2m"]);
    line.enters(C);
    let acts = line.enters(LEG);
    let joined = Told { call: Some(C.to_owned()), leg: Some(leg()), happened: Happened::Joined, why: None };
    assert!(acts.contains(&Act::Tell(joined)));
    let left = line.leaves(C);
    assert_eq!(told(&left), [Happened::CallerLeft]);
    let hung_up = Deed::HangUp { channel: LEG.to_owned(), reason: Reason::AnsweredElsewhere };
    assert!(deeds(left).contains(&hung_up), "as any rep's");
}

#[test]
fn reps_whose_caller_the_platform_has_are_found_and_missed_like_others() {
    let up = json!({ "id": LEG, "state": "Up", "dialplan": { "app_data": format!("baton,rep,{AWAY}") } });
    let channels = [serde_json::from_value::<Channel>(up).unwrap()];
    let id = |leg: &str| LegId::new(leg).unwrap();
    let away = Carried {
        call: None,
        up: vec![leg(), id("leg_7k2m.2")],
        rings: vec![id("leg_7k2m.3")],
        asked: None,
        is_served: true,
        takes_callback_key: false,
        is_left_to_agent: false,
    };
    let mut line = Line::new();
    let acts = line.calls.find(&channels, &[], &[away], line.now);
    let one = |leg: &LegId, happened| Act::Tell(Told { call: None, leg: Some(leg.clone()), happened, why: None });
    assert_eq!(
        acts,
        [
            one(&leg(), Happened::Answered),
            one(&id("leg_7k2m.2"), Happened::RepLeft),
            Act::WasRung { call: None, leg: id("leg_7k2m.3") },
        ],
        "nobody is hung up, and no caller is said to have left"
    );
}
