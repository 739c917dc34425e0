//! How an agent that speaks MCP is connected. It is no platform and has no mapping: it calls tools, and is answered in words.

use crate::cli::say;
use crate::config::Config;

/// In lists of platforms, where it is looked for.
pub(super) const NAME: &str = "mcp";

const LISTED: &str = "\
mcp (built in)
  Agents that speak MCP. They call tools at /mcp, such as route_lead, and say what the answers say.
  an API token of scope intake is needed: baton token add";

const ABOUT: &str = "\
An agent that speaks MCP over HTTP is given this address as that of a server, and finds the tools there. It calls them while
it has a caller on the line; the text of each answer is what the caller is to hear.
";

const NOT_PUBLIC: &str = "          baton.toml says no http.public_url: an agent elsewhere does not reach this address";

const HEADERS: &str = "\
Headers:  Authorization: Bearer TOKEN
            the token is made by: baton token add mcp --scopes intake
            once there is a token, nobody is let in without one
          baton-call-id: ID
            the platform's id of the call; where nobody says it, no phone rings
          baton-call-platform: NAME
            whose call it is, as in what the platform tells of it: vapi, retell, …
          baton-caller-number: NUMBER
            of the line, if the platform knows it
          Where there are no headers: ?token=TOKEN&call_id=ID&call_platform=NAME&caller_number=NUMBER
";

/// Settings by the names that each has for them.
const SETTINGS: &str = "
Where it is put:
- Vapi: a tool of type MCP; Server URL, and the headers above, with {{call.id}} as ID.
- ElevenLabs: a custom MCP server, Streamable HTTP; the secret token, the headers with system__conversation_id as ID; no approval.
- Retell: an MCP server of the agent; URL, and headers or query parameters with {{call_id}} as ID.
- OpenAI Realtime: a tool of type mcp; server_url, authorization, headers, and require_approval: never.
- LiveKit: mcp.MCPServerHTTP(url, headers); Pipecat: MCPClient with StreamableHttpParameters(url, headers).";

const PROMPT: &str = "
Prompt:
- Once you know what the caller wants, call route_lead with what was said; call it again when you learn more.
- Say the text of each answer to the caller, word for word. Promise nothing else, and name nobody else.
- Call what_now at the start of the call and after some seconds on hold, and call_ended when the caller is gone.
- Whoever tells a rep who is calling: rep_accepted or rep_declined, with the leg that was rung, and what the rep said.";

const DESK: &str = "
An assistant at a desk, which has nobody on the line, starts a server of its own that only reads: the command is
`baton mcp -w WORKSPACE`, and it speaks on stdin and stdout.";

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
const CALL: &str = concat!(
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"route_lead","#,
    r#""arguments":{"name":"Dana Whitfield","phone":"+14155550142"}}}"#
);

pub(super) fn list() {
    say(LISTED);
}

pub(super) fn show(config: &Config) {
    let url = format!("{}/mcp", config.platform_url(NAME));
    say(ABOUT);
    say(&format!("Address:  {url}"));
    if config.http.public_url.is_empty() {
        say(NOT_PUBLIC);
    }
    say(HEADERS);
    say("Whether it works, and which tools there are; then a caller on the line, call try-1, and what they are told:");
    let headers = "-H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json'";
    say(&format!("  curl -s {url} {headers} -d '{LIST}'"));
    say(&format!("  curl -s {url} {headers} -H 'baton-call-id: try-1' -d '{CALL}'"));
    say(SETTINGS);
    say(PROMPT);
    say(DESK);
}
