//! Leads that were decided, to be decided once more.

use super::leads::insert;
use super::server::Db;
use super::world::{caller, decided, later};
use baton::store::{DecidedLead, PastLead};
use chrono::TimeDelta;

/// Three of the five were decided in one instant, over which a page ends.
pub async fn past_leads_come_page_by_page_each_once(db: Db) {
    let leads: Vec<DecidedLead> = [0, 10, 10, 10, 20]
        .into_iter()
        .zip(1..)
        .map(|(seconds, number)| {
            let mut lead = decided(caller(number));
            lead.decision.decided_at += TimeDelta::seconds(seconds);
            lead
        })
        .collect();
    insert(&db, leads.clone()).await.expect("leads are stored");
    let (mut seen, mut after): (Vec<PastLead>, _) = (Vec::new(), (later(5), String::new()));
    loop {
        let next = db.store.past_leads(&after, 2).await.expect("past leads");
        let Some(last) = next.last() else { break };
        after = (last.decided_at, last.lead.id.to_string());
        seen.extend(next);
    }
    let mut wanted: Vec<_> = leads[1..].iter().map(|one| (one.decision.decided_at, one.lead.clone())).collect();
    wanted.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    assert_eq!(seen.iter().map(|past| (past.decided_at, past.lead.clone())).collect::<Vec<_>>(), wanted);
    assert_eq!(seen[0].snapshot, leads[1].snapshot, "with what was known then");
}
