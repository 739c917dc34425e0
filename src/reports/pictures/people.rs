//! Reps: who should have had whose leads, who has had how many beside what they are due, and how they answer.

use super::{Column, Ledgers, Picture, PictureRow, Shape, number, share};
use crate::reports::figure::{Unit, in_seconds};
use crate::reports::rows::{LeadRow, Newest};
use crate::reports::statistics::{count, percentile};
use baton_core::domain::id::{PoolId, RepId};
use baton_core::domain::leg::LegState;
use baton_core::routing::ledger::{Ledger, TURN};
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// Reps who stand in the matrix by name, those of whom most is said; the others are counted together.
const IN_MATRIX: usize = 12;
const OTHERS: &str = "others";

#[derive(Default)]
struct Rep {
    leads: u64,
    response: Vec<TimeDelta>,
    rung: u64,
    accepted: u64,
    missed: u64,
    unanswered: Newest,
}

#[derive(Default)]
pub(super) struct People {
    leads: u64,
    pairs: BTreeMap<(RepId, RepId), (u64, Newest)>,
    shares: BTreeMap<PoolId, BTreeMap<RepId, (u64, Newest)>>,
    reps: BTreeMap<RepId, Rep>,
}

impl People {
    pub(super) fn add(&mut self, row: &LeadRow) {
        self.leads += 1;
        for right in row.right_reps() {
            let (times, newest) = self.pairs.entry((row.decided_owner.clone(), right.clone())).or_default();
            *times += 1;
            newest.add(row);
        }
        let pool = self.shares.entry(row.pool.clone()).or_default();
        let (leads, newest) = pool.entry(row.decided_owner.clone()).or_default();
        *leads += 1;
        newest.add(row);

        let owner = self.reps.entry(row.decided_owner.clone()).or_default();
        owner.leads += 1;
        owner.response.extend(row.contacted_after());
        for leg in &row.legs {
            let rep = self.reps.entry(leg.rep.clone()).or_default();
            rep.rung += 1;
            rep.accepted += u64::from(is_accepted(leg.state));
            if is_missed(leg.state) {
                rep.missed += 1;
                rep.unanswered.add(row);
            }
        }
    }

    /// Who should have had it, shares, reps.
    pub(super) fn finish(self, ledgers: &Ledgers) -> [Picture; 3] {
        [matrix(self.pairs), shares(self.shares, ledgers), reps(self.reps, self.leads)]
    }
}

fn is_accepted(state: LegState) -> bool {
    matches!(state, LegState::Accepted | LegState::Joined | LegState::Lost)
}

fn is_missed(state: LegState) -> bool {
    matches!(state, LegState::NoAnswer | LegState::Machine)
}

fn matrix(pairs: BTreeMap<(RepId, RepId), (u64, Newest)>) -> Picture {
    let mut said: BTreeMap<&RepId, u64> = BTreeMap::new();
    for ((from, to), (times, _)) in &pairs {
        *said.entry(from).or_default() += times;
        *said.entry(to).or_default() += times;
    }
    let mut ranked: Vec<(&RepId, u64)> = said.into_iter().collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let mut names: Vec<String> = ranked.iter().take(IN_MATRIX).map(|(rep, _)| rep.to_string()).collect();
    names.sort();
    if ranked.len() > IN_MATRIX {
        names.push(OTHERS.to_owned());
    }
    let place = |rep: &RepId| names.iter().position(|name| name == rep.as_str()).unwrap_or(IN_MATRIX);
    let mut counts = vec![vec![0u64; names.len()]; names.len()];
    let mut leads: Vec<Vec<_>> = names.iter().map(|_| Vec::new()).collect();
    for ((from, to), (times, newest)) in pairs {
        let (from, to) = (place(&from), place(&to));
        counts[from][to] += times;
        leads[from].extend(newest.into_leads());
    }
    let row = |((name, counts), leads): ((&String, Vec<u64>), Vec<_>)| PictureRow {
        name: name.clone(),
        values: counts.into_iter().map(number).collect(),
        leads,
    };
    Picture {
        key: "routed_and_right",
        name: "Routed to, and should have gone to",
        definition: "How often reps named another rep as the right one: the row is whom the lead was routed to, the column whom \
                     they named.",
        shape: Shape::Grid,
        of: "Routed to",
        rows: names.iter().zip(counts).zip(leads).map(row).collect(),
        columns: Column::leads(&names),
    }
}

/// What a ledger says of a member, in turns: what they are owed, and how far from nothing that may be.
fn standing(ledger: &Ledger, rep: &RepId) -> [Option<f64>; 2] {
    let turns = |millionths: i64| Some(millionths as f64 / TURN as f64);
    [turns(ledger.balance(rep)), turns(ledger.bound())]
}

fn shares(pools: BTreeMap<PoolId, BTreeMap<RepId, (u64, Newest)>>, ledgers: &Ledgers) -> Picture {
    let mut rows = Vec::new();
    for (pool, mut reps) in pools {
        let ledger = ledgers.get(&pool);
        for member in ledger.iter().flat_map(|ledger| ledger.balances.keys()) {
            reps.entry(member.clone()).or_default();
        }
        let all: u64 = reps.values().map(|(leads, _)| leads).sum();
        for (rep, (leads, newest)) in reps {
            let [owed, bound] = ledger.map_or([None, None], |ledger| standing(ledger, &rep));
            rows.push(PictureRow {
                name: format!("{pool}: {rep}"),
                values: vec![number(leads), share(leads, all), owed, bound],
                leads: newest.into_leads(),
            });
        }
    }
    let turns = ["Turns owed", "Bound"].map(|name| Column::of(name, Unit::Turns));
    let counts = Column::leads(["Leads"]).into_iter().chain([Column::of("of the pool", Unit::Share)]);
    Picture {
        key: "shares",
        name: "Shares against what is due",
        definition: "Leads of this time by pool and rep. Turns owed: how many leads a rep is behind their due (+) or ahead of it (−) \
                     as the ledger stands now, since it began; the bound is how far turns alone may bring them.",
        shape: Shape::Balance,
        of: "Pool and rep",
        columns: counts.chain(turns).collect(),
        rows,
    }
}

/// Who has had most leads first.
fn reps(reps: BTreeMap<RepId, Rep>, all: u64) -> Picture {
    let mut reps: Vec<(RepId, Rep)> = reps.into_iter().collect();
    reps.sort_by(|a, b| b.1.leads.cmp(&a.1.leads).then_with(|| a.0.cmp(&b.0)));
    let row = |(rep, mut one): (RepId, Rep)| PictureRow {
        name: rep.to_string(),
        values: vec![
            number(one.leads),
            share(one.leads, all),
            number(one.rung),
            share(one.accepted, one.rung),
            share(one.missed, one.rung),
            percentile(&mut one.response, 50).map(in_seconds),
            number(count(one.response.len())),
        ],
        leads: one.unanswered.into_leads(),
    };
    let mut columns = Column::leads(["Leads"]);
    columns.extend([
        Column::of("of all", Unit::Share),
        Column::of("Phones rung", Unit::Leads),
        Column::of("accepted", Unit::Share),
        Column::of("missed", Unit::Share),
        Column::of("Half contacted within", Unit::Seconds),
        Column::of("Contacted", Unit::Leads),
    ]);
    Picture {
        key: "reps",
        name: "Reps",
        definition: "Leads that each was given; and of the times their phone was rung, how many calls they accepted, and how many \
                     nobody or a machine answered. Behind each: leads whose call they missed.",
        shape: Shape::Bars(1),
        of: "Rep",
        columns,
        rows: reps.into_iter().map(row).collect(),
    }
}
