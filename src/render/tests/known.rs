//! What a briefing says of a lead, and whom it names for it.

use super::*;
use baton_core::domain::phone::PhoneE164;

#[test]
fn a_briefing_says_what_is_known_who_said_it_and_what_to_ask() {
    let full = case(dana()).briefing;
    assert_eq!(full.headline.0, "Dana Whitfield, Head of Operations, Acme");
    assert_eq!(full.ask_first, ["Is there a budget set aside for this?"]);
    let source = |label: &str| full.fields.iter().find(|f| f.label == label).map(|f| f.source);
    assert_eq!(source("Name"), Some(Source::Caller));
    assert_eq!(source("Employees"), Some(Source::Inferred));
    assert_eq!(source("Phone"), Some(Source::Platform), "the calling number was not said by the caller");

    let bare = case(acme()).briefing;
    assert_eq!(bare.headline.0, "Unknown caller, Acme");
    // Of the 106 points of a full briefing: company 10, phone 8, industry 5, employees 8, location 3.
    assert_eq!(bare.completeness_permille, 321, "34 of 106");
    assert_eq!(full.completeness_permille, 906, "all but the 10 of the budget");
    assert_eq!(bare.ask_first.len(), 5);
    assert_eq!(bare.ask_first[0], "Who am I speaking with?", "equal weights keep the table's order");
}

#[test]
fn a_tier_further_down_asks_for_less() {
    let of = |world: Scenario| briefing(&world.lead, &world.decide(), &world.rules);
    let never = Condition::Field { field: "lead.industry".to_owned(), test: Test::Known(false) };
    let last = of(scenario().tier("enterprise", never, IfUndecided::Skip, None));
    assert_eq!(last.completeness_permille, 351, "34 of 97 points of a basic briefing");
    assert_eq!(of(scenario()).completeness_permille, 343, "the only tier: 36 of 105 points of a standard one");
    assert_eq!(last.ask_first[1], "What would you use it for?");
}

#[test]
fn a_caller_without_name_or_company_is_known_by_the_number() {
    let mut lead = acme();
    lead.company = Default::default();
    assert_eq!(case(lead).briefing.headline.0, "Unknown caller, +14155550142");
}

#[test]
fn an_account_owner_sees_which_account_it_is() {
    let world = scenario().owner("ben");
    let decision = world.decide();
    let field = briefing(&world.lead, &decision, &world.rules).fields.pop().expect("the account comes last");
    assert_eq!((field.label.as_str(), field.source), ("Account", Source::Crm));
    assert!(field.value.0.contains("(matched by "), "{}", field.value.0);
}

/// What only a platform or a model can know is not put into the caller's mouth, whatever the event claims.
#[test]
fn the_caller_said_only_what_a_caller_says() {
    let mut lead = dana();
    lead.qualification.sentiment = said("annoyed");
    lead.qualification.urgency = said("high");
    lead.qualification.products_source = Some(Source::Inferred);
    lead.contact.phone = lead.call.as_ref().and_then(|call| call.from.clone()).map(Known::from_caller);
    let seen = case(lead.clone());
    lead.contact.phone = Some(Known::from_caller(PhoneE164::new("+442079460101").expect("a number")));
    let spoken = case(lead);
    let source = |case: &Case, label: &str| {
        let field = case.briefing.fields.iter().find(|field| field.label == label);
        field.map(|field| field.source)
    };
    for (label, expected) in [
        ("Tone", Source::Inferred),
        ("Urgency", Source::Inferred),
        ("Products", Source::Inferred),
        ("Phone", Source::Platform),
        ("Timeline", Source::Caller),
    ] {
        assert_eq!(source(&seen, label), Some(expected), "{label}");
    }
    assert_eq!(source(&spoken, "Phone"), Some(Source::Caller), "another number than the one they call from was said");
}
