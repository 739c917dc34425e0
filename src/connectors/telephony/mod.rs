//! What Baton asks of whoever drives the call: to say, hold, ring, whisper, join, hang up and end; and what it is told where it
//! carries the call itself.

pub mod rep_first;
pub mod twilio;

use super::VendorError;
use async_trait::async_trait;
use baton_core::domain::effect::{Class, Comfort, HangUpReason, Instruction};
use baton_core::domain::id::LegId;
use baton_core::domain::lead::{Arrival, Call, Direction};
use baton_core::domain::outcome::Slot;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::phone::endpoint::Endpoint;
use baton_core::domain::text::{CallerText, Whisper};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// State of a leg as the telephony side knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegStatus {
    /// Never heard of.
    Absent,
    Ringing,
    Answered,
    Joined,
    Ended,
}

/// What a platform says of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerStatus {
    OnTheLine,
    Left,
    /// The platform cannot be asked, or does not know the call: no answer either way.
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RingRequest {
    pub leg: LegId,
    /// The caller's.
    pub call: Call,
    pub endpoint: Endpoint,
    /// The phone stops ringing then; a request that arrives later must not ring at all.
    pub ring_until: DateTime<Utc>,
    /// What will be whispered on answering: where we speak ourselves it is made ready while the phone rings.
    pub whisper: Whisper,
}

/// A lead whom a rep calls back.
#[derive(Debug, Clone, PartialEq)]
pub struct DialRequest {
    /// The lead's.
    pub leg: LegId,
    /// The rep's, who waits on it.
    pub with: LegId,
    pub phone: PhoneE164,
    /// The phone stops ringing then; a request that arrives later must not ring at all.
    pub ring_until: DateTime<Utc>,
    pub recording: Recording,
}

/// A rep who is asked what came of calling a lead, and says so by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskRequest {
    pub leg: LegId,
    pub say: Whisper,
    /// The two were on one line, and more is asked.
    pub have_spoken: bool,
    /// The key that they pressed was none of those that were offered.
    pub again: bool,
}

/// The platform on which whatever we dial by ourselves is said to be.
pub const OUR_CALL: &str = "baton";

/// Whatever is dialled for a rep who calls back has no caller: the call is the rep's own leg, and shows whom they will speak with.
pub fn call_of(leg: &LegId, lead: Option<&PhoneE164>) -> Call {
    Call {
        platform: OUR_CALL.to_owned(),
        id: leg.to_string(),
        live: false,
        direction: Some(Direction::Outbound),
        from: lead.cloned(),
        to: None,
        leg: Some(leg.to_string()),
        started_at: None,
        only_completes: false,
    }
}

/// Whether the platform may record from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// As it is set up to do: nobody has refused.
    AsUsual,
    Refused,
}

/// What the voice agent is to say, and what it must know to go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spoken {
    /// `hold`, `hold_on`, `offer_callback`, `connected`, `introduce`, `find_time`, `offer_slots`, `confirm_booking`,
    /// `promise_callback`, `promise_mail`, `no_call`, `how_to_reach`.
    pub kind: String,
    pub say: CallerText,
    /// The times on offer, to be named again in `slot_chosen`; empty for the other kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Slot>,
    /// In which `say` is written, for a voice of ours; it goes into no answer and no command.
    #[serde(skip, default = "english")]
    pub language: String,
}

fn english() -> String {
    "en".to_owned()
}

/// Commands to whoever drives the call. Every method may be repeated with the same ids, except `ring`, which is
/// `LookFirst`: after a lost answer [`Telephony::read`] tells whether the phone rings.
#[async_trait]
pub trait Telephony: Send + Sync {
    /// What a lost answer to `ring` means; the other commands are `Repeatable`.
    fn ring_class(&self) -> Class;
    async fn instruct(&self, call: &Call, key: &str, instruction: &Spoken) -> Result<(), VendorError>;
    async fn hold(&self, call: &Call, key: &str, recording: Recording, comfort: Comfort) -> Result<(), VendorError>;
    async fn ring(&self, request: &RingRequest) -> Result<(), VendorError>;
    async fn whisper(&self, leg: &LegId, key: &str, whisper: &Whisper) -> Result<(), VendorError>;
    async fn join(&self, call: &Call, leg: &LegId, key: &str, recording: Recording) -> Result<(), VendorError>;
    /// The same, where the voice agent is to make the two known to each other: it stays with them until [`Telephony::leave_agent`].
    /// Whoever does not hold the agent joins the two, and the agent leaves when it has said what it was told to.
    async fn join_three(&self, call: &Call, leg: &LegId, key: &str, recording: Recording) -> Result<(), VendorError> {
        self.join(call, leg, key, recording).await
    }
    /// The voice agent is let go, and hears nothing any more; one that is gone is what was wanted.
    async fn leave_agent(&self, _call: &Call, _key: &str) -> Result<(), VendorError> {
        Ok(())
    }
    /// `reason` is what the phone is told: who is rung with others has missed nothing where one of them was quicker.
    async fn hang_up(&self, leg: &LegId, key: &str, reason: HangUpReason) -> Result<(), VendorError>;
    /// Hangs the caller up once they have spoken with the rep, who is gone; a call that is over is what was wanted. A platform
    /// that dials by itself does this by itself.
    async fn end_call(&self, _call: &Call, _key: &str) -> Result<(), VendorError> {
        Ok(())
    }
    /// Whether the caller hears the voice agent at this moment, which could say this itself: who carries the call brings it back
    /// first. Who commands the agent tells it by [`Telephony::instruct`].
    async fn agent_speaks(&self, _call: &Call, _instruction: &Instruction) -> Result<bool, VendorError> {
        Ok(false)
    }
    /// Whether a key of this caller is heard, and one can be offered to them: a platform that holds the call says what was pressed.
    async fn hears_key(&self, _call: &Call) -> Result<bool, VendorError> {
        Ok(true)
    }
    /// Whether `join` joins a rep who has accepted by no key: where the rep's own key leads them to the caller it does nothing.
    fn joins_when_told(&self) -> bool {
        true
    }
    /// Whether it can dial a lead for a rep, once they have accepted.
    fn dials_leads(&self) -> bool {
        false
    }
    /// Dials a lead and joins them with the rep who has accepted, as soon as they answer; a rep who leaves takes the lead along.
    /// `LookFirst`, as `ring` is.
    async fn dial_lead(&self, _request: &DialRequest) -> Result<(), VendorError> {
        let why = "this telephony cannot dial a lead: reps call back by hand";
        Err(VendorError::needs_person("telephony", why))
    }
    /// Brings the voice agent to a caller of the front door, by their leg at the carrier, whom nobody of ours took. Whoever hears the
    /// lines does so by itself.
    async fn fetch_agent(&self, _call: &str) -> Result<(), VendorError> {
        Ok(())
    }
    /// Whether it can ask a rep what came of a call, and tells which key they press ([`Happened::Pressed`]).
    fn asks_reps(&self) -> bool {
        false
    }
    /// Asks a rep whom the lead has left, or did not come to; their phone stays up until it is hung up.
    async fn ask(&self, _request: &AskRequest) -> Result<(), VendorError> {
        Err(VendorError::needs_person("telephony", "this telephony asks no rep what came of a call"))
    }
    /// Where the platform is to transfer the caller, for whom this leg waits, if its own live channel is to tell it.
    async fn transfers_to(&self, _call: &Call, _leg: &LegId) -> Result<Option<String>, VendorError> {
        Ok(None)
    }
    async fn read(&self, call: &Call, leg: &LegId) -> Result<LegStatus, VendorError>;
    /// Whether the caller of a call is still there: asked before the first phone rings for one who has waited.
    async fn caller(&self, _call: &Call) -> Result<CallerStatus, VendorError> {
        Ok(CallerStatus::Unknown)
    }
}

/// What happened on a call that we carry, in the words of `call.event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    Answered,
    Accepted,
    Declined,
    NoAnswer,
    Busy,
    /// The rep's phone sends calls elsewhere, where nobody would be briefed.
    Forwarded,
    WrongNumber,
    Failed,
    Joined,
    RepLeft,
    /// Of a leg: a lead whom we had dialled.
    CallerLeft,
    /// The caller has pressed the key for a call back. A press that came too late is none of a later one.
    CallbackWanted {
        pressed_at: DateTime<Utc>,
    },
    /// The caller has left, and the agent that was to take them had not come.
    Missed,
    /// A rep who was asked what came of a call has pressed a key: 0 to 9, * or #.
    Pressed {
        key: char,
        pressed_at: DateTime<Utc>,
    },
}

impl Happened {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Forwarded => "forwarded",
            Self::WrongNumber => "wrong_number",
            Self::Failed => "failed",
            Self::Joined => "joined",
            Self::RepLeft => "rep_left",
            Self::CallerLeft => "caller_left",
            Self::CallbackWanted { .. } => "callback_wanted",
            Self::Missed => "missed",
            Self::Pressed { .. } => "pressed",
        }
    }
}

/// One thing that happened. Told twice it is one: each happens to a leg, or to a caller, once; a key at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The caller's leg at the carrier; of a rep's leg it may be unknown.
    pub call: Option<String>,
    pub leg: Option<LegId>,
    pub happened: Happened,
    /// In the carrier's words.
    pub why: Option<String>,
}

/// A caller whom a handoff counts as being on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The leg at the carrier; `None`: their platform has them until a rep has accepted.
    pub call: Option<String>,
    /// Legs of reps that are said to be up.
    pub up: Vec<LegId>,
    /// Those that are said to ring, or are about to.
    pub rings: Vec<LegId>,
    /// The leg of a rep who is asked what came of calling the lead.
    pub asked: Option<LegId>,
    /// It is not known yet how it ends for the caller.
    pub is_served: bool,
    /// A key of the caller asks for a call back.
    pub takes_callback_key: bool,
    /// Nobody at the front door took the caller, and the agent is to.
    pub is_left_to_agent: bool,
}

/// Who is told what happens on the calls that we carry, and knows which of them count.
#[async_trait]
pub trait CallSink: Send + Sync {
    /// Comes back once it is stored.
    ///
    /// # Errors
    /// Nothing is known to be stored: to be told again.
    async fn tell(&self, told: &[Told]) -> Result<(), VendorError>;
    async fn carried(&self) -> Result<Vec<Carried>, VendorError>;
    /// Whether somebody hears what happens on the line, this worker or another.
    async fn is_heard(&self) -> Result<bool, VendorError>;
    /// Whether people of ours answer this number in their hours.
    fn is_front_door(&self, dialled: &str) -> bool;
    /// A caller has come to the front door. Whether phones of ours ring for them: otherwise the agent is to, at once.
    ///
    /// # Errors
    /// It is not known whether any do: to be asked again.
    async fn comes_in(&self, arrival: &Arrival) -> Result<bool, VendorError>;
    /// A caller has left the front door before the agent was there. Comes back once it is stored.
    ///
    /// # Errors
    /// Nothing is known to be stored: to be told again.
    async fn missed(&self, arrival: &Arrival) -> Result<(), VendorError>;
    /// Whether this phone was asked to ring for a caller whom the platform had.
    async fn was_rung(&self, leg: &LegId) -> Result<bool, VendorError>;
    /// A caller has come to an address that is good for one. `None`: nobody is expected there, or not any more.
    async fn arrived(&self, address: &str, call: &str) -> Result<Option<ComesFor>, VendorError>;
    /// The event that makes a lead of the caller on this call. Brought twice it is one.
    async fn brings(&self, event: &str, call: &str) -> Result<(), VendorError>;
}

/// For whom somebody has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComesFor {
    /// For the rep on this leg, whose caller is on our line from here on.
    Rep(LegId),
    /// For whomever the rules say: they were announced, with this event.
    Announced { event: String },
    /// For whomever their lead says: it is known already.
    Known,
}

/// Where callers come who are transferred to us, and what is known of those who have not come yet. Kept where every worker finds
/// it: one lends an address, another hears who comes.
#[async_trait]
pub trait Addresses: Send + Sync {
    /// Notes that this phone is about to ring for a caller whom the platform has.
    ///
    /// # Errors
    /// `Gone`: the platform has said that the call is over, and nobody has come to us.
    async fn begin(&self, leg: &LegId, call: &Call) -> Result<(), VendorError>;
    /// Whether [`Addresses::begin`] was told of this leg.
    async fn was_begun(&self, leg: &LegId) -> Result<bool, VendorError>;
    /// Whether the platform has said that the call is over, and nobody has come to us.
    async fn has_left(&self, call: &Call) -> Result<bool, VendorError>;
    /// Whether the caller is on a line of ours: until they have come, `call.leg` is their platform's, whatever it looks like.
    async fn has_come(&self, call: &Call) -> Result<bool, VendorError>;
    /// The first of these that nobody has, for the caller for whom this leg waits; when asked again, the one that was lent.
    ///
    /// # Errors
    /// `Retry`: all of them are lent.
    async fn lend(&self, leg: &LegId, candidates: &[LentAddress]) -> Result<Lent, VendorError>;
    /// Nobody is expected there any more.
    async fn take_back(&self, leg: &LegId) -> Result<(), VendorError>;
}

/// Good for one caller at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LentAddress {
    /// As the carrier tells of who comes: a SIP user or a number.
    pub user: String,
    /// As a platform dials it: `sip:USER@HOST`, or the number.
    pub dialled: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lent {
    /// As a platform dials it.
    pub to: String,
    pub until: DateTime<Utc>,
}
