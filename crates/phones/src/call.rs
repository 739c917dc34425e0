//! One call of a phone: what its owner is made to do, and what became of it.

mod requests;

use super::ear::Recording;
use super::media::Media;
use super::rtp::Sound;
use super::sip::{ALLOW, Message, contact, sound_at, wants_sound_at};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// What happens at all happens sooner; only what fails waits so long.
pub const PATIENCE: Duration = Duration::from_secs(40);
const LATELY: Duration = Duration::from_millis(500);
/// What is not answered goes out again after this, and so often.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
const TIMES: usize = 10;

/// How a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Ringing,
    Answered,
    Ended(End),
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// We hung up, or did not take it.
    ByUs,
    TheyHungUp,
    /// It was called off before anybody answered.
    Cancelled,
    /// The same, because somebody else had answered: no phone shows it as missed.
    AnsweredElsewhere,
    /// The other side answered with this status.
    Refused(u16),
}

/// The two sides of a call's signalling.
pub struct Sides {
    pub whose: String,
    pub socket: Arc<UdpSocket>,
    pub peer: SocketAddr,
    /// When the INVITE was here, or was about to leave.
    pub since: Instant,
}

#[derive(Clone)]
pub struct Call(Arc<Talk>);

struct Talk {
    sides: Sides,
    /// As it came to us, or went out from us.
    invite: Message,
    is_ours: bool,
    tag: String,
    media: Media,
    stage: watch::Sender<Stage>,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    /// Our last word on the INVITE, which goes out again when that does.
    last: String,
    /// What was answered to the methods that we sent; `ACK` where our own answer was acknowledged.
    settled: BTreeMap<String, u16>,
    /// The other side by the name that it answered with, and where it wants to be asked.
    their_name: Option<String>,
    their_contact: Option<String>,
    requests: u32,
    /// How often our sound was described anew.
    described: u32,
    answers_when_cancelled: bool,
    let_go_for_another: bool,
}

impl Call {
    /// `tag` is ours: a call that it stands in the sender of is one that we make.
    pub fn new(sides: Sides, invite: Message, tag: String, media: Media) -> Self {
        let is_ours = invite.header("From").is_some_and(|from| from.ends_with(&tag));
        let said = Said { their_contact: invite.contact().filter(|_| !is_ours), ..Said::default() };
        let (stage, said) = (watch::Sender::new(Stage::Ringing), Mutex::new(said));
        Self(Arc::new(Talk { sides, invite, is_ours, tag, media, stage, said }))
    }

    pub fn is(&self, call_id: &str) -> bool {
        self.0.invite.call_id() == call_id
    }

    /// Of the INVITE.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.invite.header(name)
    }

    /// Whose number is shown: `+14155550142`.
    pub fn shows(&self) -> &str {
        self.0.invite.user_of("From")
    }

    /// Who is called, by the name in the address.
    pub fn dialled(&self) -> &str {
        self.0.invite.user_of("To")
    }

    /// When it came, or went out.
    pub fn since(&self) -> Instant {
        self.0.sides.since
    }

    pub fn stage(&self) -> Stage {
        *self.0.stage.borrow()
    }

    pub fn recording(&self) -> Recording {
        self.0.media.recording()
    }

    /// Waits until what was heard in the last half second is so.
    pub async fn until_hears(&self, what: &str, holds: impl Fn(&Recording) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(&self.0.media.lately(LATELY)) {
            let goes_on = !matches!(self.stage(), Stage::Ended(_)) && Instant::now() < until;
            assert!(goes_on, "{} did not hear {what}: the call is {:?}", self.0.sides.whose, self.stage());
            sleep(LATELY / 20).await;
        }
    }

    pub fn says(&self, sound: Sound) {
        self.0.media.says(sound);
    }

    /// What was heard so far is let go.
    pub fn forgets(&self) {
        self.0.media.forgets();
    }

    /// Until the key is up again, or the call has ended over it; when it was up: the first packet left that says so.
    pub async fn presses(&self, key: char) -> Instant {
        self.0.media.presses(key).await
    }

    /// Takes the call: both can be heard from here on.
    pub async fn answers(&self) {
        self.says_yes().await;
        self.until_answered().await;
    }

    /// Takes the call, whether or not anybody is there.
    pub async fn picks_up(&self) {
        self.says_yes().await;
    }

    /// Takes the call, and whoever rang is gone: it ends at once.
    pub async fn answers_in_vain(&self) {
        self.says_yes().await;
        assert_eq!(self.until_ended().await, End::TheyHungUp, "the call of {}", self.0.sides.whose);
    }

    /// Is just about to answer when the call is called off: the two cross on the wire.
    pub fn answers_when_cancelled(&self) {
        self.said().answers_when_cancelled = true;
    }

    /// With an answer such as `486 Busy Here`.
    pub async fn refuses(&self, answer: &str) {
        self.tells(answer, &[], "").await;
        self.ends(End::ByUs);
    }

    /// Whoever calls is told to call this address instead.
    pub async fn forwards_to(&self, port: u16) {
        self.tells("302 Moved Temporarily", &[("Contact", contact(port))], "").await;
        self.ends(End::ByUs);
    }

    /// Is heard before it answers, as an announcement of a network is.
    pub async fn plays_before_answering(&self) {
        self.opens_sound(&self.0.invite.body);
        self.tells("183 Session Progress", &[("Contact", self.contact())], &self.sound()).await;
    }

    pub async fn hangs_up(&self) {
        let asked = if self.stage() == Stage::Answered { "BYE" } else { "CANCEL" };
        let request = self.request(asked, asked == "CANCEL", &[], "");
        self.ends(End::ByUs);
        self.repeats(request, asked);
    }

    pub async fn until_answered(&self) {
        let stage = self.until("is answered", |stage| *stage != Stage::Ringing).await;
        assert_eq!(stage, Stage::Answered, "the call of {}", self.0.sides.whose);
    }

    /// Whether whoever hung up has said that somebody else took the call.
    pub fn was_let_go_for_another(&self) -> bool {
        self.said().let_go_for_another
    }

    pub async fn until_ended(&self) -> End {
        let Stage::Ended(end) = self.until("ends", |stage| matches!(stage, Stage::Ended(_))).await else {
            unreachable!("it was waited for")
        };
        end
    }

    async fn until(&self, what: &str, holds: impl FnMut(&Stage) -> bool) -> Stage {
        let mut stage = self.0.stage.subscribe();
        let held = timeout(PATIENCE, stage.wait_for(holds)).await.map(|held| *held.expect("the call is there"));
        held.unwrap_or_else(|_| panic!("waited for the moment at which the call of {} {what}", self.0.sides.whose))
    }

    // ---- as a phone does ---------------------------------------------------------------------------------------------

    /// What the other side says of this call.
    pub async fn hears(&self, message: &Message) {
        match message.method() {
            None => self.is_answered(message).await,
            Some("ACK") => self.is_acknowledged(),
            Some("INVITE") if !self.0.is_ours && message.cseq() == self.0.invite.cseq() => {
                let last = self.said().last.clone();
                self.sends(&last).await;
            }
            Some("INVITE") => {
                self.opens_sound(&message.body);
                let answer = message.answer("200 OK", &self.0.tag, &[("Contact", self.contact())], &self.sound());
                self.sends(&answer).await;
            }
            Some("CANCEL") => self.is_cancelled(message).await,
            Some(method) => {
                self.sends(&message.answer("200 OK", &self.0.tag, &[], "")).await;
                if method == "BYE" {
                    self.said().let_go_for_another = message.says_elsewhere();
                    self.ends(End::TheyHungUp);
                }
            }
        }
    }

    /// An answer to the INVITE that came to us.
    pub async fn tells(&self, status: &str, more: &[(&str, String)], body: &str) {
        let answer = self.0.invite.answer(status, &self.0.tag, more, body);
        self.said().last.clone_from(&answer);
        self.sends(&answer).await;
    }

    /// Sends a request, or an answer, again and again until that of this method is settled.
    pub fn repeats(&self, text: String, method: &'static str) {
        let call = self.clone();
        tokio::spawn(async move {
            for _ in 0..TIMES {
                if call.said().settled.contains_key(method) {
                    return;
                }
                call.sends(&text).await;
                sleep(AGAIN_AFTER).await;
            }
        });
    }

    async fn says_yes(&self) {
        self.opens_sound(&self.0.invite.body);
        let more = [("Contact", self.contact()), ("Allow", ALLOW.to_owned())];
        let answer = self.0.invite.answer("200 OK", &self.0.tag, &more, &self.sound());
        self.said().last.clone_from(&answer);
        self.repeats(answer, "ACK");
    }

    async fn is_cancelled(&self, cancel: &Message) {
        let crosses = self.said().answers_when_cancelled;
        if crosses {
            self.says_yes().await;
        }
        self.sends(&cancel.answer("200 OK", &self.0.tag, &[], "")).await;
        if !crosses && self.stage() == Stage::Ringing {
            self.tells("487 Request Terminated", &[], "").await;
            self.ends(if cancel.says_elsewhere() { End::AnsweredElsewhere } else { End::Cancelled });
        }
    }

    fn is_acknowledged(&self) {
        let is_first = self.said().settled.insert("ACK".to_owned(), 200).is_none();
        if is_first && self.stage() == Stage::Ringing {
            self.0.stage.send_replace(Stage::Answered);
        }
    }

    async fn is_answered(&self, answer: &Message) {
        let (number, method) = answer.cseq();
        self.said().settled.insert(method.to_owned(), answer.status().unwrap_or(0));
        let Some(status) = answer.status().filter(|status| method == "INVITE" && *status >= 180) else { return };
        self.opens_sound(&answer.body);
        if status < 200 {
            return;
        }
        {
            let mut said = self.said();
            said.their_name = answer.header("To").map(str::to_owned);
            said.their_contact = if status < 300 { answer.contact() } else { None };
        }
        let ack = self.numbered(number, "ACK", status >= 300, &[], "");
        self.sends(&ack).await;
        match self.stage() {
            Stage::Ringing if status < 300 => drop(self.0.stage.send_replace(Stage::Answered)),
            Stage::Ringing => self.ends(End::Refused(status)),
            // It was answered while we called it off.
            Stage::Ended(_) if status < 300 => self.repeats(self.request("BYE", false, &[], ""), "BYE"),
            Stage::Answered | Stage::Ended(_) => {}
        }
    }

    fn opens_sound(&self, described: &str) {
        if let Some((to, keys_as)) = wants_sound_at(described) {
            self.0.media.goes_to(to, keys_as);
        }
    }

    fn ends(&self, end: End) {
        let ended = |stage: &mut Stage| {
            let is_first = !matches!(stage, Stage::Ended(_));
            *stage = if is_first { Stage::Ended(end) } else { *stage };
            is_first
        };
        self.0.stage.send_if_modified(ended);
        self.0.media.ends();
    }

    async fn sends(&self, text: &str) {
        let _lost = self.0.sides.socket.send_to(text.as_bytes(), self.0.sides.peer).await;
    }

    fn contact(&self) -> String {
        contact(self.port())
    }

    fn sound(&self) -> String {
        sound_at(self.0.media.port)
    }

    fn port(&self) -> u16 {
        self.0.sides.socket.local_addr().expect("its number").port()
    }

    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        self.0.said.lock().expect("what was said")
    }
}
