use super::*;

fn rule(entries: &str) -> String {
    format!(
        "<AssignmentRules xmlns=\"http://soap.sforce.com/2006/04/metadata\"><assignmentRule><fullName>Leads</fullName>\
         <active>true</active>{entries}</assignmentRule></AssignmentRules>"
    )
}

fn criteria(items: &[(&str, &str, &str)]) -> String {
    let item = |(field, operation, value): &(&str, &str, &str)| {
        format!(
            "<criteriaItems><field>Lead.{field}</field><operation>{operation}</operation><value>{value}</value></criteriaItems>"
        )
    };
    items.iter().map(item).collect()
}

fn entry(body: &str, to: &str) -> String {
    format!("\n<ruleEntry><assignedTo>{to}</assignedTo><assignedToType>Queue</assignedToType>{body}</ruleEntry>")
}

fn user(body: &str, to: &str) -> String {
    format!("\n<ruleEntry><assignedTo>{to}</assignedTo><assignedToType>User</assignedToType>{body}</ruleEntry>")
}

/// The written rules, and what is told of entries and names.
fn written(entries: &[String]) -> (String, Vec<String>) {
    let imported = import(&rule(&entries.concat())).expect("rules");
    let notes = imported.notes.iter().filter(|note| !note.found.contains("are not in this file"));
    (imported.files[0].1.clone(), notes.map(|note| format!("{}: {}", note.line, note.found)).collect())
}

/// What one condition becomes, in an entry before the one that takes the rest.
fn said(items: &[(&str, &str, &str)]) -> String {
    let (yaml, notes) = written(&[entry(&criteria(items), "Desk"), entry("", "Rest")]);
    match yaml.split("# line 2\n").nth(1).and_then(|rest| rest.split("    to: {").next()) {
        Some(conditions) => conditions.trim().replace("\n    ", " & "),
        None => format!("{notes:?}"),
    }
}

#[test]
fn conditions_are_said_as_rules_say_them() {
    for (items, wanted) in [
        (
            &[("Company", "equals", "\"Hale, Moss &amp; Co\",Tern Ltd")][..],
            r#"lead.company: ["Hale, Moss & Co", "Tern Ltd"]"#,
        ),
        (&[("CreatedDate", "equals", "TODAY"), ("Country", "equals", "Spain")], r#"lead.country: ["ES"]"#),
        (&[("CreatedDate", "equals", "THIS_MONTH"), ("Country", "equals", "Spain")], r#"lead.country: ["ES"]"#),
        (
            &[("Unit__c", "notEqual", "Packaging")],
            r#"any: [{ lead.custom.unit: { known: false } }, { lead.custom.unit: { not: ["Packaging"] } }]"#,
        ),
        (&[("State", "equals", "FL,Georgia")], r#"lead.country: ["US"] & lead.state: ["FL", "GA"]"#),
        (
            &[("Country", "equals", "Canada"), ("State", "equals", "Ontario")],
            r#"lead.country: ["CA"] & lead.state: ["ON"]"#,
        ),
        (&[("Company_Size__c", "equals", "&gt;1000")], r#"when: 'lead.custom.company_size == ">1000"'"#),
        (
            &[("Company_Size__c", "equals", "&lt;50,50-250")],
            r#"any: [{ lead.custom.company_size: ["50-250"] }, { when: 'lead.custom.company_size == "<50"' }]"#,
        ),
        (&[("AnnualRevenue", "greaterThan", "1,000,000")], r#"lead.custom.annualrevenue: "> 1000000""#),
        (&[("Budget__c", "greaterOrEqual", "EUR 50000")], r#"lead.custom.budget: ">= 50000""#),
        (&[("NumberOfEmployees", "equals", "1,200")], "lead.employees: 1200"),
        (
            &[("Company", "contains", "Bank,Sparkasse")],
            r#"any: [{ when: 'lead.company.contains("Bank")' }, { when: 'lead.company.contains("Sparkasse")' }]"#,
        ),
        (
            &[("Title", "notContain", "O'Neil")],
            r#"any: [{ lead.title: { known: false } }, { not: { when: 'lead.title.contains("O''Neil")' } }]"#,
        ),
        (&[("Title", "startsWith", "Chief,VP")], r#"lead.title: { prefix: ["Chief", "VP"] }"#),
        (
            &[("Interests__c", "includes", "Voice;Chat")],
            r#"all: [{ lead.custom.interests: ["Voice"] }, { lead.custom.interests: ["Chat"] }]"#,
        ),
        (
            &[("Interests__c", "includes", "Voice;Chat,Fax")],
            r#"any: [{ all: [{ lead.custom.interests: ["Voice"] }, { lead.custom.interests: ["Chat"] }] }, { lead.custom.interests: ["Fax"] }]"#,
        ),
        (&[("Language__c", "equals", "German")], r#"lead.language: ["de"]"#),
        (&[("Score__c", "equals", "A,B")], r#"lead.custom.score: ["A", "B"]"#),
        (&[("Score__c", "greaterThan", "80")], r#"lead.score: "> 80""#),
        (&[("Vip__c", "equals", "1")], "lead.custom.vip: yes"),
        (
            &[("Vip__c", "notEqual", "True")],
            "any: [{ lead.custom.vip: { known: false } }, { lead.custom.vip: { not: yes } }]",
        ),
        (&[("Website", "equals", "https://www.tern.example/about")], r#"lead.domain: ["tern.example"]"#),
        (&[("Website", "startsWith", "https://hale")], r#"lead.domain: { prefix: ["hale"] }"#),
        (&[("LeadSource", "equals", "Partner")], r#"lead.custom.leadsource: ["Partner"]"#),
        (&[("Contract_End__c", "lessThan", "12/31/2026")], r#"lead.custom.contract_end: "< 2026-12-31""#),
        (&[("Contract_End__c", "equals", "31.12.2026")], r#"lead.custom.contract_end: ["2026-12-31"]"#),
        (&[("Industry", "equals", "")], "lead.industry: { known: false }"),
    ] {
        assert_eq!(said(items), wanted, "{items:?}");
    }
}

#[test]
fn what_cannot_be_said_is_told_and_its_entry_is_a_comment() {
    for (items, why) in [
        (&[("Contract_End__c", "equals", "NEXT_N_DAYS:60")][..], "moves with the calendar"),
        (&[("Contract_End__c", "lessThan", "5/6/2026")], "can be read as two days"),
        (&[("CreatedDate", "equals", "YESTERDAY")], "is now for every lead of a call"),
        (&[("CreatedDate", "equals", "LAST_N_DAYS:30")], "is now for every lead of a call"),
        (&[("CreatedDate", "notEqual", "TODAY")], "is now for every lead of a call"),
        (&[("Rating", "greaterThan", "Hot")], "only numbers and dates are compared by size"),
        (&[("Country", "equals", "Atlantis")], "country \\\"Atlantis\\\" is not known"),
        (&[("NumberOfEmployees", "startsWith", "1")], "is asked for a part of its text"),
        (&[("Country", "within", "DISTANCE")], "there is no such test here"),
    ] {
        let told = said(items);
        assert!(told.contains(why), "{items:?}: {told}");
    }
    let other = rule(&entry(&criteria(&[("X", "equals", "1")]), "Desk").replace("Lead.X", "Account.Type"));
    assert!(
        import(&other).expect("rules").files[0]
            .1
            .contains("# entry 1, line 2: Account.Type is not a field of the lead")
    );
}

#[test]
fn of_a_list_what_is_known_is_kept_and_the_rest_is_told() {
    let list = criteria(&[("Country", "equals", "Albania,Atlantis,Serbia")]);
    let (yaml, notes) = written(&[entry(&list, "Balkans"), entry("", "Rest")]);
    assert!(yaml.contains("lead.country: [\"AL\", \"RS\"]"), "{yaml}");
    assert_eq!(notes, ["2: country \"Atlantis\" of Lead.Country is not known, and was left out of its list"]);
}

#[test]
fn a_denied_criterion_takes_leads_whose_field_is_empty_as_there() {
    let filter = "<booleanFilter>1 AND NOT(2 OR 3)</booleanFilter>";
    let items = criteria(&[("Country", "equals", "Spain"), ("City", "equals", "Vigo"), ("Title", "contains", "VP")]);
    let (yaml, _) = written(&[entry(&format!("{filter}{items}"), "Desk"), entry("", "Rest")]);
    let wanted = "    all: [{ lead.country: [\"ES\"] }, { any: [{ lead.city: { known: false } }, { lead.city: { not: [\"Vigo\"] } }] }, \
                  { any: [{ lead.title: { known: false } }, { not: { when: 'lead.title.contains(\"VP\")' } }] }]\n";
    assert!(yaml.contains(wanted), "{yaml}");
}

#[test]
fn an_entry_for_nobody_ends_the_search_and_what_is_never_reached_is_not_live() {
    let france = criteria(&[("Country", "equals", "France")]);
    let stop = "\n<ruleEntry><criteriaItems><field>Lead.Unit__c</field><operation>equals</operation><value>Scrap</value></criteriaItems></ruleEntry>";
    let (yaml, _) = written(&[stop.to_owned(), user(&france, "ann.ek@acme.example"), entry("", "Everyone")]);
    let wanted = "  - name: \"1 nobody assigned\" # line 2\n    lead.custom.unit: [\"Scrap\"]\n    to: { pool: everyone }\n  \
                  - name: \"2 to ann.ek\"";
    assert!(yaml.contains(wanted), "{yaml}");

    let (yaml, notes) = written(&[user("", "bea.ott@acme.example"), entry(&france, "French")]);
    assert!(yaml.contains("  # entry 2, line 3: never reached: entry 1 takes whatever comes to it\n"), "{yaml}");
    assert!(yaml.contains("  - name: bea.ott\n    members: [bea.ott]\n"), "a user stays a user: {yaml}");
    assert!(yaml.contains("routes: []\n") && yaml.ends_with("catch_all: { pool: bea.ott }\n"), "{yaml}");
    assert_eq!(notes, ["3: entry 2: never reached: entry 1 takes whatever comes to it"]);
}

#[test]
fn two_queues_or_two_people_stay_two() {
    let of = |country: &str| criteria(&[("Country", "equals", country)]);
    let (yaml, notes) = written(&[
        user(&of("Spain"), "sales@acme.example"),
        user(&of("Japan"), "sales@acme-apac.example"),
        entry(&of("Germany"), "DACH__Desk"),
        entry(&of("Austria"), "DACH_Desk"),
        entry("", "Everyone"),
    ]);
    for target in ["rep: sales.acme.example", "rep: sales.acme-apac.example", "pool: dach-desk ", "pool: dach-desk-2 "]
    {
        assert!(yaml.contains(target), "{target}: {yaml}");
    }
    assert_eq!(notes.len(), 3, "each new name is told: {notes:?}");
}

#[test]
fn rules_of_cases_are_refused_and_of_two_active_ones_the_other_is_told() {
    let cases = rule(&entry(&criteria(&[("X", "equals", "Phone")]), "Tier_2").replace("Lead.X", "Case.Origin"));
    let why = import(&cases).expect_err("no leads");
    assert!(why.starts_with("line 2: Case.Origin is a field of cases"), "{why}");
    let second = "<assignmentRule><fullName>Second</fullName><active>true</active></assignmentRule></AssignmentRules>";
    let two = rule(&entry("", "Everyone")).replace("</AssignmentRules>", second);
    let notes = import(&two).expect("rules").notes;
    assert!(notes[0].found.contains("\"Second\" was left out: it says it is active too"), "{notes:?}");
}

#[test]
fn fields_that_a_call_does_not_bring_are_listed_with_their_types() {
    let list = [("Status", "equals", "Open"), ("Seats__c", "lessThan", "20"), ("Vip__c", "equals", "True")];
    let (yaml, notes) = written(&[entry(&criteria(&list), "Desk"), entry("", "Rest")]);
    let declared = "fields:\n  lead.custom.seats: { type: number }\n  lead.custom.status: { type: text }\n  lead.custom.vip: { type: flag }\n";
    assert!(yaml.contains(declared), "{yaml}");
    let wanted =
        ["Lead.Seats__c", "Lead.Status", "Lead.Vip__c"].map(|field| format!("2: {field} is no field of a call"));
    assert_eq!(notes, wanted);
}
