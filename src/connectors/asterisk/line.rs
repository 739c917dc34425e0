//! What is done with one caller's line: music and words, the agent out and back. Each may be done twice, and beside any other: how
//! the line stands is read before and after, since a rep may come in between.

use super::ari::{Ari, Reason, There, gone};
use super::calls::{agent_of, bridge_of, is_rep, last_words_of, question_of, whisper_of, words_of};
use super::event::Bridge;
use super::turns::{Turn, Turns};
use super::voice::{Recorded, Voice};
use crate::connectors::{Spoken, VendorError};
use baton_core::domain::id::LegId;
use std::time::Duration;
use tokio::time::sleep;

/// When it is looked whether anything is heard of a rep, from the join on. Both together are less than the time within which a rep who
/// leaves was never there (`SETTLE` of the handoff), and more than a phone needs to send its first sound.
const REP_HEARD_AFTER: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(1)];

/// A variable of the caller's channel that says so for each leg whose phone was rung.
fn rung(leg: &LegId) -> String {
    let ordinal = leg.as_str().rsplit('.').next().unwrap_or_default();
    format!("BATON_RUNG_{ordinal}")
}

/// All of them, at one Asterisk.
pub(super) struct Lines {
    pub ari: Ari,
    pub voice: Voice,
    pub turns: Turns,
}

/// What follows when words have been said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The caller waits on.
    Waits,
    /// Nobody will say more: the call ends.
    Ends,
}

/// Who else may be in the bridge when something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Nobody,
    Agent,
    /// A rep, who is being introduced.
    Rep,
}

impl Lines {
    /// Music for a caller who is alone.
    pub(super) async fn comfort(&self, call: &str) -> Result<(), VendorError> {
        if self.members(call).await?.is_some_and(|bridge| is_alone(&bridge, call)) {
            let _gone = self.ari.music(&bridge_of(call), true).await?;
            // Words may have begun while music was on its way: it comes after them.
            if self.is_said(call).await? {
                let _gone = self.ari.music(&bridge_of(call), false).await?;
            }
            self.no_music_for_two(call).await?;
        }
        Ok(())
    }

    /// Whether something is being said to the caller in one of our voices.
    async fn is_said(&self, call: &str) -> Result<bool, VendorError> {
        Ok(self.ari.is_playing(&words_of(call)).await? || self.ari.is_playing(&last_words_of(call)).await?)
    }

    /// Notes whose phone is rung for this caller, where whoever hears next finds it.
    pub(super) async fn note_ring(&self, call: &str, leg: &LegId) -> Result<(), VendorError> {
        let _gone = self.ari.set_variable(call, &rung(leg), leg.as_str()).await?;
        Ok(())
    }

    /// A rep who has accepted to call a lead back waits in a bridge of their own, with music.
    pub(super) async fn wait_for_lead(&self, rep: &LegId) -> Result<(), VendorError> {
        let bridge = bridge_of(rep.as_str());
        let _over = self.ari.stop_playing(&whisper_of(rep)).await?;
        self.ari.create_bridge(&bridge).await?;
        let _new = self.ari.music(&bridge, true).await?;
        let there = self.ari.bridge(&bridge).await?;
        if there.is_some_and(|bridge| bridge.channels.iter().any(|member| member == rep.as_str())) {
            return Ok(());
        }
        self.ari.add(&bridge, rep.as_str()).await?.or_gone("the rep's call")
    }

    /// The lead has answered.
    pub(super) async fn join_lead(&self, rep: &LegId) -> Result<(), VendorError> {
        let bridge = bridge_of(rep.as_str());
        let _gone = self.ari.music(&bridge, false).await?;
        let _gone = self.ari.add(&bridge, rep.of_lead().as_str()).await?;
        Ok(())
    }

    /// A rep from whom the lead is gone hears this alone, where they waited; keys count once it has begun.
    pub(super) async fn ask(&self, rep: &LegId, again: bool, media: &str) -> Result<(), VendorError> {
        let (question, bridge) = (question_of(rep, again), bridge_of(rep.as_str()));
        if self.ari.is_playing(&question).await? {
            return Ok(());
        }
        if again {
            let _over = self.ari.stop_playing(&question_of(rep, false)).await?;
        }
        let _gone = self.ari.music(&bridge, false).await?;
        // Whoever is gone is told of by whoever hears.
        if self.ari.play("bridges", &bridge, &question, media).await? == There::Gone {
            let _gone = self.ari.play("channels", rep.as_str(), &question, media).await?;
        }
        Ok(())
    }

    /// Whether that phone was rung for this caller.
    pub(super) async fn was_rung(&self, call: &str, leg: &LegId) -> Result<bool, VendorError> {
        Ok(self.ari.variable(call, &rung(leg)).await?.is_some_and(|noted| noted == leg.as_str()))
    }

    /// Music, and the agent hears and says nothing until it is brought back.
    pub(super) async fn set_apart(&self, call: &str) -> Result<(), VendorError> {
        let bridge = self.members(call).await?.ok_or_else(|| gone("the caller's call"))?;
        if has_rep(&bridge) {
            return Ok(());
        }
        // Before the agent is out: the caller is never without a sound.
        self.ari.music(&bridge.id, true).await?.or_gone("the caller's call")?;
        let agent = agent_of(call);
        if bridge.channels.contains(&agent) && self.ari.take_out(&bridge.id, &agent).await? == There::Yes {
            let _gone = self.ari.silence(&agent, true).await?;
        }
        self.no_music_for_two(call).await
    }

    /// The rep is with somebody.
    pub(super) async fn is_together(&self, leg: &LegId) -> Result<bool, VendorError> {
        let bridges = self.ari.bridges().await?;
        Ok(bridges.iter().any(|bridge| bridge.channels.iter().any(|member| member == leg.as_str())))
    }

    /// The rep comes to the caller, and hears and is heard. `Gone`: one of the two is, as whoever hears tells.
    pub(super) async fn join(&self, call: &str, leg: &LegId) -> Result<There, VendorError> {
        let Some(bridge) = self.members(call).await? else { return Ok(There::Gone) };
        if bridge.channels.iter().any(|member| member == leg.as_str()) {
            return Ok(There::Yes);
        }
        let _over = self.ari.stop_playing(&whisper_of(leg)).await?;
        self.hush(call).await?;
        let _gone = self.ari.music(&bridge.id, false).await?;
        self.ari.add(&bridge.id, leg.as_str()).await
    }

    /// Lets a rep go from whose phone not one packet has come since it answered: whoever was to speak with them hears nobody. One who
    /// is muted, or whose phone is silent where nobody speaks, has sent some.
    pub(super) async fn hear_rep(&self, leg: &LegId) -> Result<(), VendorError> {
        for span in REP_HEARD_AFTER {
            sleep(span).await;
            if self.ari.packets_of(leg.as_str()).await? != Some(0) {
                return Ok(());
            }
        }
        tracing::warn!(leg = %leg, "no sound at all has come from a rep's phone since it answered: it is let go");
        let _gone = self.ari.hang_up(leg.as_str(), Reason::Normal).await?;
        Ok(())
    }

    /// It hears nothing of the conversation.
    pub(super) async fn let_agent_go(&self, call: &str) -> Result<(), VendorError> {
        let _gone = self.ari.hang_up(&agent_of(call), Reason::Normal).await?;
        Ok(())
    }

    /// Whether the caller hears the agent.
    pub(super) async fn hears_agent(&self, call: &str) -> Result<bool, VendorError> {
        Ok(self.members(call).await?.is_some_and(|bridge| bridge.channels.contains(&agent_of(call))))
    }

    /// Whether the caller hears the agent now.
    pub(super) async fn bring_back(&self, call: &str) -> Result<bool, VendorError> {
        let agent = agent_of(call);
        if !self.ari.channel(&agent).await?.is_some_and(|agent| agent.is_up()) {
            return Ok(false);
        }
        let bridge = self.members(call).await?.ok_or_else(|| gone("the caller's call"))?;
        if bridge.channels.contains(&agent) {
            return Ok(true);
        }
        // In a bridge it would go on.
        if self.ari.silence(&agent, false).await? == There::Gone {
            return Ok(false);
        }
        let _gone = self.ari.music(&bridge.id, false).await?;
        let is_back = self.ari.add(&bridge.id, &agent).await? == There::Yes;
        if !is_back {
            self.comfort(call).await?;
        }
        Ok(is_back)
    }

    /// To the caller, who hears them in one of our voices; nothing is said where a rep is there, or nobody can speak.
    pub(super) async fn say(
        &self,
        call: &str,
        turn: &Turn<'_>,
        words: &Spoken,
        then: Then,
        beside: Beside,
    ) -> Result<(), VendorError> {
        let here = || async { self.members(call).await?.ok_or_else(|| gone("the caller's call")) };
        // Also where nobody can speak: that the caller is gone is worth knowing.
        here().await?;
        let media = match (self.voice.ready(call, &words.say.0, &words.language).await, then) {
            (Some(media), _) => media,
            (None, Then::Ends) => self.voice.recorded(Recorded::Goodbye).await?,
            (None, Then::Waits) => return Ok(()),
        };
        let bridge = here().await?;
        let hears_agent = bridge.channels.contains(&agent_of(call));
        let may_be_said = match beside {
            Beside::Nobody => !has_rep(&bridge) && !hears_agent,
            Beside::Agent => !has_rep(&bridge),
            Beside::Rep => true,
        };
        if !may_be_said || !turn.is_last() {
            return Ok(());
        }
        self.hush(call).await?;
        let _gone = self.ari.music(&bridge.id, false).await?;
        let id = if then == Then::Ends { last_words_of(call) } else { words_of(call) };
        self.ari.play("bridges", &bridge.id, &id, &media).await?.or_gone("the caller's call")?;
        // The end of earlier words brings music back, which may have come in between.
        let _gone = self.ari.music(&bridge.id, false).await?;
        Ok(())
    }

    /// What is being said to the caller stops.
    pub(super) async fn hush(&self, call: &str) -> Result<(), VendorError> {
        for id in [words_of(call), last_words_of(call)] {
            let _silent = self.ari.stop_playing(&id).await?;
        }
        Ok(())
    }

    pub(super) async fn members(&self, call: &str) -> Result<Option<Bridge>, VendorError> {
        let bridge = self.ari.bridge(&bridge_of(call)).await?;
        // One whose caller has left is on its way out.
        Ok(bridge.filter(|bridge| bridge.channels.iter().any(|member| member == call)))
    }

    /// A rep may have come in while music was on its way.
    async fn no_music_for_two(&self, call: &str) -> Result<(), VendorError> {
        if let Some(bridge) = self.members(call).await?
            && !is_alone(&bridge, call)
        {
            let _gone = self.ari.music(&bridge.id, false).await?;
        }
        Ok(())
    }
}

fn is_alone(bridge: &Bridge, call: &str) -> bool {
    bridge.channels.iter().all(|member| member == call)
}

pub(super) fn has_rep(bridge: &Bridge) -> bool {
    bridge.channels.iter().any(|member| is_rep(member))
}
