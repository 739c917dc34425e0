//! What the README says is true of this tree: the sample configuration loads, the files exist, numbers are what they are.

use crate::program::root;
use baton::cli;

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("the README")
}

#[test]
fn the_sample_configuration_loads() {
    let text = readme();
    let (_, after) = text.split_once("```toml\n").expect("a sample baton.toml");
    let (sample, _) = after.split_once("```").expect("its end");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("baton.toml");
    std::fs::write(&file, sample).expect("the sample is written");
    let config = baton::config::load(&file).unwrap_or_else(|error| panic!("{error:#}\n{sample}"));
    assert!(config.amqp.is_some() && config.telephony.is_some() && config.crm.is_some());
    assert!(config.slack.is_some() && config.calendar.is_some() && config.mail.is_some());
}

#[test]
fn the_files_it_names_exist() {
    let text = readme();
    let named = text.split('`').skip(1).step_by(2);
    let paths: Vec<&str> = named.filter(|name| is_path(name)).collect();
    assert!(paths.len() >= 10, "{paths:?}");
    let gone: Vec<_> = paths.into_iter().filter(|path| !exists(path)).collect();
    assert!(gone.is_empty(), "the README names {gone:?}, which are not there");
}

/// `src/lib.rs`, `fixtures/bad/`: no blank, a slash inside or at the end, and not an address.
fn is_path(name: &str) -> bool {
    let place = ["src/", "tests/", "rules/", "templates/", "fixtures/", "migrations/", "benches/"];
    place.iter().any(|folder| name.starts_with(folder)) && !name.contains([' ', '\n'])
}

fn exists(path: &str) -> bool {
    root().join(path).exists()
}

#[test]
fn exit_codes_are_what_it_says() {
    let text = readme().replace('\n', " ");
    let codes = [
        (cli::OK, "fine"),
        (cli::FAILED, "failed"),
        (cli::USAGE, "wrong usage"),
        (cli::FAULTY, "faults in rules or events"),
        (cli::UNREACHABLE, "a service did not answer"),
        (cli::BROKEN_PROMISE, "the demo broke a promise"),
        (cli::EXPECTATION_FAILED, "a test of the rules failed"),
    ];
    for (code, words) in codes {
        assert!(text.contains(&format!("{code} {words}")), "the README does not say that {code} is {words:?}");
    }
}
