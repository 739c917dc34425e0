//! Numbers that texts are sent to.

use crate::store::server::Db;
use crate::store::tx::writes;
use crate::store::world::later;
use baton_core::domain::phone::PhoneE164;

pub async fn nobody_is_written_to_twice_within_a_day(db: Db) {
    const DAY: i64 = 24 * 3600;
    let number = |digits: &str| PhoneE164::new(digits).expect("a number");
    let (dana, eve) = (number("+12125550142"), number("+12125550143"));
    let claims = async |phone: &PhoneE164, key: &'static str, after: i64| {
        let (phone, at) = (phone.clone(), later(after));
        writes!(db.store, [phone], |tx| tx.text_claim(&phone, key, at).await).await.expect("a claim is answered")
    };
    assert!(claims(&dana, "one.7-text_back", 0).await);
    assert!(claims(&dana, "one.7-text_back", 5).await, "a step that is tried again has its number still");
    assert!(!claims(&dana, "two.3-text_back", 60).await && claims(&eve, "two.3-text_back", 60).await);
    let claimed = async |key: &str| db.store.text_claimed(key).await.expect("a read");
    assert_eq!(claimed("one.7-text_back").await, Some(dana.clone()));
    assert_eq!(claimed("six.1-text_back").await, None);
    assert!(!claims(&dana, "six.1-text_back", DAY).await);
    assert!(claims(&dana, "six.1-text_back", DAY + 5).await, "a day has passed");
    assert_eq!(claimed("one.7-text_back").await, None);
    let (in_time, too_old) = (later(DAY + 59), later(DAY + 60));
    writes!(db.store, |tx| tx.texts_forget(in_time).await).await.expect("it is tidied");
    assert_eq!(claimed("two.3-text_back").await, Some(eve), "it may still count");
    writes!(db.store, |tx| tx.texts_forget(too_old).await).await.expect("it is tidied");
    assert_eq!((claimed("two.3-text_back").await, claimed("six.1-text_back").await), (None, Some(dana)));
}
