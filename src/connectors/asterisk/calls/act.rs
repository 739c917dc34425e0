//! What is to be told or done because of what was heard.

use crate::connectors::Told;
use crate::connectors::asterisk::ari::Reason;
use crate::connectors::asterisk::event::Channel;
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Arrival;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::connectors::asterisk) enum Act {
    Tell(Told),
    Do(Deed),
    /// A new caller.
    Admit(Caller),
    /// A caller who is in, and alone: whoever heard before may not have come to the end of it.
    Again(Caller),
    /// A caller has left the front door before the agent was there.
    Missed(Arrival),
    /// The last word was said to somebody who is alone.
    LastWord {
        call: String,
    },
    /// See [`Calls::alone`] at once.
    Look,
    /// The leg is to ring, and is not there: it is not known whether it was rung before.
    WasRung {
        call: Option<String>,
        leg: LegId,
    },
    /// A key of a caller who waits: whether it means anything is for the handoff to say.
    Key {
        call: String,
    },
    /// A key of a rep who is asked what came of a call.
    Answer {
        leg: LegId,
        key: char,
    },
    /// The whisper could not be played, or a question.
    NoSound {
        leg: LegId,
    },
    /// This connection hears nothing any more.
    Replaced,
}

/// Somebody who has come in.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::connectors::asterisk) struct Caller {
    pub call: String,
    /// As the carrier gave it.
    pub number: String,
    /// Where they have come to: a number of ours, or a SIP user.
    pub dialled: String,
}

/// Never printed with whose number it is, or where they were expected.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("call", &self.call).finish_non_exhaustive()
    }
}

/// How a caller came in.
#[derive(Default)]
pub(in crate::connectors::asterisk) struct Came {
    pub by: Caller,
    pub is_at_front_door: bool,
    /// Their number may be shown.
    pub is_shown: bool,
    /// Whoever the dialplan rings is to take them.
    pub is_dialplans: bool,
}

impl Came {
    pub(super) fn by(by: Caller) -> Self {
        Self { by, ..Self::default() }
    }
}

/// What is done at once, whatever a handoff says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::connectors::asterisk) enum Deed {
    /// The agent is there for the caller.
    BringIn {
        call: String,
    },
    HangUp {
        channel: String,
        reason: Reason,
    },
    /// Nobody of ours can be had.
    LeaveToDialplan {
        call: String,
    },
    /// Nobody else is there: music.
    Comfort {
        call: String,
    },
    /// Two hear each other: no music.
    Quiet {
        call: String,
    },
    /// Whoever had put the caller on hold is gone.
    TakeBack {
        call: String,
    },
    /// What was made for this call is not needed any more.
    CallOver {
        call: String,
    },
    LegOver {
        leg: LegId,
    },
    /// This rep has been joined with somebody: whether their phone sends any sound is looked at.
    HearRep {
        leg: LegId,
    },
    /// The lead whom this rep calls back has answered.
    JoinLead {
        rep: LegId,
    },
}

impl Caller {
    pub(super) fn of(channel: &Channel, args: &[String]) -> Self {
        let dialled = args.get(1).cloned().unwrap_or_default();
        Self { call: channel.id.clone(), number: channel.caller.number.clone(), dialled }
    }
}
