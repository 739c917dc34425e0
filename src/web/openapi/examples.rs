//! Examples of what goes in and comes out: a test holds each against its schema.

/// An example, and where in its operation it belongs.
pub(super) struct Example {
    pub operation: &'static str,
    /// Pointer to the content.
    pub place: &'static str,
    pub summary: &'static str,
    pub json: &'static str,
}

/// Of the one example that a content has.
pub(super) const NAME: &str = "typical";

pub(super) const EXAMPLES: [Example; 12] = [
    Example { operation: "postLead", place: JSON_IN, summary: "A caller on the line.", json: LEAD },
    Example { operation: "postLead", place: EVENT_IN, summary: "A caller on the line.", json: LEAD },
    Example { operation: "postEvent", place: JSON_IN, summary: "The caller has hung up.", json: ENDED },
    Example {
        operation: "postLead",
        place: "/responses/200/content/application~1json",
        summary: "Hold.",
        json: DECIDED,
    },
    Example {
        operation: "postLead",
        place: "/responses/202/content/application~1json",
        summary: "Stored.",
        json: ACCEPTED,
    },
    Example { operation: "postLead", place: PROBLEM_422, summary: "Not understood.", json: NOT_UNDERSTOOD },
    Example { operation: "postPing", place: JSON_IN, summary: "A caller to give away.", json: PING },
    Example {
        operation: "postPing",
        place: "/responses/200/content/application~1json",
        summary: "Send it there.",
        json: PINGED,
    },
    Example { operation: "reassignLead", place: JSON_IN, summary: "To a rep of your choice.", json: REASSIGN },
    Example {
        operation: "reassignLead",
        place: "/responses/200/content/application~1json",
        summary: "Done.",
        json: REASSIGNED,
    },
    Example { operation: "callLead", place: JSON_IN, summary: "By whoever owes the call.", json: CALL },
    Example { operation: "postFeedback", place: JSON_IN, summary: "A good lead for somebody else.", json: FEEDBACK },
];

const JSON_IN: &str = "/requestBody/content/application~1json";
const EVENT_IN: &str = "/requestBody/content/application~1cloudevents+json";
const PROBLEM_422: &str = "/responses/422/content/application~1problem+json";

const LEAD: &str = r#"{
  "specversion": "1.0", "id": "call-8c1f", "source": "vapi:acct_1", "type": "lead.qualified",
  "data": {
    "call": { "platform": "vapi", "id": "8c1f", "live": true, "from": "+14155550142" },
    "contact": { "name": "Dana Reyes", "email": "dana@acme.example" },
    "company": { "name": "Acme", "employees": 240, "country": "US", "state": "CA" },
    "qualification": { "score": 86, "summary": "Wants forty seats before the end of the quarter." },
    "consent": { "callback": true }
  }
}"#;

const PING: &str = r#"{
  "id": "rgb-81", "from": "+14155550142",
  "company": { "country": "US", "state": "CA" }, "qualification": { "products": ["solar"] }
}"#;

const PINGED: &str = r#"{
  "accepted": true, "to": "sip:baton-5f0c@pbx.acme.example", "seconds": 30, "until": "2026-11-30T09:00:30.000Z"
}"#;

const ENDED: &str = r#"{
  "specversion": "1.0", "id": "call-8c1f-ended", "source": "vapi:acct_1", "type": "call.ended",
  "data": { "platform": "vapi", "call": "8c1f" }
}"#;

const DECIDED: &str = r#"{
  "status": "decided", "event": "vapi:acct_1 call-8c1f", "lead": "lead_2mk8v0c4t6s1xq9d3n5r7w8z0b",
  "decision": "dec_2mk8v0c4t6s1xq9d3n5r7w8z0b", "owner": "ana", "owner_name": "Ana Silva",
  "reason": "Ana is next in the pool west-mid", "targets": ["ana", "ben"],
  "rungs": ["warm_transfer", "booking", "callback"],
  "instruction": { "id": "hnd_2mk8.1.instruct", "kind": "hold", "say": "One moment, I am getting Ana for you." },
  "next_step": { "what": "handoff", "owner": "ana", "at": "2026-03-02T17:00:45Z" }, "degraded": []
}"#;

const ACCEPTED: &str = r#"{ "status": "accepted", "event": "vapi:acct_1 call-8c1f" }"#;

const NOT_UNDERSTOOD: &str = r#"{
  "type": "/v1/problems/invalid-content", "title": "The body says something that cannot be", "status": 422,
  "detail": "the event cannot be understood; nothing was stored", "request_id": "req_5f2a9c1e7b3d4860a1c2e3f4",
  "faults": ["/source: found nothing; allowed: text"]
}"#;

const REASSIGN: &str = r#"{ "to": "ben", "reason": "Speaks German", "by": "Team lead West" }"#;

const REASSIGNED: &str = r#"{
  "status": "reassigned", "lead": "lead_2mk8v0c4t6s1xq9d3n5r7w8z0b", "owner": "ben", "reason": "Speaks German",
  "next_step": { "what": "callback", "owner": "ben", "at": "2026-03-02T18:00:00Z" }
}"#;

const CALL: &str = r#"{ "by": "ben" }"#;

const FEEDBACK: &str = r#"{
  "lead": "lead_2mk8v0c4t6s1xq9d3n5r7w8z0b", "rep": "ana", "quality": 4, "misroute": "procedural", "right_rep": "ben"
}"#;
