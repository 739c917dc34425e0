//! `baton ledger` and `baton reps`, as sales ops run them on a database that has seen leads.

use crate::program::{baton, copy, root, stderr, stdout};
use crate::store::corrections;
use crate::store::server::{Db, sqlite_in};
use std::process::Output;

struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    /// The shipped rules, and a database with three leads of emea-enterprise.
    async fn begin() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for part in ["rules", "templates"] {
            copy(&root().join(part), &folder.path().join(part));
        }
        let url = sqlite_in(folder.path());
        std::fs::write(folder.path().join("baton.toml"), format!("[database]\nurl = {url:?}\n")).expect("baton.toml");
        let db = Db::open(url).await;
        for number in 1..=3 {
            corrections::insert(&db, number).await;
        }
        Self { folder }
    }

    fn run(&self, args: &[&str]) -> Output {
        baton(&[args, &["--workspace", self.folder.path().to_str().expect("a plain path")]].concat())
    }

    fn told(&self, args: &[&str]) -> String {
        stdout(&self.run(args))
    }

    fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success());
        assert!(output.stdout.is_empty(), "talk goes to stderr");
        stderr(&output)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_is_printed_and_turns_are_given_by_hand() {
    let workspace = Workspace::begin().await;
    let text = workspace.told(&["ledger", "emea-enterprise"]);
    assert!(text.starts_with("emea-enterprise: 3 members, 3 entries in the journal."), "{text}");
    assert!(text.contains("The balances that are stored are those that the journal makes."), "{text}");
    let reason = ["--reason", "covered the weekend", "--author", "lena"];
    let text = workspace
        .told(&[&["ledger", "emea-enterprise", "--credit", "priya.nair", "--turns", "2"], &reason[..]].concat());
    assert!(
        text.contains("Priya Nair is owed 2 turns more in emea-enterprise, borne by 2: covered the weekend (lena)"),
        "{text}"
    );
    let text = workspace.told(&[&["ledger", "emea-enterprise", "--skip", "priya.nair"], &reason[..]].concat());
    assert!(text.contains("Priya Nair owes 1 turn more in emea-enterprise"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&workspace.told(&["ledger", "emea-enterprise", "--format", "json"])).expect("JSON");
    assert_eq!((json["entries"].as_i64(), json["proven"].as_bool()), (Some(5), Some(true)));
    let reps = json["reps"].as_array().expect("the members");
    let sum: f64 = reps.iter().map(|rep| rep["balance"].as_f64().expect("a balance")).sum();
    assert!(sum.abs() < 1e-9, "{json}");
    let priya = reps.iter().find(|rep| rep["rep"] == "priya.nair").expect("a member");
    assert!((priya["balance"].as_f64().expect("a balance") - 1.0).abs() < 1e-6, "{priya}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_given_is_refused_in_words() {
    let workspace = Workspace::begin().await;
    let text = workspace.refused(&["ledger", "emea-entreprise"]);
    assert!(text.contains("there is no pool \"emea-entreprise\"; the pools are amer-east-enterprise"), "{text}");
    let by_hand = ["--reason", "a break", "--author", "lena"];
    let text = workspace.refused(&[&["ledger", "emea-enterprise", "--credit", "mei.chen"], &by_hand[..]].concat());
    assert!(text.contains("\"mei.chen\" is no member of emea-enterprise; its members are amelie.laurent"), "{text}");
    let text = workspace.refused(&["ledger", "emea-enterprise", "--credit", "priya.nair", "--reason", "x"]);
    assert!(text.contains("--author"), "{text}");
    let text = workspace
        .refused(&[&["ledger", "emea-enterprise", "--skip", "priya.nair", "--turns", "11"], &by_hand[..]].concat());
    assert!(text.contains("1..=10"), "{text}");
    assert!(workspace.told(&["ledger", "emea-enterprise"]).contains("3 entries"), "nothing was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reps_are_told_with_load_and_with_the_reasons_of_the_week() {
    let workspace = Workspace::begin().await;
    let text = workspace.told(&["reps"]);
    let roster = std::fs::read_to_string(root().join("rules/reps.csv")).expect("the roster");
    let rows = roster.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(text.lines().count(), rows, "a heading, and a line for each rep: {text}");
    let text = workspace.told(&["reps", "priya.nair"]);
    assert!(text.starts_with("Priya Nair (priya.nair), team emea"), "{text}");
    assert!(text.contains("emea-enterprise: weight 1, balance +0.00"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&workspace.told(&["reps", "jonas.weber", "--format", "json"])).expect("JSON");
    assert_eq!(json[0]["pools"][0]["pool"], "emea-enterprise");
    let text = workspace.refused(&["reps", "pria.nair"]);
    assert!(text.contains("there is no rep \"pria.nair\" in rules/reps.csv"), "{text}");
}
