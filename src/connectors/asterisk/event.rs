//! What Asterisk tells of a call, as values. Words that are not known here are passed over: every version has more of them.

use serde::Deserialize;

/// One message of the event socket.
#[derive(Deserialize)]
#[serde(tag = "type")]
pub(super) enum Frame {
    /// A channel has come into our app: a caller, or somebody whom we dialled and who has answered.
    StasisStart {
        channel: Channel,
        #[serde(default)]
        args: Vec<String>,
        /// It takes the place of another: a transfer that somebody's phone has made.
        #[serde(default)]
        replace_channel: Option<Channel>,
    },
    /// A channel has left our app. Of a caller it is all that is told of the end.
    StasisEnd {
        channel: Channel,
    },
    /// The one word for the end of whom we dialled, answered or not.
    ChannelDestroyed {
        channel: Channel,
        cause: u32,
    },
    /// Its phone has put all others of its bridge on hold.
    ChannelHold {
        channel: Channel,
    },
    ChannelUnhold {
        channel: Channel,
    },
    ChannelDtmfReceived {
        channel: Channel,
        digit: String,
    },
    /// With the bridge as it is now.
    ChannelEnteredBridge {
        bridge: Bridge,
        channel: Channel,
    },
    ChannelLeftBridge {
        bridge: Bridge,
        channel: Channel,
    },
    PlaybackStarted {
        playback: Playback,
    },
    PlaybackFinished {
        playback: Playback,
    },
    /// Another client hears our app from now on, and this socket nothing more, ever.
    ApplicationReplaced,
    #[serde(other)]
    Other,
}

/// Personal data: never printed.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Channel {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub state: String,
    #[serde(default)]
    pub caller: CallerId,
    #[serde(default)]
    dialplan: Dialplan,
}

#[derive(Clone, Default, Deserialize)]
pub(super) struct CallerId {
    #[serde(default)]
    pub number: String,
}

#[derive(Clone, Default, Deserialize)]
struct Dialplan {
    #[serde(default)]
    app_data: String,
}

#[derive(Default, Deserialize)]
pub(super) struct Bridge {
    pub id: String,
    #[serde(default)]
    pub channels: Vec<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Playback {
    pub id: String,
    #[serde(default)]
    pub state: String,
}

impl Channel {
    pub(super) fn is_up(&self) -> bool {
        self.state == "Up"
    }

    /// What it came into the app with, of one that was found there.
    pub(super) fn args(&self) -> Vec<String> {
        self.dialplan.app_data.split(',').skip(1).map(str::to_owned).collect()
    }
}

/// # Errors
/// It is no event: where, without repeating it.
pub(super) fn read(text: &str) -> Result<Frame, String> {
    serde_json::from_str(text).map_err(|error| format!("no event, at column {}", error.column()))
}
