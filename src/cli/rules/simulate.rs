//! `baton simulate`: days of made-up callers against hours, holidays, leave, caps and turns.

use super::diff::monday;
use crate::app::workspace;
use crate::cli::{FAULTY, OK, TextOrJson, USAGE, WorkspaceArgs, say};
use anyhow::Result;
use baton_clock::{Clock, SystemClock};
use baton_core::domain::effect::SlaAct;
use baton_core::rehearsal::outcome::Fallback;
use baton_core::rehearsal::simulate::{Manner, PromisedCalls, RepLoad, Simulation, Spread, simulate};
use baton_core::rehearsal::traffic::{
    LIVE_PERCENT, OUTSIDE_PERCENT, OWNED_PERCENT, Traffic, UNKNOWN_PERCENT, WEEKEND_PERCENT,
};
use baton_core::routing::turns;
use baton_core::rules::model::set::RingPlan;
use baton_core::rules::{compile, spell};
use chrono::NaiveDate;
use serde_json::json;
use std::fmt::Write;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// How many days are played.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: u32,
    /// The same seed plays the same days.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Leads of a working day; four for each active rep if left out.
    #[arg(long, value_name = "N")]
    leads_per_day: Option<u32>,
    /// The first day; the Monday of this week if left out.
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Of a hundred rings, how many are taken.
    #[arg(long, value_name = "N", default_value_t = 65, value_parser = clap::value_parser!(u32).range(0..=100))]
    accept_percent: u32,
    /// Of a hundred rings, how many are declined; the rest is not answered.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=100))]
    decline_percent: u32,
    /// Minutes that a call and its notes keep a rep; each takes half to one and a half times this.
    #[arg(long, value_name = "MINUTES", default_value_t = 12, value_parser = clap::value_parser!(u32).range(0..=600))]
    handling: u32,
    /// For how many days a lead counts against caps of open leads.
    #[arg(long, value_name = "DAYS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=3650))]
    open_days: u32,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    place: WorkspaceArgs,
}

/// What a reader must know before believing a number.
const NOT_PLAYED: &str = "not played: calendars, meetings that come of bookings, reps who set themselves away, callers who hang up \
                          early or refuse a time, how long a promised call keeps a rep, calls promised for leads that wait in \
                          a pool";

impl Simulate {
    pub(crate) fn run(self) -> Result<u8> {
        if self.accept_percent + self.decline_percent > 100 {
            eprintln!("error: --accept-percent and --decline-percent are more than 100 together");
            return Ok(USAGE);
        }
        let rules = match compile(&workspace::read(&self.place.workspace)?) {
            Ok(checked) => checked.rules,
            Err(faults) => {
                eprintln!("the workspace has {} faults: run `baton check` first", faults.len());
                return Ok(FAULTY);
            }
        };
        let active = rules.reps.values().filter(|rep| rep.active).count();
        let per_day = self.leads_per_day.unwrap_or_else(|| u32::try_from(active * 4).unwrap_or(u32::MAX));
        let from = self.from.unwrap_or_else(|| monday(SystemClock.now()));
        let manner = Manner {
            accept_percent: self.accept_percent,
            decline_percent: self.decline_percent,
            handling_s: self.handling * 60,
            open_days: self.open_days,
        };
        let traffic = Traffic::of(&[&rules], self.seed, from, per_day);
        let done = simulate(&rules, traffic, from, self.days, manner, self.seed);
        let head = format!(
            "{} leads in {} days from {from} on, seed {}, {per_day} a working day, {WEEKEND_PERCENT} % of that at weekends",
            done.leads, done.days, self.seed
        );
        let assumed = format!(
            "assumed: {LIVE_PERCENT} % on the line, {OWNED_PERCENT} % with an owner, {OUTSIDE_PERCENT} % from no place that \
             rules name, {UNKNOWN_PERCENT} % of each field unknown; of 100 rings {} taken, {} declined, {} not answered; \
             {} minutes a call; a lead is open for {} days",
            self.accept_percent,
            self.decline_percent,
            100 - self.accept_percent - self.decline_percent,
            self.handling,
            self.open_days,
        );
        match self.format {
            TextOrJson::Text => say(text(&head, &assumed, &done).trim_end()),
            TextOrJson::Json => {
                let page = json!({ "version": 1, "seed": self.seed, "from": from, "assumed": assumed,
                                   "not_played": NOT_PLAYED, "simulation": done });
                say(&serde_json::to_string_pretty(&page)?);
            }
        }
        Ok(OK)
    }
}

fn text(head: &str, assumed: &str, done: &Simulation) -> String {
    let mut page = format!("{head}\n{assumed}\n{NOT_PLAYED}\n\nCallers\n");
    let _ = writeln!(page, "  {:<44} {:>7}", "connected at once", done.connected);
    let _ = writeln!(page, "  {:<44} {:>7}", "rung for, and nobody took it in time", done.rung - done.connected);
    let _ = writeln!(page, "  {:<44} {:>7}", "on the line, and nobody to ring", done.nobody_to_ring);
    let elsewhere: u32 = done.reps.values().map(|load| load.rings_elsewhere).sum();
    let _ = writeln!(page, "  {:<44} {:>7}", format!("phones rung, {}", plan(done.ring)), done.phones_rung);
    let _ = writeln!(page, "  {:<44} {elsewhere:>7}", "of those, told that another was quicker");
    let _ = writeln!(page, "  {:<44} {:>7}", "without a time that could be promised", done.no_time);
    let _ = writeln!(page, "  to a human, connected        {}", spread(done.wait_now_s));
    let _ = writeln!(page, "  to a human, called back      {}", spread(done.wait_later_s));
    promised(&mut page, &done.promised_calls);
    page.push_str("\nHow leads came to their owner\n");
    for fallback in Fallback::ALL {
        let leads = done.fallbacks.get(&fallback).copied().unwrap_or(0);
        let _ = writeln!(page, "  {:<52} {leads:>7}", fallback.in_words());
    }
    if done.waited > 0 {
        let (waited, still) = (done.waited, done.still_waiting);
        let _ = writeln!(page, "\nWaited in a pool for somebody who could take them: {waited}, {still} still do");
        let _ = writeln!(page, "  until somebody could         {}", spread(done.wait_in_pool_s));
    }
    for (pool, shares) in &done.pools {
        let _ = writeln!(page, "\nPool {pool}: {} turns", shares.turns);
        if let Some(hours) = done.nobody_at_work.get(pool) {
            let _ = writeln!(page, "  nobody at work (UTC): {}", hours.join(", "));
        }
        if !shares.members.is_empty() {
            let _ =
                writeln!(page, "  {:<28} {:>9} {:>6} {:>7} {:>7} {:>7}", "", "due", "got", "ahead", "behind", "at cap");
        }
        for (rep, share) in &shares.members {
            let due = turns(share.due_micro);
            let (ahead, behind) = (turns(share.ahead_micro), turns(share.behind_micro));
            let _ = writeln!(
                page,
                "  {:<28} {:>9} {:>6} {:>7} {:>7} {:>7}",
                rep.as_str(),
                due.trim_start_matches('+'),
                share.got,
                ahead.trim_start_matches('+'),
                behind.trim_start_matches('+'),
                share.at_cap
            );
        }
    }
    let _ = writeln!(
        page,
        "\n{:<30} {:>7} {:>7} {:>9} {:>11} {:>10}",
        "Reps", "leads", "calls", "declined", "unanswered", "elsewhere"
    );
    for (rep, load) in &done.reps {
        let RepLoad { leads, calls, rings_declined, rings_unanswered, rings_elsewhere } = load;
        let _ = writeln!(
            page,
            "  {:<28} {leads:>7} {calls:>7} {rings_declined:>9} {rings_unanswered:>11} {rings_elsewhere:>10}",
            rep.as_str()
        );
    }
    page
}

/// What became of promised calls, and of what the rules want done before their time.
fn promised(page: &mut String, calls: &PromisedCalls) {
    let PromisedCalls { promised, in_time, broken, open, steps } = calls;
    page.push_str("\nCalls promised\n");
    for (what, count) in [
        ("in all", promised),
        ("made in time", in_time),
        ("not made in time", broken),
        ("due after the last day", open),
    ] {
        let _ = writeln!(page, "  {what:<44} {count:>7}");
    }
    for step in steps {
        let act = match step.act {
            SlaAct::Remind => "reminded",
            SlaAct::Escalate => "the manager told",
            SlaAct::Reassign => "offered to others",
        };
        let what = format!("after {}: {act}", spell(Duration::from_secs(step.after_s)));
        let _ = writeln!(page, "  {what:<44} {:>7}", step.came);
        for (rep, leads) in &step.moved_to {
            let _ = writeln!(page, "    {:<42} {leads:>7}", format!("to {rep}"));
        }
    }
}

fn plan(ring: RingPlan) -> String {
    match ring {
        RingPlan::OneByOne => "one by one".to_owned(),
        RingPlan::AtOnce(phones) => format!("{phones} at once"),
        RingPlan::AddEvery(span) => format!("another every {}", spell(span)),
    }
}

fn spread(waits: Spread) -> String {
    format!("half within {}, 9 of 10 within {}, longest {}", span(waits.p50), span(waits.p90), span(waits.max))
}

fn span(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}
