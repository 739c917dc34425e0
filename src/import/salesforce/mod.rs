//! Salesforce lead assignment rules (metadata type `AssignmentRules`) as routes of `rules/routing.yaml`.
//!
//! Entries keep their order, since the first that holds wins there as here. An entry that can be said only in part is not
//! said at all: it stands as a comment where it would be, with what is missing, because half a condition takes leads that
//! are not its own. What no lead reaches there, after an entry that takes everything, is a comment too. An entry that names
//! nobody ends the search there; here it leads to the catch-all.

mod criteria;
mod fields;
mod formula;
mod said;
mod states;
mod values;

use super::{Imported, RepIds, comment, rep_slug, slug, yaml_text};
use criteria::{Asked, Criterion};
use fields::{Fields, Kind};
use roxmltree::{Document, Node};
use said::{Said, Speaker};
use states::States;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const PATH: &str = "rules/routing.yaml";

struct Entry {
    line: u32,
    /// `None`: takes everything.
    asked: Option<Result<Asked, String>>,
    /// The entry as it was, for people.
    was: String,
    to: Result<To, String>,
}

/// Names of theirs.
#[derive(Clone)]
enum To {
    Queue(String),
    User(String),
    /// Nobody is assigned, and no later entry is asked.
    Stop,
}

/// # Errors
/// The text is no XML, or holds no assignment rule of leads.
pub fn import(text: &str) -> Result<Imported, String> {
    let document = Document::parse(text).map_err(|error| format!("reading XML: {error}"))?;
    let rules: Vec<Node> = children(document.root_element(), "assignmentRule").collect();
    let active = |rule: &Node| child_text(*rule, "active") == "true";
    let Some(rule) = rules.iter().find(|rule| active(rule)).or_else(|| rules.first()).copied() else {
        return Err(
            "no <assignmentRule>: expected the metadata of AssignmentRules, such as Lead.assignmentRules-meta.xml"
                .to_owned(),
        );
    };
    let mut imported = Imported::default();
    let name = child_text(rule, "fullName");
    imported.told.push(format!("assignment rule {name:?}, {}", if active(&rule) { "active" } else { "not active" }));
    for other in rules.iter().filter(|other| other.id() != rule.id()) {
        let why = if active(other) { "it says it is active too, and the first was taken" } else { "it is not active" };
        let todo = "import it into a folder of its own if it is wanted";
        imported.note(line(*other), format!("rule {:?} was left out: {why}", child_text(*other, "fullName")), todo);
    }
    let nodes: Vec<Node> = children(rule, "ruleEntry").collect();
    for node in &nodes {
        let template = child_text(*node, "template");
        if !template.is_empty() {
            let todo = "the mail to the new owner is a template of Baton: see templates/";
            imported.note(line(*node), format!("e-mail template {template}"), todo);
        }
    }
    let entries: Vec<Entry> = nodes.into_iter().map(entry).collect();
    let yaml = routing(&entries, &mut imported)?;
    imported.files.push((PATH, yaml));
    Ok(imported)
}

fn entry(node: Node) -> Entry {
    Entry { line: line(node), asked: criteria::of_entry(node), was: criteria::in_words(node), to: target(node) }
}

fn target(node: Node) -> Result<To, String> {
    let to = child_text(node, "assignedTo");
    match child_text(node, "assignedToType").as_str() {
        _ if to.is_empty() => Ok(To::Stop),
        "Queue" if !queue_slug(&to).is_empty() => Ok(To::Queue(to)),
        "User" if !rep_slug(&to).is_empty() => Ok(To::User(to)),
        kind => Err(format!("assigned to {to:?} of type {kind:?}; a queue or a user can be said")),
    }
}

fn routing(entries: &[Entry], imported: &mut Imported) -> Result<String, String> {
    let mut criteria: Vec<&Criterion> = Vec::new();
    for asked in entries.iter().filter_map(|entry| entry.asked.as_ref()?.as_ref().ok()) {
        asked.each_test(&mut |criterion| criteria.push(criterion));
    }
    let fields = fields::of(criteria.iter().copied())?;
    let states: Vec<String> = criteria
        .iter()
        .filter(|criterion| fields[&fields::name(&criterion.field)].kind == Kind::State)
        .flat_map(|criterion| values::of(criterion))
        .collect();
    let states = States::of(states.iter().map(String::as_str));
    let mut speaker = Speaker { fields: &fields, states: &states, notes: Vec::new() };
    let names = Names::of(entries, imported);
    let mut page = Page::default();
    for (number, entry) in (1u32..).zip(entries) {
        if let Some(end) = page.ended {
            page.leave_out(number, entry, &format!("never reached: entry {end} takes whatever comes to it"), imported);
            continue;
        }
        let said = match &entry.asked {
            None => Ok(Said::Always),
            Some(Ok(asked)) => speaker.say(asked),
            Some(Err(why)) => Err(why.clone()),
        };
        match (said, &entry.to) {
            (Ok(Said::Always), Ok(to)) => page.end(number, to, entry, imported),
            (Ok(said), Ok(to)) => page.route(number, entry, said, to),
            (Err(why), _) => page.leave_out(number, entry, &why, imported),
            (_, Err(why)) => page.leave_out(number, entry, why, imported),
        }
    }
    imported.notes.extend(speaker.notes.into_iter().map(|(line, found, todo)| super::Note { line, found, todo }));
    let written = page.written();
    for field in fields.values().filter(|field| field.custom && written.contains(&field.path)) {
        let todo = format!(
            "let the voice agent send it as data.{}, or take the route away",
            field.path.trim_start_matches("lead.")
        );
        imported.note(field.line, format!("{} is no field of a call", field.theirs), todo);
    }
    Ok(page.yaml(entries, &fields, &names, imported))
}

/// Ours for theirs: two queues or people stay two, whatever they are called.
struct Names {
    queues: BTreeMap<String, String>,
    users: RepIds,
}

impl Names {
    fn of(entries: &[Entry], imported: &mut Imported) -> Self {
        let targets = || entries.iter().filter_map(|entry| Some((entry.line, entry.to.as_ref().ok()?)));
        let users = targets().filter_map(|(_, to)| match to {
            To::User(theirs) => Some(theirs.as_str()),
            To::Queue(_) | To::Stop => None,
        });
        let mut names = Self { queues: BTreeMap::new(), users: RepIds::of(users) };
        let mut told = BTreeSet::new();
        for (line, to) in targets() {
            match to {
                To::Queue(theirs) if !names.queues.contains_key(theirs) => {
                    let plain = queue_slug(theirs);
                    let taken: BTreeSet<&String> = names.queues.values().collect();
                    let mut numbered = (2u32..).map(|number| format!("{plain}-{number}"));
                    let ours = if taken.contains(&plain) {
                        numbered.find(|name| !taken.contains(name)).expect("numbers do not end")
                    } else {
                        plain.clone()
                    };
                    if ours != plain {
                        let found = format!("queue {theirs:?} is pool {ours:?}: another queue is {plain:?} already");
                        imported.note(line, found, "rename the pool if you like");
                    }
                    names.queues.insert(theirs.clone(), ours);
                }
                To::User(theirs) if names.users.is_shared(theirs) && told.insert(theirs.to_lowercase()) => {
                    let found = format!(
                        "user {theirs:?} is rep {:?}: somebody else's address begins alike",
                        names.users.get(theirs)
                    );
                    imported.note(line, found, "give the rep this id in rules/reps.csv");
                }
                To::Queue(_) | To::User(_) | To::Stop => {}
            }
        }
        names
    }

    fn user(&self, theirs: &str) -> &str {
        self.users.get(theirs)
    }
}

fn queue_slug(theirs: &str) -> String {
    slug(&theirs.replace('_', " "), '-')
}

/// What becomes of the entries, in their order.
#[derive(Default)]
struct Page {
    lines: Vec<Written>,
    said: u32,
    /// The entry that takes everything, and whom it gives it.
    ended: Option<u32>,
    catch_all: Option<To>,
}

enum Written {
    Route { number: u32, line: u32, said: Said, to: To },
    Comment(String),
}

impl Page {
    fn end(&mut self, number: u32, to: &To, entry: &Entry, imported: &mut Imported) {
        self.said += 1;
        self.ended = Some(number);
        if matches!(to, To::Stop) {
            imported.note(
                entry.line,
                format!("entry {number} takes whatever is left, and gives it to nobody"),
                "name the pool that takes it as catch_all; \"catch-all\" stands there",
            );
        }
        self.catch_all = Some(to.clone());
    }

    fn route(&mut self, number: u32, entry: &Entry, said: Said, to: &To) {
        self.said += 1;
        self.lines.push(Written::Route { number, line: entry.line, said, to: to.clone() });
    }

    fn leave_out(&mut self, number: u32, entry: &Entry, why: &str, imported: &mut Imported) {
        let (line, was) = (entry.line, comment(&entry.was));
        self.lines.push(Written::Comment(format!("  # entry {number}, line {line}: {}\n  #   {was}\n", comment(why))));
        let todo = if self.ended.is_some() {
            "put it before that entry if it should count; it stands as a comment"
        } else {
            "write this route by hand; it stands as a comment"
        };
        imported.note(line, format!("entry {number}: {why}"), todo);
    }

    /// Paths of the fields that routes ask for.
    fn written(&self) -> BTreeSet<String> {
        let routes = self.lines.iter().filter_map(|line| match line {
            Written::Route { said, .. } => Some(said),
            Written::Comment(_) => None,
        });
        let mut paths = BTreeSet::new();
        routes.for_each(|said| {
            said.each_path(&mut |path| {
                paths.insert(path.to_owned());
            });
        });
        paths
    }

    fn yaml(&self, entries: &[Entry], fields: &Fields, names: &Names, imported: &mut Imported) -> String {
        let mut pools: BTreeMap<String, String> = BTreeMap::new();
        for ours in names.queues.values() {
            pools.insert(ours.clone(), format!("{{ team: {ours} }}"));
            let todo = format!("give them the team {ours} in rules/reps.csv");
            imported.note(1, format!("the members of queue {ours:?} are not in this file"), todo);
        }
        let catch_all = self.catch_all(entries, names, &mut pools, imported);
        let written = self.written();
        let custom: Vec<_> = fields.values().filter(|field| field.custom && written.contains(&field.path)).collect();
        let mut yaml =
            "# Made of Salesforce assignment rules. Each queue is a pool; its members are the reps whose team in reps.csv has\n\
                        # the pool's name. Read every route once: `baton check` tells what is missing, `baton diff` what a change does.\n\
                        version: 1\n"
                .to_owned();
        if !custom.is_empty() {
            yaml.push_str("fields:\n");
            custom.iter().for_each(|field| {
                let _ = writeln!(yaml, "  {}: {{ type: {} }}", field.path, field.kind.declared());
            });
        }
        yaml.push_str("ownership: []\ntiers:\n  - name: all\npools:\n");
        for (name, members) in &pools {
            let _ = writeln!(yaml, "  - name: {name}\n    members: {members}");
        }
        let routed = self.lines.iter().any(|line| matches!(line, Written::Route { .. }));
        yaml.push_str(if routed { "routes:\n" } else { "routes: []\n" });
        for line in &self.lines {
            match line {
                Written::Comment(text) => yaml.push_str(text),
                Written::Route { number, line, said, to } => {
                    let (name, target) = match to {
                        To::Queue(queue) => {
                            (format!("{number} to {}", names.queues[queue]), to_pool(&names.queues[queue]))
                        }
                        To::User(user) => {
                            (format!("{number} to {}", names.user(user)), format!("rep: {}", names.user(user)))
                        }
                        To::Stop => (format!("{number} nobody assigned"), to_pool(&catch_all)),
                    };
                    route(&mut yaml, &name, *line, said, &target);
                }
            }
        }
        let _ = writeln!(yaml, "catch_all: {{ pool: {catch_all} }}");
        let told = format!("{} of {} entries can be said as routes, {} pools", self.said, entries.len(), pools.len());
        imported.told.push(told);
        yaml
    }

    /// The pool that takes what is left. A user stays a user: a pool of one.
    fn catch_all(
        &self,
        entries: &[Entry],
        names: &Names,
        pools: &mut BTreeMap<String, String>,
        imported: &mut Imported,
    ) -> String {
        let other = |wanted: &str, pools: &BTreeMap<String, String>| {
            let taken = pools.contains_key(wanted);
            if taken { format!("{wanted}-only") } else { wanted.to_owned() }
        };
        match &self.catch_all {
            Some(To::Queue(queue)) => names.queues[queue].clone(),
            Some(To::User(user)) => {
                let rep = names.user(user);
                let name = other(rep, pools);
                pools.insert(name.clone(), format!("[{rep}]"));
                name
            }
            Some(To::Stop) | None => {
                if self.catch_all.is_none() {
                    let line = entries.last().map_or(1, |entry| entry.line);
                    let todo = "name the pool that takes it as catch_all; \"catch-all\" stands there";
                    imported.note(line, "no last entry takes what is left", todo);
                }
                let name = other("catch-all", pools);
                pools.insert(name.clone(), format!("{{ team: {name} }}"));
                let todo = format!("give them the team {name} in rules/reps.csv");
                imported.note(1, format!("the members of pool {name:?} are not in this file"), todo);
                name
            }
        }
    }
}

fn to_pool(pool: &str) -> String {
    format!("pool: {pool}")
}

fn route(yaml: &mut String, name: &str, line: u32, said: &Said, target: &str) {
    let _ = writeln!(yaml, "  - name: {} # line {line}", yaml_text(name));
    match said {
        Said::All(parts) if distinct(parts) => parts.iter().for_each(|part| {
            let _ = writeln!(yaml, "    {}", part.flow());
        }),
        one => {
            let _ = writeln!(yaml, "    {}", one.flow());
        }
    }
    let _ = writeln!(yaml, "    to: {{ {target} }}");
}

/// No key twice, so that the parts may stand side by side in one map.
fn distinct(parts: &[Said]) -> bool {
    let keys: BTreeSet<&str> = parts.iter().map(Said::key).collect();
    keys.len() == parts.len()
}

fn children<'a, 'x: 'a>(node: Node<'a, 'x>, name: &'static str) -> impl Iterator<Item = Node<'a, 'x>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn child_text(node: Node, name: &'static str) -> String {
    children(node, name).next().and_then(|child| child.text()).map_or_else(String::new, |text| text.trim().to_owned())
}

fn line(node: Node) -> u32 {
    node.document().text_pos_at(node.range().start).row
}

#[cfg(test)]
mod tests {
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
        let items =
            criteria(&[("Country", "equals", "Spain"), ("City", "equals", "Vigo"), ("Title", "contains", "VP")]);
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
        for target in
            ["rep: sales.acme.example", "rep: sales.acme-apac.example", "pool: dach-desk ", "pool: dach-desk-2 "]
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
        let second =
            "<assignmentRule><fullName>Second</fullName><active>true</active></assignmentRule></AssignmentRules>";
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
}
