//! Calls on telephony that none of us wrote: Debian's Asterisk 16 and 22, phones of ours as caller, agent and reps, and the worker
//! as a process of its own over PostgreSQL. What each phone saw and heard is what counts, and the lead's story.
//!
//! `tests/telephony/asterisk.sh` installs what is not ours, once. Where it cannot be had these tests say so, and fail with
//! `CI=true`. Each case has an Asterisk of its own and takes the seconds that its call takes.

mod asterisk;
mod back;
mod beside;
mod callers;
mod crowd;
mod death;
mod demo;
mod front_door;
mod line;
mod next;
mod nobody;
mod plans;
mod rep_first;
mod silent;
mod story;
mod tones;
mod voice;
mod waits;
mod whole;
mod wire;
mod workers;

use crate::store::server::on_postgres;
use asterisk::Installed;
use line::Wanted;
use std::future::Future;

/// A case on one version of Asterisk.
async fn on<F>(version: u32, case: impl FnOnce(Wanted) -> F + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let Some(installed) = Installed::find(version) else { return };
    on_postgres(move |db| case(Wanted::new(installed, db))).await;
}

/// Each case on both: `asterisk_16::NAME` and `asterisk_22::NAME`.
macro_rules! cases {
    ($($name:ident,)+) => {
        mod asterisk_16 {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
            async fn $name() {
                crate::calls::on(16, super::$name).await;
            })+
        }
        mod asterisk_22 {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
            async fn $name() {
                crate::calls::on(22, super::$name).await;
            })+
        }
    };
}

use cases;
