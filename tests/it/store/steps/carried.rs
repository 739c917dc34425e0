//! Legs at a carrier that gives them names of its own.

use crate::store::server::Db;
use crate::store::tx::writes;
use crate::store::world::{later, now};
use baton_core::domain::id::LegId;

pub async fn a_leg_keeps_the_first_name_that_its_carrier_gives_it(db: Db) {
    let leg = |nth: u32| LegId::new(format!("leg_2mk8.{nth}")).expect("a leg");
    let (first, second) = (leg(1), leg(2));
    assert!(db.store.carrier_leg(&first).await.expect("a read").is_none(), "nobody asked for it");
    for (phone, at) in [("+12125550101", now()), ("+12125550102", later(9))] {
        writes!(db.store, [first], |tx| tx.carrier_leg_ask(&first, "CA1", phone, at).await).await.expect("it is noted");
    }
    for sid in ["CA2", "CA3"] {
        writes!(db.store, [first], |tx| tx.carrier_leg_name(&first, sid).await).await.expect("it is noted");
    }
    writes!(db.store, [first], |tx| tx.carrier_leg_hint(&first, "human").await).await.expect("it is noted");
    let found = db.store.carrier_leg(&first).await.expect("a read").expect("it was asked for");
    assert_eq!((found.call.as_str(), found.phone.as_str(), found.asked_at), ("CA1", "+12125550101", now()));
    assert_eq!((found.sid.as_deref(), found.hint.as_deref()), (Some("CA2"), Some("human")));
    assert_eq!(db.store.carrier_leg_named("CA2").await.expect("a read"), Some(first.clone()));
    assert_eq!(db.store.carrier_leg_named("CA3").await.expect("a read"), None);
    assert!(db.store.carrier_leg(&second).await.expect("a read").is_none());
    let (in_time, too_old) = (later(12 * 3600), later(12 * 3600 + 1));
    writes!(db.store, |tx| tx.carrier_legs_forget(in_time).await).await.expect("it is tidied");
    assert!(db.store.carrier_leg(&first).await.expect("a read").is_some(), "it may still be up");
    writes!(db.store, |tx| tx.carrier_legs_forget(too_old).await).await.expect("it is tidied");
    assert!(db.store.carrier_leg(&first).await.expect("a read").is_none());
}
