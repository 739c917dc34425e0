//! Tool calls of callers on the line, at a rate that does not wait for answers, while every vendor is a black hole: how long
//! until the answer begins, and whether it says what was decided.

mod lines;
mod request;

pub use lines::Lines;
pub use request::{Door, sections, tokens};

use crate::null::Answering;
use crate::quantiles::Quantiles;
use crate::run::Run;
use crate::steady::Schedule;
use crate::worker::{PATIENCE, Worker};
use anyhow::{Context, Result};
use lines::Heard;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

const PER_SECOND: u32 = 200;
/// Not in the figures: the worker finds out that nobody answers.
const WARM_UP: Duration = Duration::from_secs(5);
const LASTS: Duration = Duration::from_secs(20);
/// Connections that are open when the first call comes; a platform opens more while none of them is free.
const LINES: usize = 32;

pub struct Tools {
    door: Door,
    /// To the first byte of the answer: from when the call was due, and from its own last byte.
    from_due: Quantiles,
    from_sent: Quantiles,
    lines: usize,
    calls: usize,
    /// Answered with what was decided.
    named: usize,
    /// Answered with a sentence that holds whatever is decided, such as a promise to follow up.
    promised: usize,
    /// Not answered 200, or without words.
    refused: usize,
    /// No answer at all.
    lost: usize,
}

/// What became of the calls of a stream, by number; `None`: the connection broke.
struct Streamed {
    schedule: Schedule,
    calls: Vec<(usize, Option<Heard>)>,
}

pub async fn measure(run: &Run, door: Door) -> Result<Tools> {
    let worker = run.worker(door.part(), Answering::Never).await?;
    let lines = Arc::new(Lines::open(worker.address(), LINES).await?);
    stream(&worker, &lines, door, "warm", WARM_UP).await?;
    let streamed = stream(&worker, &lines, door, "due", LASTS).await?;
    let promises = worker.promises();
    worker.stop().await;
    Ok(Tools::of(door, &streamed, &promises, lines.count()))
}

/// Calls of fresh callers at this rate for so long; returns when each was answered or broke.
async fn stream(worker: &Worker, lines: &Arc<Lines>, door: Door, part: &str, lasts: Duration) -> Result<Streamed> {
    let count = (lasts.as_secs_f64() * f64::from(PER_SECOND)) as usize;
    let schedule = Schedule::begin(PER_SECOND);
    let mut asking = JoinSet::new();
    for number in 0..count {
        let request = door.request(part, number as u64, worker.now());
        let lines = Arc::clone(lines);
        sleep_until(schedule.due(number)).await;
        asking.spawn(async move { (number, lines.ask(&request).await) });
    }
    let all = timeout(PATIENCE, asking.join_all()).await.context("waiting for the last answers")?;
    let tell = |(number, heard): (usize, Result<Heard>)| {
        (number, heard.inspect_err(|error| eprintln!("call {number} was not answered: {error:#}")).ok())
    };
    Ok(Streamed { schedule, calls: all.into_iter().map(tell).collect() })
}

impl Tools {
    /// `promises`: sentences that name no decision.
    fn of(door: Door, Streamed { schedule, calls }: &Streamed, promises: &BTreeSet<String>, lines: usize) -> Self {
        let heard = || calls.iter().filter_map(|(number, heard)| Some((*number, heard.as_ref()?)));
        let mut from_sent: Vec<Duration> = heard().map(|(_, heard)| heard.began_at - heard.sent_at).collect();
        from_sent.sort_unstable();
        let said: Vec<Option<String>> = heard().map(|(_, heard)| door.said(heard)).collect();
        let promised = said.iter().flatten().filter(|said| promises.contains(*said)).count();
        let worded = said.iter().flatten().count();
        Self {
            door,
            from_due: Quantiles::of(&schedule.spans(heard().map(|(number, heard)| (number, heard.began_at)))),
            from_sent: Quantiles::of(&from_sent),
            lines,
            calls: calls.len(),
            named: worded - promised,
            promised,
            refused: said.len() - worded,
            lost: calls.len() - said.len(),
        }
    }

    fn named_ratio(&self) -> f64 {
        self.named as f64 / self.calls as f64
    }

    pub fn print(&self) {
        let Self { door, from_due, from_sent, lines, calls, named, promised, refused, lost } = self;
        println!(
            "{PER_SECOND} {door}/s for {} s over {lines} connections, vendors {}, in ms:    p50      p90      p99      max",
            LASTS.as_secs(),
            Answering::Never
        );
        println!("  first byte of the answer, from when the call was due     {}", from_due.with_p90());
        println!("  the same from its last byte (goal: p99 60)               {}", from_sent.with_p90());
        println!(
            "  of {calls} calls, {named} were told what was decided ({:.4} of them), {promised} that it was passed on or the like, \
             {refused} nothing, {lost} had no answer",
            self.named_ratio()
        );
    }

    /// Under names of their own for each door.
    pub fn json(&self) -> Value {
        let name = |what: &str| format!("{}_{what}", self.door.part());
        Value::Object(Map::from_iter([
            (name("due_ms"), self.from_due.json()),
            (name("sent_ms"), self.from_sent.json()),
            (name("calls"), json!(self.calls)),
            (name("named_ratio"), json!(self.named_ratio())),
        ]))
    }
}
