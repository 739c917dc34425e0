//! Looks up every name that one file uses and another defines, and makes the [`RuleSet`] of the drafts.

mod cycles;
mod front_door;
mod pools;

use super::files::accounts::AccountDraft;
use super::files::handoff::HandoffDraft;
use super::files::hours::front_door::NumberDraft;
use super::files::hours::{self, HoursDraft};
use super::files::reps::RepDraft;
use super::files::territories;
use crate::domain::id::{PoolId, ReleaseId, RepId, TerritoryId, TierId};
use crate::domain::rep::Rep;
use crate::domain::rota::Hours;
use crate::rules::fault::{Faults, Word, quoted};
use crate::rules::files::routes::{self, To};
use crate::rules::model::row::NamedAccount;
use crate::rules::model::set::{Route, RouteTo, RuleSet, Tier};
use crate::rules::model::territories::Territories;
use cycles::{edge, refuse_cycles};
use std::collections::{BTreeMap, BTreeSet};

/// The files as read.
pub(super) struct Drafts {
    pub routing: routes::File,
    pub territories: territories::File,
    pub reps: Vec<RepDraft>,
    pub accounts: Vec<AccountDraft>,
    pub hours: HoursDraft,
    pub handoff: HandoffDraft,
    pub front_door: Vec<NumberDraft>,
}

/// `None` after a fault without which no rule set can be made; other faults leave blanks that their message keeps from use.
pub(super) fn rule_set(drafts: &Drafts, release: ReleaseId, faults: &mut Faults) -> Option<RuleSet> {
    let resolver = Resolver {
        drafts,
        territories: drafts.territories.rows.iter().map(|row| &row.territory).collect(),
        ladders: drafts.handoff.ladders.iter().map(|(name, _)| name.text.as_str()).collect(),
    };
    let reps = resolver.reps(faults);
    let tiers = resolver.tiers(faults);
    let catch_all = resolver.catch_all(faults);
    let pools = resolver.pools(faults);
    let routes = resolver.routes(faults);
    let named_accounts = resolver.accounts(faults);
    let front_door = resolver.front_door(faults);
    let needs_attention = drafts
        .handoff
        .needs_attention
        .as_ref()
        .and_then(|word| resolver.active_rep(word, "handoff-unknown-rep", faults));
    Some(RuleSet {
        release,
        territories: Territories::new(drafts.territories.rows.clone(), named_accounts),
        ownership: drafts.routing.ownership.clone(),
        assignment: drafts.routing.assignment,
        assignment_wait: drafts.routing.assignment_wait,
        calendars_believed_for: drafts.routing.calendars_believed_for,
        calendars: drafts.routing.calendars,
        routes,
        pools,
        catch_all: catch_all?,
        hours: hours::merged(&drafts.hours.hours, &reps),
        reps,
        handoff: drafts.handoff.finish(needs_attention?, &tiers),
        tiers,
        front_door,
        matching: drafts.routing.matching.clone(),
        shared_domains: drafts.routing.shared_domains.clone(),
        crm_names: drafts.routing.vocabulary.crm_names.clone(),
    })
}

/// Reads the name of something that must exist. Where a name of its kind was refused, `told`, the word may well be that one:
/// one fault is not told twice.
fn known<'n>(
    word: &Word,
    (code, what, told): (&'static str, &str, &str),
    mut names: impl Iterator<Item = &'n str> + Clone,
    faults: &mut Faults,
) -> Option<&'n str> {
    if faults.told(told) { names.find(|name| *name == word.text) } else { faults.name(word, code, what, names) }
}

struct Resolver<'d> {
    drafts: &'d Drafts,
    territories: BTreeSet<&'d TerritoryId>,
    ladders: BTreeSet<&'d str>,
}

impl Resolver<'_> {
    fn rep(&self, word: &Word, code: &'static str, faults: &mut Faults) -> Option<&RepDraft> {
        let drafts = &self.drafts.reps;
        faults.name(word, code, "rep", drafts.iter().map(|draft| draft.rep.id.as_str()))?;
        drafts.iter().find(|draft| draft.rep.id.as_str() == word.text)
    }

    /// A rep who must be there, because nobody stands behind them.
    fn active_rep(&self, word: &Word, code: &'static str, faults: &mut Faults) -> Option<RepId> {
        let rep = &self.rep(word, code, faults)?.rep;
        if !rep.active {
            let found = format!("{}, who is not active", quoted(&word.text));
            faults.error("rep-not-active", word.at, found, "an active rep: what nobody takes ends here");
        }
        Some(rep.id.clone())
    }

    fn pool(&self, word: &Word, code: &'static str, faults: &mut Faults) -> Option<PoolId> {
        let pools = &self.drafts.routing.pools;
        known(word, (code, "pool", "pool-bad-name"), pools.iter().map(|pool| pool.id.as_str()), faults)?;
        pools.iter().find(|pool| pool.id.as_str() == word.text).map(|pool| pool.id.clone())
    }

    fn territory(&self, word: &Word, code: &'static str, faults: &mut Faults) -> Option<TerritoryId> {
        let names = self.territories.iter().map(|id| id.as_str());
        known(word, (code, "territory", "territory-bad-name"), names, faults)?;
        self.territories.iter().find(|id| id.as_str() == word.text).map(|id| (*id).clone())
    }

    fn tier(&self, word: &Word, faults: &mut Faults) -> Option<TierId> {
        let tiers = &self.drafts.routing.tiers;
        if tiers.is_empty() {
            return None; // told with the tiers
        }
        let names = tiers.iter().map(|tier| tier.name.as_str());
        known(word, ("pool-unknown-tier", "tier", "tier-bad-name"), names, faults)?;
        tiers.iter().find(|tier| tier.name.as_str() == word.text).map(|tier| tier.name.clone())
    }

    fn reps(&self, faults: &mut Faults) -> BTreeMap<RepId, Rep> {
        let Hours { weeks, holidays, .. } = &self.drafts.hours.hours;
        let mut reps = BTreeMap::new();
        for draft in &self.drafts.reps {
            for word in &draft.hours {
                faults.name(word, "rep-unknown-week", "week of hours.yaml", weeks.keys().map(String::as_str));
            }
            for word in &draft.holidays {
                let names = holidays.keys().map(String::as_str);
                faults.name(word, "rep-unknown-holidays", "holiday region of hours.yaml", names);
            }
            let mut other = |word: &Option<Word>, code| Some(self.rep(word.as_ref()?, code, faults)?.rep.id.clone());
            let delegate = other(&draft.delegate, "rep-unknown-delegate");
            let manager = other(&draft.manager, "rep-unknown-manager");
            reps.insert(draft.rep.id.clone(), Rep { delegate, manager, ..draft.rep.clone() });
        }
        let delegates =
            self.drafts.reps.iter().filter_map(|draft| edge(draft.rep.id.as_str(), draft.delegate.as_ref()));
        refuse_cycles(delegates.collect(), "rep-delegate-cycle", "delegates that end at somebody", faults);
        let managers = self.drafts.reps.iter().filter_map(|draft| edge(draft.rep.id.as_str(), draft.manager.as_ref()));
        refuse_cycles(managers.collect(), "rep-manager-cycle", "managers that end at somebody", faults);
        reps
    }

    fn tiers(&self, faults: &mut Faults) -> Vec<Tier> {
        let drafts = &self.drafts.routing.tiers;
        for word in self.drafts.handoff.booked_tiers().filter(|_| !drafts.is_empty()) {
            let names = drafts.iter().map(|tier| tier.name.as_str());
            known(word, ("booking-unknown-tier", "tier of routing.yaml", "tier-bad-name"), names, faults);
        }
        let tiers = drafts.iter().map(|tier| {
            if let Some(word) = &tier.ladder {
                faults.name(word, "tier-unknown-ladder", "ladder of handoff.yaml", self.ladders.iter().copied());
            }
            Tier {
                name: tier.name.clone(),
                line: tier.at.line,
                when: tier.when.clone(),
                if_undecided: tier.if_undecided,
                ladder: tier.ladder.as_ref().map(|word| word.text.clone()),
            }
        });
        tiers.collect()
    }

    /// The catch-all takes every lead, so nothing may keep one out.
    fn catch_all(&self, faults: &mut Faults) -> Option<PoolId> {
        let word = self.drafts.routing.catch_all.as_ref()?;
        let id = self.pool(word, "catch-all-unknown-pool", faults)?;
        let pool = self.drafts.routing.pools.iter().find(|pool| pool.id == id)?;
        let restrictions = [
            ("serves", pool.territories.first().or(pool.tiers.first())),
            ("require", pool.require.first()),
            ("overflow", pool.overflow.as_ref()),
        ];
        for (key, restriction) in restrictions {
            if let Some(restriction) = restriction {
                let found = format!("{key} {} on the catch-all {id}", quoted(&restriction.text));
                faults
                    .error("catch-all-restricted", restriction.at, found, "a catch-all that takes every lead")
                    .hint(Some(format!("delete \"{key}\", or name another pool as catch_all")));
            }
        }
        Some(id)
    }

    fn routes(&self, faults: &mut Faults) -> Vec<Route> {
        let mut routes = Vec::new();
        for route in &self.drafts.routing.routes {
            let to = match &route.to {
                Some(To::Pool(word)) => self.pool(word, "route-unknown-pool", faults).map(RouteTo::Pool),
                Some(To::Rep(word)) => {
                    self.rep(word, "route-unknown-rep", faults).map(|draft| RouteTo::Rep(draft.rep.id.clone()))
                }
                None => None,
            };
            let Some(to) = to else { continue };
            let (name, when) = (route.name.text.clone(), route.when.clone());
            routes.push(Route { name, line: route.name.at.line, when, if_undecided: route.if_undecided, to });
        }
        routes
    }

    fn accounts(&self, faults: &mut Faults) -> Vec<NamedAccount> {
        let accounts = self.drafts.accounts.iter().map(|draft| {
            let rep = draft.rep.as_ref().and_then(|word| self.rep(word, "account-unknown-rep", faults));
            let rep = rep.map(|draft| draft.rep.id.clone());
            let territory = draft.territory.as_ref();
            let territory = territory.and_then(|word| self.territory(word, "account-unknown-territory", faults));
            let (name, domain) = (draft.name.text.clone(), draft.domain.clone());
            NamedAccount { line: draft.line, domain, name, rep, territory }
        });
        accounts.collect()
    }
}
