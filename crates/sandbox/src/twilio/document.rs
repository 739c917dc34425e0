//! TwiML, read as strictly as Twilio reads it: verbs and attributes that it does not know are an error.

use std::collections::BTreeMap;
use std::time::Duration;

/// A verb with what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verb {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    pub text: String,
    pub inside: Vec<Verb>,
}

impl Verb {
    /// Empty where it is not given.
    pub(super) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// Verbs, what may be in each, and its attributes.
const KNOWN: [(&str, &[&str], &[&str]); 11] = [
    ("Response", &["Say", "Play", "Pause", "Gather", "Dial", "Redirect", "Hangup"], &[]),
    ("Say", &[], &["language", "voice", "loop"]),
    ("Play", &[], &["loop", "digits"]),
    ("Pause", &[], &["length"]),
    (
        "Gather",
        &["Say", "Play", "Pause"],
        &[
            "input",
            "numDigits",
            "timeout",
            "speechTimeout",
            "hints",
            "language",
            "action",
            "method",
            "actionOnEmptyResult",
            "finishOnKey",
        ],
    ),
    (
        "Dial",
        &["Conference", "Number", "Sip"],
        &["action", "method", "timeout", "callerId", "record", "answerOnBridge"],
    ),
    ("Number", &[], &["url", "method", "statusCallback", "statusCallbackEvent", "statusCallbackMethod"]),
    ("Sip", &[], &["url", "method", "statusCallback", "statusCallbackEvent", "statusCallbackMethod"]),
    (
        "Conference",
        &[],
        &[
            "participantLabel",
            "startConferenceOnEnter",
            "endConferenceOnExit",
            "beep",
            "waitUrl",
            "waitMethod",
            "statusCallback",
            "statusCallbackEvent",
            "statusCallbackMethod",
            "record",
        ],
    ),
    ("Redirect", &[], &["method"]),
    ("Hangup", &[], &[]),
];

/// # Errors
/// What is wrong with it, as the console would tell (12100, 12200).
pub(super) fn read(text: &str) -> Result<Vec<Verb>, String> {
    let text = text.trim();
    let text = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").ok_or("12100: the declaration does not end")?.1,
        None => text,
    };
    let mut rest = text.trim_start();
    let whole = element(&mut rest)?;
    if whole.name != "Response" || !rest.trim().is_empty() {
        return Err(format!("12100: {} is not the one Response", whole.name));
    }
    check(&whole)?;
    Ok(whole.inside)
}

fn check(verb: &Verb) -> Result<(), String> {
    let known = KNOWN.iter().find(|(name, ..)| *name == verb.name);
    let (_, inside, attributes) = known.ok_or_else(|| format!("12200: {} is no verb", verb.name))?;
    if let Some(odd) = verb.attributes.keys().find(|name| !attributes.contains(&name.as_str())) {
        return Err(format!("12200: {} has no attribute {odd}", verb.name));
    }
    for child in &verb.inside {
        if !inside.contains(&child.name.as_str()) {
            return Err(format!("12200: {} is not allowed in {}", child.name, verb.name));
        }
        check(child)?;
    }
    Ok(())
}

fn element(rest: &mut &str) -> Result<Verb, String> {
    let open = rest.strip_prefix('<').ok_or_else(|| format!("12100: no tag at {:?}", cut(rest)))?;
    let (head, after) = open.split_once('>').ok_or("12100: a tag does not end")?;
    let (head, is_empty) = head.strip_suffix('/').map_or((head, false), |head| (head, true));
    let (name, attributes) = head.split_once(' ').unwrap_or((head, ""));
    let mut verb = Verb {
        name: name.to_owned(),
        attributes: read_attributes(attributes)?,
        text: String::new(),
        inside: Vec::new(),
    };
    *rest = after;
    if is_empty {
        return Ok(verb);
    }
    loop {
        let (text, tag) = rest.split_at(rest.find('<').ok_or_else(|| format!("12100: {name} does not end"))?);
        verb.text.push_str(&plain(text)?);
        *rest = tag;
        if let Some(closing) = rest.strip_prefix("</") {
            let (closed, after) = closing.split_once('>').ok_or("12100: a tag does not end")?;
            if closed != name {
                return Err(format!("12100: {closed} ends what {name} began"));
            }
            *rest = after;
            verb.text = verb.text.trim().to_owned();
            return Ok(verb);
        }
        verb.inside.push(element(rest)?);
    }
}

fn read_attributes(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut attributes = BTreeMap::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").ok_or_else(|| format!("12100: no value at {:?}", cut(rest)))?;
        let (value, after) = after.split_once('"').ok_or("12100: a value does not end")?;
        if attributes.insert(name.to_owned(), plain(value)?).is_some() {
            return Err(format!("12100: {name} comes twice"));
        }
        rest = after.trim_start();
    }
    Ok(attributes)
}

fn plain(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = after.split_once(';').ok_or_else(|| format!("12100: a bare & at {:?}", cut(after)))?;
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            other => return Err(format!("12100: &{other}; is not known")),
        });
        rest = after;
    }
    Ok(out + rest)
}

/// As an attribute says it.
pub(super) fn seconds(text: &str, otherwise: u64) -> Duration {
    Duration::from_secs(text.parse().unwrap_or(otherwise))
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_read_with_what_is_in_them() {
        let text = "<?xml version=\"1.0\"?><Response><Gather action=\"https://a.example/?x=1&amp;y=2\"><Say>A &lt; B</Say>\
                    </Gather><Hangup/></Response>";
        let [gather, hangup] = &read(text).expect("a document")[..] else { panic!("two verbs") };
        assert_eq!(gather.attribute("action"), "https://a.example/?x=1&y=2");
        assert_eq!((gather.inside[0].name.as_str(), gather.inside[0].text.as_str()), ("Say", "A < B"));
        assert_eq!((hangup.name.as_str(), hangup.attribute("x")), ("Hangup", ""));
    }

    #[test]
    fn what_twilio_does_not_know_is_an_error() {
        for (text, told) in [
            ("<Response><Say>a & b</Say></Response>", "a bare &"),
            ("<Response><Say>a</Response>", "Response ends what Say began"),
            ("<Response><Shout>a</Shout></Response>", "Shout is not allowed"),
            ("<Response><Say><Hangup/></Say></Response>", "Hangup is not allowed in Say"),
            ("<Response><Dial><Sip/><Phone/></Dial></Response>", "Phone is not allowed in Dial"),
            ("<Response><Say pitch=\"1\">a</Say></Response>", "no attribute pitch"),
            ("<Response/><Response/>", "not the one Response"),
            ("nothing", "no tag"),
        ] {
            let found = read(text).expect_err(text);
            assert!(found.contains(told), "{text}: {found}");
        }
        assert_eq!(read("<Response></Response>"), Ok(Vec::new()));
    }
}
