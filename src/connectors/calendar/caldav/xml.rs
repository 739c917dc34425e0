//! What WebDAV and CalDAV ask and answer in XML (RFC 4918, 4791, 6578). Prefixes and addresses are read as they are meant, not as
//! one server spells them; a document type, which could blow a text up, is refused by the reader.

use crate::connectors::calendar::ical::zone_of;
use baton_core::domain::zone::Zone;
use chrono::{DateTime, Utc};
use roxmltree::{Document, Node, ParsingOptions};
use std::collections::BTreeSet;

const DAV: &str = "DAV:";
const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
/// An answer of 4 MiB has a fifth of it.
const NODES: u32 = 1_000_000;

/// One answer of several.
#[derive(Default)]
pub(super) struct Response {
    /// As it was written.
    pub href: String,
    /// Of the resource, where the answer has one instead of properties.
    pub status: Option<u16>,
    pub etag: Option<String>,
    pub data: Option<String>,
    pub name: Option<String>,
    pub principal: Option<String>,
    pub homes: Vec<String>,
    /// `mailto:` addresses of a principal, without that.
    pub mail: Option<String>,
    pub is_calendar: bool,
    /// `None`: it does not say.
    pub reports: Option<BTreeSet<String>>,
    /// `None`: it does not say.
    pub takes_events: Option<bool>,
    pub zone: Option<Zone>,
}

pub(super) struct Multistatus {
    pub responses: Vec<Response>,
    pub sync_token: Option<String>,
}

impl Multistatus {
    /// `None`: it is no such answer.
    pub(super) fn read(text: &str) -> Option<Self> {
        let options = ParsingOptions { nodes_limit: NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text.trim_start_matches('\u{feff}'), options).ok()?;
        let root = document.root_element();
        if !root.has_tag_name((DAV, "multistatus")) {
            return None;
        }
        let responses = children(root, DAV, "response").filter_map(response).collect();
        Some(Self { responses, sync_token: child(root, DAV, "sync-token").map(text_of) })
    }
}

fn response(node: Node<'_, '_>) -> Option<Response> {
    let mut told = Response { href: text_of(child(node, DAV, "href")?), ..Response::default() };
    told.status = child(node, DAV, "status").and_then(status);
    for propstat in children(node, DAV, "propstat") {
        // What is asked for and not there has a status of its own.
        if child(propstat, DAV, "status").and_then(status).is_some_and(|status| !(200..300).contains(&status)) {
            continue;
        }
        for property in children(propstat, DAV, "prop").flat_map(|prop| prop.children().filter(Node::is_element)) {
            told.takes(property);
        }
    }
    Some(told)
}

impl Response {
    fn takes(&mut self, property: Node<'_, '_>) {
        let name = property.tag_name();
        let hrefs = || children(property, DAV, "href").map(text_of);
        match (name.namespace().unwrap_or_default(), name.name()) {
            (DAV, "getetag") => self.etag = Some(text_of(property)),
            (DAV, "displayname") => self.name = Some(text_of(property)).filter(|name| !name.is_empty()),
            (DAV, "current-user-principal") => self.principal = hrefs().next(),
            (DAV, "resourcetype") => self.is_calendar = child(property, CALDAV, "calendar").is_some(),
            (DAV, "supported-report-set") => {
                let reports = property.descendants().filter(|node| node.has_tag_name((DAV, "report")));
                let named = reports.flat_map(|report| report.children().filter(Node::is_element));
                self.reports = Some(named.map(|node| node.tag_name().name().to_owned()).collect());
            }
            (CALDAV, "calendar-data") => self.data = Some(text_of(property)),
            (CALDAV, "calendar-home-set") => self.homes = hrefs().collect(),
            (CALDAV, "calendar-user-address-set") => {
                self.mail = hrefs().find_map(|href| href.strip_prefix("mailto:").map(str::to_owned));
            }
            (CALDAV, "calendar-timezone") => self.zone = zone_of(&text_of(property)),
            (CALDAV, "supported-calendar-component-set") => {
                let mut kinds = children(property, CALDAV, "comp").filter_map(|comp| comp.attribute("name"));
                self.takes_events = Some(kinds.any(|kind| kind.eq_ignore_ascii_case("VEVENT")));
            }
            _ => {}
        }
    }
}

fn children<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.has_tag_name((namespace, name)))
}

fn child<'a, 'i: 'a>(node: Node<'a, 'i>, namespace: &'static str, name: &'static str) -> Option<Node<'a, 'i>> {
    children(node, namespace, name).next()
}

fn text_of(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text).filter_map(|text| text.text());
    texts.collect::<String>().trim().to_owned()
}

/// `HTTP/1.1 404 Not Found`.
fn status(node: Node<'_, '_>) -> Option<u16> {
    text_of(node).split_whitespace().nth(1)?.parse().ok()
}

/// What is asked of collections and principals.
const PROPERTIES: &str = "<d:resourcetype/><d:displayname/><d:current-user-principal/><d:supported-report-set/>\
    <c:calendar-home-set/><c:calendar-user-address-set/><c:supported-calendar-component-set/><c:calendar-timezone/>";

fn document(root: &str, inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><{root} xmlns:d=\"DAV:\" \
         xmlns:c=\"urn:ietf:params:xml:ns:caldav\">{inside}</{root}>"
    )
}

pub(super) fn propfind() -> String {
    document("d:propfind", &format!("<d:prop>{PROPERTIES}</d:prop>"))
}

/// What has changed since this token; without one, all. Never limited: one server loses what lies beyond.
pub(super) fn sync(token: Option<&str>) -> String {
    let token = escaped(token.unwrap_or_default());
    let inside =
        format!("<d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop>");
    document("d:sync-collection", &inside)
}

pub(super) fn multiget(hrefs: &[String]) -> String {
    let hrefs: String = hrefs.iter().map(|href| format!("<d:href>{}</d:href>", escaped(href))).collect();
    document("c:calendar-multiget", &format!("<d:prop><d:getetag/><c:calendar-data/></d:prop>{hrefs}"))
}

pub(super) fn between(from: DateTime<Utc>, until: DateTime<Utc>) -> String {
    events(&range(from, until))
}

pub(super) fn with_uid(uid: &str) -> String {
    let uid = escaped(uid);
    events(&format!(
        "<c:prop-filter name=\"UID\"><c:text-match collation=\"i;octet\">{uid}</c:text-match></c:prop-filter>"
    ))
}

fn events(filter: &str) -> String {
    let inside = format!(
        "<d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter><c:comp-filter name=\"VCALENDAR\">\
         <c:comp-filter name=\"VEVENT\">{filter}</c:comp-filter></c:comp-filter></c:filter>"
    );
    document("c:calendar-query", &inside)
}

pub(super) fn free_busy(from: DateTime<Utc>, until: DateTime<Utc>) -> String {
    document("c:free-busy-query", &range(from, until))
}

fn range(from: DateTime<Utc>, until: DateTime<Utc>) -> String {
    let (from, until) = (from.format("%Y%m%dT%H%M%SZ"), until.format("%Y%m%dT%H%M%SZ"));
    format!("<c:time-range start=\"{from}\" end=\"{until}\"/>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
