//! The lead on the screen of whoever's phone rings for it, where the CRM can bring it there.
//!
//! A hint: a phone rings all the same, and the card has the link. Nobody waits for it. Of a lead that is just being written,
//! whoever's phone rings by then is shown it once it is there, later legs as they ring; the connector keeps what comes twice apart.

use crate::connectors::{Crm, CrmLead, ScreenPop};
use crate::outbox::matter::Matter;
use crate::outbox::work::At;
use baton_core::domain::id::LegId;
use baton_core::domain::leg::LegState;
use std::time::Duration;

/// In real time: after that the rep has answered, or has not.
const WITHIN: Duration = Duration::from_secs(5);

/// Of a leg that begins to ring.
pub(in crate::outbox) fn show(at: &At<'_>, leg: &LegId) {
    if let Some(record) = at.matter.crm() {
        show_on(at, at.matter, [leg], &record.id);
    }
}

/// Of each leg that rings by the time the lead is written.
pub(super) async fn show_all(at: &At<'_>, crm: &dyn Crm, record: &str) {
    if !crm.shows() {
        return;
    }
    // What cannot be read is not shown.
    let Ok(matter) = Matter::read(at.parts, at.step).await else { return };
    let rings = matter.handoff.current_legs().filter(|leg| leg.state == LegState::Ringing);
    show_on(at, &matter, rings.map(|leg| &leg.id), record);
}

fn show_on<'l>(at: &At<'_>, matter: &Matter, legs: impl IntoIterator<Item = &'l LegId>, record: &str) {
    let Some(crm) = at.parts.vendors.crm.clone().filter(|crm| crm.shows()) else { return };
    let pops: Vec<ScreenPop> = legs.into_iter().filter_map(|leg| pop(matter, leg, record)).collect();
    if !pops.is_empty() {
        tokio::spawn(async move { send(crm.as_ref(), &pops).await });
    }
}

/// `None`: the rep is no user there, or calls a lead back.
fn pop(matter: &Matter, leg: &LegId, record: &str) -> Option<ScreenPop> {
    let user = matter.rules.reps.get(matter.handoff.rep_on(leg)?)?.crm_id.clone()?;
    if matter.calls_back(leg) {
        return None;
    }
    let CrmLead { first_name, last_name, company, .. } = CrmLead::of(&matter.lead);
    let title = first_name.map_or_else(|| last_name.clone(), |first| format!("{first} {last_name}"));
    Some(ScreenPop {
        record: record.to_owned(),
        user,
        title,
        body: format!("Your phone rings for this lead. {company}"),
    })
}

async fn send(crm: &dyn Crm, pops: &[ScreenPop]) {
    for pop in pops {
        let failed = match tokio::time::timeout(WITHIN, crm.show(pop)).await {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.counted().in_log(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(vendor = crm.vendor(), why = failed, "a rep was not shown the lead");
    }
}
