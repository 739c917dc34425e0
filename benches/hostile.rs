//! What hostile input costs: rules are refused in 50 ms from a cold start, an event as long as one may be is read in 20 ms by a
//! worker that has read one before (the median of five times), each in 32 MB of further memory.
//!
//! Every input is checked by a process of its own, which tells how its greatest resident size grew (`VmHWM`, Linux; other
//! systems print the time only). Prints a table; fails where a limit is passed, a hostile workspace loads, or an event that tells
//! of a lead is refused.
#![allow(clippy::disallowed_methods, reason = "a bench measures real time")]

// The program reads with its own allocator.
use baton::intake::event::{self, LARGEST};
use baton_core::rules::{SourceFile, compile};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const RULES_WITHIN: Duration = Duration::from_millis(50);
const EVENT_WITHIN: Duration = Duration::from_millis(20);
const MOST_KIB: u64 = 32 * 1024;

const ROUTING: &str = "version: 1\ntiers: [{ name: all }]\npools: [{ name: desk, members: [ana.ruiz], lead_rep: ana.ruiz }]\n\
    catch_all: { pool: desk }\nroutes:\n  - { name: one, to: { rep: ana.ruiz }, RULE }\nMORE\n";
const REPS: &str = include_str!("../fuzz/fuzz_targets/expression/reps.csv");
const TERRITORIES: &str = include_str!("../fuzz/fuzz_targets/expression/territories.csv");
const HOURS: &str = "weeks: { office: { mon-fri: [\"09:00-17:00\"] } }\ncalling: \"08:00-21:00\"\n";
const HANDOFF: &str = include_str!("../rules/handoff.yaml");
const EVENT: &str = include_str!("../fixtures/events/01-warm-transfer.json");

/// Name, and what writes it. Written only by the process that checks it: the memory of another case's text would hide what this
/// one takes.
type Case = (&'static str, Input);

enum Input {
    /// The rule's condition, and what stands beside the rules.
    Rules(Box<dyn Fn() -> (String, String)>),
    /// What is put into the company of an event.
    Event(fn(usize) -> String),
}

fn cases() -> Vec<Case> {
    vec![
        when("brackets, 400 deep", || nested("(", "lead.live", ")", 400)),
        when("brackets, 100,000 deep", || nested("(", "lead.live", ")", 100_000)),
        when("lists, 400 deep", || nested("[", "1", "]", 400)),
        when("maps, 200 deep", || nested("{1:", "1", "}", 200)),
        when("!, 900 of them", || nested("!", "lead.live", "", 900)),
        when("-, 900 of them", || nested("-", "lead.score > 1", "", 900)),
        when("calls, 300 deep", || nested("f(", "1", ")", 300)),
        when("choices, 80 of them", || nested("lead.live ? ", "lead.live", " : lead.live", 40)),
        when("choices without an end", || nested("lead.live ? ", "lead.live", "", 80)),
        when("all() in all(), 20 deep", || nested("lead.products.all(a, ", "true", ")", 20)),
        when("a list of 400 numbers", || format!("lead.score in [{}1]", "1,".repeat(399))),
        when("a list of 500,000 numbers", || format!("lead.score in [{}1]", "1,".repeat(500_000))),
        when("a text of 900 KB", || format!("lead.title == \"{}\"", "a".repeat(900_000))),
        when("a text of 4 MB", || format!("lead.title == \"{}\"", "a".repeat(4 << 20))),
        when("a pattern with (a+)+", || format!("lead.title.matches(\"{}\")", "(a+)+".repeat(100))),
        when("||, 100,000 times", || format!("{}lead.live", "lead.live || ".repeat(100_000))),
        when("||, as many as fit, a bad end", || format!("{}lead.live ||", "lead.live||".repeat(88))),
        when("+, 190 of them", || format!("1{}", "+1".repeat(95))),
        when("dots, 900 of them", || ".".repeat(900)),
        when("a path of 450 parts", || format!("lead{} == 1", ".a".repeat(450))),
        when("stray signs", || "+*/<>==!=".repeat(20)),
        when("unclosed texts", || "\"a\" \"b\" ".repeat(60)),
        when("brackets as deep as allowed, broken", || format!("{}lead.live >", "(".repeat(15)) + &")".repeat(15)),
        beside("segments that double, 40^7", "segment: s7", || {
            segments(1..=7, |n| vec![format!("s{}", n - 1); 40].join(", "))
        }),
        beside("segments, 2,000 in a chain", "segment: s2000", || {
            segments((1..=2000).rev(), |n| format!("s{}", n - 1))
        }),
        beside("any of any, 10,000 deep", "when: '1'", || nested("any: [{ ", "lead.live: yes", " }]", 10_000)),
        ("an event of names nearly ours", Input::Event(|n| format!("\"industr{n}\": \"Logistics\","))),
        (
            "an event of names in names",
            Input::Event(|n| format!("\"industr{n}\": {{ \"nam\": {{ \"countr\": 1 }} }},")),
        ),
        ("an event of one name, again and again", Input::Event(|_| "\"domain\": \"meridian.example\",".to_owned())),
        ("an event of lists", Input::Event(|n| format!("\"custom{n}\": [[[[]], [[]]], [[[]], [[]]]],"))),
    ]
}

fn nested(open: &str, inner: &str, close: &str, n: usize) -> String {
    format!("{}{inner}{}", open.repeat(n), close.repeat(n))
}

fn when(name: &'static str, expression: impl Fn() -> String + 'static) -> Case {
    (name, Input::Rules(Box::new(move || (format!("when: '{}'", expression()), String::new()))))
}

fn beside(name: &'static str, rule: &'static str, more: impl Fn() -> String + 'static) -> Case {
    (name, Input::Rules(Box::new(move || (rule.to_owned(), more()))))
}

fn segments(numbers: impl Iterator<Item = u32>, uses: impl Fn(u32) -> String) -> String {
    let lines = numbers.map(|n| format!("  s{n}: {{ segment: [{}] }}\n", uses(n)));
    format!("segments:\n  s0: {{ lead.score: 1 }}\n{}", lines.collect::<String>())
}

fn files((rule, more): (String, String)) -> [SourceFile; 5] {
    let file = |path: &str, text: String| SourceFile { path: path.to_owned(), text };
    [
        file("rules/routing.yaml", ROUTING.replace("RULE", &rule).replace("MORE", &more)),
        file("rules/reps.csv", REPS.to_owned()),
        file("rules/territories.csv", TERRITORIES.to_owned()),
        file("rules/hours.yaml", HOURS.to_owned()),
        file("rules/handoff.yaml", HANDOFF.replace("lena.fischer", "ana.ruiz")),
    ]
}

/// Greatest resident size so far, in KiB; `None` where the system does not tell.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// As much of this in the company of a caller as an event may be long.
fn event(more: fn(usize) -> String) -> Vec<u8> {
    let (before, after) = EVENT.split_once("\"company\": {").expect("the event tells of a company");
    let mut text = format!("{before}\"company\": {{");
    let room = LARGEST - after.len() - more(usize::MAX).len();
    for number in 0.. {
        if text.len() > room {
            break;
        }
        text.push_str(&more(number));
    }
    text.push_str(after);
    text.into_bytes()
}

/// Checks one input and prints microseconds, KiB and what it was taken for: the code of the first fault, if it was refused.
fn child(input: &Input) {
    match input {
        Input::Rules(write) => {
            let files = files(write());
            measured(1, || compile(&files).map_or_else(|faults| faults[0].code, |_| "(loaded)"));
        }
        Input::Event(more) => {
            let bytes = event(*more);
            let now = chrono::Utc::now();
            // Tables of phone numbers and places are made once in the life of a worker.
            let plain = event::parse(EVENT.as_bytes(), now);
            assert!(plain.is_ok(), "the event without anything more is understood");
            measured(5, || event::parse(&bytes, now).map_or("refused", |_| "(read)"));
        }
    }
}

/// The median of so many times.
fn measured(times: usize, check: impl Fn() -> &'static str) {
    let before = peak_kib();
    let mut told = "";
    let mut took: Vec<u128> = (0..times)
        .map(|_| {
            let start = Instant::now();
            told = check();
            start.elapsed().as_micros()
        })
        .collect();
    took.sort_unstable();
    let took = took[times / 2];
    let grown = peak_kib().zip(before).map_or(0, |(after, before)| after - before);
    println!("{took} {grown} {told}");
}

fn main() -> ExitCode {
    let cases = cases();
    if let Some(index) = std::env::args().skip_while(|arg| arg != "--one").nth(1) {
        child(&cases[index.parse::<usize>().expect("an index")].1);
        return ExitCode::SUCCESS;
    }
    let program = std::env::current_exe().expect("the path of this program");
    let mut failed = false;
    println!("{:>9} {:>9}  {:38} taken for", "ms", "MB", "input");
    for (index, (name, input)) in cases.iter().enumerate() {
        let output = Command::new(&program).args(["--one", &index.to_string()]).output().expect("a child");
        let text = String::from_utf8_lossy(&output.stdout);
        let mut words = text.split_whitespace();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        let (Some(micros), Some(grown)) = (number(), number()) else {
            println!("{:>9} {:>9}  {name:38} DIED: {}", "", "", String::from_utf8_lossy(&output.stderr));
            failed = true;
            continue;
        };
        let told = words.next().unwrap_or_default();
        let (within, wrong) = match input {
            Input::Rules(_) => (RULES_WITHIN, told == "(loaded)"),
            Input::Event(_) => (EVENT_WITHIN, told != "(read)"),
        };
        let over = Duration::from_micros(micros) > within || grown > MOST_KIB || wrong;
        failed |= over;
        let mark = if over { "  OVER THE LIMIT" } else { "" };
        println!("{:>9.2} {:>9.2}  {name:38} {told}{mark}", micros as f64 / 1e3, grown as f64 / 1024.0);
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
