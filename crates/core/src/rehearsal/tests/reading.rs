//! How a test file is read: tables, defaults, times.

use super::*;
use crate::rules::expect::LeadValue;

#[test]
fn a_table_reads_as_its_rows_written_out() {
    let rules = scenario().rules;
    let table = "  - name: many
    lead: { country: US, industry: Retail }
    expect: { tier: smb }
    table: |
      state | industry | away      => rep | ring     | rejected
      CA    |          | dee; eve  => ben | ben; cy  |

      # a comment
      NV    | Software |           =>     | none     | ben: busy; cy: away
";
    let cases = read(&format!("{AT}{table}"), &rules);
    let written = "  - name: 'many: CA, dee; eve'
    lead: { country: US, industry: Retail, state: CA }
    away: [dee, eve]
    expect: { tier: smb, rep: ben, ring: [ben, cy] }
  - name: 'many: NV, Software'
    lead: { country: US, industry: Software, state: NV }
    expect: { tier: smb, ring: [], rejected: { ben: busy, cy: away } }
";
    let expected = read(&format!("{AT}{written}"), &rules);
    assert_eq!(cases.len(), 2);
    for (case, wanted) in cases.iter().zip(&expected) {
        assert_eq!((&case.name, &case.expected), (&wanted.name, &wanted.expected));
        assert_eq!((case.given.at, &case.given.away), (wanted.given.at, &wanted.given.away));
        let fields = |case: &RuleTest| -> Vec<(String, LeadValue)> {
            let mut fields: Vec<_> = case.given.lead.iter().map(|f| (f.name.clone(), f.value.clone())).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            fields
        };
        assert_eq!(fields(case), fields(wanted));
    }
    assert_eq!(cases.iter().map(|case| case.line).collect::<Vec<_>>(), [9, 12]);
    let state = cases[1].given.lead.iter().find(|field| field.name == "state").expect("a state");
    assert_eq!((state.line, state.column), (12, 7));
}

#[test]
fn defaults_hold_until_a_test_says_otherwise() {
    let rules = scenario().rules;
    let text = "defaults:
  at: 2026-01-07T10:00:00Z
  lead: { country: US, employees: 50 }
  busy: [ben]
tests:
  - name: a
    lead: { employees: 900, state: }
    expect: { pool: west }
  - name: b
    event: fixtures/events/01.json
    busy: []
    at: Wed 2026-07-01 10:00 Europe/London
    expect: { pool: west }
";
    let cases = read(text, &rules);
    let lead = |case: &RuleTest| -> Vec<String> {
        case.given.lead.iter().map(|field| format!("{}={:?}", field.name, field.value)).collect()
    };
    assert_eq!(lead(&cases[0]), ["country=Text(\"US\")", "employees=Text(\"900\")", "state=Unknown"]);
    assert_eq!(lead(&cases[1]), Vec::<String>::new(), "an event brings a lead of its own");
    assert_eq!(cases[0].given.busy.as_ref().map(|reps| reps.len()), Some(1));
    assert_eq!(cases[1].given.busy.as_ref().map(|reps| reps.len()), Some(0));
    let summer = DateTime::parse_from_rfc3339("2026-07-01T09:00:00Z").expect("a time").to_utc();
    assert_eq!(cases[1].given.at, Some(summer));
}

#[test]
fn times_that_do_not_exist_or_have_the_wrong_weekday_are_refused() {
    let rules = scenario().rules;
    for (time, hint) in [
        ("2026-03-29 01:30 Europe/London", None),
        ("Mon 2026-03-03 10:00 Europe/London", None),
        ("2026-03-03 10:00 Europe/Lodnon", Some("did you mean \"Europe/London\"?")),
        ("2026-03-03", None),
    ] {
        let text = format!("tests:\n  - name: a\n    at: {time}\n    expect: {{ pool: west }}\n");
        let faults = expect::read("rules/tests/t.yaml", &text, &rules).expect_err(time);
        assert_eq!((faults[0].code, faults[0].line, faults[0].column), ("test-bad-time", 3, 9), "{time}");
        assert_eq!(faults[0].hint.as_deref(), hint, "{time}");
        assert_eq!(faults[0].path, "rules/tests/t.yaml");
    }
}
