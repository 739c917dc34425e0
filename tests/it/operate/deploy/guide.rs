//! `docs/operate.md` is true: what it says to write loads, what it names is there, what it says to run is a command, and its lead is
//! decided.

use super::deployed;
use crate::program::served::Served;
use crate::program::{baton, code, root, told};
use baton::{cli, config};

fn guide() -> String {
    deployed("../docs/operate.md")
}

/// What stands in fenced blocks of this kind.
fn blocks(kind: &str) -> Vec<String> {
    let guide = guide();
    let fenced = guide.split("```").skip(1).step_by(2);
    let blocks: Vec<String> =
        fenced.filter_map(|block| block.strip_prefix(&format!("{kind}\n"))).map(str::to_owned).collect();
    assert!(!blocks.is_empty(), "{kind}");
    blocks
}

#[test]
fn its_configuration_loads() {
    let folder = tempfile::tempdir().expect("a folder");
    for block in blocks("toml") {
        let file = folder.path().join("baton.toml");
        std::fs::write(&file, &block).expect("baton.toml");
        config::load(&file).unwrap_or_else(|error| panic!("{error:#}\n{block}"));
    }
}

#[test]
fn the_files_it_names_are_there() {
    let guide = guide();
    let words = guide.split(|c: char| c.is_whitespace() || "`,;()".contains(c));
    let named: Vec<&str> = words.filter(|word| word.starts_with("deploy/")).collect();
    assert!(named.len() >= 5, "{named:?}");
    for name in named {
        assert!(root().join(name.trim_end_matches([':', '.'])).exists(), "{name}");
    }
}

#[test]
fn the_commands_it_gives_are_commands() {
    let blocks = blocks("sh");
    let lines = blocks.iter().flat_map(|block| block.lines()).filter(|line| line.starts_with("baton "));
    let mut known = Vec::new();
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let is_of_one = ["attention", "quarantine", "token"].contains(&words[0]) || words.get(1) == Some(&"verify");
        let depth = if is_of_one { 2 } else { 1 };
        let asked = baton(&[&words[..depth], &["--help"]].concat());
        assert_eq!(code(&asked), cli::OK, "{line}: {}", told(&asked));
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            assert!(told(&asked).contains(flag), "{line}: there is no {flag}");
        }
        known.push(words[0].to_owned());
    }
    for name in ["check", "migrate", "token", "ready", "send", "attention", "prune", "erase", "audit", "backup"] {
        assert!(known.iter().any(|one| one == name), "{name} of {known:?}");
    }
}

#[test]
fn its_lead_is_decided() {
    let blocks = blocks("sh");
    let lead = blocks.iter().find_map(|block| block.split_once("lead.json <<'END'\n")).expect("a lead");
    let (lead, _) = lead.1.split_once("\nEND\n").expect("its end");
    let served = Served::start("", "info", &[]);
    let file = served.folder.path().join("lead.json");
    std::fs::write(&file, lead).expect("an event");
    let sent = baton(&["send", file.to_str().expect("a plain path"), "--http", &format!("127.0.0.1:{}", served.port)]);
    assert_eq!(code(&sent), cli::OK, "{}", told(&sent));
    assert_eq!(served.run(&["quarantine", "list"]).trim(), "no message is put aside");
}
