#!/usr/bin/env bash
# A CloudEvent without a time is received as one of this very moment, and each delivery of it as a new one.
#
# In CloudEvents the time is optional; a router of leads needs it to know how old a lead is. One would guess that a receiver which
# parses an event without it finds none. Both official SDKs put the time of parsing in its place, in structured and in binary
# mode, with no sign that it is theirs: an event that lay in a queue for a day is seconds old, and the same event read twice has
# two times. In binary mode the two do not agree on the other members either: Python writes a subject percent-encoded, as the HTTP
# binding asks, JavaScript leaves it encoded when reading; a truth value goes out as "True", which CloudEvents spells "true". Age
# a lead by a time inside its data or by the arrival that you stored; look for `time` in the raw message before an SDK sees it.
#
# Seen on 30 November 2026 with cloudevents 2.2.0 (PyPI) and cloudevents 10.0.0 (npm):
#   read without time                    python: now, and later at the second reading   javascript: the same
#   subject "Müller 100%" of python      read by javascript as "M%C3%BCller%20100%25", by python as "Müller 100%"
#   extension hot=True of python         header "True", read by javascript as the text "True"
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet cloudevents==2.2.0
npm init -y >/dev/null
npm install --silent --no-audit --no-fund cloudevents@10.0.0 >/dev/null

cat >read.py <<'PY'
import datetime, json, time
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_binary_event
from cloudevents.core.v1.event import CloudEvent


def age(headers, body):
    times = []
    for _ in range(2):
        times.append(from_http_event(HTTPMessage(headers=headers, body=body)).get_time())
        time.sleep(0.05)
    now = datetime.datetime.now(datetime.timezone.utc)
    return "now" if abs((now - times[0]).total_seconds()) < 5 else times[0], "later" if times[1] > times[0] else "the same"


plain = {"specversion": "1.0", "id": "1", "source": "/calls", "type": "lead.qualified"}
print("python structured:", *age({"content-type": "application/cloudevents+json"}, json.dumps(plain | {"data": {}}).encode()))
print("python binary:", *age({"content-type": "application/json"} | {f"ce-{key}": value for key, value in plain.items()}, b"{}"))
attributes = plain | {"subject": "Müller 100%", "hot": True, "datacontenttype": "application/json"}
sent = to_binary_event(CloudEvent(attributes=attributes, data={}))
print("python reads its own:", from_http_event(sent).get_subject())
json.dump(sent.headers, open("sent.json", "w"))
PY
cat >read.cjs <<'JS'
const { HTTP } = require("cloudevents");
const age = async (message) => {
  const first = Date.parse(HTTP.toEvent(message).time);
  await new Promise((later) => setTimeout(later, 50));
  const second = Date.parse(HTTP.toEvent(message).time);
  return [Math.abs(Date.now() - first) < 5000 ? "now" : first, second > first ? "later" : "the same"].join(" ");
};
(async () => {
  const plain = { specversion: "1.0", id: "1", source: "/calls", type: "lead.qualified" };
  const body = JSON.stringify({ ...plain, data: {} });
  console.log("javascript structured:", await age({ headers: { "content-type": "application/cloudevents+json" }, body }));
  const headers = Object.fromEntries(Object.entries(plain).map(([key, value]) => [`ce-${key}`, value]));
  console.log("javascript binary:", await age({ headers: { "content-type": "application/json", ...headers }, body: "{}" }));
  const event = HTTP.toEvent({ headers: require("./sent.json"), body: "{}" });
  console.log("javascript reads python's:", event.subject, JSON.stringify(event.hot));
})();
JS
{ env/bin/python read.py; node read.cjs; } | tee seen
diff - seen <<'EXPECTED'
python structured: now later
python binary: now later
python reads its own: Müller 100%
javascript structured: now later
javascript binary: now later
javascript reads python's: M%C3%BCller%20100%25 "True"
EXPECTED
echo "as it was"
