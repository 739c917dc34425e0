//! What a workspace asks for, and nothing is connected to.

use crate::app::lines::lent;
use crate::config::{self, Config};
use baton_core::domain::effect::Comfort;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::phone::endpoint::{Address, Endpoint};
use baton_core::rules::RuleSet;
use baton_core::rules::fault::listed;
use baton_core::rules::model::set::{CallbackDial, ConfirmBy, Introduction, Rung, TextBack};
use baton_core::rules::words::language;

/// What the ladders and the letters of a workspace ask for, and `baton.toml` connects nothing to: it is not done, and nobody is
/// told that it is.
pub fn not_connected(config: &Config, rules: &RuleSet) -> Vec<String> {
    let ladders_with = |rung: Rung| {
        let named = rules.handoff.ladders.iter().filter(|(_, rungs)| rungs.contains(&rung));
        named.map(|(name, _)| name).collect::<Vec<_>>().join(", ")
    };
    let mut told = Vec::new();
    let (ringing, booking) = (ladders_with(Rung::WarmTransfer), ladders_with(Rung::Booking));
    if config.telephony.is_none() && !ringing.is_empty() {
        told.push(format!("no [telephony]: warm_transfer is left out of the ladders that have it ({ringing})"));
    }
    told.extend(undialled(config, rules));
    told.extend(not_at_this_telephony(config, rules));
    if config.calendars().next().is_none() && !booking.is_empty() {
        told.push(format!("no [calendar]: booking is left out of the ladders that have it ({booking})"));
    }
    told.extend(at_no_front_door(config, rules));
    told.extend(lent_and_answered(config, rules));
    if config.sms.is_none() && rules.handoff.callback.text_back != TextBack::Nobody {
        told.push("no [sms]: text_back of handoff.yaml is sent to nobody".to_owned());
    }
    if config.sms.is_none() && rules.handoff.booking.confirm.contains(&ConfirmBy::Text) {
        told.push("no [sms]: nobody is told of a meeting by text, as confirm of handoff.yaml says".to_owned());
    }
    if config.mail.is_none() && config.slack.is_none() && config.teams.is_none() {
        told.push("no [slack] and no [mail]: no rep is told of a lead, and no caller of a promise".to_owned());
    }
    told
}

/// What handoff.yaml asks for, and the carrier of our calls has not.
fn not_at_this_telephony(config: &Config, rules: &RuleSet) -> Vec<String> {
    let handoff = &rules.handoff;
    let mut told = Vec::new();
    // Whose agent the caller hears meanwhile, who tells of their keys.
    let is_platforms = matches!(config.telephony, Some(config::Telephony::RepFirst(_)));
    if twilio(config).is_some() {
        let gone = "no agent once carrier = \"twilio\" has taken a call over";
        if handoff.hold == Comfort::Agent && !is_platforms {
            told.push(format!("{gone}: hold: agent of handoff.yaml is music"));
        }
        if handoff.introduce == Introduction::Agent {
            told.push(format!("{gone}: with introduce: agent of handoff.yaml the two are joined without it"));
        }
        if handoff.offer_callback.is_some() && !is_platforms {
            let no_keys = "no keys of callers with carrier = \"twilio\"";
            told.push(format!("{no_keys}: offer_callback of handoff.yaml is offered to nobody"));
        }
    }
    if let Some(voice) = twilio(config).and_then(|twilio| twilio.language.as_deref())
        && language::code(voice).is_some_and(|code| code != handoff.language)
    {
        told.push(format!(
            "telephony.language is {voice}, and language of handoff.yaml is {}: words in the one are read by a voice of the other; \
             make them agree",
            handoff.language
        ));
    }
    if handoff.callback.dial == CallbackDial::AtTheTime && config.telephony.is_none() {
        let by_hand = "dial: at_the_time of handoff.yaml begins no call; reps call back by hand";
        told.push(format!("no [telephony] that dials leads: {by_hand}"));
    }
    told
}

/// Numbers that are lent, and people of ours are said to answer as well.
fn lent_and_answered(config: &Config, rules: &RuleSet) -> Option<String> {
    let both = lent(config).iter().map(PhoneE164::as_str).filter(|number| rules.front_door.dialled(number).is_some());
    let both: Vec<&str> = both.collect();
    (!both.is_empty()).then(|| {
        format!(
            "both in telephony.numbers and in rules/front_door.yaml ({}): whoever calls there is taken for a caller who is \
             transferred, and rings for nobody; take it out of one of them",
            listed(both.into_iter())
        )
    })
}

/// Callers of the front door whom nobody is rung for, or to whom no agent comes.
fn at_no_front_door(config: &Config, rules: &RuleSet) -> Option<String> {
    let why = match (exchange(config), twilio(config).map(|twilio| &twilio.agent)) {
        (Some(_), _) | (None, Some(Some(_))) => return None,
        (None, Some(None)) => "no telephony.agent: whom no rep takes of rules/front_door.yaml is promised a call",
        (None, None) => {
            "no [telephony] with mode = \"bridge\" or \"rep_first\": nobody is rung for callers of rules/front_door.yaml"
        }
    };
    (rules.front_door.numbers().len() > 0).then(|| why.to_owned())
}

fn twilio(config: &Config) -> Option<&config::Twilio> {
    config.telephony.as_ref()?.twilio()
}

fn exchange(config: &Config) -> Option<&config::Asterisk> {
    config.telephony.as_ref()?.asterisk()
}

/// Apps in the roster that there is no way to dial.
pub fn undialled(config: &Config, rules: &RuleSet) -> Option<String> {
    let asterisk = exchange(config)?;
    let is_app = |endpoint: &Endpoint| matches!(endpoint.address, Address::Sip(_));
    let with_app = rules.reps.values().filter(|rep| rep.active && rep.phones.iter().any(is_app));
    let reps: Vec<&str> = with_app.map(|rep| rep.id.as_str()).collect();
    (asterisk.dial_app.is_none() && !reps.is_empty()).then(|| {
        format!(
            "no telephony.dial_app: apps in rules/reps.csv ({}) are not rung, and the rep's next phone is; add \
             dial_app = \"PJSIP/{{user}}\" where they register at this Asterisk, or \"PJSIP/ENDPOINT/sip:{{app}}\" by way of another",
            listed(reps.into_iter())
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::phone::endpoint::PhoneKind;
    use baton_core::routing::scenario::scenario;

    const TWILIO: &str = "[telephony]\nmode = \"bridge\"\ncarrier = \"twilio\"\naccount = \"AC\"\nkey = \"env:K\"\n\
                          caller_id = \"+15551230000\"\n";

    #[test]
    fn what_a_ladder_asks_for_and_nothing_is_connected_to_is_told() {
        let told = |toml: &str| not_connected(&toml::from_str(toml).expect("a configuration"), &scenario().rules);
        let [telephony, calendar, mail] = &told("")[..] else { panic!("{:?}", told("")) };
        assert!(telephony.starts_with("no [telephony]: warm_transfer is left out") && telephony.ends_with("(default)"));
        assert!(calendar.starts_with("no [calendar]: booking is left out") && calendar.ends_with("(default, quiet)"));
        assert!(mail.starts_with("no [slack] and no [mail]"), "{mail}");
        let slack = "[slack]\nbot_token = \"env:T\"\n";
        let agent = "[telephony]\nmode = \"agent_amqp\"\n";
        let google = "[calendar]\nclient_email = \"a@b.example\"\nprivate_key = \"env:K\"\n";
        assert_eq!(told(&format!("{slack}{agent}{google}")), Vec::<String>::new());
        let config = toml::from_str(&format!("{slack}{TWILIO}{google}")).expect("a configuration");
        let mut rules = scenario().rules;
        assert_eq!(not_connected(&config, &rules), Vec::<String>::new());
        rules.handoff.hold = Comfort::Agent;
        let [hold] = &not_connected(&config, &rules)[..] else { panic!("one thing is told") };
        assert!(hold.contains("hold: agent of handoff.yaml is music"), "{hold}");
        rules.handoff.hold = Comfort::Music;
        rules.handoff.introduce = Introduction::Agent;
        rules.handoff.offer_callback = Some(std::time::Duration::from_secs(20));
        rules.handoff.callback.dial = CallbackDial::AtTheTime;
        let told = not_connected(&config, &rules);
        let [introduce, offer] = &told[..] else { panic!("it dials leads: {told:?}") };
        assert!(introduce.contains("joined without it") && offer.contains("offered to nobody"), "{told:?}");
        // Behind a platform its agent stays, and its keys are heard, until a rep has accepted.
        let behind = "mode = \"rep_first\"\ntold_by = \"tool\"\nhost = \"acme.sip.twilio.com\"";
        let behind = TWILIO.replace("mode = \"bridge\"", behind);
        let behind = toml::from_str(&format!("{slack}{behind}{google}")).expect("a configuration");
        rules.handoff.hold = Comfort::Agent;
        let told = not_connected(&behind, &rules);
        let [introduce] = &told[..] else { panic!("{told:?}") };
        assert!(introduce.contains("joined without it"), "{told:?}");
        let mut rules = scenario().rules;
        rules.handoff.callback.text_back = TextBack::Agreed;
        assert_eq!(not_connected(&config, &rules), ["no [sms]: text_back of handoff.yaml is sent to nobody"]);
        rules.handoff.callback.text_back = TextBack::Nobody;
        rules.handoff.booking.confirm.insert(ConfirmBy::Text);
        let [texts] = &not_connected(&config, &rules)[..] else { panic!("one thing is told") };
        assert!(texts.starts_with("no [sms]: nobody is told of a meeting by text"), "{texts}");
        let sms = format!("{slack}{TWILIO}{google}[sms]\nvendor = \"twilio\"\nfrom = \"+15551230000\"\n");
        let config = toml::from_str(&sms).expect("a configuration");
        assert_eq!(not_connected(&config, &rules), Vec::<String>::new());
        rules.handoff.callback.dial = CallbackDial::AtTheTime;
        let told = not_connected(&toml::from_str("").expect("a configuration"), &rules);
        assert!(told.iter().any(|told| told.contains("reps call back by hand")), "{told:?}");
    }

    #[test]
    fn a_front_door_that_leads_to_nobody_or_to_no_agent_is_told() {
        let rules = &scenario().at_front_door("front").rules;
        let told = |toml: &str| at_no_front_door(&toml::from_str(toml).expect("a configuration"), rules);
        assert!(told("").expect("it is told").contains("nobody is rung"));
        assert!(told(TWILIO).expect("it is told").starts_with("no telephony.agent"));
        assert_eq!(told(&format!("{TWILIO}agent = \"+14155550190\"\n")), None);
    }

    #[test]
    fn a_voice_of_another_language_than_the_words_is_told() {
        let mut rules = scenario().rules;
        let told = |rules: &RuleSet| {
            let config = toml::from_str(&format!("{TWILIO}language = \"en-GB\"\n")).expect("a configuration");
            not_connected(&config, rules).into_iter().find(|told| told.starts_with("telephony.language"))
        };
        assert_eq!(told(&rules), None);
        rules.handoff.language = "de".to_owned();
        assert!(told(&rules).expect("it is told").contains("is en-GB, and language of handoff.yaml is de"));
    }

    #[test]
    fn an_app_that_cannot_be_dialled_is_told_with_what_to_add() {
        let app = || Endpoint::new(PhoneKind::App, "ben@pbx.example").expect("an address");
        let rules = scenario().rep("ben", |rep| rep.phones.insert(0, app())).rules;
        let config = |more: &str| {
            let bridge = "mode = \"bridge\"\ncarrier = \"asterisk\"\nurl = \"http://127.0.0.1:8088/ari\"\nuser = \"baton\"\n\
                          password = \"env:P\"\ndial = \"PJSIP/{digits}@trunk\"\ncaller_id = \"+15551230000\"\n";
            toml::from_str::<Config>(&format!("[telephony]\n{bridge}{more}")).expect("a configuration")
        };
        let told = undialled(&config(""), &rules).expect("it is told");
        assert!(told.contains("(ben) are not rung") && told.contains("dial_app = \"PJSIP/{user}\""), "{told}");
        assert_eq!(undialled(&config("dial_app = \"PJSIP/{user}\"\n"), &rules), None);
        assert_eq!(undialled(&config(""), &scenario().rules), None);
    }

    #[test]
    fn a_number_that_is_lent_and_answered_is_told() {
        let rules = scenario().at_front_door("front").rules;
        let told = |numbers: &str| {
            let carrier = "mode = \"rep_first\"\ntold_by = \"tool\"\ncarrier = \"asterisk\"\nurl = \"http://127.0.0.1:8088/ari\"\n\
                           user = \"baton\"\npassword = \"env:P\"\ndial = \"PJSIP/{digits}\"\ncaller_id = \"+15551230009\"\n";
            let config = toml::from_str(&format!("[telephony]\n{carrier}numbers = [{numbers}]\n"));
            not_connected(&config.expect("a configuration"), &rules)
                .into_iter()
                .find(|told| told.starts_with("both in"))
        };
        let both = told("\"+15551230001\", \"+15551230000\"").expect("it is told");
        assert!(both.contains("front_door.yaml (+15551230000)") && both.contains("rings for nobody"), "{both}");
        assert_eq!(told("\"+15551230001\""), None);
    }
}
