//! `baton demo --telephony asterisk`: one call through a real Asterisk, told by what each phone heard.
//!
//! The exchange is private to the demo, on loopback alone, and ends with it. The worker is the real one, in bridge mode; caller, AI
//! and reps are phones that each say a tone of their own, so that whoever listens can tell who is heard. Recordings and the log
//! stay in a folder that is printed. What was heard is held against what should have been: anything else is a broken promise.

mod asterisk;
mod heard;
mod story;
mod worker;

use crate::cli::{BROKEN_PROMISE, OK, say};
use anyhow::{Context, Result, bail};
use asterisk::Installed;
use futures_util::FutureExt;
use heard::Heard;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use story::Phones;

/// Plays the call; the code with which the demo ends. `as_json`: the last line of stdout is what was heard, as one object.
pub(super) async fn run(as_json: bool) -> Result<u8> {
    let scratch = Scratch::new()?;
    let installed = Installed::find(&scratch.0).await?;
    let phones = Phones::plugged_in().await;
    let exchange = installed.start(&scratch.0, phones.endpoints().into()).await?;
    say(&format!("{} carries the calls, on {} (SIP) and {} (ARI).", exchange.version, exchange.sip, exchange.ari));
    let running = worker::start(&installed, &exchange, &scratch.0).await?;
    say(&format!("Baton holds them, on {}: a caller, an AI and two reps.\n", running.url()));
    let folder = kept_folder()?;
    let (base, sip) = (running.url(), exchange.sip);
    let played = tokio::select! {
        played = AssertUnwindSafe(phones.play(sip, &base)).catch_unwind() => played,
        _ = tokio::signal::ctrl_c() => bail!("stopped: the exchange is ended with the demo"),
    };
    running.stop().await;
    let log = folder.join("asterisk.log");
    std::fs::copy(&exchange.log_file, &log).with_context(|| format!("keeping {}", log.display()))?;
    let Ok(heard) = played else {
        bail!("the call did not go as it should: {} has what Asterisk saw of it", log.display());
    };
    tell(&heard?, &folder, as_json)
}

fn tell(heard: &Heard, folder: &Path, as_json: bool) -> Result<u8> {
    heard.keep(folder)?;
    say("\nWho heard whom:\n");
    say(&heard.table());
    say(&format!("\nEach phone's recording, to be played: {0}/*.wav (aplay {0}/caller.wav)", folder.display()));
    let surprises = heard.surprises();
    surprises.iter().for_each(|surprise| say(surprise));
    if as_json {
        say(&heard.as_json(folder).to_string());
    }
    Ok(if surprises.is_empty() { OK } else { BROKEN_PROMISE })
}

/// Stays: whoever tries the demo listens later.
fn kept_folder() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("baton-calls-{}", unique()));
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}

fn unique() -> String {
    let name: [u8; 4] = baton_clock::random_bytes();
    name.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Gone with the demo. Short, for a control socket lies below it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("baton-lab-{}", unique()));
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone_already = std::fs::remove_dir_all(&self.0);
    }
}
