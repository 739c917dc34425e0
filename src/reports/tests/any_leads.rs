//! What must hold for any leads.

use super::*;
use proptest::prelude::*;

prop_compose! {
    fn any_row()(
        number in 0u8..255,
        names in (0usize..4, 0usize..3, 0usize..2, 0usize..3),
        legs in prop::collection::vec(0usize..4, 0..5),
        flags in (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        status in 0usize..6,
        contact_s in proptest::option::of(0i64..90_000),
        completeness in proptest::option::of(0u16..=1000),
        quality in proptest::option::of(1u8..=5),
        misroute in proptest::option::of(0usize..3),
        day_of in 1u32..31,
    ) -> LeadRow {
        let (route, territory, pool, source) = names;
        let kinds = [MisrouteKind::Procedural, MisrouteKind::Clerical, MisrouteKind::Definitional];
        let statuses = [
            LeadStatus::Connected, LeadStatus::Booked, LeadStatus::Callback,
            LeadStatus::Called, LeadStatus::NeedsAttention, LeadStatus::Handoff,
        ];
        let ends = [LegState::Joined, LegState::NoAnswer, LegState::Vendor, LegState::Cancelled];
        let (accepted, has_next_step, degraded, moved_away) = flags;
        let base = LeadRow {
            source: ["vapi", "retell", "=cmd()"][source].to_owned(),
            route: ["owner", "delegate", "catch-all", "<b>route</b>"][route].to_owned(),
            territory: [Some("West"), Some("DACH"), None][territory].and_then(|name| TerritoryId::new(name).ok()),
            pool: PoolId::new(["west", "desk"][pool]).expect("a pool"),
            decided_at: day(day_of),
            legs: rung(&legs.into_iter().map(|leg| ends[leg]).collect::<Vec<_>>()),
            accepted,
            has_next_step,
            degraded,
            status: statuses[status],
            first_contact_at: contact_s.map(|s| day(day_of) + TimeDelta::seconds(s)),
            completeness_permille: completeness,
            feedback: quality.map(|q| says(Some(q), misroute.map(|m| (kinds[m], Some("cy"))))).into_iter().collect(),
            ..row(number)
        };
        if moved_away { moved(base, 1) } else { base }
    }
}

/// Figures whose groups divide the leads among them.
const PARTITIONED: [&str; 10] = [
    "routing_accuracy",
    "label_coverage",
    "acceptance",
    "first_contact_in_time",
    "conversion",
    "escalations",
    "repeat_contact",
    "reps_rung",
    "briefing_completeness",
    "degraded",
];

proptest! {
    #[test]
    fn shares_are_shares_and_groups_add_up(rows in prop::collection::vec(any_row(), 0..40)) {
        let report = build(&rows, &options());
        prop_assert_eq!(report.leads, rows.len() as u64);
        prop_assert_eq!(report.verdicts.iter().map(|line| line.leads).sum::<u64>(), report.leads);
        for figure in &report.figures {
            for cell in figure.groups.iter().map(|group| &group.cell).chain([&figure.total]) {
                let nothing = match figure.unit {
                    Unit::Share | Unit::Rating | Unit::RepsPerLead | Unit::Amount | Unit::Turns => cell.denominator == 0,
                    Unit::Seconds => cell.numerator == 0,
                    Unit::Leads => report.leads == 0,
                };
                prop_assert_eq!(cell.value.is_none(), nothing);
                prop_assert!(cell.value.is_none_or(f64::is_finite));
                if figure.unit == Unit::Share {
                    prop_assert!(cell.numerator <= cell.denominator);
                    prop_assert!(cell.value.is_none_or(|value| (0.0..=1.0).contains(&value)));
                }
            }
            if PARTITIONED.contains(&figure.key) {
                for groups in figure.groups.chunk_by(|a, b| a.dimension == b.dimension) {
                    prop_assert_eq!(groups.iter().map(|g| g.cell.numerator).sum::<u64>(), figure.total.numerator);
                    prop_assert_eq!(groups.iter().map(|g| g.cell.denominator).sum::<u64>(), figure.total.denominator);
                }
            }
        }
    }

    #[test]
    fn the_order_of_leads_does_not_matter(mut rows in prop::collection::vec(any_row(), 0..20)) {
        // No two leads have one id.
        for (number, row) in (0..).zip(&mut rows) {
            row.lead_id = LeadId::from_digest([number; 16]);
        }
        let first = build(&rows, &options());
        rows.reverse();
        prop_assert_eq!(first, build(&rows, &options()));
    }
}
