//! Exceptions that people wrote, before territories: the first route whose condition holds.

use super::decision::RouteTrace;
use crate::domain::account::Account;
use crate::domain::lead::Lead;
use crate::rules::RuleSet;
use crate::rules::condition::{IfUndecided, Verdict};
use crate::rules::field::field;
use crate::rules::set::Route;

pub(super) struct RouteChoice<'a> {
    pub taken: Taken<'a>,
    pub trace: Vec<RouteTrace>,
}

pub(super) enum Taken<'a> {
    /// No route applies: territory and tier decide.
    None,
    Route(&'a Route),
    /// This one could not be decided and says that the catch-all takes such leads; the fields that were missing.
    CatchAll(&'a Route, Vec<String>),
}

pub(super) fn choose<'a>(lead: &Lead, account: Option<&Account>, rules: &'a RuleSet) -> RouteChoice<'a> {
    let mut trace = Vec::new();
    for route in &rules.routes {
        let (verdict, missing) = route.when.evaluate(&|path| field(lead, account, path));
        let parts = route.when.named_parts(&|path| field(lead, account, path));
        trace.push(RouteTrace { name: route.name.clone(), line: route.line, verdict, missing: missing.clone(), parts });
        match (verdict, route.if_undecided) {
            (Verdict::Yes, _) => return RouteChoice { taken: Taken::Route(route), trace },
            (Verdict::Undecided, IfUndecided::CatchAll) => {
                return RouteChoice { taken: Taken::CatchAll(route, missing), trace };
            }
            (Verdict::No, _) | (Verdict::Undecided, IfUndecided::Skip) => {}
        }
    }
    RouteChoice { taken: Taken::None, trace }
}

/// Every route that [`choose`] may take once more is known.
pub(super) fn possible<'a>(lead: &Lead, account: Option<&Account>, rules: &'a RuleSet) -> Vec<&'a Route> {
    let mut possible = Vec::new();
    for route in &rules.routes {
        let (verdict, _) = route.when.evaluate(&|path| field(lead, account, path));
        match verdict {
            Verdict::Yes => {
                possible.push(route);
                break;
            }
            Verdict::Undecided => possible.push(route),
            Verdict::No => {}
        }
    }
    possible
}
