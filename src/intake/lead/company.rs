//! The company of a lead: its name, place and size.

use crate::intake::normalise;
use crate::intake::reader::{Object, Unread};
use baton_core::domain::known::{Known, Source};
use baton_core::domain::lead::{Company, Headcount};
use baton_core::rules::words::placeholder::is_placeholder;
use baton_core::rules::words::{headcount, place, postal};
use serde_json::Value;

pub(super) fn read(mut company: Object<'_, '_>) -> Company {
    let name = company.known("name", Source::Caller, "a name", normalise::name);
    let domain = company.known("domain", Source::Caller, "a website or domain, such as example.com", normalise::domain);
    let industry = company.known("industry", Source::Caller, "an industry", normalise::name);
    let employees = company.known_value("employees", Source::Caller, EMPLOYEES, employees);
    let country = company.known("country", Source::Caller, "a country's name or ISO 3166-1 code", |text| {
        place::country(text).map(str::to_owned)
    });
    let region = company.known("region", Source::Caller, "a sales region", normalise::name);
    let within = country.as_ref().map(|country| country.value.clone());
    let state = company.known("state", Source::Caller, STATE, |text| place::subdivision(within.as_deref(), text));
    let postal = company.known_digits("postal", Source::Caller, POSTAL, |text| postal::read(within.as_deref(), text));
    let city = company.known("city", Source::Caller, "a city", normalise::name);
    company.finish();
    // "US-CA" alone also says which country.
    let implied = state.as_ref().map(|state| Known::new(state.value.country.to_owned(), Source::Inferred));
    let state = state.map(|state| state.map(|found| found.code.to_owned()));
    Company { name, domain, industry, employees, country: country.or(implied), state, region, postal, city }
}

/// A business address names the company. A shared mail domain does too, to somebody who does not know that it is shared:
/// `routing` does, and leaves it out of matching.
pub(super) fn with_domain_of_email(mut company: Company, email: Option<&Known<String>>) -> Company {
    if company.domain.is_none() {
        let domain = email.and_then(|email| normalise::domain(&email.value));
        company.domain = domain.map(|domain| Known::new(domain, Source::Inferred));
    }
    company
}

/// A number, a text, or both ends of a range as a list.
fn employees(value: &Value) -> Result<Option<Headcount>, Unread> {
    let count = |value: &Value| {
        let whole =
            value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(number));
        // Within u32 after the check, so that the cast keeps the value.
        whole.map(|number| number as u32)
    };
    match value {
        Value::Number(_) => count(value).map(|count| Some(headcount::exactly(count))).ok_or(Unread),
        Value::String(text) if text.trim().is_empty() || is_placeholder(text) => Ok(None),
        Value::String(text) => headcount::parse(text).map(Some).ok_or(Unread),
        Value::Array(ends) => match ends.iter().map(count).collect::<Option<Vec<u32>>>().as_deref() {
            Some([low, high]) if low <= high => Ok(Some(Headcount { at_least: *low, at_most: Some(*high) })),
            _ => Err(Unread),
        },
        _ => Err(Unread),
    }
}

const STATE: &str = "a state's name or ISO 3166-2 code, with company.country";
const EMPLOYEES: &str = "a number or a range, such as 120, \"50-100\" or \"1k+\"";
const POSTAL: &str = "a postal code of 2 to 12 letters and digits, as long as those of company.country are";
