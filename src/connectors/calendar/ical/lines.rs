//! Text of iCalendar (RFC 5545 §3.1) taken apart: lines unfolded, properties with their parameters, components within each other.

/// VCALENDAR, VEVENT, VALARM, and room for what nobody has thought of.
const DEPTH: usize = 8;
/// A feed of ten years of a busy person has a quarter of it.
const COMPONENTS: usize = 60_000;

/// What is asked of a component; whatever else it says, descriptions before all, is not kept.
const KEPT: [&str; 23] = [
    "ATTENDEE",
    "CATEGORIES",
    "DTEND",
    "DTSTART",
    "DURATION",
    "EXDATE",
    "EXRULE",
    "FREEBUSY",
    "ORGANIZER",
    "RDATE",
    "RECURRENCE-ID",
    "RRULE",
    "SEQUENCE",
    "STATUS",
    "SUMMARY",
    "TRANSP",
    "TZID",
    "TZOFFSETFROM",
    "TZOFFSETTO",
    "UID",
    "X-LIC-LOCATION",
    "X-MICROSOFT-CDO-BUSYSTATUS",
    "X-WR-TIMEZONE",
];

/// Each property on a line of its own, without line breaks of Windows. A fold may lie within a character, so that it is taken out
/// of the bytes; what is no UTF-8 then is replaced.
pub(in crate::connectors::calendar) fn unfolded(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let ends = match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
            b'\r' | b'\n' => 1,
            _ => 0,
        };
        match (ends, bytes.get(at + ends)) {
            (0, _) => {
                out.push(bytes[at]);
                at += 1;
            }
            (_, Some(b' ' | b'\t')) => at += ends + 1,
            _ => {
                out.push(b'\n');
                at += ends;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `NAME;PARAM=value:value`.
pub(in crate::connectors::calendar) struct Property<'t> {
    /// In capitals.
    pub name: String,
    params: &'t str,
    pub value: &'t str,
}

impl<'t> Property<'t> {
    /// `None`: there is no colon outside of quotes.
    pub(in crate::connectors::calendar) fn of(line: &'t str) -> Option<Self> {
        let mut quoted = false;
        let colon = line.find(|c: char| {
            quoted ^= c == '"';
            c == ':' && !quoted
        })?;
        let (head, value) = (&line[..colon], &line[colon + 1..]);
        let (name, params) = head.split_once(';').unwrap_or((head, ""));
        Some(Self { name: name.trim().to_ascii_uppercase(), params, value })
    }

    /// Without its quotes.
    pub(super) fn param(&self, name: &str) -> Option<&'t str> {
        let mut quoted = false;
        let parts = self.params.split(move |c: char| {
            quoted ^= c == '"';
            c == ';' && !quoted
        });
        let mut pairs = parts.filter_map(|part| part.split_once('='));
        pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().trim_matches('"'))
    }

    pub(super) fn is(&self, value: &str) -> bool {
        self.value.trim().eq_ignore_ascii_case(value)
    }
}

#[derive(Default)]
pub(super) struct Component<'t> {
    /// In capitals.
    pub name: String,
    properties: Vec<Property<'t>>,
    pub children: Vec<Component<'t>>,
}

impl<'t> Component<'t> {
    pub(super) fn all<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c Property<'t>> {
        self.properties.iter().filter(move |property| property.name == name)
    }

    pub(super) fn first(&self, name: &str) -> Option<&Property<'t>> {
        self.properties.iter().find(|property| property.name == name)
    }
}

/// The calendars of a text whose lines are unfolded.
///
/// # Errors
/// It is none, it ends too early, or it is larger or deeper than a calendar of a person is.
pub(super) fn calendars(text: &str) -> Result<Vec<Component<'_>>, String> {
    let mut open: Vec<Component<'_>> = vec![Component::default()];
    let mut count = 0;
    for line in text.lines() {
        let Some(property) = Property::of(line) else { continue };
        if property.name == "BEGIN" {
            count += 1;
            if count > COMPONENTS || open.len() > DEPTH {
                return Err(format!(
                    "it has more than {COMPONENTS} components, or more than {DEPTH} within each other"
                ));
            }
            open.push(Component { name: property.value.trim().to_ascii_uppercase(), ..Component::default() });
        } else if property.name == "END" {
            // One too many closes nothing.
            if open.len() > 1
                && let Some(done) = open.pop()
                && let Some(around) = open.last_mut()
            {
                around.children.push(done);
            }
        } else if KEPT.contains(&property.name.as_str())
            && let Some(inner) = open.last_mut()
        {
            inner.properties.push(property);
        }
    }
    if open.len() > 1 {
        return Err("it ends too early".to_owned());
    }
    let root = open.pop().unwrap_or_default();
    let calendars: Vec<_> = root.children.into_iter().filter(|one| one.name == "VCALENDAR").collect();
    if calendars.is_empty() {
        return Err("it is no iCalendar text".to_owned());
    }
    Ok(calendars)
}
