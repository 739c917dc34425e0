//! A request of each platform that is short enough to be pasted: that everything is set is seen before anybody calls.

use baton_platforms::Mapping;
use baton_platforms::signature::Proof;

/// A caller on the line, call `try-1`, of whom a little is known.
pub(super) struct Sample {
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
}

/// `None`: nobody waits for its answers, or it signs every request.
pub(super) fn of(platform: &str) -> Option<Sample> {
    let body = match platform {
        "bland" => r#"{"call_id":"try-1","from":"+14155550142","name":"Dana Whitfield","country":"US"}"#,
        "elevenlabs" => {
            r#"{"conversation_id":"try-1","caller_id":"+14155550142","name":"Dana Whitfield","country":"US"}"#
        }
        "generic" => {
            r#"{"call_id":"try-1","live":true,"from":"+14155550142","facts":{"name":"Dana Whitfield","country":"US"}}"#
        }
        "livekit" => r#"{"call_id":"try-1","from":"+14155550142","facts":{"name":"Dana Whitfield","country":"US"}}"#,
        "openai" => concat!(
            r#"{"type":"response.function_call_arguments.done","call_id":"t1","#,
            r#""arguments":"{\"name\":\"Dana Whitfield\",\"country\":\"US\"}"}"#
        ),
        "retell" => concat!(
            r#"{"name":"hand_to_sales","args":{"name":"Dana Whitfield","country":"US"},"#,
            r#""call":{"call_id":"try-1","direction":"inbound","from_number":"+14155550142"}}"#
        ),
        "vapi" => concat!(
            r#"{"message":{"type":"tool-calls","call":{"id":"try-1","type":"inboundPhoneCall"},"#,
            r#""customer":{"number":"+14155550142"},"toolCallList":[{"id":"t1","function":"#,
            r#"{"name":"hand_to_sales","arguments":{"name":"Dana Whitfield","country":"US"}}}]}}"#
        ),
        _ => return None,
    };
    let headers: &[_] = match platform {
        "openai" => &[("X-Call-Id", "try-1"), ("X-Caller", "+14155550142")],
        _ => &[],
    };
    Some(Sample { headers, body })
}

impl Sample {
    /// What sends it, with the secret out of the environment; `None` where no header proves whose it is.
    pub(super) fn command(&self, mapping: &Mapping, address: &str, variable: &str) -> Option<String> {
        let proof = mapping.proofs().iter().find_map(|proof| match proof {
            Proof::Header { name, prefix } => Some(format!("{name}: {prefix}${variable}")),
            Proof::Query { .. }
            | Proof::Signed(_)
            | Proof::StandardWebhooks { .. }
            | Proof::Twilio
            | Proof::LiveKit => None,
        })?;
        let own: String = self.headers.iter().map(|(name, value)| format!(" -H '{name}: {value}'")).collect();
        let body = self.body;
        Some(format!("curl -s {address} -H \"{proof}\" -H 'Content-Type: application/json'{own} -d '{body}'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_platforms::{Meaning, Request};

    #[test]
    fn every_sample_is_a_caller_on_the_line_for_its_platform() {
        let mut count = 0;
        for mapping in Mapping::shipped() {
            let Some(sample) = of(&mapping.name) else { continue };
            count += 1;
            let headers: Vec<(String, String)> =
                sample.headers.iter().map(|(name, value)| (name.to_lowercase(), (*value).to_owned())).collect();
            let request = Request { method: "POST", url: "", headers: &headers, body: sample.body.as_bytes() };
            let heard = mapping.hear(&request).unwrap_or_else(|unheard| panic!("{}: {unheard}", mapping.name));
            let [Meaning::Event(told)] = &heard.meanings[..] else { panic!("{}: {heard:?}", mapping.name) };
            let data = &told.event["data"];
            assert!(told.live, "{}: {told:?}", mapping.name);
            assert_eq!(told.event["type"], "lead.qualified", "{}", mapping.name);
            assert_eq!(data["call"]["id"], "try-1", "{}: {data}", mapping.name);
            for part in ["+14155550142", "Dana Whitfield"] {
                assert!(data.to_string().contains(part), "{}: {part}: {data}", mapping.name);
            }
            let command = sample.command(&mapping, "http://localhost/x", "SECRET_OF_MINE").expect("a header proves it");
            assert!(command.contains("$SECRET_OF_MINE\"") && command.matches('\'').count() % 2 == 0, "{command}");
        }
        assert_eq!(count, 7);
    }
}
