//! A workspace as large as they come: up to 41,000 territory rows (a row per ZIP code of the USA) and 500 reps in 25
//! pools. Made up, always the same, and without a fault. The benches measure on it; `cargo run --example
//! large_workspace -- DIR` writes it to disk.

use std::fmt::Write;

/// Pools of the field, each with a territory of its own; the desk is one more.
const TERRITORIES: u32 = 24;

/// Kinds of row come in turn, so that every size of workspace holds all of them that a place can fit.
const KINDS: u32 = 6;

const COUNTRIES: [&str; 60] = [
    "US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "LU", "IE", "PT", "AT", "CH", "SE", "NO", "DK", "FI", "IS", "PL",
    "CZ", "SK", "HU", "RO", "BG", "GR", "HR", "SI", "EE", "LV", "LT", "AE", "SA", "QA", "IL", "ZA", "NG", "KE", "EG",
    "MA", "TR", "CA", "MX", "BR", "AR", "CL", "CO", "PE", "UY", "JP", "KR", "IN", "SG", "MY", "TH", "ID", "VN", "PH",
    "AU", "NZ", "TW",
];

const STATES: [&str; 51] = [
    "CA", "NY", "AL", "AK", "AZ", "AR", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY",
    "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NC", "ND", "OH", "OK", "OR",
    "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY",
];

const INDUSTRIES: [&str; 10] = [
    "Software",
    "Insurance",
    "Healthcare",
    "Manufacturing",
    "Retail",
    "Logistics",
    "Energy",
    "Education",
    "Media",
    "Telecoms",
];

const SIZES: [&str; 3] = ["1..99", "100..999", ">= 1000"];

/// Week, holidays, zone and area code of a rep's city.
const CITIES: [(&str, &str, &str); 5] = [
    ("US", "America/New_York", "212"),
    ("GB", "Europe/London", "312"),
    ("US", "America/Los_Angeles", "213"),
    ("DE", "Europe/Berlin", "415"),
    ("", "Asia/Kolkata", "617"),
];

/// Paths relative to the workspace, and contents. `rows` is at most 41,000, `reps` at most 500 and at least 25.
pub fn files(rows: u32, reps: u32) -> Vec<(&'static str, String)> {
    assert!(rows <= 41_000 && (25..=500).contains(&reps), "{rows} rows and {reps} reps");
    vec![
        ("rules/routing.yaml", routing()),
        ("rules/territories.csv", territories(rows)),
        ("rules/reps.csv", roster(reps)),
        ("rules/hours.yaml", HOURS.to_owned()),
        ("rules/handoff.yaml", HANDOFF.to_owned()),
    ]
}

fn routing() -> String {
    let mut text = format!("version: 1\nfields:\n  lead.industry:\n    one_of: [{}]\n", INDUSTRIES.join(", "));
    text.push_str(
        "ownership:\n  - existing: account_owner\n    wait_at_most: 2d\n  - existing: open_opportunity_owner\n",
    );
    text.push_str("tiers:\n  - name: enterprise\n    lead.employees: \">= 1000\"\n  - name: smb\npools:\n");
    for n in 0..TERRITORIES {
        let _ = write!(
            text,
            "  - name: field-{n:02}\n    serves: {{ territory: [{}] }}\n    members: {{ team: field-{n:02} }}\n    \
             require: [language]\n    policy: balanced\n    caps: {{ per_day: 12, open: 60 }}\n",
            territory(n)
        );
    }
    text.push_str("  - name: desk\n    members: { team: desk }\n    lead_rep: rep000\n");
    text.push_str("routes:\n  - name: partners\n    lead.source: { prefix: [partner] }\n    to: { pool: desk }\n");
    text.push_str("catch_all: { pool: desk }\n");
    text
}

fn territories(rows: u32) -> String {
    let mut text = "territory,country,state,region,postal,industry,employees,priority,from,until\n".to_owned();
    let (mut written, mut n) = (0, 0);
    while written < rows {
        if let Some(cells) = row(n % KINDS, n / KINDS) {
            let _ = writeln!(text, "{},{cells}", territory(written.wrapping_mul(2_654_435_761) >> 8));
            written += 1;
        }
        n += 1;
    }
    text
}

/// The `n`-th row of one kind, without its territory; `None`: there are no more of the kind.
fn row(kind: u32, n: u32) -> Option<String> {
    let item = |list: &[&'static str]| list.get(n as usize).copied();
    match kind {
        0 => Some(format!("{},,,,,,,,", item(&COUNTRIES)?)),
        1 => Some(format!("US,{},,,,,,,", item(&STATES)?)),
        2 => {
            let industry = INDUSTRIES.get(n as usize / STATES.len())?;
            Some(format!("US,{},,,{industry},,,,", STATES[n as usize % STATES.len()]))
        }
        3 => {
            let size = SIZES.get(n as usize / COUNTRIES.len())?;
            Some(format!("{},,,,,{size},,,", COUNTRIES[n as usize % COUNTRIES.len()]))
        }
        4 => (n < 1000).then(|| format!("US,,,{n:03},,,,,")),
        _ => Some(format!("US,,,{:05},,,,,", n.checked_mul(2).filter(|code| *code < 100_000)?)),
    }
}

fn territory(n: u32) -> String {
    format!("Territory {:02}", n % TERRITORIES)
}

fn roster(reps: u32) -> String {
    let mut text =
        "id,name,email,phones,team,seniority,languages,skills,timezone,hours,holidays,chat_id,calendar,crm_id,\
                    delegate,manager,weight,cap_per_day,active,leave\n"
            .to_owned();
    for n in 0..reps {
        let (holidays, zone, area) = CITIES[n as usize % CITIES.len()];
        let team = match n % (TERRITORIES + 1) {
            TERRITORIES => "desk".to_owned(),
            _ if n == 0 => "desk".to_owned(),
            team => format!("field-{team:02}"),
        };
        let languages = if n % 3 == 0 { "en;de" } else { "en;es" };
        let manager = if n == 0 { "" } else { "rep000" };
        let (weight, phone) = (1 + n / 25 % 3, 100 + n / 5);
        let _ = writeln!(
            text,
            "rep{n:03},Rep {n},rep{n:03}@large.example,+1{area}5550{phone},{team},senior,{languages},,{zone},office,\
             {holidays},,rep{n:03}@large.example,005{n:012},,{manager},{weight},,yes,"
        );
    }
    text
}

const HOURS: &str = r#"weeks:
  office:
    mon-fri: ["08:00-12:00", "12:45-17:30"]
holidays:
  US: [2026-01-01, 2026-07-03, 2026-11-26, 2026-12-25, 2027-01-01]
  GB: [2026-01-01, 2026-04-03, 2026-12-25, 2027-01-01]
  DE: [2026-01-01, 2026-05-01, 2026-12-25, 2027-01-01]
calling: "08:00-21:00"
"#;

const HANDOFF: &str = "patience: 45s
bridge_within: 60s
ring_timeout: 15s
accept_within: 10s
join_within: 8s
ring_at_most: 3
first_contact_sla: 5m
needs_attention: rep000
ladders:
  default: [warm_transfer, booking, callback]
booking:
  duration: 30m
  notice: 2h
  within_days: 5
  offer: 3
  answer_within: 45s
callback:
  within: 2h
  within_after_hang_up: 15m
  remind_before: 10m
  escalate_before: 5m
";
