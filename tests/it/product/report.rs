//! A month of made-up leads as a person reads it, in every format.
//!
//! The golden text lies in `fixtures/golden/report`; `UPDATE_GOLDEN=1 cargo test --test it report` writes it anew.

use crate::program::is_as_reviewed;
use baton::reports::rows::{LeadRow, LeadStatus, OwnerChange};
use baton::reports::{Format, Report, ReportOptions, build, render};
use baton_core::domain::id::{LeadId, PoolId, RepId, TerritoryId, TierId};
use baton_core::domain::lead::LeadChannel;
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::{Feedback, Misroute, MisrouteKind, OutcomeKind};
use chrono::{DateTime, TimeDelta, Utc};
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
        decided_at,
        current_owner: moved.as_ref().map_or_else(|| owner.clone(), |change| change.to.clone()),
        decided_owner: owner,
        pool: PoolId::new(["emea-enterprise", "west", "desk"][n % 3]).expect("a pool"),
        territory: [Some("DACH"), Some("West"), None][n % 3].and_then(|name| TerritoryId::new(name).ok()),
        tier: TierId::new(["enterprise", "mid-market", "smb"][n % 7 % 3]).expect("a tier"),
        route: ["DACH × enterprise", "owner", "catch-all", "route <script>alert(1)</script> & Söhne"][n % 4].to_owned(),
        legs: [LegState::NoAnswer, ENDS[n % 5], LegState::Joined][2 - n % 3..].to_vec(),
        accepted: status == LeadStatus::Connected,
        status,
        has_next_step: true,
        first_contact_at: contact_s.map(|s| decided_at + TimeDelta::seconds(s)),
        degraded: n % 17 == 4,
        disclosed: None,
        completeness_permille: Some(500 + 10 * u16::from(number % 50)),
        feedback: feedback.into_iter().collect(),
        outcomes: if n % 5 == 1 { vec![OutcomeKind::Opportunity] } else { Vec::new() },
        owner_changes: moved.into_iter().collect(),
    }
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
    let [text, json, csv, html] = Format::ALL.map(|format| render(&report, format));
    let unwrapped = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for figure in &report.figures {
        let counts = format!("{} of {}", figure.total.numerator, figure.total.denominator);
        assert!(unwrapped.contains(figure.definition) && text.contains(&counts), "{} in text", figure.key);
        let definition = figure.definition.replace('\'', "&#39;");
        assert!(html.contains(&definition) && html.contains(&counts), "{} in HTML", figure.key);
        assert!(json.contains(&format!("\"key\": \"{}\"", figure.key)), "{} in JSON", figure.key);
        assert!(csv.contains(&format!("\r\n{},overall,", figure.key)), "{} in CSV", figure.key);
    }
}

#[test]
fn the_json_has_stable_keys() {
    let json: serde_json::Value = serde_json::from_str(&render(&month(), Format::Json)).expect("JSON");
    let keys = |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&json), ["version", "from", "until", "made_at", "sla_s", "leads", "figures", "verdicts"]);
    assert_eq!(json["version"], 1);
    let figure = &json["figures"][0];
    assert_eq!(keys(figure), ["key", "name", "definition", "unit", "total", "groups"]);
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
    assert_eq!(rows.len(), report.figures.iter().map(|figure| 1 + figure.groups.len()).sum::<usize>());
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
