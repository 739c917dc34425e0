//! What is refused: with which code, in which place, and how it is to be mended.

use super::*;

/// Places and codes of the faults.
fn told(text: &str) -> Vec<String> {
    let faults = try_read(text).expect_err(text);
    faults.iter().map(|fault| format!("{} {}", fault.column, fault.code)).collect()
}

fn hint(text: &str) -> String {
    try_read(text).expect_err(text)[0].to_string()
}

#[test]
fn every_fault_has_its_code_and_its_place() {
    for (source, expected) in [
        ("", &["1 expression-empty"][..]),
        ("lead.score >", &["13 expression-syntax"]),
        ("lead.score > 5 lead.live", &["16 expression-syntax"]),
        ("lead.score = 5", &["12 expression-syntax"]),
        ("lead.live and lead.live", &["11 expression-syntax"]),
        ("lead.country == \"DE", &["17 expression-syntax"]),
        ("(lead.live", &["1 expression-syntax"]),
        ("lead.live)", &["10 expression-syntax"]),
        ("lead.score % 2 == 0", &["12 expression-syntax"]),
        ("lead.live // yes", &["11 expression-syntax"]),
        ("lead.title == \"a\\x41\"", &["17 expression-syntax"]),
        ("lead.products.all(p, p == \"x\")", &["1 expression-loop"]),
        ("lead.live && lead.products.exists(p, true)", &["14 expression-loop"]),
        ("lead.title.matches(\"(a+)+$\")", &["1 expression-pattern"]),
        ("lead.contry == \"DE\" || lead.scor > 1", &["1 condition-unknown-field", "24 condition-unknown-field"]),
        ("lead.country == Germany", &["17 condition-unknown-field"]),
        ("lead.industry == \"Sofware\"", &["1 value-unknown"]),
        ("lead.title.beginsWith(\"x\")", &["12 expression-unknown-function"]),
        ("lower(lead.title) == \"x\"", &["1 expression-unknown-function"]),
        ("lead.title.startsWith(lead.city)", &["12 expression-bad-call"]),
        ("size() > 1", &["1 expression-bad-call"]),
        ("lead.title > \"a\"", &["1 expression-types"]),
        ("lead.title == 5", &["1 expression-types"]),
        ("lead.score == \"5\"", &["1 expression-types"]),
        ("lead.live == \"yes\"", &["1 expression-types"]),
        ("lead.custom.ends < \"soon\"", &["1 expression-types"]),
        ("lead.custom.ends < 5", &["1 expression-types"]),
        ("lead.custom.ends + 5 > 5", &["1 expression-types"]),
        ("lead.title == lead.score", &["1 expression-types"]),
        ("10 < lead.score < 90", &["1 expression-types"]),
        ("\"DE\" in lead.country", &["9 expression-types"]),
        ("lead.score.startsWith(\"5\")", &["1 expression-types"]),
        ("lead.country in []", &["17 condition-empty"]),
        ("lead.score + 1", &["1 expression-not-condition"]),
        ("lead.title", &["1 expression-not-condition"]),
        ("true", &["1 expression-constant"]),
        ("1 < 2", &["1 expression-constant"]),
        ("lead.title != null", &["15 expression-unsupported"]),
        ("lead.products[0] == \"x\"", &["1 expression-unsupported"]),
        ("{\"a\": 1} == lead.score", &["1 expression-unsupported"]),
        ("lead{a: 1}", &["5 expression-unsupported"]),
    ] {
        assert_eq!(told(source), expected, "{source}");
    }
}

#[test]
fn a_fault_says_how_to_mend_it() {
    for (source, says) in [
        ("lead.contry == \"DE\"", "did you mean \"lead.country\"?"),
        ("country == \"DE\"", "did you mean \"lead.country\"?"),
        ("lead.country == Germany", "a text stands in quotes: \"Germany\""),
        ("lead.custom.two-words == \"x\"", "tested as data: \"lead.custom.two-words: value\""),
        ("lead.title.startWith(\"x\")", "did you mean \"startsWith\"?"),
        ("lower(lead.title) == \"x\"", "without regard to case"),
        ("lead.title != null", "has(lead.country)"),
        ("lead.score == \"5\"", "leave the quotes out"),
        ("10 < lead.score < 90", "10 < lead.score && lead.score < 90"),
        ("lead.live and lead.live", "&& for and"),
        ("lead.country in (\"DE\")", "lead.country in [\"DE\", \"FR\"]"),
    ] {
        assert!(hint(source).contains(says), "{source}: {}", hint(source));
    }
}

/// What would make a parser or an evaluator work without bound is refused by counting.
#[test]
fn hostile_expressions_are_refused_by_the_fence() {
    let nested = |open: &str, close: &str, n: usize| format!("{}lead.live{}", open.repeat(n), close.repeat(n));
    let all = "lead.products.all(a, ".repeat(20) + "true" + &")".repeat(20);
    let long = "lead.live || ".repeat(60) + "lead.live";
    for (source, code) in [
        (nested("(", ")", 400), "expression-too-deep"),
        (nested("[", "]", 400), "expression-too-deep"),
        (nested("{1:", "}", 200), "expression-too-deep"),
        (nested("!", "", 900), "expression-too-deep"),
        (nested("-", "", 900), "expression-too-deep"),
        (nested("!(", ")", 300), "expression-too-deep"),
        (nested("f(", ")", 300), "expression-too-deep"),
        (nested("lead.live ? ", "", 20), "expression-too-deep"),
        (nested("(", "", 5), "expression-syntax"),
        (all, "expression-loop"),
        (format!("lead.score in [{}]", "1,".repeat(400)), "expression-too-large"),
        (format!("lead.score in [{}]", "1,".repeat(100_000)), "expression-too-long"),
        (format!("lead.title == \"{}\"", "a".repeat(1 << 20)), "expression-too-long"),
        ("lead.live || ".repeat(1000), "expression-too-long"),
        (format!("lead.title.matches(\"{}\")", "(a+)+".repeat(50)), "expression-pattern"),
        ("+".repeat(500), "expression-too-large"),
        (".".repeat(150), "expression-syntax"),
        (format!("lead{}", ".a".repeat(450)), "condition-unknown-field"),
        (format!("{}lead.score > 1", "1+".repeat(90)), ""),
        (long, ""),
    ] {
        let start: String = source.chars().take(40).collect();
        match try_read(&source) {
            Ok(_) => assert_eq!(code, "", "{start}"),
            Err(faults) => assert_eq!(faults[0].code, code, "{start}"),
        }
    }
}
