use super::*;
use crate::rules::model::field::field;

#[test]
fn the_lead_says_what_the_witness_says() {
    let employees = Looked::Headcount(Headcount { at_least: 50, at_most: Some(100) });
    let witness = Witness::new(Ends::Row { line: 7, others: vec![] })
        .with("lead.country", Some(text("US")))
        .with("lead.employees", Some(employees))
        .with("lead.score", Some(Looked::Value(FieldValue::Number(90.0))))
        .with("lead.live", Some(Looked::Value(FieldValue::Flag(true))))
        .with("lead.consent.email", Some(Looked::Value(FieldValue::Flag(false))))
        .with("lead.custom.seats", Some(Looked::Value(FieldValue::Number(3.0))))
        .with("account.tier__c", Some(text("gold")))
        .with("lead.state", None);
    let day = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day");
    let (lead, account) = (witness.lead(day), witness.account());
    for (path, value) in witness.in_order() {
        assert_eq!(field(&lead, account.as_ref(), path).as_ref(), value, "{path}");
    }
    assert_eq!(
        witness.to_string(),
        "for example a lead with country US, state unknown, employees 50..100, score 90, live yes, consent.email no, \
         account.tier__c gold, custom.seats 3: line 7 wins"
    );
    assert_eq!(lead.occurred_at.date_naive(), day);
}
