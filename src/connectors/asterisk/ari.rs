//! What is asked of Asterisk over its REST interface (ARI), and what each answer means.
//!
//! Seen on versions 16.28 and 22.10: a channel or bridge that is not there is 404, and 400 where it is named in a list; what has
//! been done already is 409, or 500 on version 16 where a bridge is made twice; 500 "Allocation failed" is a phone that the
//! configuration does not know, or at which nobody is registered; a variable that is not set is 404, a header that is not there
//! 500. Nothing here reads `cause` out of a status. Ids are ours: a request that comes twice is found to be done.

use super::event::{Bridge, Channel};
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, ApiCall, Does, Limits, Secret, VendorHttp, by_status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const VENDOR: &str = "asterisk";

/// People wait on the line. Asterisk's own limit is a hundred connections (`sessionlimit` in http.conf).
const LIMITS: Limits = Limits { timeout: Duration::from_secs(5), per_second: 2_000, concurrency: 48 };

pub(super) struct Ari {
    http: VendorHttp,
    /// The whole header. It is in no address, which others might log.
    login: Secret,
    app: String,
}

/// Whether what a request is about was there.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    Yes,
    Gone,
}

impl There {
    /// # Errors
    /// `Gone`, if it was not.
    pub(super) fn or_gone(self, what: &str) -> Result<(), VendorError> {
        match self {
            Self::Yes => Ok(()),
            Self::Gone => Err(gone(what)),
        }
    }
}

pub(super) fn gone(what: &str) -> VendorError {
    VendorError::Gone { vendor: VENDOR, why: format!("{what} has ended") }
}

/// As the other side is told it, and as it is told to us again as the cause of the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// No missed call is shown on the phone. Cause 26.
    AnsweredElsewhere,
    Normal,
}

/// What every telephone speaks, for a channel that there is no other to go by.
const EVERY_PHONE: &str = "ulaw,alaw";

/// A channel to be made.
pub(super) struct Dialled {
    /// Ours.
    pub channel: String,
    /// For whom, in whose codecs: without a channel to go by, Asterisk makes one that goes through its dialplan in the finest that it
    /// knows, in which half of the volume and all of one direction are lost. `None`: nobody is here yet, and it is made in
    /// [`EVERY_PHONE`].
    pub caller: Option<String>,
    pub endpoint: String,
    /// What the app is told when it is answered.
    pub args: String,
    pub caller_id: String,
    /// In whole seconds, at least 1: less rings for ever.
    pub timeout_s: u64,
    pub variables: Value,
}

#[derive(Deserialize)]
struct AppRead {
    channel_ids: Vec<String>,
}

#[derive(Deserialize)]
struct VariableRead {
    value: String,
}

impl Ari {
    pub(super) fn new(url: &str, user: &str, password: &Secret, app: &str) -> Result<Self, VendorError> {
        let login = format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose())));
        Ok(Self { http: VendorHttp::new(VENDOR, url, LIMITS)?, login: Secret::new(login), app: app.to_owned() })
    }

    pub(super) fn http(&self) -> &VendorHttp {
        &self.http
    }

    /// The request for the events of our app, to be upgraded.
    pub(super) fn events(&self) -> ApiCall {
        self.signed(ApiCall::get("events", &["events"])).query("app", self.app.as_str()).query("subscribeAll", "false")
    }

    fn signed(&self, call: ApiCall) -> ApiCall {
        call.header("authorization", self.login.expose())
    }

    async fn send(&self, call: ApiCall) -> Result<Answer, VendorError> {
        self.http.send(&self.signed(call)).await
    }

    /// A request that is done, or about something that is not there any more.
    async fn done(&self, call: ApiCall) -> Result<There, VendorError> {
        there(&self.send(call).await?)
    }

    async fn read<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &[&str],
    ) -> Result<Option<T>, VendorError> {
        let answer = self.send(ApiCall::get(operation, path)).await?;
        match there(&answer)? {
            There::Gone => Ok(None),
            There::Yes => answer.read().map(Some).map_err(|why| VendorError::needs_person(VENDOR, why)),
        }
    }

    // ---- what there is

    /// Whether it answers to our login.
    pub(super) async fn info(&self) -> Result<(), VendorError> {
        let there = self.done(ApiCall::get("info", &["asterisk", "info"])).await?;
        there.or_gone("the REST interface at telephony.url")
    }

    pub(super) async fn channel(&self, channel: &str) -> Result<Option<Channel>, VendorError> {
        self.read("channel", &["channels", channel]).await
    }

    pub(super) async fn bridge(&self, bridge: &str) -> Result<Option<Bridge>, VendorError> {
        self.read("bridge", &["bridges", bridge]).await
    }

    /// Those of our app: others may use the same Asterisk.
    pub(super) async fn our_channels(&self) -> Result<Vec<Channel>, VendorError> {
        let Some(AppRead { channel_ids }) = self.read("app", &["applications", &self.app]).await? else {
            return Ok(Vec::new());
        };
        let mut all: Vec<Channel> = self.read("channels", &["channels"]).await?.unwrap_or_default();
        all.retain(|channel| channel_ids.contains(&channel.id));
        Ok(all)
    }

    pub(super) async fn bridges(&self) -> Result<Vec<Bridge>, VendorError> {
        Ok(self.read("bridges", &["bridges"]).await?.unwrap_or_default())
    }

    /// `None` where it is not set.
    pub(super) async fn variable(&self, channel: &str, name: &str) -> Result<Option<String>, VendorError> {
        let call = ApiCall::get("variable", &["channels", channel, "variable"]).query("variable", name);
        let answer = self.send(call).await?;
        match answer.status {
            404 | 500 => Ok(None),
            200..=299 => Ok(answer.read().ok().map(|read: VariableRead| read.value)),
            _ => Err(by_status(VENDOR, &answer)),
        }
    }

    /// How many packets of RTP have come from it, keys among them, since its source last changed; `None` where that is not known, as of a channel that is no phone's.
    pub(super) async fn packets_of(&self, channel: &str) -> Result<Option<u64>, VendorError> {
        let count = self.variable(channel, "CHANNEL(rtcp,rxcount)").await?;
        Ok(count.and_then(|count| count.parse().ok()))
    }

    // ---- channels

    pub(super) async fn answer(&self, channel: &str) -> Result<There, VendorError> {
        self.done(post("answer", &["channels", channel, "answer"])).await
    }

    /// Done as well where that channel is there already: it rings, or has been answered. Nothing rings for a caller who is gone.
    pub(super) async fn originate(&self, dialled: Dialled) -> Result<(), VendorError> {
        let Dialled { channel, caller, endpoint, args, caller_id, timeout_s, variables } = dialled;
        let mut body = json!({
            "endpoint": endpoint, "app": self.app, "appArgs": args, "callerId": caller_id, "timeout": timeout_s,
            "variables": variables,
        });
        match caller {
            Some(caller) => body["originator"] = json!(caller),
            None => body["formats"] = json!(EVERY_PHONE),
        }
        let answer = self.send(post("originate", &["channels", &channel]).json(body)).await?;
        match answer.status {
            200..=299 | 409 => Ok(()),
            400 if answer.text().contains("originator") => Err(gone("the caller's call")),
            500 if answer.text().contains("Allocation failed") => Err(VendorError::needs_person(
                VENDOR,
                "it knows no such phone, or none is registered there: telephony.dial and telephony.agent must name an endpoint of \
                 pjsip.conf with a contact",
            )),
            _ => Err(by_status(VENDOR, &answer)),
        }
    }

    /// Whether it was there: a channel that has ended is what was wanted.
    pub(super) async fn hang_up(&self, channel: &str, reason: Reason) -> Result<There, VendorError> {
        let reason = match reason {
            Reason::AnsweredElsewhere => "answered_elsewhere",
            Reason::Normal => "normal",
        };
        let call = ApiCall::new("hang_up", Does::Write, Method::DELETE, &["channels", channel]);
        self.done(call.query("reason", reason)).await
    }

    pub(super) async fn set_variable(&self, channel: &str, name: &str, value: &str) -> Result<There, VendorError> {
        let call = post("set_variable", &["channels", channel, "variable"]);
        self.done(call.json(json!({ "variable": name, "value": value }))).await
    }

    /// On in the dialplan, after the line that brought the channel to us.
    pub(super) async fn leave_to_dialplan(&self, channel: &str) -> Result<There, VendorError> {
        self.done(post("continue", &["channels", channel, "continue"])).await
    }

    /// Silence that is heard: without it no sound at all is sent to a channel that is in no bridge, and a platform may take that
    /// for the end of the call. In a bridge a channel hears nothing as long as it lasts.
    pub(super) async fn silence(&self, channel: &str, on: bool) -> Result<There, VendorError> {
        let method = if on { Method::POST } else { Method::DELETE };
        self.done(ApiCall::new("silence", Does::Write, method, &["channels", channel, "silence"])).await
    }

    /// The music that it hears since another of its bridge has put it on hold. In a bridge it goes on when that other has left, and
    /// nobody else is heard.
    pub(super) async fn stop_own_music(&self, channel: &str) -> Result<There, VendorError> {
        self.done(ApiCall::new("own_music", Does::Write, Method::DELETE, &["channels", channel, "moh"])).await
    }

    // ---- bridges

    /// One that hands on keys even where two are in it, which `mixing` alone does not.
    pub(super) async fn create_bridge(&self, bridge: &str) -> Result<(), VendorError> {
        let call = post("create_bridge", &["bridges", bridge]).json(json!({ "type": "mixing,dtmf_events" }));
        let answer = self.send(call).await?;
        match answer.status {
            200..=299 | 409 => Ok(()),
            500 if self.bridge(bridge).await?.is_some() => Ok(()),
            _ => Err(by_status(VENDOR, &answer)),
        }
    }

    /// `Gone`: one of the two is not there. A member that is added again leaves and comes back: look first.
    pub(super) async fn add(&self, bridge: &str, channel: &str) -> Result<There, VendorError> {
        let call = post("add", &["bridges", bridge, "addChannel"]).json(json!({ "channel": channel }));
        let answer = self.send(call).await?;
        match answer.status {
            400 => Ok(There::Gone),
            _ => there(&answer),
        }
    }

    /// One that is not in it has been taken out.
    pub(super) async fn take_out(&self, bridge: &str, channel: &str) -> Result<There, VendorError> {
        let call = post("take_out", &["bridges", bridge, "removeChannel"]).json(json!({ "channel": channel }));
        let answer = self.send(call).await?;
        match answer.status {
            400 | 422 => Ok(There::Gone),
            _ => there(&answer),
        }
    }

    /// Hold music for all who are in it. What plays goes on playing, what does not play is off.
    pub(super) async fn music(&self, bridge: &str, on: bool) -> Result<There, VendorError> {
        let method = if on { Method::POST } else { Method::DELETE };
        let answer = self.send(ApiCall::new("music", Does::Write, method, &["bridges", bridge, "moh"])).await?;
        match answer.status {
            409 if !on => Ok(There::Yes),
            _ => there(&answer),
        }
    }

    pub(super) async fn delete_bridge(&self, bridge: &str) -> Result<There, VendorError> {
        self.done(ApiCall::new("delete_bridge", Does::Write, Method::DELETE, &["bridges", bridge])).await
    }

    // ---- sounds

    /// `of`: `channels` or `bridges`. The id is no guard: it would play twice at once.
    pub(super) async fn play(&self, of: &str, whom: &str, id: &str, media: &str) -> Result<There, VendorError> {
        self.done(post("play", &[of, whom, "play", id]).json(json!({ "media": media }))).await
    }

    pub(super) async fn is_playing(&self, id: &str) -> Result<bool, VendorError> {
        self.done(ApiCall::get("playback", &["playbacks", id])).await.map(|there| there == There::Yes)
    }

    /// Before its hearer is moved: the request to move would wait for its end.
    pub(super) async fn stop_playing(&self, id: &str) -> Result<There, VendorError> {
        self.done(ApiCall::new("stop_playing", Does::Write, Method::DELETE, &["playbacks", id])).await
    }
}

fn post(operation: &'static str, path: &[&str]) -> ApiCall {
    ApiCall::new(operation, Does::Write, Method::POST, path)
}

/// 409 and 412: the channel is leaving our app, or has not come in whole.
fn there(answer: &Answer) -> Result<There, VendorError> {
    match answer.status {
        200..=299 => Ok(There::Yes),
        404 | 409 | 412 => Ok(There::Gone),
        _ => Err(by_status(VENDOR, answer)),
    }
}
