//! Lead → account: the mirror while it is fresh, else the CRM within the deadline, else the mirror with its age.

use super::Facts;
use crate::connectors::{AccountKeys, Crm};
use crate::domain::account::Account;
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::rules::RuleSet;
use crate::store::Mirrored;
use chrono::TimeDelta;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A mirrored account is asked for again after this long.
const FRESH: TimeDelta = TimeDelta::minutes(10);

impl Facts {
    pub(super) async fn accounts(&self, leads: &[Lead], rules: &RuleSet) -> Vec<Fact<Option<Account>>> {
        let Some(crm) = &self.crm else {
            let why = || Fact::Known {
                value: None,
                observed_at: self.clock.now(),
                source: "no CRM is configured".to_owned(),
            };
            return leads.iter().map(|_| why()).collect();
        };
        let keys: Vec<AccountKeys> = leads.iter().map(|lead| keys_of(lead, rules)).collect();
        let names: Vec<Option<String>> = keys.iter().map(mirror_key).collect();
        let mirrored = self.mirrored(names.iter().flatten().cloned().collect()).await;
        let facts = keys.iter().zip(&names).map(|(keys, name)| {
            let known = name.as_ref().and_then(|name| mirrored.get(name));
            self.account(crm, keys, name.as_deref(), known)
        });
        let facts = join_all(facts).await;
        let learnt = names.iter().zip(&facts).filter_map(|(name, found)| Some((name.clone()?, found.fresh.clone()?)));
        self.remember(learnt.collect()).await;
        facts.into_iter().map(|found| found.fact).collect()
    }

    async fn mirrored(&self, names: Vec<String>) -> BTreeMap<String, Mirrored> {
        if names.is_empty() {
            return BTreeMap::new();
        }
        let found = self.store.read("mirror.get", move |tx| {
            let names = names.clone();
            Box::pin(async move { tx.mirror_get(&names).await })
        });
        found.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the mirror of accounts could not be read");
            BTreeMap::new()
        })
    }

    async fn account(
        &self,
        crm: &Arc<dyn Crm>,
        keys: &AccountKeys,
        name: Option<&str>,
        known: Option<&Mirrored>,
    ) -> Found {
        if name.is_none() {
            let source = "nothing to look up".to_owned();
            return Found::known(Fact::Known { value: None, observed_at: self.clock.now(), source });
        }
        if let Some(known) = known
            && self.clock.now() - known.observed_at < FRESH
        {
            return Found::known(known.fact());
        }
        match self.ask(crm, keys).await {
            Ok(value) => {
                let (observed_at, source) = (self.clock.now(), crm.vendor().to_owned());
                let fresh = Mirrored { account: value.clone(), source: source.clone(), observed_at };
                Found { fact: Fact::Known { value, observed_at, source }, fresh: Some(fresh) }
            }
            Err(why) => Found::known(known.map_or(Fact::Unknown { why }, Mirrored::fact)),
        }
    }

    async fn ask(&self, crm: &Arc<dyn Crm>, keys: &AccountKeys) -> Result<Option<Account>, String> {
        if self.crm_rests.is_on() {
            return Err(format!("{} failed a moment ago and is not asked again yet", crm.vendor()));
        }
        let answer = match tokio::time::timeout(self.within, crm.find_account(keys)).await {
            Ok(Ok(account)) => return Ok(account),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("{} did not answer within {} ms", crm.vendor(), self.within.as_millis()),
        };
        self.crm_rests.begin();
        tracing::warn!(vendor = crm.vendor(), why = %answer, "deciding without the account");
        Err(answer)
    }

    /// All that a batch of leads has learnt, in one commit.
    async fn remember(&self, learnt: BTreeMap<String, Mirrored>) {
        if learnt.is_empty() {
            return;
        }
        let put = self.store.write("mirror.put", move |tx| {
            let learnt = learnt.clone();
            Box::pin(async move { tx.mirror_put(&learnt).await })
        });
        if let Err(error) = put.await {
            tracing::warn!(%error, "the mirror of accounts could not be written");
        }
    }
}

/// What is known of a lead's account.
struct Found {
    fact: Fact<Option<Account>>,
    /// The CRM's own answer, to be kept.
    fresh: Option<Mirrored>,
}

impl Found {
    fn known(fact: Fact<Option<Account>>) -> Self {
        Self { fact, fresh: None }
    }
}

impl Mirrored {
    fn fact(&self) -> Fact<Option<Account>> {
        Fact::Known {
            value: self.account.clone(),
            observed_at: self.observed_at,
            source: format!("mirror of {}", self.source),
        }
    }
}

fn keys_of(lead: &Lead, rules: &RuleSet) -> AccountKeys {
    let domain = lead.company.domain.as_ref().map(|domain| domain.value.clone());
    AccountKeys {
        phone: lead.reach_phone().cloned(),
        email: lead.contact.email.as_ref().map(|email| email.value.clone()),
        domain: domain.filter(|domain| !rules.shared_domains.contains(domain)),
        company: lead.company.name.as_ref().map(|name| name.value.clone()),
        fields: Vec::new(),
    }
}

/// The strongest key names the mirror's row.
fn mirror_key(keys: &AccountKeys) -> Option<String> {
    let email = keys.email.as_ref().map(|email| format!("email:{email}"));
    let phone = || keys.phone.as_ref().map(|phone| format!("phone:{}", phone.as_str()));
    let domain = || keys.domain.as_ref().map(|domain| format!("domain:{domain}"));
    let company = || keys.company.as_ref().map(|name| format!("name:{}", name.to_lowercase()));
    email.or_else(domain).or_else(phone).or_else(company)
}
