use super::*;

fn told(text: &str) -> String {
    match parse(text, 1) {
        Ok(asked) => words(&asked),
        Err(why) => format!("refused: {why}"),
    }
}

fn words(asked: &Criteria) -> String {
    let each = |parts: &[Criteria], sign: &str| parts.iter().map(words).collect::<Vec<_>>().join(sign);
    match asked {
        Criteria::All(parts) => format!("({})", each(parts, " and ")),
        Criteria::Any(parts) => format!("({})", each(parts, " or ")),
        Criteria::Not(inner) => format!("not {}", words(inner)),
        Criteria::Test(test) => {
            let not = if test.negated { "not " } else { "" };
            format!("{} {not}{:?} {:?}", test.field, test.operation, test.value)
        }
    }
}

#[test]
fn simple_formulas_are_the_tests_that_criteria_know() {
    for (formula, wanted) in [
        (r#"ISPICKVAL(Rating, "Hot")"#, r#"Rating Equals "Hot""#),
        (
            r#"OR(CONTAINS(UPPER(Company), "BANK"), BEGINS(Title, 'Chief'))"#,
            r#"(Company Contains "BANK" or Title StartsWith "Chief")"#,
        ),
        (
            r#"AND(NOT(ISBLANK(Website)), NumberOfEmployees >= 1000)"#,
            r#"(not Website Equals "" and NumberOfEmployees GreaterOrEqual "1000")"#,
        ),
        (
            r#"Country = "Germany" && (Vip__c || 50 < Seats__c)"#,
            r#"(Country Equals "Germany" and (Vip__c Equals "true" or Seats__c Greater "50"))"#,
        ),
        (r#"TEXT(Industry) <> "Retail""#, r#"Industry not Equals "Retail""#),
        (r#"Opt_In__c = FALSE"#, r#"Opt_In__c Equals "false""#),
    ] {
        assert_eq!(told(formula), wanted, "{formula}");
    }
}

#[test]
fn what_has_no_counterpart_is_named() {
    for (formula, wanted) in [
        (r#"CASE(Rating, "Hot", 1, 0) = 1"#, "refused: a formula with CASE, which has no counterpart here"),
        (r#"$User.Country = "Spain""#, "refused: a formula with $User.Country, which no lead has"),
        (r#"Country = State"#, "refused: a formula that compares two fields, or none"),
        (r#"AND(Country = "Spain""#, "refused: a formula with its end where ) should be"),
        (r#"Seats__c + 1 > 5"#, "refused: a formula with '+'"),
        (r#"Country = "Spain"#, "refused: a formula with a quote that does not close"),
    ] {
        assert_eq!(told(formula), wanted, "{formula}");
    }
    assert!(told(&"(".repeat(100_000)).starts_with("refused"));
    assert!(told(&"TRIM(".repeat(100_000)).starts_with("refused"));
}
