//! Lead and account: what the CRM knows, with its age, and the line of `accounts.csv` that names the company.

use super::decision::AccountTrace;
use super::snapshot::Snapshot;
use crate::domain::account::Account;
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::rules::RuleSet;
use crate::rules::set::NamedAccount;

pub(super) fn account(snapshot: &Snapshot) -> Option<&Account> {
    snapshot.account.value()?.as_ref()
}

pub(super) fn trace(snapshot: &Snapshot) -> AccountTrace {
    match &snapshot.account {
        Fact::Unknown { why } => AccountTrace::Unknown { why: why.clone() },
        Fact::Known { value, observed_at, source } => {
            let (source, age_ms) = (source.clone(), (snapshot.now - observed_at).num_milliseconds().max(0));
            match value {
                None => AccountTrace::NoAccount { source, age_ms },
                Some(account) => AccountTrace::Matched {
                    name: account.name.clone(),
                    crm_id: account.crm_id.clone(),
                    by: account.matched_by,
                    score_permille: account.score_permille,
                    source,
                    age_ms,
                },
            }
        }
    }
}

/// By what the lead says of its company; where it says nothing, by what the CRM does.
pub(super) fn named_account<'a>(
    lead: &Lead,
    account: Option<&Account>,
    rules: &'a RuleSet,
) -> Option<&'a NamedAccount> {
    let company = &lead.company;
    let domain = company.domain.as_ref().map(|known| known.value.as_str());
    let domain = domain.or_else(|| account?.domain.as_deref());
    let name = company.name.as_ref().map(|known| known.value.as_str());
    let name = name.or_else(|| Some(account?.name.as_str()));
    rules.named_accounts.get(rules.index.account(domain, name)?)
}
