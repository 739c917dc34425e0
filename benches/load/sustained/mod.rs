//! How many leads a second are carried for as long as one likes: decided, with all steps done, nothing growing.
//!
//! A closed loop: a constant number of leads is in hand, and a new one is published for every one that is done. A queue that
//! is worked off says less: what was put off while it lasted is not in its figure, and what was deleted, indexed and swept
//! later is in nobody's.

pub mod watched;
mod watchers;

use crate::cost::{Cost, Meter, Spent};
use crate::events::{Events, MIX};
use crate::feed::Feed;
use crate::ground::KIND;
use crate::null::Answering;
use crate::run::Run;
use crate::watch::{Watch, is_postgres};
use crate::worker::{Consuming, PATIENCE, Worker};
use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use watchers::{Scraping, properties};

/// Of the run on PostgreSQL with vendors that answer at once.
pub const FIGURE: &str = "sustained_per_second";
/// Enough that neither the database nor a vendor that takes its time ever has too little to do.
const IN_HAND: u64 = 300;
const LOOK_EVERY: Duration = Duration::from_millis(20);
const WARM_UP: Duration = Duration::from_secs(15);
const LASTS: Duration = Duration::from_secs(60);

/// How it stands at one instant.
#[derive(Clone, Copy)]
struct Mark {
    at: Instant,
    published: u64,
    /// Published and not done: in the broker, in the inbox, or with a step that is due or under way. The timers of earlier leads
    /// are such steps too, once their time has come.
    in_hand: u64,
    due: i64,
}

impl Mark {
    fn done(&self) -> u64 {
        self.published.saturating_sub(self.in_hand)
    }
}

/// The generator: it sees to it that so many leads are in hand.
struct Hand<'a> {
    worker: &'a Worker,
    events: &'a Events,
    part: &'a str,
    consuming: Consuming,
    feed: Feed,
    watch: Watch,
    published: u64,
}

impl<'a> Hand<'a> {
    async fn open(run: &'a Run, worker: &'a Worker, watch: Watch, part: &'a str) -> Result<Self> {
        let consuming = worker.consume().await?;
        let feed = Feed::open(&run.ground, worker.topology()).await?;
        Ok(Self { worker, events: &run.events, part, consuming, feed, watch, published: 0 })
    }

    async fn look(&mut self) -> Result<Mark> {
        // Before the tables: what comes into the inbox between the two looks counts twice, and nothing is missed.
        let in_broker = self.published.saturating_sub(self.consuming.taken());
        let open = self.watch.open_leads(self.worker.now()).await?;
        Ok(Mark { at: Instant::now(), published: self.published, in_hand: in_broker + open.leads, due: open.due })
    }

    /// Publishes what is missing until then; how it stands at the end.
    async fn keep_full(&mut self, until: Instant) -> Result<Mark> {
        loop {
            let mark = self.look().await?;
            if mark.at >= until {
                return Ok(mark);
            }
            for _ in mark.in_hand..IN_HAND {
                let event = self.events.one(self.part, self.published, self.worker.now());
                self.feed.publish(KIND, &event, properties(self.published)).await?;
                self.published += 1;
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Publishes nothing more; what is in hand beyond the broker is left to the worker, and to the next one.
    async fn end(self) -> Result<()> {
        let taken = async {
            while self.consuming.taken() < self.published {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(PATIENCE, taken).await.context("waiting until the last leads are in the inbox")?;
        self.consuming.end().await
    }
}

/// On which store, with which vendors.
pub struct Setting<'a> {
    pub part: &'static str,
    /// Name of its figure.
    pub figure: &'static str,
    pub database: &'a str,
    pub answering: Answering,
}

pub struct Sustained {
    figure: &'static str,
    store: &'static str,
    answering: Answering,
    begin: Mark,
    end: Mark,
    /// Known of PostgreSQL, and told of vendors that answer at once: with others a lead costs the same, and waits.
    cost: Option<Cost>,
}

pub async fn measure(run: &Run, setting: &Setting<'_>) -> Result<Sustained> {
    let Setting { part, figure, database, answering } = *setting;
    let worker = run.worker_on(database, part, answering).await?;
    let mut watch = Watch::open(database).await?;
    let is_metered = is_postgres(database) && answering == Answering::AtOnce;
    let meter = if is_metered { Some(Meter::open(&mut watch).await) } else { None };
    let scraping = Scraping::begin(run, &worker);
    let mut hand = Hand::open(run, &worker, watch, part).await?;
    hand.keep_full(Instant::now() + WARM_UP).await?;
    let before = spent(meter.as_ref(), &mut hand.watch).await?;
    let begin = hand.look().await?;
    let end = hand.keep_full(begin.at + LASTS).await?;
    let after = spent(meter.as_ref(), &mut hand.watch).await?;
    hand.end().await?;
    scraping.end().await?;
    worker.stop().await;
    let leads = end.done().saturating_sub(begin.done());
    ensure!(leads > 0, "not a single lead was done within {} s", LASTS.as_secs());
    let cost = after.zip(before).map(|(after, before)| after.since(&before, leads));
    let store = if is_postgres(database) { "PostgreSQL" } else { "SQLite" };
    Ok(Sustained { figure, store, answering, begin, end, cost })
}

async fn spent(meter: Option<&Meter>, watch: &mut Watch) -> Result<Option<Spent>> {
    match meter {
        None => Ok(None),
        Some(meter) => meter.read(watch).await.map(Some),
    }
}

impl Sustained {
    fn leads(&self) -> u64 {
        self.end.done().saturating_sub(self.begin.done())
    }

    fn per_second(&self) -> f64 {
        self.leads() as f64 / (self.end.at - self.begin.at).as_secs_f64()
    }

    pub fn print(&self) {
        let Self { store, answering, begin, end, cost, .. } = self;
        println!("{IN_HAND} leads in hand for {} s ({MIX}) on {store}, vendors {answering}", LASTS.as_secs());
        println!("  Baton, steps done   {:8.0} leads/s   {} leads", self.per_second(), self.leads());
        println!(
            "  in hand             {:8} leads     {} at the end; due steps: {}, {} at the end",
            begin.in_hand, end.in_hand, begin.due, end.due
        );
        if let Some(cost) = cost {
            println!("{cost}");
        }
    }

    pub fn json(&self) -> Value {
        let mut figures = Map::from_iter([(self.figure.to_owned(), json!(self.per_second()))]);
        if let Some(Value::Object(cost)) = self.cost.as_ref().map(Cost::json) {
            figures.extend(cost);
        }
        Value::Object(figures)
    }
}
