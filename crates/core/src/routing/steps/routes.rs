//! Exceptions that people wrote, before territories: the first route whose condition holds. Before all of them, the pool that
//! answers the number at which a lead of the front door began.

use crate::domain::account::Account;
use crate::domain::lead::Lead;
use crate::routing::decision::RouteTrace;
use crate::rules::RuleSet;
use crate::rules::model::condition::IfUndecided;
use crate::rules::model::field::field;
use crate::rules::model::set::Route;
use crate::rules::model::truth::Truth;

pub(in crate::routing) struct RouteChoice<'a> {
    pub taken: Taken<'a>,
    pub trace: Vec<RouteTrace>,
}

pub(in crate::routing) enum Taken<'a> {
    /// No route applies: territory and tier decide.
    None,
    Route(&'a Route),
    /// This one could not be decided and says that the catch-all takes such leads; the fields that were missing.
    CatchAll(&'a Route, Vec<String>),
}

pub(in crate::routing) fn choose<'a>(lead: &Lead, account: Option<&Account>, rules: &'a RuleSet) -> RouteChoice<'a> {
    let mut trace = Vec::new();
    let door = rules.front_door.of(lead).map(|number| &number.route);
    for route in door.into_iter().chain(&rules.routes) {
        let (verdict, missing) = route.when.evaluate(&|path| field(lead, account, path));
        let parts = route.when.named_parts(&|path| field(lead, account, path));
        trace.push(RouteTrace { name: route.name.clone(), line: route.line, verdict, missing: missing.clone(), parts });
        match (verdict, route.if_undecided) {
            (Truth::Yes, _) => return RouteChoice { taken: Taken::Route(route), trace },
            (Truth::Undecided, IfUndecided::CatchAll) => {
                return RouteChoice { taken: Taken::CatchAll(route, missing), trace };
            }
            (Truth::No, _) | (Truth::Undecided, IfUndecided::Skip) => {}
        }
    }
    RouteChoice { taken: Taken::None, trace }
}

/// Every route that [`choose`] may take once more is known.
pub(in crate::routing) fn possible<'a>(lead: &Lead, account: Option<&Account>, rules: &'a RuleSet) -> Vec<&'a Route> {
    let mut possible = Vec::new();
    let door = rules.front_door.of(lead).map(|number| &number.route);
    for route in door.into_iter().chain(&rules.routes) {
        let (verdict, _) = route.when.evaluate(&|path| field(lead, account, path));
        match verdict {
            Truth::Yes => {
                possible.push(route);
                break;
            }
            Truth::Undecided => possible.push(route),
            Truth::No => {}
        }
    }
    possible
}
