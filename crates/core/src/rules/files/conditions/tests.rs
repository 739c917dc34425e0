use super::*;
use crate::rules::Fault;
use crate::rules::files::yaml;

const FIELDS: &str = "lead.industry: { one_of: [Software, Retail] }\n\
                      lead.custom.ends: { type: date }\n\
                      lead.custom.rate: { type: number }\n\
                      account.tier__c: { type: text, from: crm }\n";

fn condition(text: &str) -> (Condition, Vec<String>) {
    let (condition, faults) = read(text);
    let told = faults.iter().map(|fault| format!("{}:{} {}", fault.line, fault.column, fault.code));
    (condition, told.collect())
}

fn read(text: &str) -> (Condition, Vec<Fault>) {
    let mut faults = Faults::default();
    let fields = yaml::parse("rules/routing.yaml", FIELDS, &mut faults);
    let vocabulary = Vocabulary::read(fields.as_ref(), &mut faults);
    let node = yaml::parse("rules/routing.yaml", text, &mut faults).unwrap();
    let condition = of_rule(&mut node.section(&mut faults), &vocabulary, &mut faults);
    (condition, faults.into_sorted())
}

fn good(text: &str) -> Condition {
    let (condition, faults) = condition(text);
    assert_eq!(faults, Vec::<String>::new(), "{text}");
    condition
}

fn is(field: &str, test: Test) -> Condition {
    Condition::Field { field: field.to_owned(), test }
}

fn texts(values: &[&str]) -> Test {
    Test::OneOf(values.iter().map(|value| FieldValue::Text((*value).to_owned())).collect())
}

fn range(at_least: Option<f64>, at_most: Option<f64>) -> Test {
    Test::Range { at_least, at_most }
}

#[test]
fn values_lists_and_tests_become_conditions() {
    assert_eq!(good("lead.industry: software"), is("lead.industry", texts(&["Software"])));
    assert_eq!(good("lead.country: [Germany, us]"), is("lead.country", texts(&["DE", "US"])));
    assert_eq!(
        good("lead.postal: { prefix: [021, sw1a 1] }"),
        is("lead.postal", Test::Prefix(vec!["021".into(), "SW1A1".into()]))
    );
    assert_eq!(good("lead.title: { known: true }"), is("lead.title", Test::Known(true)));
    let not = Condition::Not(Box::new(is("lead.source", texts(&["voice", "web"]))));
    assert_eq!(good("lead.source: { not: [voice, web] }"), not);
    let live = Test::OneOf(vec![FieldValue::Flag(true)]);
    assert_eq!(good("lead.live: yes"), is("lead.live", live));
    assert_eq!(good("{}"), Condition::Always);
}

#[test]
fn a_consent_is_asked_for_as_a_flag() {
    let refused = is("lead.consent.callback", Test::OneOf(vec![FieldValue::Flag(false)]));
    assert_eq!(good("lead.consent.callback: no"), refused);
    assert_eq!(good("lead.consent.sms: { known: no }"), is("lead.consent.sms", Test::Known(false)));
    assert_eq!(condition("lead.consent.email: perhaps").1, ["1:21 condition-bad-flag"]);
    assert_eq!(condition("lead.consent.mail: yes").1, ["1:1 condition-unknown-field"]);
}

#[test]
fn ranges_include_their_ends() {
    assert_eq!(good("lead.employees: 100..999"), is("lead.employees", range(Some(100.0), Some(999.0))));
    assert_eq!(good("lead.employees: \">= 1000\""), is("lead.employees", range(Some(1000.0), None)));
    assert_eq!(good("lead.employees: < 50"), is("lead.employees", range(None, Some(49.0))));
    assert_eq!(good("lead.custom.rate: < 0.5"), is("lead.custom.rate", range(None, Some(0.5_f64.next_down()))));
    let day = values::date("2026-05-02").map(day_number);
    assert_eq!(good("lead.custom.ends: \"> 2026-05-01\""), is("lead.custom.ends", range(day, None)));
    let either = Condition::Any(vec![
        is("lead.employees", range(Some(1000.0), None)),
        is("lead.employees", Test::OneOf(vec![FieldValue::Number(7.0)])),
    ]);
    assert_eq!(good("lead.employees: [7, \">= 1000\"]"), either);
}

#[test]
fn tests_combine_within_a_field() {
    let day = |text| values::date(text).map(day_number);
    let quarter = is("lead.custom.ends", range(day("2026-01-01"), day("2026-03-31")));
    let eve = is("lead.custom.ends", range(day("2026-12-24"), day("2026-12-24")));
    assert_eq!(good("lead.custom.ends: 2026-01-01..2026-03-31"), quarter);
    assert_eq!(good("lead.custom.ends: { not: 2026-01-01..2026-03-31 }"), Condition::Not(Box::new(quarter.clone())));
    assert_eq!(good("lead.custom.ends: [2026-01-01..2026-03-31, 2026-12-24]"), Condition::Any(vec![quarter, eve]));
    let prefix = is("lead.source", Test::Prefix(vec!["partner".into(), "reseller".into()]));
    let not = Condition::Not(Box::new(prefix));
    assert_eq!(good("lead.source: { not: { prefix: [partner, reseller] } }"), not);
    let known = is("lead.source", Test::Known(true));
    assert_eq!(
        good("lead.source: { not: { prefix: [partner, reseller] }, known: yes }"),
        Condition::All(vec![not, known])
    );
}

#[test]
fn an_expression_stands_beside_data_and_both_must_hold() {
    let condition = good("lead.country: US\nwhen: 'lead.score > 90'\nany: [{ when: lead.live }, { lead.score: 5 }]\n");
    let Condition::All(parts) = condition else { panic!("{condition:?}") };
    assert!(matches!(&parts[..], [Condition::Any(_), Condition::Expression(_), Condition::Field { .. }]), "{parts:?}");
    // The place of a fault is the word itself, behind the quote.
    assert_eq!(
        condition_faults("lead.live: yes\nwhen: 'lead.live && lead.scor > 1'\n"),
        ["2:21 condition-unknown-field"]
    );
    assert_eq!(condition_faults("when: lead.live && lead.scor > 1\n"), ["1:20 condition-unknown-field"]);
    assert_eq!(condition_faults("when: |\n  lead.live\n  && lead.scor > 1\n"), ["2:3 condition-unknown-field"]);
}

fn condition_faults(text: &str) -> Vec<String> {
    condition(text).1
}

#[test]
fn several_keys_mean_all_and_groups_nest() {
    let condition = good(
        "lead.score: \">= 85\"\nany: [{ lead.industry: Retail }, { all: [{ account.tier__c: gold }] }]\nnot: { lead.live: no }\n",
    );
    let Condition::All(parts) = condition else { panic!("{condition:?}") };
    assert_eq!(parts.len(), 3);
    assert!(matches!(&parts[0], Condition::Any(group) if group.len() == 2));
    assert!(matches!(&parts[1], Condition::Not(_)));
}

#[test]
fn every_fault_of_a_condition_is_told() {
    let (_, faults) = condition(
        "lead.industry: Sofware\nlead.industy: Retail\nlead.employees: 999..100\nlead.score: high\n\
         lead.country: Germny\nlead.source: { nott: voice }\nlead.title: []\nlead.region:\nwhen: \"1 < 2\"\nlead.city: \"> 5\"\nany: []\nlead.state: [Texsa, CA, Ohoi]\n",
    );
    let expected = [
        "1:16 value-unknown",
        "2:1 condition-unknown-field",
        "3:17 condition-empty-range",
        "4:13 condition-not-a-number",
        "5:15 value-unknown-country",
        "6:16 key-unknown",
        "7:13 condition-empty",
        "8:12 condition-empty",
        "9:8 expression-constant",
        "10:12 condition-range-of-text",
        "11:6 condition-empty",
        "12:14 value-unknown-state",
        "12:25 value-unknown-state",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn a_state_in_which_letters_changed_places_is_met() {
    let (_, faults) = read("lead.state: [Texsa, Ohoi]\n");
    let hints: Vec<_> = faults.iter().map(|fault| fault.hint.as_deref().unwrap_or("none")).collect();
    assert_eq!(hints, ["did you mean \"Texas\"?", "did you mean \"Ohio\"?"]);
}
