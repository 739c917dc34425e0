use super::*;
use crate::domain::id::TerritoryId;

const SOMEWHERE: Firmographics<'static> = Firmographics {
    country: Some("US"),
    state: Some("CA"),
    region: Some("AMER"),
    postal: Some("94107"),
    industry: Some("Software"),
    employees: Some(Headcount { at_least: 50, at_most: Some(100) }),
    on: NaiveDate::from_ymd_opt(2026, 1, 7).expect("a date"),
};

/// `country=US postal=941 priority=2`: columns by name.
fn row(line: u32, columns: &str) -> TerritoryRow {
    let column = |name: &str| {
        let value = columns.split(' ').filter_map(|part| part.split_once('=')).find(|(column, _)| *column == name);
        value.map(|(_, value)| value.to_owned())
    };
    let date = |name| column(name).map(|text| text.parse::<NaiveDate>().expect("a date"));
    let size = |name| column(name).map(|text| text.parse::<u32>().expect("a number"));
    let (least, most) = (size("least"), size("most"));
    TerritoryRow {
        line,
        territory: TerritoryId::new(format!("line {line}")).expect("a name"),
        country: column("country"),
        state: column("state"),
        region: column("region"),
        postal_prefix: column("postal"),
        industry: column("industry"),
        employees: (least.is_some() || most.is_some()).then_some((least, most)),
        priority: column("priority").map_or(0, |text| text.parse().expect("a number")),
        from: date("from"),
        until: date("until"),
    }
}

fn hits(rows: &[&str], place: &Firmographics) -> Vec<usize> {
    let rows: Vec<_> = rows.iter().zip(1..).map(|(columns, line)| row(line, columns)).collect();
    TerritoryIndex::build(&rows, &[]).lookup(place).into_iter().map(|hit| hit.row).collect()
}

#[test]
fn the_published_order_holds() {
    let rows = [
        "",
        "country=US",
        "region=AMER",
        "state=CA",
        "country=US state=CA",
        "state=CA industry=Software",
        "postal=9",
        "country=US postal=9",
        "postal=941",
        "postal=941 least=50",
        "postal=941 least=50 industry=Software",
        "country=US priority=1",
    ];
    assert_eq!(hits(&rows, &SOMEWHERE), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
}

#[test]
fn rows_that_fix_something_else_or_unknown_do_not_fit() {
    let rows = ["country=DE", "postal=95", "state=CA country=CA", "industry=Retail", "region=emea"];
    assert_eq!(hits(&rows, &SOMEWHERE), [0usize; 0]);
    let unknown = Firmographics { country: None, postal: None, employees: None, ..SOMEWHERE };
    assert_eq!(hits(&["country=US", "postal=9", "least=1", "state=CA"], &unknown), [3]);
}

#[test]
fn case_does_not_matter_and_a_short_postal_code_is_no_error() {
    let place = Firmographics { industry: Some("SOFTWARE"), postal: Some("sw1a1aa"), ..SOMEWHERE };
    assert_eq!(hits(&["industry=software postal=SW1A"], &place), [0]);
    assert_eq!(hits(&["postal=94107123", "postal=ü"], &SOMEWHERE), [0usize; 0]);
    assert_eq!(hits(&["postal=9"], &Firmographics { postal: Some("ü"), ..SOMEWHERE }), [0usize; 0]);
}

#[test]
fn a_british_district_leaves_its_longer_neighbours_alone() {
    let london = |postal| Firmographics { country: Some("GB"), postal: Some(postal), ..SOMEWHERE };
    let rows = ["country=GB postal=E1", "country=GB postal=E14"];
    assert_eq!(hits(&rows, &london("E16AN")), [0]);
    assert_eq!(hits(&rows, &london("E145AB")), [1]);
}

#[test]
fn a_size_band_must_hold_the_whole_known_range() {
    let rows = ["least=50 most=100", "least=60", "most=99", "least=1"];
    assert_eq!(hits(&rows, &SOMEWHERE), [0, 3]);
    let open = Firmographics { employees: Some(Headcount { at_least: 1000, at_most: None }), ..SOMEWHERE };
    assert_eq!(hits(&["least=1000", "least=1000 most=5000"], &open), [0]);
}

#[test]
fn rows_count_from_their_first_to_their_last_day() {
    let rows = ["from=2026-01-07 until=2026-01-07", "until=2026-01-06", "from=2026-01-08"];
    assert_eq!(hits(&rows, &SOMEWHERE), [0]);
}

#[test]
fn rows_of_equal_rank_come_by_line() {
    let rows = [row(9, "country=US"), row(3, "country=US")];
    let found = TerritoryIndex::build(&rows, &[]).lookup(&SOMEWHERE);
    assert_eq!(found.iter().map(|hit| hit.row).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(found[0].rank, found[1].rank);
}

#[test]
fn named_accounts_are_found_by_domain_and_by_name_only_where_domains_do_not_contradict() {
    let account = |line, domain: Option<&str>, name: &str| NamedAccount {
        line,
        domain: domain.map(str::to_owned),
        name: name.to_owned(),
        rep: None,
        territory: None,
    };
    let accounts = [account(2, Some("Acme.com"), "Acme"), account(3, None, "Globex"), account(4, None, "Acme")];
    let index = TerritoryIndex::build(&[], &accounts);
    assert_eq!(index.account(Some("acme.com"), None), Some(0));
    assert_eq!(index.account(None, Some(" ACME ")), Some(0));
    assert_eq!(index.account(Some("acme.de"), Some("Acme")), Some(2), "another Acme: the line without a domain");
    assert_eq!(index.account(Some("globex.com"), Some("Globex")), Some(1));
    assert_eq!(index.account(Some("globex.com"), Some("Initech")), None);
    assert_eq!(index.account(None, None), None);
}

#[test]
fn the_index_finds_what_a_walk_over_all_rows_finds() {
    let mut rows = Vec::new();
    let values = |name: &str, all: [&str; 3], pick: usize| all.get(pick).map(|value| format!("{name}={value} "));
    for n in 0..1024u32 {
        let pick = |shift: u32| ((n >> shift) & 3) as usize;
        let columns: String = [
            values("country", ["US", "DE", "FR"], pick(0)),
            values("state", ["CA", "NY", "TX"], pick(2)),
            values("postal", ["9", "941", "10"], pick(4)),
            values("industry", ["Software", "Retail", "Energy"], pick(6)),
            values("least", ["1", "50", "1000"], pick(8)),
        ]
        .into_iter()
        .flatten()
        .collect();
        rows.push(row(n + 2, &columns));
    }
    let fits = |row: &TerritoryRow| {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        is(&row.country, "US")
            && is(&row.state, "CA")
            && row.postal_prefix.as_deref().is_none_or(|prefix| "94107".starts_with(prefix))
            && is(&row.industry, "Software")
            && row.employees.is_none_or(|(least, _)| least.is_none_or(|least| least <= 50))
    };
    let mut walked: Vec<usize> = (0..rows.len()).filter(|index| fits(&rows[*index])).collect();
    walked.sort_by_key(|index| (Reverse(Rank::of(&rows[*index])), rows[*index].line));
    let found: Vec<usize> =
        TerritoryIndex::build(&rows, &[]).lookup(&SOMEWHERE).into_iter().map(|hit| hit.row).collect();
    assert_eq!(found, walked);
    assert_eq!(found.len(), 2 * 2 * 3 * 2 * 3);
}
