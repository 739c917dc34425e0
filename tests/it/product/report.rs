//! A month of made-up leads as a person reads it, in every format.
//!
//! The golden text lies in `fixtures/golden/report`; `UPDATE_GOLDEN=1 cargo test --test it report` writes it anew.

use crate::program::{is_as_reviewed, root};
use baton::reports::rows::{LeadRow, LeadStatus, OwnerChange, PutThrough, RungPhone};
use baton::reports::{Format, Picture, Report, ReportOptions, Sheet, render, sections};
use baton_core::domain::id::{LeadId, PoolId, ReleaseId, RepId, TerritoryId, TierId};
use baton_core::domain::lead::LeadChannel;
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::{Feedback, Misroute, MisrouteKind, OutcomeKind};
use baton_core::routing::ledger::{Ledger, TURN};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn rep(name: &str) -> RepId {
    RepId::new(name).expect("a rep id")
}

fn options() -> ReportOptions {
    ReportOptions {
        from: at("2026-01-01T00:00:00Z"),
        until: at("2026-02-01T00:00:00Z"),
        sla: Duration::from_secs(300),
        now: at("2026-02-02T08:00:00Z"),
        by: None,
    }
}

/// One of the month's leads; everything follows from its number, so that the month is always the same.
fn lead(number: u8) -> LeadRow {
    const REPS: [&str; 4] = ["ana", "ben", "cy", "dee"];
    const ENDS: [LegState; 5] =
        [LegState::Declined, LegState::Busy, LegState::Machine, LegState::WrongNumber, LegState::Cancelled];
    let n = usize::from(number);
    let decided_at = options().from + TimeDelta::hours(9 + 11 * i64::from(number));
    let owner = rep(REPS[n % 4]);
    let status =
        [LeadStatus::Connected, LeadStatus::Connected, LeadStatus::Booked, LeadStatus::Called, LeadStatus::Callback]
            [n % 5];
    let contact_s = match status {
        LeadStatus::Connected => Some(20 + 3 * i64::from(number)),
        LeadStatus::Called => Some(1800 + 400 * i64::from(number)),
        _ => None,
    };
    let feedback = (n.is_multiple_of(3)).then(|| Feedback {
        rep: owner.clone(),
        at: decided_at + TimeDelta::days(1),
        quality: Some(1 + number % 5),
        completeness: Some(3 + number % 3),
        misroute: (n % 9 == 3).then(|| Misroute {
            kind: [MisrouteKind::Procedural, MisrouteKind::Definitional, MisrouteKind::Clerical][n % 4 % 3],
            right_rep: (n % 4 % 3 == 0).then(|| rep("eve")),
        }),
        no_show: false,
        note: None,
        via: "link".to_owned(),
    });
    let moved =
        (n % 14 == 5).then(|| OwnerChange { from: owner.clone(), to: rep("eve"), at: decided_at + TimeDelta::days(2) });
    LeadRow {
        lead_id: LeadId::from_digest([number; 16]),
        source: ["vapi", "retell", "=HYPERLINK(\"https://evil.example\")"][n % 3].to_owned(),
        channel: LeadChannel::Call,
        received_at: decided_at - TimeDelta::milliseconds(i64::from(number)),
        decided_at,
        current_owner: moved.as_ref().map_or_else(|| owner.clone(), |change| change.to.clone()),
        decided_owner: owner,
        pool: PoolId::new(["emea-enterprise", "west", "desk"][n % 3]).expect("a pool"),
        territory: [Some("DACH"), Some("West"), None][n % 3].and_then(|name| TerritoryId::new(name).ok()),
        tier: TierId::new(["enterprise", "mid-market", "smb"][n % 7 % 3]).expect("a tier"),
        route: ["DACH × enterprise", "owner", "catch-all", "route <script>alert(1)</script> & Söhne"][n % 4].to_owned(),
        release: ReleaseId::new("0".repeat(64)).expect("a release"),
        legs: [LegState::NoAnswer, ENDS[n % 5], LegState::Joined][2 - n % 3..]
            .iter()
            .map(|state| rung(n, *state))
            .collect(),
        put_through: contact_s
            .filter(|_| status == LeadStatus::Connected)
            .map(|s| PutThrough { at: decided_at + TimeDelta::seconds(s), waited: TimeDelta::seconds(s - 2) }),
        accepted: status == LeadStatus::Connected,
        status,
        has_next_step: true,
        first_contact_at: contact_s.map(|s| decided_at + TimeDelta::seconds(s)),
        came_again: n.is_multiple_of(2).then_some(n.is_multiple_of(10)),
        degraded: n % 17 == 4,
        disclosed: None,
        completeness_permille: Some(500 + 10 * u16::from(number % 50)),
        feedback: feedback.into_iter().collect(),
        outcomes: if n % 5 == 1 { vec![OutcomeKind::Opportunity] } else { Vec::new() },
        won_amount: None,
        owner_changes: moved.into_iter().collect(),
    }
}

/// The phone of one of four reps.
fn rung(n: usize, state: LegState) -> RungPhone {
    RungPhone { rep: rep(["ana", "ben", "cy", "dee"][n % 4]), state }
}

fn build(rows: &[LeadRow], options: &ReportOptions) -> Report {
    let mut sheet = Sheet::new(*options);
    rows.iter().for_each(|row| sheet.add(row));
    let pool = PoolId::new("west").expect("a pool");
    let balances = BTreeMap::from([(rep("ana"), TURN / 2), (rep("cy"), -TURN / 2)]);
    sheet.finish(&BTreeMap::from([(pool.clone(), Ledger { balances, ..Ledger::empty(pool) })]))
}

fn month() -> Report {
    build(&(0..60).map(lead).collect::<Vec<_>>(), &options())
}

#[test]
fn the_text_is_what_was_reviewed_and_fits_a_terminal() {
    let found = render(&month(), Format::Text);
    for line in found.lines() {
        assert!(line.chars().count() <= 100, "{line}");
        assert_eq!(line, line.trim_end());
    }
    is_as_reviewed("report/month.txt", &found);
}

#[test]
fn the_page_stands_alone_and_runs_nothing() {
    let page = render(&month(), Format::Html);
    if let Some(path) = std::env::var_os("REPORT_HTML") {
        std::fs::write(path, &page).expect("the page can be written where it was asked for");
    }
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    let lower = page.to_lowercase();
    for bad in ["<script", "http://", "src=", "url(", "@import", "<link", "<iframe", " onload", "javascript:"] {
        assert!(!lower.contains(bad), "{bad}");
    }
    assert!(!page.contains("https://evil.example\")"), "quotes are escaped");
    assert!(page.contains("route &lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne"));
    for tag in ["section", "table", "tbody", "thead", "tr", "th", "td", "svg", "caption", "main", "div", "a"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "<{tag}> is closed as often as opened");
        assert!(opened > 0, "<{tag}> is used");
    }
}

#[test]
fn every_figure_is_in_every_format_with_its_definition_and_counts() {
    let report = month();
    let [text, json, csv, md, html] = Format::ALL.map(|format| render(&report, format));
    let md = md.replace('\\', "");
    let unwrapped = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for figure in &report.figures {
        let counts = format!("{} of {}", figure.total.numerator, figure.total.denominator);
        assert!(unwrapped.contains(figure.definition) && text.contains(&counts), "{} in text", figure.key);
        let definition = figure.definition.replace('\'', "&#39;");
        assert!(html.contains(&definition) && html.contains(&counts), "{} in HTML", figure.key);
        assert!(md.contains(figure.definition) && md.contains(&counts), "{} in Markdown", figure.key);
        assert!(json.contains(&format!("\"key\": \"{}\"", figure.key)), "{} in JSON", figure.key);
        assert!(csv.contains(&format!("\r\n{},overall,", figure.key)), "{} in CSV", figure.key);
    }
}

#[test]
fn the_json_has_stable_keys() {
    let json: serde_json::Value = serde_json::from_str(&render(&month(), Format::Json)).expect("JSON");
    let keys = |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        keys(&json),
        ["version", "from", "until", "made_at", "sla_s", "leads", "figures", "pictures", "sla_breaches", "verdicts"]
    );
    assert_eq!(json["version"], 1);
    let figure = &json["figures"][0];
    assert_eq!(keys(figure), ["key", "name", "definition", "unit", "total", "groups", "leads"]);
    let picture = &json["pictures"][0];
    assert_eq!(keys(picture), ["key", "name", "definition", "of", "columns", "rows"]);
    assert_eq!(keys(&figure["groups"][0]), ["dimension", "name", "numerator", "denominator", "value", "low", "high"]);
}

#[test]
fn the_csv_can_be_read_back_and_adds_up() {
    let report = month();
    let text = render(&report, Format::Csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(
        reader.headers().expect("a header").iter().collect::<Vec<_>>(),
        ["figure", "group", "value", "numerator", "denominator", "low", "high"]
    );
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("rows of equal length");
    let of_figures: usize = report.figures.iter().map(|figure| 1 + figure.groups.len()).sum();
    let drawn: usize = report.pictures.iter().map(|picture| picture.rows.len() * picture.columns.len()).sum();
    assert_eq!(rows.len(), of_figures + drawn + report.sla_breaches.newest.len());
    let of_vapi = rows.iter().find(|row| &row[0] == "degraded" && &row[1] == "source: vapi").expect("a row");
    let by_hand = (0..60).map(lead).filter(|row| row.source == "vapi" && row.degraded).count();
    assert_eq!(of_vapi[3], by_hand.to_string());
    assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@'])));
}

#[test]
fn no_leads_say_so_in_every_format() {
    let report = build(&[], &options());
    for format in Format::ALL {
        let text = render(&report, format);
        assert!(!text.contains("NaN"), "{format}");
    }
    assert!(render(&report, Format::Text).contains("No leads were decided in this time."));
}

/// What `baton` draws is read back from the page, and so is the table below it.
#[test]
fn every_chart_tells_the_numbers_of_its_table() {
    let report = month();
    let page = sections(&report, Some("/leads/"));
    let document = roxmltree::Document::parse(&page).expect("the sections are well-formed");
    let named =
        |node: roxmltree::Node<'_, '_>, name: &str| node.descendants().filter(|one| one.has_tag_name(name)).count();
    let text = |node: roxmltree::Node<'_, '_>| node.text().unwrap_or_default().to_owned();
    let mut charts = 0;
    for section in document.descendants().filter(|node| node.has_tag_name("section")) {
        let Some(chart) = section.descendants().find(|node| node.attribute("class") == Some("chart")) else { continue };
        let key = section.attribute("id").expect("each section has its key");
        assert_eq!(chart.attribute("role"), Some("img"), "{key}");
        assert_eq!(named(chart, "desc"), 1, "{key}");
        let marks = chart.children().filter(|mark| mark.is_element() && !mark.has_tag_name("title"));
        let marks: BTreeSet<String> =
            marks.filter_map(|mark| mark.children().find(|one| one.has_tag_name("title"))).map(text).collect();
        let heads: Vec<String> = section
            .descendants()
            .filter(|node| node.has_tag_name("th") && node.attribute("scope") == Some("col"))
            .map(text)
            .collect();
        let mut told = BTreeSet::new();
        for row in section.descendants().filter(|node| node.has_tag_name("tr")) {
            let cells: Vec<String> = row.children().filter(|cell| cell.is_element()).map(text).collect();
            let drawn = report.pictures.iter().find(|picture| picture.key == key).expect("a picture of this key");
            for column in drawn.shape.draws(drawn.columns.len()) {
                let value = &cells[1 + column];
                if row.children().any(|cell| cell.has_tag_name("td")) && !value.is_empty() {
                    told.insert(format!("{}, {}: {value}", cells[0], heads[1 + column]));
                }
            }
        }
        assert_eq!(marks, told, "{key}");
        assert!(!marks.is_empty(), "{key}");
        charts += 1;
    }
    assert_eq!(charts, report.pictures.iter().filter(|picture| !picture.rows.is_empty()).count());
    assert!(page.contains(&format!("<a href=\"/leads/{}\">", lead(12).lead_id)), "behind a misroute stands its lead");
}

/// The number of a picture, by its row and the place of its column.
fn drawn(report: &Report, key: &str, row: &str, column: usize) -> Option<f64> {
    let of_key = |picture: &&Picture| picture.key == key;
    let picture = report.pictures.iter().find(of_key).expect("a picture with this key");
    picture.rows.iter().find(|one| one.name == row).expect("a row with this name").values[column]
}

/// By plain counting over the same leads, without any of what counts for the report.
#[test]
fn pictures_are_what_is_counted_by_hand() {
    let report = month();
    let leads: Vec<LeadRow> = (0..60).map(lead).collect();
    let count = |hit: &dyn Fn(&LeadRow) -> bool| Some(leads.iter().filter(|row| hit(row)).count() as f64);
    let waited = |row: &LeadRow| row.first_contact_at.map(|at| (at - row.decided_at).num_seconds());
    let met = |row: &LeadRow| !row.outcomes.is_empty();

    assert_eq!(drawn(&report, "funnel", "routed", 0), Some(60.0));
    assert_eq!(drawn(&report, "funnel", "contacted", 0), count(&|row| waited(row).is_some() || met(row)));
    assert_eq!(drawn(&report, "funnel", "qualified or met", 0), count(&met));
    assert_eq!(drawn(&report, "funnel", "won", 0), Some(0.0));

    assert_eq!(
        drawn(&report, "first_contact_spread", "within 1 min", 0),
        count(&|row| waited(row).is_some_and(|s| 30 < s && s <= 60))
    );
    assert_eq!(
        drawn(&report, "first_contact_spread", "within 1 h", 1),
        count(&|row| waited(row).is_some_and(|s| 900 < s && s <= 3600))
    );
    assert_eq!(
        drawn(&report, "first_contact_spread", "not yet", 1),
        count(&|row| waited(row).is_none()),
        "all are overdue"
    );

    let mut rang: Vec<i64> =
        leads.iter().filter(|row| row.put_through.is_some()).map(|row| waited(row).expect("s") - 2).collect();
    rang.sort_unstable();
    assert_eq!(drawn(&report, "first_contact_parts", "accept", 0), Some(rang[rang.len().div_ceil(2) - 1] as f64));
    assert_eq!(drawn(&report, "first_contact_parts", "ring", 1), Some(2.0), "the first phone rings after two seconds");

    assert_eq!(drawn(&report, "ladder", "meeting booked", 0), count(&|row| row.status == LeadStatus::Booked));
    assert_eq!(
        drawn(&report, "shares", "west: cy", 0),
        count(&|row| row.pool.as_str() == "west" && row.decided_owner == rep("cy"))
    );
    assert_eq!(drawn(&report, "shares", "west: cy", 2), Some(-0.5), "as the ledger says");
    assert_eq!(drawn(&report, "shares", "west: cy", 3), Some(2.0), "two turns, since they are but two");
    assert_eq!(drawn(&report, "shares", "desk: cy", 2), None, "no ledger tells");
    let phones = |name: &str| leads.iter().flat_map(|row| &row.legs).filter(|leg| leg.rep == rep(name)).count() as f64;
    assert_eq!(drawn(&report, "reps", "dee", 2), Some(phones("dee")));
    let misrouted = |row: &LeadRow| row.route == "owner" && row.feedback.iter().any(|said| said.misroute.is_some());
    assert_eq!(drawn(&report, "misroutes_by_rule", "owner", 0), count(&misrouted));
    let of_dach = |row: &LeadRow| row.territory.as_ref().is_some_and(|name| name.as_str() == "DACH");
    let at_nine = |row: &LeadRow| row.decided_at.format("%H").to_string() == "09";
    let missed = |row: &LeadRow| of_dach(row) && at_nine(row) && waited(row).is_none_or(|s| s > 300);
    assert!(leads.iter().any(|row| of_dach(row) && at_nine(row)));
    assert_eq!(drawn(&report, "misses_by_hour", "DACH", 9), count(&missed));

    let weeks = &report.pictures.iter().find(|picture| picture.key == "accuracy_over_time").expect("it is drawn").rows;
    let first = at("2026-01-05T00:00:00Z")..at("2026-01-12T00:00:00Z");
    let of_week = weeks.iter().find(|week| week.name == "2026-01-05").expect("the first whole week");
    assert_eq!(of_week.values[5], count(&|row| first.contains(&row.decided_at)));
    let judged: f64 = weeks.iter().filter_map(|week| week.values[4]).sum();
    let accuracy = report.figures.iter().find(|figure| figure.key == "routing_accuracy").expect("the figure").total;
    assert_eq!(judged, accuracy.denominator as f64, "weeks add up to the whole");
    let late = count(&|row| waited(row).is_none_or(|s| s > 300));
    assert_eq!(late, Some(report.sla_breaches.leads as f64));
    assert_eq!(late, Some(report.sla_breaches.newest.len() as f64), "fewer than are listed");
}

/// Text of people in Markdown is text: no table is broken, nothing is made bold, a link or HTML.
#[test]
fn markdown_shows_hostile_names_as_they_are() {
    let hostile = "a | b <script> **c** [d](https://evil.example) `e` \n# f";
    let row = LeadRow { route: hostile.to_owned(), ..lead(12) };
    let text = render(&build(&[row], &options()), Format::Md);
    for bad in ["<script", "a | b", "**c**", "](", "://evil", "`e`", "\n# f"] {
        let shown = text.replace("\\|", "").replace("\\*", "").replace("\\[", "").replace("\\]", "").replace("\\`", "");
        assert!(!shown.contains(bad), "{bad}: {text}");
    }
    assert!(text.contains("a \\| b &lt;script&gt;"), "{text}");
    for table in text.split("\n\n").filter(|block| block.starts_with('|')) {
        let columns: BTreeSet<usize> = table.lines().map(|line| line.replace("\\|", "").matches('|').count()).collect();
        assert_eq!(columns.len(), 1, "{table}");
    }
}

/// One place says each definition; the page for readers repeats all of them.
#[test]
fn every_definition_stands_in_the_page_about_reports() {
    let page = std::fs::read_to_string(root().join("docs/reports.md")).expect("docs/reports.md");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let report = month();
    let figures = report.figures.iter().map(|figure| (figure.key, figure.definition));
    for (key, definition) in figures.chain(report.pictures.iter().map(|picture| (picture.key, picture.definition))) {
        assert!(page.contains(&format!("`{key}`")) && page.contains(definition), "{key}: {definition}");
    }
}
