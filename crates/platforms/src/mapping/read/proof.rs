//! What proves that a request comes from the platform.

use crate::signature::{Algorithm, Encoding, Key, Layout, Proof, Signed, Template, Timestamp};
use baton_core::rules::fault::{Faults, Word, did_you_mean, quoted};
use baton_core::rules::words::values;
use baton_core::rules::yaml::{Data, Node, Section};
use chrono::TimeDelta;

pub(crate) const ALGORITHMS: [(&str, Algorithm); 3] =
    [("sha256", Algorithm::HmacSha256), ("sha512", Algorithm::HmacSha512), ("sha1", Algorithm::HmacSha1)];
pub(crate) const ENCODINGS: [(&str, Encoding); 2] = [("hex", Encoding::Hex), ("base64", Encoding::Base64)];
pub(crate) const KEYS: [(&str, Key); 3] =
    [("text", Key::Text), ("base64", Key::Base64), ("whsec", Key::Whsec { bare: true })];

/// One proof, or a list of which any one is enough.
pub(super) fn read(node: &Node, faults: &mut Faults) -> Vec<Proof> {
    let items = match &node.data {
        Data::List(items) => items,
        Data::Empty | Data::Text(_) | Data::Map(_) => return proof(node, faults).into_iter().collect(),
    };
    let mut proofs = Vec::new();
    let mut public = None;
    for item in items {
        let Some(proof) = proof(item, faults) else { continue };
        if proof.has_public_key() {
            public = Some(item);
        }
        proofs.push(proof);
    }
    if let Some(item) = public.filter(|_| proofs.len() > 1) {
        let found = format!("{} beside another proof", item.describe());
        faults.error("platform-proof-public-key", item.at, found, "this proof alone").hint(Some(
            "what it is held against is a public key: whoever knows it could show it as a secret, or sign with it"
                .to_owned(),
        ));
    }
    proofs
}

fn proof(node: &Node, faults: &mut Faults) -> Option<Proof> {
    if !matches!(node.data, Data::Map(_)) {
        return named(&node.word(faults)?, faults);
    }
    let told = faults.count();
    let mut section = node.section(faults);
    let header = lower(&mut section, "header", faults);
    let prefix = text(&mut section, "prefix", faults).unwrap_or_default();
    let query = text(&mut section, "query", faults);
    let hmac = section.get("hmac").map(|node| signed(node, faults));
    section.finish(faults);
    match (header, query, hmac) {
        (Some(name), None, None) => Some(Proof::Header { name, prefix }),
        (None, Some(name), None) => Some(Proof::Query { name }),
        (None, None, Some(signed)) => Some(Proof::Signed(signed)),
        _ => {
            if faults.count() == told {
                faults.error(
                    "platform-bad-proof",
                    node.at,
                    node.describe(),
                    "one of header, query and hmac in each proof",
                );
            }
            None
        }
    }
}

fn named(word: &Word, faults: &mut Faults) -> Option<Proof> {
    let proof = Proof::named(&word.text);
    if proof.is_none() {
        let names = Proof::NAMES.into_iter().chain(["header: NAME", "query: NAME", "hmac: {…}"]);
        // More than are listed elsewhere: whoever looks for a vendor wants to see all of them.
        let allowed = names.collect::<Vec<_>>().join(", ");
        let hint = did_you_mean(&word.text, Proof::NAMES.into_iter());
        faults.error("platform-unknown-proof", word.at, quoted(&word.text), allowed).hint(hint);
    }
    proof
}

/// A signature with settings of its own.
fn signed(node: &Node, faults: &mut Faults) -> Signed {
    let told = faults.count();
    let mut section = node.section(faults);
    let standard = Signed::default();
    let header = lower(&mut section, "header", faults);
    let timestamp = lower(&mut section, "timestamp", faults);
    let usual = if timestamp.is_some() { "{timestamp}.{body}" } else { "{body}" };
    let within = section.get("within").and_then(|node| node.word(faults));
    let within = within.and_then(|word| faults.read(&word, "bad-duration", values::DURATION, values::duration));
    let within = within.and_then(|span| TimeDelta::from_std(span).ok());
    let signed = Signed {
        headers: header.map_or(standard.headers, |name| vec![name]),
        layout: Layout::Alone { prefix: text(&mut section, "prefix", faults).unwrap_or_default() },
        encoding: choice(&mut section, "encoding", &ENCODINGS, faults).unwrap_or(standard.encoding),
        algorithm: choice(&mut section, "algorithm", &ALGORITHMS, faults).unwrap_or(standard.algorithm),
        key: choice(&mut section, "key", &KEYS, faults).unwrap_or(standard.key),
        texts: template(section.get("signed"), usual, faults).into_iter().collect(),
        timestamp: standard.timestamp.zip(timestamp).map(|(limits, header)| {
            let (back, ahead) = (within.unwrap_or(limits.back), within.unwrap_or(limits.ahead));
            Timestamp { header: Some(header), back, ahead, ..limits }
        }),
    };
    section.finish(faults);
    if faults.count() == told
        && let Some(why) = signed.fault()
    {
        let allowed = "timestamp: the header that has it, and {timestamp} in `signed`; or neither";
        faults.error("platform-bad-proof", node.at, why, allowed);
    }
    signed
}

fn template(node: Option<&Node>, usual: &str, faults: &mut Faults) -> Option<Template> {
    let word = node.and_then(|node| node.word(faults));
    match Template::parse(word.as_ref().map_or(usual, |word| &word.text)) {
        Ok(template) => Some(template),
        Err(why) => {
            let at = node.map(|node| node.at)?;
            faults.error("platform-bad-proof", at, why.to_string(), "such as \"{timestamp}.{body}\"");
            None
        }
    }
}

fn choice<T: Copy>(
    section: &mut Section<'_>,
    key: &'static str,
    choices: &[(&'static str, T)],
    faults: &mut Faults,
) -> Option<T> {
    let word = section.get(key).and_then(|node| node.word(faults))?;
    faults.choice(&word, "platform-unknown-choice", choices)
}

fn text(section: &mut Section<'_>, key: &'static str, faults: &mut Faults) -> Option<String> {
    section.get(key).and_then(|node| node.word(faults)).map(|word| word.text)
}

/// The name of a header.
fn lower(section: &mut Section<'_>, key: &'static str, faults: &mut Faults) -> Option<String> {
    text(section, key, faults).map(|name| name.trim().to_ascii_lowercase())
}
