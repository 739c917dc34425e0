//! Everybody who calls while the worker dies and comes back, and what was answered to whom.

use super::worker::Door;
use super::{KILLS, LEADS};
use crate::town::Caller;
use baton::intake::envelope::key_of;
use baton_clock::{Clock, SystemClock};
use baton_core::rehearsal::chance::Chance;
use baton_sandbox::voice::{Deliver, RepManner, VoiceState};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Between two callers, at least. They come as the kills go on, however long those take: so many for each life.
const PACE: Duration = Duration::from_millis(150);
const CALLERS_PER_KILL: usize = LEADS / KILLS;

/// Keys of the events that a worker has answered with 2xx.
pub type Taken = Arc<Mutex<BTreeSet<String>>>;

/// The voice platform's word reaches whichever worker lives.
pub fn platform(door: Arc<Door>, taken: Taken) -> Deliver {
    Arc::new(move |event| {
        let (door, taken) = (Arc::clone(&door), Arc::clone(&taken));
        Box::pin(async move {
            let was_taken = door.takes(&event).await;
            if was_taken {
                remember(&taken, &event);
            }
            was_taken
        })
    })
}

fn remember(taken: &Taken, event: &Value) {
    taken.lock().expect("taken").insert(key_of(event.to_string().as_bytes()));
}

/// A mix: reps who accept, decline, do not answer or have voicemail; callers who hang up; calls that are over.
pub fn callers(chance: &mut Chance) -> Vec<Caller> {
    let after = |ms| Duration::from_millis(ms);
    let accepts = RepManner::Accepts { after: after(700) };
    let declines = RepManner::Declines { after: after(500) };
    let voicemail = RepManner::Voicemail { after: after(900) };
    let one = |number: usize| match chance.below(20) {
        0..8 => Caller::gone(number),
        8..12 => Caller::live(number).reps(&[accepts]).talks_for(after(12_000)),
        12..14 => Caller::live(number).reps(&[declines, accepts]).talks_for(after(1_500)),
        14..16 => Caller::live(number).reps(&[RepManner::Silent]),
        16 => Caller::live(number).reps(&[voicemail, declines]).chooses(None),
        17 => Caller::live(number).reps(&[RepManner::Silent]).hangs_up_after(after(1_800)),
        18 => Caller::live(number).reps(&[accepts]).hangs_up_after(after(2_900)),
        _ => Caller::live(number).reps(&[declines]).chooses(Some(1)),
    };
    (1..=LEADS).map(one).collect()
}

/// A second event of the same call, which knows more; of some calls it is only this one that says that the caller is on the line.
fn second(caller: &mut Caller, number: usize) -> Value {
    let mut event = caller.event.clone();
    event["id"] = json!(format!("evt-{number}-more"));
    event["data"]["qualification"]["use_case"] = json!("Routing of calls.");
    event["data"]["contact"]["title"] = json!("Head of Sales");
    if number.is_multiple_of(8) {
        caller.event["data"]["call"]["live"] = json!(false);
    }
    event
}

/// Everybody calls, one after the other; each event is repeated until it is taken, one in eight comes twice more, and one call in
/// four is told of by a second event at the same time or a little later.
pub async fn call_in(
    callers: Vec<Caller>,
    killed: Arc<AtomicUsize>,
    voice: Arc<VoiceState>,
    door: Arc<Door>,
    taken: Taken,
    all_in: Arc<AtomicBool>,
) {
    let waiting = Arc::new(AtomicUsize::new(callers.len()));
    for (number, mut caller) in callers.into_iter().enumerate() {
        tokio::time::sleep(PACE).await;
        while number >= CALLERS_PER_KILL * (1 + killed.load(Ordering::Relaxed)) {
            tokio::time::sleep(PACE / 5).await;
        }
        // The platform's clock is behind, or ahead.
        let off_ms = [0, 0, 0, -4_000, 60_000][number % 5];
        caller.event["time"] = json!(SystemClock.now() + TimeDelta::milliseconds(off_ms));
        let second = number.is_multiple_of(4).then(|| second(&mut caller, number));
        let later = Duration::from_millis([0, 300, 3_000][number % 3]);
        let (voice, door, taken) = (Arc::clone(&voice), Arc::clone(&door), Arc::clone(&taken));
        let (waiting, all_in) = (Arc::clone(&waiting), Arc::clone(&all_in));
        tokio::spawn(async move {
            if let Some(script) = &caller.script {
                voice.call(caller.call(), script.clone());
            }
            let more = async {
                if let Some(second) = &second {
                    tokio::time::sleep(later).await;
                    door.deliver(second).await;
                    remember(&taken, second);
                }
            };
            tokio::join!(door.deliver(&caller.event), more);
            remember(&taken, &caller.event);
            if number % 8 == 1 {
                tokio::join!(door.deliver(&caller.event), door.deliver(&caller.event));
            }
            if waiting.fetch_sub(1, Ordering::Relaxed) == 1 {
                all_in.store(true, Ordering::Relaxed);
            }
        });
    }
}
