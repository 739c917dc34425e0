//! Telephony in *bridge* mode on Asterisk: we hold caller, agent and rep in a bridge of our own and hear what happens; in
//! *rep-first* mode the caller comes into it once a rep has accepted.
//!
//! Everything is named from ids that are stored before a request leaves: the caller's channel is `call.leg` of the lead, the bridge
//! and the agent's channel are named from it, and a rep's channel is its leg. So every command may be repeated, by whichever worker;
//! `ring` alone would ring again once a phone has stopped, and is looked for first. One worker at a time hears (see [`listen`]): what
//! it hears it tells, and it decides nothing but what cannot wait, which is that a caller hears something. Nothing rings while
//! nobody hears: who answered then would be dropped.
//!
//! If the process dies here, callers stay where they are, with whoever they are with; the next to listen reads how things stand.

mod admit;
mod ari;
mod beside;
mod calls;
mod dial;
mod event;
mod line;
mod listen;
mod rep_first;
mod socket;
mod turns;
mod voice;

pub use beside::BesidePlatform;

use super::http::Secret;
use super::speech::Speech;
use super::{
    AskRequest, CallSink, CallerStatus, DialRequest, LegStatus, OUR_CALL, Recording, RingRequest, Spoken, Telephony,
    VendorError,
};
use ari::{Ari, Dialled, Reason, There, VENDOR};
use async_trait::async_trait;
use baton_clock::SharedClock;
use baton_core::domain::effect::{Class, Comfort, HangUpReason, Instruction};
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Call;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::text::Whisper;
use calls::{AWAY, is_of_asterisk, is_rep, whisper_of};
use chrono::{DateTime, Utc};
use dial::Dial;
use line::{Beside, Lines, Then};
use serde_json::json;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use tokio::sync::watch;
use turns::Turns;
use voice::{Recorded, Voice};

/// Our own clock ends a ring. This one is for when nobody is left to do so.
const RINGS_ON: Duration = Duration::from_secs(3);

pub struct AsteriskConfig {
    /// Of the REST interface: `http://127.0.0.1:8088/ari`.
    pub url: String,
    pub user: String,
    pub password: Secret,
    pub app: String,
    /// A rep's phone, with `{phone}` or `{digits}` in it.
    pub dial: String,
    /// A rep's app, with `{app}` or `{user}` in it.
    pub dial_app: Option<String>,
    pub agent: Option<String>,
    pub agent_within: Duration,
    /// Ours: shown to a rep where the caller withholds the number.
    pub caller_id: PhoneE164,
    /// Ours, each for one caller at a time, who is transferred to it.
    pub numbers: Vec<PhoneE164>,
    /// A folder that Asterisk reads, by the same name.
    pub sounds: PathBuf,
    pub speech: Option<Arc<dyn Speech>>,
}

pub struct Asterisk {
    lines: Lines,
    dial: Dial,
    agent: Option<String>,
    agent_within: Duration,
    caller_id: PhoneE164,
    numbers: Vec<PhoneE164>,
    clock: SharedClock,
    /// Whether it is us who hear.
    hears: watch::Sender<bool>,
    /// Who knows whether anybody does. Held by the worker that tells it, not by us: it holds us.
    sink: OnceLock<Weak<dyn CallSink>>,
}

impl Asterisk {
    /// # Errors
    /// The address is not `http(s)://host`.
    pub fn new(config: AsteriskConfig, clock: SharedClock) -> Result<Self, VendorError> {
        let AsteriskConfig {
            url,
            user,
            password,
            app,
            dial,
            dial_app,
            agent,
            agent_within,
            caller_id,
            numbers,
            sounds,
            speech,
        } = config;
        Ok(Self {
            lines: Lines {
                ari: Ari::new(&url, &user, &password, &app)?,
                voice: Voice::new(sounds, speech),
                turns: Turns::default(),
            },
            dial: Dial { phone: dial, app: dial_app },
            agent,
            agent_within,
            caller_id,
            numbers,
            clock,
            hears: watch::Sender::new(false),
            sink: OnceLock::new(),
        })
    }

    /// Whether it answers to our login, and sounds can be put where it looks for them.
    ///
    /// # Errors
    /// What is to be mended.
    pub async fn check(&self) -> Result<(), VendorError> {
        self.lines.ari.info().await?;
        self.lines.voice.check().await
    }

    /// A rep's phone that is to ring. `caller`: their channel, if they are here; of a rep who calls a lead back, the phone itself.
    async fn dialled(&self, request: &RingRequest, caller: Option<&str>) -> Result<Dialled, VendorError> {
        let RingRequest { leg, call, endpoint, ring_until, whisper: _ } = request;
        let Some(endpoint) = self.dial.string(&endpoint.address) else {
            return Err(VendorError::needs_person(
                VENDOR,
                "the rep is to be rung on an app, and there is no telephony.dial_app",
            ));
        };
        let timeout_s = self.rings_for(*ring_until)?;
        self.is_heard().await?;
        Ok(Dialled {
            channel: leg.to_string(),
            caller: caller.filter(|caller| *caller != leg.as_str()).map(str::to_owned),
            endpoint,
            args: format!("rep,{}", caller.unwrap_or(AWAY)),
            caller_id: dial::caller_id(call.from.as_ref().unwrap_or(&self.caller_id)),
            timeout_s,
            variables: json!({}),
        })
    }

    /// What a rep will hear is made once the phone rings, which it does for longer than that takes: before it, a caller would wait.
    async fn rings(&self, request: &RingRequest, dialled: Dialled) -> Result<(), VendorError> {
        self.lines.ari.originate(dialled).await?;
        self.lines.voice.prepare(request.leg.as_str(), &request.whisper.say.0, &request.whisper.language);
        Ok(())
    }

    /// In seconds, as Asterisk takes it.
    fn rings_for(&self, until: DateTime<Utc>) -> Result<u64, VendorError> {
        let Ok(left) = (until - self.clock.now()).to_std() else {
            return Err(VendorError::retry(VENDOR, "the time to ring was over before it could be asked to"));
        };
        Ok((self.clock.real(left) + RINGS_ON).as_secs().max(1))
    }

    /// `None`: there is no such phone, any more or yet.
    async fn stands(&self, leg: &LegId) -> Result<Option<LegStatus>, VendorError> {
        let channel = self.lines.ari.channel(leg.as_str()).await?;
        Ok(channel.map(|channel| if channel.is_up() { LegStatus::Answered } else { LegStatus::Ringing }))
    }

    /// The app is there for Asterisk as long as a call is in it, whether or not anybody hears: it cannot be asked.
    async fn is_heard(&self) -> Result<(), VendorError> {
        if *self.hears.borrow() {
            return Ok(());
        }
        match self.sink.get().and_then(Weak::upgrade) {
            Some(sink) if sink.is_heard().await? => Ok(()),
            _ => Err(VendorError::retry(
                VENDOR,
                "nobody hears what happens on its lines at this moment: no phone is rung",
            )),
        }
    }
}

#[async_trait]
impl Telephony for Asterisk {
    fn ring_class(&self) -> Class {
        Class::LookFirst
    }

    async fn instruct(&self, call: &Call, _key: &str, instruction: &Spoken) -> Result<(), VendorError> {
        let call = channel(call)?;
        let turn = self.lines.turns.begin(call);
        match instruction.kind.as_str() {
            // It is told by whoever it asks, and nobody is to talk into a conversation.
            "connected" => Ok(()),
            // A sentence between the music, where somebody can say it. An agent that the caller hears says it itself.
            "hold" | "hold_on" | "offer_callback" => {
                self.lines.say(call, &turn, instruction, Then::Waits, Beside::Nobody).await
            }
            // Beside an agent that cannot say it. Where the agent is gone, the two are joined and know it.
            "introduce" => match self.lines.hears_agent(call).await? {
                true => self.lines.say(call, &turn, instruction, Then::Waits, Beside::Rep).await,
                false => Ok(()),
            },
            kind => {
                let agent_is_there = self.lines.bring_back(call).await?;
                let is_last = !agent_is_there && !matches!(kind, "find_time" | "offer_slots");
                let then = if is_last { Then::Ends } else { Then::Waits };
                self.lines.say(call, &turn, instruction, then, Beside::Agent).await
            }
        }
    }

    async fn agent_speaks(&self, call: &Call, instruction: &Instruction) -> Result<bool, VendorError> {
        match (ours(call), instruction) {
            // A call that is not ours: its platform is all there is.
            (None, _) => Ok(true),
            (Some(_), Instruction::Connected { .. }) => Ok(false),
            (
                Some(call),
                Instruction::Hold { .. }
                | Instruction::HoldOn { .. }
                | Instruction::OfferCallback
                | Instruction::Introduce { .. },
            ) => self.lines.hears_agent(call).await,
            (Some(call), _) => self.lines.bring_back(call).await,
        }
    }

    async fn hold(&self, call: &Call, _key: &str, _recording: Recording, comfort: Comfort) -> Result<(), VendorError> {
        match comfort {
            Comfort::Music => self.lines.set_apart(channel(call)?).await,
            // The agent stays; whoever has none hears music.
            Comfort::Agent => self.lines.comfort(channel(call)?).await,
        }
    }

    async fn ring(&self, request: &RingRequest) -> Result<(), VendorError> {
        let caller = channel(&request.call)?;
        let dialled = self.dialled(request, Some(caller)).await?;
        // First: if this worker dies between the two nobody was rung, and whoever hears next goes on to the next phone.
        self.lines.note_ring(caller, &request.leg).await?;
        self.rings(request, dialled).await
    }

    async fn whisper(&self, leg: &LegId, _key: &str, whisper: &Whisper) -> Result<(), VendorError> {
        let media = self.lines.voice.ready_or(leg.as_str(), whisper, Recorded::Lead).await?;
        let id = whisper_of(leg);
        // Nor to whoever has accepted by the button while the words were made.
        if self.lines.ari.is_playing(&id).await? || self.lines.is_together(leg).await? {
            return Ok(());
        }
        // Whoever is gone is told of by whoever hears; here it would be told as a fault of ours.
        let _gone = self.lines.ari.play("channels", leg.as_str(), &id, &media).await?;
        Ok(())
    }

    async fn join(&self, call: &Call, leg: &LegId, _key: &str, _recording: Recording) -> Result<(), VendorError> {
        let call = channel(call)?;
        if self.lines.join(call, leg).await? == There::Yes {
            self.lines.let_agent_go(call).await?;
        }
        Ok(())
    }

    /// The agent is back before the rep comes in, so that it can be told to speak as soon as that is known.
    async fn join_three(&self, call: &Call, leg: &LegId, _key: &str, _recording: Recording) -> Result<(), VendorError> {
        let call = channel(call)?;
        if self.lines.members(call).await?.is_some() {
            let _without = self.lines.bring_back(call).await?;
            let _gone = self.lines.join(call, leg).await?;
        }
        Ok(())
    }

    async fn leave_agent(&self, call: &Call, _key: &str) -> Result<(), VendorError> {
        self.lines.let_agent_go(channel(call)?).await
    }

    async fn hears_key(&self, call: &Call) -> Result<bool, VendorError> {
        Ok(ours(call).is_some())
    }

    fn dials_leads(&self) -> bool {
        true
    }

    async fn dial_lead(&self, request: &DialRequest) -> Result<(), VendorError> {
        let DialRequest { leg, with, phone, ring_until, recording: _ } = request;
        let timeout_s = self.rings_for(*ring_until)?;
        self.is_heard().await?;
        self.lines.wait_for_lead(with).await?;
        let dialled = Dialled {
            channel: leg.to_string(),
            caller: Some(with.to_string()),
            endpoint: self.dial.number(phone),
            args: format!("lead,{with}"),
            caller_id: dial::caller_id(&self.caller_id),
            timeout_s,
            variables: json!({}),
        };
        self.lines.ari.originate(dialled).await
    }

    fn asks_reps(&self) -> bool {
        true
    }

    async fn ask(&self, request: &AskRequest) -> Result<(), VendorError> {
        let AskRequest { leg, say, have_spoken, again } = request;
        let instead = if *have_spoken { Recorded::CameOf } else { Recorded::NotReached };
        let media = self.lines.voice.ready_or(leg.as_str(), say, instead).await?;
        self.lines.ask(leg, *again, &media).await
    }

    async fn hang_up(&self, leg: &LegId, _key: &str, reason: HangUpReason) -> Result<(), VendorError> {
        let reason = match reason {
            HangUpReason::AnsweredElsewhere => Reason::AnsweredElsewhere,
            HangUpReason::Cancelled => Reason::Normal,
        };
        let _gone = self.lines.ari.hang_up(leg.as_str(), reason).await?;
        Ok(())
    }

    async fn end_call(&self, call: &Call, _key: &str) -> Result<(), VendorError> {
        let _gone = self.lines.ari.hang_up(channel(call)?, Reason::Normal).await?;
        Ok(())
    }

    /// A phone that has stopped ringing leaves no channel, and would ring again.
    async fn read(&self, call: &Call, leg: &LegId) -> Result<LegStatus, VendorError> {
        Ok(match self.stands(leg).await? {
            Some(status) => status,
            None if self.lines.was_rung(channel(call)?, leg).await? => LegStatus::Ended,
            None => LegStatus::Absent,
        })
    }

    async fn caller(&self, call: &Call) -> Result<CallerStatus, VendorError> {
        let Some(call) = ours(call) else { return Ok(CallerStatus::Unknown) };
        let there = self.lines.ari.channel(call).await?.is_some();
        Ok(if there { CallerStatus::OnTheLine } else { CallerStatus::Left })
    }
}

/// The caller's channel, or that of a rep who calls a lead back, which no platform may name; `None`: the lead does not say, or it is
/// another carrier's.
fn ours(call: &Call) -> Option<&str> {
    call.leg.as_deref().filter(|leg| is_of_asterisk(leg) || (call.platform == OUR_CALL && is_rep(leg)))
}

fn channel(call: &Call) -> Result<&str, VendorError> {
    ours(call).ok_or_else(|| {
        let why = "the lead is of none of its calls: the platform must send call.leg, which the agent is told in the header \
                   X-Baton-Call of its INVITE";
        VendorError::needs_person(VENDOR, why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::call_of;

    /// Whoever claims one would be put through to a rep who speaks with another lead.
    #[test]
    fn no_platform_has_a_leg_of_ours_for_its_callers() {
        let leg = LegId::new("leg_7k2m.1").unwrap();
        let of_rep = call_of(&leg, None);
        assert_eq!(ours(&of_rep), Some(leg.as_str()), "a rep who calls a lead back");
        let claimed = Call { platform: "voice".to_owned(), ..of_rep };
        assert!(ours(&claimed).is_none() && channel(&claimed).is_err());
        let on_line = Call { leg: Some("1796028155.0".to_owned()), ..claimed };
        assert_eq!(channel(&on_line), Ok("1796028155.0"));
    }
}
