//! Each faulty workspace is told by place, finding and remedy, and what its remarks show is true.

use super::shipped::{Workspace, check, files_in, say, shipped, today, told};
use crate::program::{entries, root};
use baton_core::rehearsal::world::{at_rest, decide_in};
use baton_core::rules::model::truth::Truth;
use baton_core::rules::model::witness::Ends;
use baton_core::rules::{Fault, Level, RuleSet};
use baton_platforms::Mapping;
use std::path::Path;

/// The faulty workspaces stand on rules of their own, which are sound: what is shipped may grow without touching them.
#[test]
fn each_faulty_workspace_is_told_by_place_finding_and_remedy() {
    let workspaces = entries(&root().join("fixtures/bad/rules"));
    let wrong: Vec<String> = workspaces.iter().filter_map(|path| complaint(path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    code: String,
    path: String,
    line: u32,
    /// Each stands somewhere in the printed message.
    says: Vec<String>,
    /// Instead of whole files beside this one: changes to the shipped ones.
    #[serde(default)]
    edits: Vec<Edit>,
    /// Files that are taken away.
    #[serde(default)]
    without: Vec<String>,
    /// Faults of this level and above are looked at: warnings, unless it says otherwise.
    level: Option<String>,
    /// A lead must come with it; every lead that comes is decided and must end as it says.
    #[serde(default)]
    witness: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    path: String,
    from: String,
    to: String,
    /// Once, unless it says otherwise.
    times: Option<usize>,
}

/// The mappings of platforms in a folder that may be missing.
fn mappings_in(folder: &Path) -> Workspace {
    if !folder.is_dir() {
        return Workspace::new();
    }
    let files = files_in(folder).into_iter();
    files.map(|(path, text)| (path.replacen("rules/", "platforms/", 1), text)).collect()
}

/// What is wrong with the answer to one faulty workspace, if anything.
fn complaint(overlay: &Path) -> Option<String> {
    let text = std::fs::read_to_string(overlay.join("expect.toml")).expect("an expectation");
    let expect: Expect = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", overlay.display()));
    let base = root().join("fixtures/bad/base");
    let mut files = files_in(&base);
    let before = check(&files).expect("the base loads").warnings;
    if overlay.join("rules").is_dir() {
        files.extend(files_in(&overlay.join("rules")));
    }
    for folder in [&base, overlay] {
        files.extend(mappings_in(&folder.join("platforms")));
    }
    let name = overlay.file_name()?.to_string_lossy();
    files.retain(|path, _| !expect.without.contains(path));
    for Edit { path, from, to, times } in &expect.edits {
        say(&mut files, path, from, &to.repeat(times.unwrap_or(1)));
    }
    let (mut faults, rules) = match check(&files) {
        Ok(checked) => (checked.warnings, Some(checked.rules)),
        Err(faults) => (faults, None),
    };
    let mappings = files.iter().filter(|(path, _)| path.starts_with("platforms/"));
    faults.extend(mappings.filter_map(|(path, text)| Mapping::read(path, text).err()).flatten());
    let wanted = |fault: &Fault| match expect.level.as_deref() {
        // One cause may be worth several remarks: those of the same kind are looked at.
        Some("info") => fault.code == expect.code && !before.iter().any(|other| other.found == fault.found),
        _ => fault.level != Level::Info,
    };
    let faults: Vec<Fault> = faults.into_iter().filter(wanted).collect();
    let [fault] = faults.as_slice() else {
        return Some(format!("{name}: expected one fault, got {}:\n{}", faults.len(), told(&faults)));
    };
    let message = fault.to_string();
    let fits = (fault.code, fault.path.as_str(), fault.line) == (&*expect.code, &*expect.path, expect.line)
        && expect.says.iter().all(|text| message.contains(text))
        && !fault.found.is_empty()
        && !fault.allowed.is_empty();
    if expect.witness != fault.witness.is_some() {
        return Some(format!(
            "{name}: a witness is {}:\n{message}",
            if expect.witness { "missing" } else { "too many" }
        ));
    }
    if let Some(why) = rules.and_then(|rules| untrue(fault, &rules)) {
        return Some(format!("{name}: {why}\n{message}"));
    }
    let wanted = format!("{}:{} {} saying {:?}", expect.path, expect.line, expect.code, expect.says);
    (!fits).then(|| format!("{name}: expected {wanted}, got\n{message}"))
}

/// What the real decision does otherwise than the fault's witness says, if anything.
fn untrue(fault: &Fault, rules: &RuleSet) -> Option<String> {
    let witness = fault.witness.as_ref()?;
    let lead = witness.lead(today());
    let (_, decision) = decide_in(&at_rest(rules, lead.occurred_at), &lead, rules);
    let tier = decision.plan.tier.to_string();
    let route = decision.trace.routes.iter().find(|route| route.verdict == Truth::Yes).map(|route| route.name.clone());
    let trace = decision.trace.territory;
    let winner = trace.winner.as_ref().map(|winner| winner.line);
    let fit: Vec<u32> = trace.others.iter().map(|other| other.line).collect();
    let holds = match &witness.ends {
        Ends::Row { line, others } => winner == Some(*line) && others.iter().all(|other| fit.contains(other)),
        Ends::NoRow => winner.is_none(),
        Ends::Rule { what: "tier", name } => *name == tier,
        Ends::Rule { name, .. } => Some(name) == route.as_ref(),
    };
    (!holds).then(|| format!("really line {winner:?} wins over {fit:?}, tier {tier}, route {route:?}"))
}

/// Every lead that the shipped workspace's own remarks show ends as they say.
#[test]
fn the_witnesses_of_the_shipped_workspace_are_decided_as_told() {
    let checked = check(&shipped()).expect("the shipped workspace loads");
    let shown: Vec<&Fault> = checked.warnings.iter().filter(|fault| fault.witness.is_some()).collect();
    assert!(!shown.is_empty(), "rows by region meet rows by country");
    let wrong: Vec<String> = shown.iter().filter_map(|fault| untrue(fault, &checked.rules)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// The pool for Asia has one speaker of Hindi, who works in Bengaluru, and overflows into a desk that works in the West.
#[test]
fn hours_without_anybody_are_told_by_territory_and_language() {
    let base = check(&files_in(&root().join("fixtures/bad/base"))).expect("the base loads");
    let told =
        base.warnings.iter().find(|fault| fault.code == "territory-hours" && fault.found.contains("nobody of apac"));
    let found = &told.expect("a remark about the pool").found;
    for part in
        ["in Japan, Korea who speaks hi for 22 h 30 a week: Mon 09:00–12:30", "(Asia/Seoul)", ", who speaks ja for 5 h"]
    {
        assert!(found.contains(part), "{part}: {found}");
    }
}

/// Narrow ways in: two values at once, a size that is only known to lie between two borders, a field that is unknown.
#[test]
fn what_some_lead_comes_to_is_not_called_unreachable() {
    let base = files_in(&root().join("fixtures/bad/base"));
    let partners = "known: true, not: silver }\n    to: { pool: partner-desk }\n";
    let sized = "lead.employees: 100..999";
    for (from, to) in [
        (
            partners,
            format!(
                "{partners}  - {{ name: also silver, lead.custom.partner_tier: gold, to: {{ rep: bjorn.lund }} }}\n"
            ),
        ),
        (
            partners,
            format!("{partners}  - {{ name: others, lead.source: {{ not: partner-x }}, to: {{ rep: bjorn.lund }} }}\n"),
        ),
        (sized, "lead.employees: \"< 1000\"\n  - name: between\n    lead.employees: 500..5000".to_owned()),
        (sized, "lead.score: { known: false }".to_owned()),
    ] {
        let mut files = base.clone();
        say(&mut files, "rules/routing.yaml", from, &to);
        let told = check(&files).unwrap_or_else(|faults| panic!("{to}: {}", told(&faults))).warnings;
        let wrong: Vec<String> =
            told.iter().filter(|fault| fault.code.ends_with("unreachable")).map(Fault::to_string).collect();
        assert!(wrong.is_empty(), "{to}: {wrong:?}");
    }
}

/// One bad value in each file: none of them hides another.
#[test]
fn faults_of_all_files_are_told_at_once() {
    let mut files = shipped();
    for (path, from, to) in [
        ("rules/routing.yaml", "policy: strict", "policy: strikt"),
        ("rules/territories.csv", "DACH,AT,", "DACH,Austira,"),
        ("rules/reps.csv", "Europe/London", "Europe/Lodnon"),
        ("rules/accounts.csv", "halden-maritime.example", "https://halden-maritime.example"),
        ("rules/hours.yaml", "\"08:00-21:00\"", "\"8-21\""),
        ("rules/handoff.yaml", "needs_attention: lena.fischer", "needs_attention: nobody"),
    ] {
        say(&mut files, path, from, to);
    }
    let faults = check(&files).expect_err("six faults");
    let told: Vec<_> = faults.iter().map(|fault| fault.code).collect();
    let expected = [
        "account-bad-domain",
        "handoff-unknown-rep",
        "hours-bad-calling",
        "rep-unknown-timezone",
        "pool-unknown-policy",
        "territory-unknown-country",
    ];
    assert_eq!(told, expected);
}

/// A file that was cut off, lost a line or has one twice is told, or loads; nothing panics, and nothing fails without a word.
#[test]
fn mangled_files_are_answered() {
    let whole = shipped();
    for (path, text) in &whole {
        let lines: Vec<&str> = text.lines().collect();
        for index in (0..lines.len()).step_by(7) {
            let without: Vec<&str> = [&lines[..index], &lines[index + 1..]].concat();
            let twice: Vec<&str> = [&lines[..=index], &lines[index..]].concat();
            for mangled in [without, twice, lines[..index].to_vec()] {
                let mut files = whole.clone();
                files.insert(path.clone(), mangled.join("\n"));
                if let Err(faults) = check(&files) {
                    assert!(!faults.is_empty(), "{path}, line {}", index + 1);
                }
            }
        }
    }
}
