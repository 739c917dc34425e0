//! The fields that this workspace may test, the values they may have (what catches `Sofware`), and its segments.

use crate::rules::fault::{Faults, Word, did_you_mean, listed, quoted};
use crate::rules::files::segments::Segments;
use crate::rules::files::yaml::Node;
use crate::rules::model::field::{BUILT_IN, FieldKind, closed_list, counted};
use crate::rules::words::{place, postal};
use std::collections::BTreeMap;

pub(crate) const KINDS: [(&str, FieldKind); 4] =
    [("text", FieldKind::Text), ("number", FieldKind::Number), ("flag", FieldKind::Flag), ("date", FieldKind::Date)];

/// What a field may hold.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDef {
    pub kind: FieldKind,
    /// Empty: any value.
    pub one_of: Vec<String>,
}

/// The words that conditions may use.
pub(crate) struct Vocabulary {
    fields: BTreeMap<String, FieldDef>,
    /// What the CRM calls fields of accounts that have a name of the rules' own, by that name without `account.`.
    pub crm_names: BTreeMap<String, String>,
    pub segments: Segments,
}

impl Vocabulary {
    /// The built-in fields and what `fields:` declares.
    pub(crate) fn read(node: Option<&Node>, faults: &mut Faults) -> Self {
        let one_of =
            |path: &str| -> Vec<String> { closed_list(path).into_iter().flatten().map(str::to_owned).collect() };
        let built_in =
            BUILT_IN.iter().map(|(path, kind)| ((*path).to_owned(), FieldDef { kind: *kind, one_of: one_of(path) }));
        let of_account =
            counted().map(|(name, kind)| (format!("{OF_ACCOUNT}{name}"), FieldDef { kind, one_of: Vec::new() }));
        let fields = built_in.chain(of_account).collect();
        let mut vocabulary = Self { fields, crm_names: BTreeMap::new(), segments: Segments::default() };
        if let Some(node) = node {
            for (path, spec) in node.map(faults) {
                vocabulary.declare(path, spec, faults);
            }
        }
        vocabulary
    }

    pub(crate) fn get(&self, path: &str) -> Option<&FieldDef> {
        self.fields.get(path)
    }

    /// By path, such as `lead.custom.seats`.
    pub(crate) fn into_fields(self) -> BTreeMap<String, FieldDef> {
        self.fields
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> + Clone {
        self.fields.keys().map(String::as_str)
    }

    fn declare(&mut self, path: &Word, node: &Node, faults: &mut Faults) {
        let mut section = node.section(faults);
        let kind = section.get("type").and_then(|node| node.word(faults));
        let kind = kind.and_then(|word| Some((faults.choice(&word, "field-unknown-type", &KINDS)?, word)));
        let one_of = section.get("one_of").map(|node| node.words(faults)).unwrap_or_default();
        let from = section.get("from").and_then(|node| node.word(faults));
        let crm_field = section.get("crm_field").and_then(|node| node.word(faults));
        section.finish(faults);
        if let Some(crm_field) = crm_field {
            self.call_in_crm(path, crm_field, faults);
        }
        if let Some(from) = from
            && !(from.text == "crm" && path.text.starts_with(OF_ACCOUNT))
        {
            faults
                .error("field-bad-from", from.at, quoted(&from.text), "crm, for fields that begin with account.")
                .hint(Some("delete from: other fields come with the event".to_owned()));
        }
        let known = self.fields.get(&path.text).map(|spec| spec.kind);
        if let (Some(known), Some((kind, word))) = (known, &kind)
            && known != *kind
            && !(known == FieldKind::Whole && *kind == FieldKind::Number)
        {
            let allowed = format!("{}, which {} always is", known.in_words(), path.text);
            faults
                .error("field-other-type", word.at, quoted(&word.text), allowed)
                .hint(Some("delete type, or declare a field of your own (lead.custom.NAME)".to_owned()));
        }
        if known.is_none() && !is_declarable(&path.text) {
            let allowed = "a built-in field, lead.custom.NAME or account.NAME";
            let hint = did_you_mean(&path.text, BUILT_IN.iter().map(|(path, _)| *path));
            faults.error("field-unknown", path.at, quoted(&path.text), allowed).hint(hint);
            return;
        }
        let kind = known.or(kind.map(|(kind, _)| kind)).unwrap_or(FieldKind::Text);
        if let (Some(first), false) = (one_of.first(), kind == FieldKind::Text) {
            let found = format!("a list of values for {}, which is {}", path.text, kind.in_words());
            faults
                .error("field-values-not-text", first.at, found, "one_of for fields of type text")
                .hint(Some("delete one_of, or make it type: text".to_owned()));
        }
        let mut one_of: Vec<String> = one_of.into_iter().map(|word| word.text).collect();
        if one_of.is_empty() {
            one_of.extend(closed_list(&path.text).into_iter().flatten().map(str::to_owned));
        }
        self.fields.insert(path.text.clone(), FieldDef { kind, one_of });
    }

    /// The field is the CRM's, which calls it otherwise.
    fn call_in_crm(&mut self, path: &Word, crm_field: Word, faults: &mut Faults) {
        let own = path.text.strip_prefix(OF_ACCOUNT);
        let is_counted = own.is_some_and(|own| counted().any(|(name, _)| name == own));
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let (allowed, hint) = match own {
            Some(own) if !is_counted && is_name(&crm_field.text) => {
                self.crm_names.insert(own.to_owned(), crm_field.text);
                return;
            }
            Some(_) if is_counted => (
                "nothing: it is counted, and no field of the CRM's".to_owned(),
                "delete crm_field, or call the field otherwise",
            ),
            Some(_) => (
                "the API name of a field, such as Lifetime_Value__c or total_revenue".to_owned(),
                "look it up in the CRM's settings",
            ),
            None => (
                format!("crm_field for fields that begin with {OF_ACCOUNT}"),
                "delete crm_field: other fields come with the event",
            ),
        };
        faults.error("field-bad-from", crm_field.at, quoted(&crm_field.text), allowed).hint(Some(hint.to_owned()));
    }

    /// A text value of the field as it should be compared: its code, its spelling in the list of values, or as written.
    pub(crate) fn text(&self, path: &str, word: &Word, faults: &mut Faults) -> Option<String> {
        match path {
            "lead.country" => country(word, "value-unknown-country", faults).map(str::to_owned),
            "lead.state" => {
                let found = place::state_anywhere(word.text.trim());
                if found.is_none() {
                    let allowed = "the name or code of a part of a country, such as California or CA";
                    let hint = faults.did_you_mean(&word.text, place::state_names_anywhere());
                    faults.error("value-unknown-state", word.at, quoted(&word.text), allowed).hint(hint);
                }
                found
            }
            "lead.postal" => Some(postal::plain(&word.text)),
            "lead.language" => faults.language(word, "value-bad-language", "a language code such as en"),
            _ => self.one_of(path, word, "value-unknown", faults),
        }
    }

    /// The value as the field's list spells it; anything if it has no list.
    pub(crate) fn one_of(&self, path: &str, word: &Word, code: &'static str, faults: &mut Faults) -> Option<String> {
        let names = self.fields.get(path).map(|spec| spec.one_of.as_slice()).unwrap_or_default();
        let wanted = word.text.to_lowercase();
        let found = names.iter().find(|name| name.to_lowercase() == wanted);
        if names.is_empty() || found.is_some() {
            return Some(found.unwrap_or(&word.text).clone());
        }
        let names = names.iter().map(String::as_str);
        let allowed = format!("a value of {path}: {}", listed(names.clone()));
        let hint = faults.did_you_mean(&word.text, names);
        faults.error(code, word.at, quoted(&word.text), allowed).hint(hint);
        None
    }
}

/// What the path of an account's field begins with.
const OF_ACCOUNT: &str = "account.";

fn is_declarable(path: &str) -> bool {
    let name = path.strip_prefix("lead.custom.").or_else(|| path.strip_prefix(OF_ACCOUNT));
    name.is_some_and(|name| !name.is_empty() && !name.contains(char::is_whitespace))
}

/// ISO code of a country that is written as name or code.
pub(crate) fn country(word: &Word, code: &'static str, faults: &mut Faults) -> Option<&'static str> {
    let found = place::country(&word.text);
    if found.is_none() {
        let hint = faults.did_you_mean(&word.text, place::country_names());
        let allowed = "an ISO 3166 code such as DE, or a country's English name";
        faults.error(code, word.at, quoted(&word.text), allowed).hint(hint);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::files::yaml;

    fn vocabulary(text: &str) -> (Vocabulary, Vec<String>) {
        let mut faults = Faults::default();
        let node = yaml::parse("rules/routing.yaml", text, &mut faults);
        let vocabulary = Vocabulary::read(node.as_ref(), &mut faults);
        (vocabulary, faults.places())
    }

    #[test]
    fn declared_fields_join_the_built_in_ones() {
        let (vocabulary, faults) = vocabulary(
            "lead.industry: { one_of: [Software] }\nlead.custom.ends: { type: date }\naccount.tier__c: { from: crm }\n",
        );
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(
            vocabulary.get("lead.industry"),
            Some(&FieldDef { kind: FieldKind::Text, one_of: vec!["Software".into()] })
        );
        assert_eq!(vocabulary.get("lead.custom.ends").map(|spec| spec.kind), Some(FieldKind::Date));
        assert_eq!(vocabulary.get("account.tier__c").map(|spec| spec.kind), Some(FieldKind::Text));
        assert_eq!(vocabulary.get("lead.employees").map(|spec| spec.kind), Some(FieldKind::Whole));
        assert_eq!(vocabulary.get("lead.custom.other"), None);
    }

    #[test]
    fn a_field_of_the_crm_may_have_a_name_of_our_own_and_what_is_counted_has_one() {
        let (declared, faults) = vocabulary(
            "account.lifetime_value: { type: number, from: crm, crm_field: Lifetime_Value__c }\n\
             account.open_cases: { crm_field: Cases__c }\naccount.tier: { crm_field: Tier c }\n\
             lead.custom.ends: { type: date, crm_field: Ends__c }\n",
        );
        assert_eq!(faults, ["2:34 field-bad-from", "3:28 field-bad-from", "4:44 field-bad-from"]);
        let named = BTreeMap::from([("lifetime_value".to_owned(), "Lifetime_Value__c".to_owned())]);
        assert_eq!(declared.crm_names, named);
        let (undeclared, _) = vocabulary("");
        let kind = |path: &str| undeclared.get(path).map(|spec| spec.kind);
        assert_eq!(kind("account.open_opportunities"), Some(FieldKind::Whole));
        assert_eq!((kind("account.oldest_open_case"), kind("account.lifetime_value")), (Some(FieldKind::Date), None));
    }

    #[test]
    fn a_closed_list_catches_what_is_misspelt_unless_another_is_declared() {
        let told = |declared: &str, path: &str, text: &str| {
            let (vocabulary, _) = vocabulary(declared);
            let mut faults = Faults::default();
            let at = crate::rules::fault::At::start_of("rules/routing.yaml");
            let read = vocabulary.text(path, &Word { text: text.to_owned(), at }, &mut faults);
            (read, faults.count())
        };
        assert_eq!(told("", "lead.tone", "Frustrated"), (Some("frustrated".to_owned()), 0));
        assert_eq!(told("lead.tone: { type: text }", "lead.tone", "frustated"), (None, 1));
        assert_eq!(told("", "lead.channel", "from"), (None, 1));
        assert_eq!(told("lead.channel: { one_of: [form, fax] }", "lead.channel", "fax"), (Some("fax".to_owned()), 0));
    }

    #[test]
    fn every_fault_of_a_declaration_is_told() {
        let (_, faults) = vocabulary(
            "lead.custm.ends: { type: date }\nlead.custom.a: { type: dat }\nlead.custom.b: { from: crm }\n\
             lead.score: { type: text }\nlead.employees: { one_of: [1, 2] }\nlead.title: { oneof: [CEO] }\n",
        );
        let expected = [
            "1:1 field-unknown",
            "2:24 field-unknown-type",
            "3:24 field-bad-from",
            "4:21 field-other-type",
            "5:28 field-values-not-text",
            "6:15 key-unknown",
        ];
        assert_eq!(faults, expected);
    }
}
