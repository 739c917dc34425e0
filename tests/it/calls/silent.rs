//! Every vendor but the telephony has stopped answering: what is sent to them is taken, and that is all. Callers notice nothing of it
//! but that no time can be offered.

use super::cases;
use super::stage::line::{DANA, Wanted};
use super::stage::tones::until_said;
use super::stage::workers::{ONE_MOMENT, PROMISE};
use baton::app::stage::StandIns;
use baton::connectors::http::ApiCall;
use baton_phones::call::Stage;
use baton_phones::ear::Recording;
use baton_phones::rtp::Sound;
use baton_phones::tones::{AGENT, CALLER, HOLD, REP};
use std::net::TcpListener;
use std::time::Duration;
use tokio::time::Instant;

/// What a caller waits for the next sentence at most.
const NEXT_SENTENCE: Duration = Duration::from_millis(1_500);

cases! {
    with_every_vendor_silent_the_next_sentence_comes_in_time_and_a_call_is_promised,
}

async fn with_every_vendor_silent_the_next_sentence_comes_in_time_and_a_call_is_promised(wanted: Wanted) {
    let (crm, slack, mail, calendar) = (BlackHole::open(), BlackHole::open(), BlackHole::open(), BlackHole::open());
    let sections = format!(
        r#"
[crm]
vendor = "salesforce"
base_url = "http://{}"
auth = {{ flow = "client_credentials", client_id = "silent", client_secret = "env:SANDBOX_CRM" }}

[slack]
base_url = "http://{}"
bot_token = "env:SANDBOX_SLACK"

[mail]
host = "127.0.0.1"
port = {}
tls = "none"
from = "Baton <baton@sandbox.example>"

[calendar]
base_url = "http://{calendar}"
token_url = "http://{calendar}/token"
client_email = "baton@sandbox.example"
private_key = "env:SANDBOX_CALENDAR"
"#,
        crm.address(),
        slack.address(),
        mail.port(),
        calendar = calendar.address(),
    );
    let wanted = wanted.reps(1).rule("[warm_transfer, callback]", "[warm_transfer, booking, callback]");
    let line = wanted.connected_to(&sections, &StandIns::secrets()).open().await;
    let (one_moment, promise) = (line.speaks(ONE_MOMENT), line.speaks(PROMISE));

    let inbound = line.calls_in(&DANA).await;
    inbound.caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
    // What we say is to be heard alone.
    inbound.agent.says(Sound::Silence);
    let call = line.qualifies(inbound, &DANA).await;
    let rep = line.rep(1).rings().await;
    until_said(&call.caller, &one_moment).await;
    in_time("after the event", &call.caller.recording(), call.at);

    call.caller.until_hears("music alone", |heard| heard.hears_only(HOLD)).await;
    let declined = Instant::now();
    rep.refuses("486 Busy Here").await;
    let story = line.ends_as(&call.lead, "callback").await;
    assert!(!story.has("slots_found"), "no calendar answered: {:?}", story.kinds());
    let promised = ApiCall::get("list_leads", &["v1", "leads"]).query("next_step", "callback");
    let promised = line.worker().asked(&promised).await.expect("a list");
    assert!(promised.to_string().contains(&call.lead), "the promise is on the list: {promised:#}");
    until_said(&call.caller, &promise).await;
    in_time("after the last phone was given up", &call.caller.recording(), declined);
    assert_eq!(call.caller.stage(), Stage::Answered, "the agent has the last word");
}

/// From this moment to the first word.
fn in_time(what: &str, heard: &Recording, after: Instant) {
    let tones = [HOLD, CALLER, AGENT, REP];
    let words = heard.first_words(&tones, after).unwrap_or_else(|| panic!("nothing was said {what}"));
    println!("the next sentence {what}: {} ms", (words - after).as_millis());
    assert!(words - after <= NEXT_SENTENCE, "{what}: {:?}", words - after);
}

/// Connections come about, and that is all.
struct BlackHole(TcpListener);

impl BlackHole {
    fn open() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a port"))
    }

    fn address(&self) -> std::net::SocketAddr {
        self.0.local_addr().expect("its number")
    }

    fn port(&self) -> u16 {
        self.address().port()
    }
}
