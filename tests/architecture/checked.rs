//! The checker finds what it is there to find, and lets through what is right.

use super::source::{House, Source};
use super::words::{hidden_crates, impurities, misplaced, nameless_statements, names_used_twice};
use super::{unreachable, wrong_arrows};
use std::collections::BTreeMap;

fn made_up(path: &str, text: &str) -> Source {
    Source::new(path, text)
}

/// One complaint that says all of `words`.
fn one(complaints: Vec<String>, words: &[&str]) {
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    for word in words {
        assert!(complaints[0].contains(word), "{word:?} is not in {:?}", complaints[0]);
    }
}

#[test]
fn a_wrong_arrow_is_caught_however_it_is_written() {
    for text in [
        "\nuse crate::store::Tx;",
        "\nuse crate::{domain::id::RepId, store::{Tx, Store}};",
        "\nfn f() { let a: crate::store::Tx; }",
        "\nuse super::super::store::Tx;",
    ] {
        let complaints = wrong_arrows(&made_up("crates/core/src/routing/plan.rs", text));
        assert!(!complaints.is_empty(), "{text} was let through");
        assert!(
            complaints[0].starts_with("crates/core/src/routing/plan.rs:2: routing -> store (store::Tx)"),
            "{complaints:?}"
        );
    }
    one(
        wrong_arrows(&made_up("src/web/mod.rs", "use crate::connectors::Crm;\nuse crate::store::Store;")),
        &["src/web/mod.rs:1: web -> connectors", "add the arrow"],
    );
    one(
        wrong_arrows(&made_up("src/connectors/mod.rs", "use baton_core::{domain::id::RepId, routing::Decision};")),
        &["connectors -> routing (routing::Decision)"],
    );
    one(
        wrong_arrows(&made_up("crates/sandbox/src/voice/line.rs", "use baton_core::domain::id;\nuse crate::web::x;")),
        &["crates/sandbox/src/voice/line.rs:1: sandbox -> domain"],
    );
    one(
        wrong_arrows(&made_up("src/connectors/mod.rs", "use baton_sandbox::World;")),
        &["connectors -> sandbox (sandbox::World)"],
    );
}

#[test]
fn a_crossing_lets_its_names_through_and_no_others() {
    assert!(wrong_arrows(&made_up("src/deciding/answer.rs", "use crate::connectors::Spoken;")).is_empty());
    one(
        wrong_arrows(&made_up("src/deciding/answer.rs", "use crate::connectors::{Spoken, Crm};")),
        &["connectors::Crm", "deciding may import"],
    );
}

#[test]
fn comments_literals_and_tests_are_no_violation() {
    let text = "// use crate::store::Tx;\n/* crate::web::x */ const A: &str = \"crate::cli::x\";\nconst C: char = '\"';\n\
                const R: &str = r#\"crate::app::\"x\"\"#;\nfn life<'a>(a: &'a str) {}\n#[cfg(test)]\nmod tests {\n use crate::web::x;\n}";
    assert!(wrong_arrows(&made_up("crates/core/src/domain/rep.rs", text)).is_empty());
}

#[test]
fn impurities_are_caught() {
    let text = "let text = std::fs::read_to_string(path);";
    one(
        impurities(&made_up("crates/core/src/handoff/advance.rs", text)),
        &["advance.rs:1", "std::fs can act", "as an argument"],
    );
    one(impurities(&made_up("crates/import/src/reps.rs", "use std::net::IpAddr;")), &["std::net"]);
    assert!(impurities(&made_up("src/app/workspace.rs", text)).is_empty());
}

#[test]
fn a_hidden_crate_is_caught_wherever_it_is_named() {
    let caught = |path: &str, text: &str| hidden_crates(&made_up(path, text));
    one(caught("crates/core/src/rules/files/routes.rs", "use cel::parser::Parser;"), &["grammar.rs only"]);
    assert!(caught("crates/core/src/rules/files/expression/grammar.rs", "use cel::parser::Parser;").is_empty());
    for text in ["use chrono_tz::Tz;", "let zone: chrono_tz::Tz = name.parse()?;", "at(chrono_tz::Europe::Berlin)"] {
        one(caught("src/connectors/calendar/google/wire.rs", text), &["domain/zone/mod.rs only", "domain::zone::Zone"]);
    }
}

#[test]
fn misplaced_words_are_caught() {
    let caught = |text: &str| misplaced(&made_up("src/web/mod.rs", text));
    one(caught("let rows = sqlx::query(sql);"), &["sqlx:: belongs into src/store/"]);
    one(caught("let a = std::env::var(name);"), &["env::var belongs into src/config/environment.rs"]);
    one(caught("println!();"), &["println! belongs into src/cli/"]);
    assert!(misplaced(&made_up("src/store/lead.rs", "sqlx::query(sql);")).is_empty());
}

#[test]
fn statements_without_a_name_and_names_used_twice_are_caught() {
    let text = "let a = \"-- lead::by_id\\nSELECT id FROM lead\";\nlet b = \"(SELECT 1)\";\nlet c = \"SELECT 2\";";
    one(
        nameless_statements(&made_up("src/store/lead.rs", text)),
        &["src/store/lead.rs:3", "SELECT 2", "-- file::method"],
    );
    let texts = BTreeMap::from([
        ("src/store/lead.rs".to_owned(), text.to_owned()),
        ("src/store/step.rs".to_owned(), "const D: &str = \"-- lead::by_id\\nSELECT 3\";".to_owned()),
    ]);
    one(names_used_twice(&House::of(texts)), &["src/store/step.rs:1", "src/store/lead.rs:1", "lead::by_id"]);
}

#[test]
fn a_file_that_nobody_declares_is_caught() {
    let files = [
        ("src/lib.rs", "pub mod web;"),
        ("src/main.rs", "fn main() {}"),
        ("src/web/mod.rs", "mod page;\n#[cfg(test)]\nmod tests;"),
        ("src/web/page.rs", "mod part;"),
        ("src/web/page/part.rs", ""),
        ("src/web/tests.rs", "use crate::cli::x;"),
        ("src/web/lost.rs", "// mod lost;"),
    ];
    let house = House::of(files.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
    one(unreachable(&house), &["src/web/lost.rs", "declare it or delete it"]);
    assert!(house.files["src/web/tests.rs"].is_test && !house.files["src/web/page.rs"].is_test);
}
