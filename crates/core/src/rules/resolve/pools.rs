//! The pools: whom they name, whom they serve, where they overflow to.

use super::Resolver;
use super::cycles::{edge, refuse_cycles};
use crate::domain::id::{PoolId, RepId, TerritoryId};
use crate::rules::fault::{At, Faults, Word};
use crate::rules::files::members;
use crate::rules::files::pools::PoolDraft;
use crate::rules::files::prefer::{LANGUAGE, PRODUCT, Wished};
use crate::rules::model::set::Pool;
use std::collections::{BTreeMap, BTreeSet};

impl Resolver<'_> {
    pub(super) fn pools(&self, faults: &mut Faults) -> BTreeMap<PoolId, Pool> {
        let drafts = &self.drafts.routing.pools;
        let mut pools = BTreeMap::new();
        for draft in drafts {
            if let Some(pool) = self.one_pool(draft, faults) {
                pools.insert(draft.id.clone(), pool);
            }
        }
        let overflows = drafts.iter().filter_map(|draft| edge(draft.id.as_str(), draft.overflow.as_ref()));
        refuse_cycles(overflows.collect(), "pool-overflow-cycle", "overflows that end at the catch-all", faults);
        self.refuse_equal_service(&pools, faults);
        pools
    }

    fn one_pool(&self, draft: &PoolDraft, faults: &mut Faults) -> Option<Pool> {
        let territories = draft.territories.iter();
        let territories =
            territories.filter_map(|word| self.territory(word, "pool-unknown-territory", faults)).collect();
        let tiers = draft.tiers.iter().filter_map(|word| self.tier(word, faults)).collect();
        let pools = self.drafts.routing.pools.iter().map(|pool| &pool.id);
        let members = draft.members.as_ref().and_then(|members| members::of(members, &self.drafts.reps, pools, faults));
        let overflow = draft.overflow.as_ref().and_then(|word| self.pool(word, "pool-unknown-overflow", faults));
        let requires = |name: &str| draft.require.iter().any(|word| word.text == name);
        let skills: Vec<&Word> =
            draft.require.iter().filter(|word| ![LANGUAGE, PRODUCT].contains(&word.text.as_str())).collect();
        for skill in skills.iter().copied().chain(draft.prefer.iter().flat_map(Wished::skills)) {
            self.skill(skill, faults);
        }
        let members = members?;
        let lead_rep = self.lead_rep(draft, &members.first, faults);
        Some(Pool {
            id: draft.id.clone(),
            line: draft.at.line,
            territories,
            tiers,
            members: members.weights,
            require_language: requires(LANGUAGE),
            require_products: requires(PRODUCT),
            require_skills: skills.into_iter().map(|word| word.text.clone()).collect(),
            prefer: draft.prefer.iter().map(Wished::finish).collect(),
            policy: draft.policy,
            caps: draft.caps,
            when_full: draft.when_full,
            overflow,
            calendar_unknown: draft.calendar_unknown,
            owned_leads_count: draft.owned_leads_count,
            lead_rep: lead_rep?,
        })
    }

    fn skill(&self, word: &Word, faults: &mut Faults) {
        let skills = self.drafts.reps.iter().flat_map(|draft| draft.rep.skills.iter().map(String::as_str));
        let known: BTreeSet<&str> = skills.collect();
        let names = [LANGUAGE, PRODUCT].into_iter().chain(known.iter().copied());
        faults.name(word, "pool-unknown-skill", "skill of reps.csv", names);
    }

    /// Who answers for the pool: as written, else the manager of its first member.
    fn lead_rep(&self, draft: &PoolDraft, first: &RepId, faults: &mut Faults) -> Option<RepId> {
        if let Some(word) = &draft.lead_rep {
            return self.active_rep(word, "pool-unknown-rep", faults);
        }
        let first = self.drafts.reps.iter().find(|rep| rep.rep.id == *first)?;
        let Some(manager) = &first.manager else {
            let found = format!("no lead_rep, and {} has no manager", first.rep.id);
            faults.error("pool-no-lead-rep", draft.at, found, "a lead_rep: who answers for leads that nobody takes");
            return None;
        };
        let known = self.drafts.reps.iter().find(|rep| rep.rep.id.as_str() == manager.text);
        known.map(|rep| rep.rep.id.clone())
    }

    /// Two pools that serve one cell equally closely would be a coin toss.
    fn refuse_equal_service(&self, pools: &BTreeMap<PoolId, Pool>, faults: &mut Faults) {
        let territories: Vec<Option<&TerritoryId>> =
            self.territories.iter().map(|id| Some(*id)).chain([None]).collect();
        let mut told: BTreeSet<(&PoolId, &PoolId)> = BTreeSet::new();
        for territory in territories {
            for tier in &self.drafts.routing.tiers {
                let fits = pools.values().filter_map(|pool| Some((pool.fit(territory, &tier.name)?, pool)));
                let fits: Vec<_> = fits.collect();
                let Some(best) = fits.iter().map(|(fit, _)| *fit).max() else { continue };
                let mut equal: Vec<&Pool> =
                    fits.iter().filter(|(fit, _)| *fit == best).map(|(_, pool)| *pool).collect();
                equal.sort_by_key(|pool| pool.line);
                for pair in equal.windows(2) {
                    if told.insert((&pair[0].id, &pair[1].id)) {
                        let cell =
                            territory.map_or_else(|| tier.name.to_string(), |id| format!("{id} × {}", tier.name));
                        let found = format!(
                            "{cell} served by {}, and by {} (line {}) too",
                            pair[1].id, pair[0].id, pair[0].line
                        );
                        let at = self.pool_at(&pair[1].id);
                        faults
                            .error("pool-serves-twice", at, found, "one pool for each territory and tier")
                            .hint(Some("take the territory or tier out of one of the two".to_owned()));
                    }
                }
            }
        }
    }

    fn pool_at(&self, id: &PoolId) -> At {
        let pool = self.drafts.routing.pools.iter().find(|pool| pool.id == *id);
        pool.map_or(At::start_of(crate::rules::ROUTING), |pool| pool.at)
    }
}
