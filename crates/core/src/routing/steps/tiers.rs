//! Which tier a lead belongs to: the first whose condition holds.

use crate::domain::account::Account;
use crate::domain::id::TierId;
use crate::domain::lead::Lead;
use crate::routing::decision::TierTrace;
use crate::rules::RuleSet;
use crate::rules::model::condition::IfUndecided;
use crate::rules::model::field::field;
use crate::rules::model::set::Tier;
use crate::rules::model::truth::Truth;

pub(in crate::routing) struct TierChoice<'a> {
    /// `None` only if no tier is declared.
    pub tier: Option<&'a Tier>,
    /// A tier could not be decided and says that the catch-all takes such leads; the fields that were missing.
    pub undecided: Option<(&'a TierId, Vec<String>)>,
    pub trace: Vec<TierTrace>,
}

/// An undecided tier is passed over, in the trace for all to see, or sends the lead to the catch-all as the tier says;
/// such a lead gets the name of the last tier, which asks for nothing.
pub(in crate::routing) fn choose<'a>(lead: &Lead, account: Option<&Account>, rules: &'a RuleSet) -> TierChoice<'a> {
    let mut trace = Vec::new();
    for tier in &rules.tiers {
        let (verdict, missing) = tier.when.evaluate(&|path| field(lead, account, path));
        let parts = tier.when.named_parts(&|path| field(lead, account, path));
        trace.push(TierTrace { tier: tier.name.clone(), verdict, missing: missing.clone(), parts });
        match (verdict, tier.if_undecided) {
            (Truth::Yes, _) => return TierChoice { tier: Some(tier), undecided: None, trace },
            (Truth::Undecided, IfUndecided::CatchAll) => {
                let undecided = Some((&tier.name, missing));
                return TierChoice { tier: rules.tiers.last(), undecided, trace };
            }
            (Truth::No, _) | (Truth::Undecided, IfUndecided::Skip) => {}
        }
    }
    TierChoice { tier: rules.tiers.last(), undecided: None, trace }
}

/// Every tier that [`choose`] may give once more is known.
pub(in crate::routing) fn possible<'a>(lead: &Lead, account: Option<&Account>, rules: &'a RuleSet) -> Vec<&'a Tier> {
    let mut possible = Vec::new();
    for tier in &rules.tiers {
        let (verdict, _) = tier.when.evaluate(&|path| field(lead, account, path));
        match verdict {
            Truth::Yes => {
                possible.push(tier);
                break;
            }
            Truth::Undecided => possible.push(tier),
            Truth::No => {}
        }
    }
    possible
}
