//! The connections over which Slack tells what people press and ask, where no address of ours need be reached.
//!
//! Each thing is acknowledged on the connection that it came by, before anything is done. When Slack is about to end a connection, the
//! next one is opened at once, unless that one was hardly open, and the old one is heard to its end. A line that is cut is known within
//! ten seconds. A worker that stops does what it has acknowledged first.

use super::heard::Kind;
use super::{Desk, Taken};
use crate::connectors::VendorError;
use crate::connectors::slack::SlackSocket;
use baton_clock::jitter;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// The first wait before a connection is tried again; it doubles.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Where somebody must mend something first, and the longest wait of all.
const AGAIN_WITHIN: Duration = Duration::from_secs(60);
/// Slack keeps a connection for hours. One that it ends so soon is one too many, and so would be the next.
const HARDLY_OPEN: Duration = Duration::from_secs(10);

/// Why another connection is needed.
enum End {
    /// Slack is about to end this one.
    Replaced,
    /// Somebody has switched Socket Mode off.
    SwitchedOff,
    /// `heard`: something came over it before.
    Lost { error: VendorError, heard: bool },
}

/// Until told to stop.
pub async fn hear(desk: Arc<Desk>, mut stopping: watch::Receiver<bool>) {
    let in_hand = watch::Sender::new(());
    tokio::select! {
        () = keep_hearing(&desk, &in_hand) => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
    in_hand.closed().await;
}

/// `in_hand`: has a receiver for each thing that is being done.
async fn keep_hearing(desk: &Arc<Desk>, in_hand: &watch::Sender<()>) {
    let (mut open, mut failures) = (JoinSet::new(), 0);
    loop {
        let began = Instant::now();
        let end = match desk.slack.listen().await {
            Ok(socket) => {
                let (tell, told) = oneshot::channel();
                open.spawn(listen(Arc::clone(desk), socket, tell, in_hand.clone()));
                told.await.unwrap_or(End::Replaced)
            }
            Err(error) => End::Lost { error, heard: false },
        };
        let wait = match end {
            End::Replaced if began.elapsed() < HARDLY_OPEN => {
                failures += 1;
                own_pause(failures)
            }
            End::Replaced => {
                failures = 0;
                Duration::ZERO
            }
            End::SwitchedOff => {
                tracing::error!("Socket Mode was switched off for the app: nothing that reps press in Slack is heard");
                AGAIN_WITHIN
            }
            End::Lost { error, heard } => {
                failures = if heard { 0 } else { failures + 1 };
                tracing::warn!(error = error.in_log(), "Slack is not heard over this connection any more");
                pause(&error.counted(), failures)
            }
        };
        while open.try_join_next().is_some() {}
        sleep(wait).await;
    }
}

fn pause(error: &VendorError, failures: u32) -> Duration {
    let asked = match error {
        VendorError::Retry { after, .. } | VendorError::RateLimited { after, .. } => after.unwrap_or_default(),
        VendorError::Unknown { .. } => Duration::ZERO,
        VendorError::Reauthenticate { .. }
        | VendorError::NeedsPerson { .. }
        | VendorError::Amiss { .. }
        | VendorError::Gone { .. } => return AGAIN_WITHIN,
    };
    own_pause(failures).max(asked)
}

fn own_pause(failures: u32) -> Duration {
    (AGAIN_AFTER * 2_u32.pow(failures.min(6))).min(AGAIN_WITHIN).mul_f64(jitter())
}

/// Hears one connection to its end.
async fn listen(desk: Arc<Desk>, mut socket: SlackSocket, tell: oneshot::Sender<End>, in_hand: watch::Sender<()>) {
    let (mut tell, mut heard) = (Some(tell), false);
    let error = loop {
        let frame = match socket.next().await {
            Ok(frame) => frame,
            Err(error) => break error,
        };
        heard = true;
        match frame["type"].as_str() {
            Some("hello") => tracing::info!("what reps press in Slack is heard"),
            Some("disconnect") => {
                let off = frame["reason"] == "link_disabled";
                say(&mut tell, if off { End::SwitchedOff } else { End::Replaced });
            }
            Some(kind) => {
                if let Err(error) = take(&desk, &mut socket, (kind, &frame), &in_hand).await {
                    break error;
                }
            }
            None => {}
        }
    };
    say(&mut tell, End::Lost { error, heard });
}

/// Once: the next connection is there, or on its way, after that.
fn say(tell: &mut Option<oneshot::Sender<End>>, end: End) {
    if let Some(tell) = tell.take() {
        // Whoever is not there any more needs no other connection.
        let _told = tell.send(end);
    }
}

async fn take(
    desk: &Arc<Desk>,
    socket: &mut SlackSocket,
    (kind, frame): (&str, &Value),
    in_hand: &watch::Sender<()>,
) -> Result<(), VendorError> {
    let Some(envelope) = frame["envelope_id"].as_str() else { return Ok(()) };
    let kind = match kind {
        "interactive" => Kind::Interaction,
        "slash_commands" => Kind::Command,
        "events_api" => Kind::Event,
        _ => return socket.acknowledge(envelope, None).await,
    };
    let Taken { answer, then } = desk.take(kind, &frame["payload"]);
    let answer = answer.filter(|_| frame["accepts_response_payload"] == true);
    let held = in_hand.subscribe();
    socket.acknowledge(envelope, answer).await?;
    if let Some(then) = then {
        let desk = Arc::clone(desk);
        tokio::spawn(async move {
            let _held = held;
            desk.attend(then).await;
        });
    }
    Ok(())
}
