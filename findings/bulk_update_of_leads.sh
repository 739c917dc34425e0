#!/usr/bin/env bash
# One bulk update of two Salesforce leads: jsforce drops what only the second has, simple-salesforce does not clear what is None.
#
# Two leads are updated in one job: the first opts out of calls and has its phone cleared, the second gets a web site. One would
# guess that both clients turn records into the same table. jsforce takes the columns from the first record alone: the second
# lead's web site is never sent, for Bulk 1 and Bulk 2 alike, without an error or a warning. It clears a field for null (#N/A).
# simple-salesforce has every record's columns, and writes None as an empty cell, which Salesforce's manual says is passed over in
# an update: the old phone stays. Whoever mirrors owners or opt-outs through a bulk job gives every record the same keys in
# jsforce, "#N/A" instead of None in simple-salesforce, and reads a few records back: a result per record cannot show what was
# never sent.
#
# Seen on 30 November 2026 with jsforce 3.10.16 (npm) and simple-salesforce 1.12.10 (PyPI), uploads to a server of our own:
#   jsforce bulk2       Id,DoNotCall,Phone            00Q1,true,#N/A   00Q2,,
#   jsforce bulk        Id,DoNotCall,Phone            00Q1,true,#N/A   00Q2,,
#   simple-salesforce   DoNotCall,Id,Phone,Website    True,00Q1,,      ,00Q2,,https://example.com     (columns sorted by us)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet simple-salesforce==1.12.10
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jsforce@3.10.16 >/dev/null

cat >upload.cjs <<'JS'
const http = require("node:http");
const jsforce = require("jsforce");
const leads = () => [{ Id: "00Q1", DoNotCall: true, Phone: null }, { Id: "00Q2", Website: "https://example.com" }];

const server = http.createServer((request, answer) => {
  let body = "";
  request.on("data", (part) => (body += part)).on("end", () => {
    const xml = request.url.includes("/async/");
    if (request.headers["content-type"]?.startsWith("text/csv")) {
      console.log("jsforce", xml ? "bulk" : "bulk2", body.trim().split("\n").join(" | "));
    }
    answer.setHeader("content-type", xml ? "application/xml" : "application/json");
    if (/sults$|records$|result$/.test(request.url)) {
      answer.setHeader("content-type", "text/csv");
      answer.end('"Id","Success","Created","Error"\n"00Q1","true","false",""\n"00Q2","true","false",""\n');
    } else if (request.url.endsWith("/job")) answer.end("<jobInfo><id>750</id><state>Open</state></jobInfo>");
    else if (xml) answer.end("<batchInfo><id>751</id><jobId>750</jobId><state>Completed</state></batchInfo>");
    else answer.end(JSON.stringify({ id: "750", state: request.method === "POST" ? "Open" : "JobComplete" }));
  });
});
server.listen(0, "127.0.0.1", async () => {
  const instanceUrl = `http://127.0.0.1:${server.address().port}`;
  const connection = new jsforce.Connection({ instanceUrl, accessToken: "none", version: "60.0" });
  connection.bulk.pollInterval = 50;
  await connection.bulk2.loadAndWaitForResults({ object: "Lead", operation: "update", input: leads(), pollInterval: 50 });
  await connection.bulk.load("Lead", "update", leads());
  process.exit();
});
JS
cat >upload.py <<'PY'
import csv, http.server, json, threading
from simple_salesforce import Salesforce


class Server(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        if self.path.endswith("/batches"):
            rows = list(csv.DictReader(body.splitlines()))
            table = [sorted(rows[0])] + [[row[key] for key in sorted(row)] for row in rows]
            print("simple-salesforce", " | ".join(",".join(row) for row in table))
        self.send_response(201 if self.command == "PUT" else 200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        state = "Open" if self.command == "POST" else "JobComplete"
        self.wfile.write(json.dumps({"id": "750", "state": state, "numberRecordsProcessed": 2, "numberRecordsFailed": 0}).encode())

    do_POST = do_GET = do_PUT = do_PATCH = answer

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Salesforce(instance_url=f"http://127.0.0.1:{server.server_port}", session_id="none")
client.bulk2_url = client.bulk2_url.replace("https:", "http:")
leads = [{"Id": "00Q1", "DoNotCall": True, "Phone": None}, {"Id": "00Q2", "Website": "https://example.com"}]
client.bulk2.Lead.update(records=leads)
PY
{ timeout 60 node upload.cjs; timeout 60 env/bin/python upload.py; } | tee seen
diff - seen <<'EXPECTED'
jsforce bulk2 Id,DoNotCall,Phone | 00Q1,true,#N/A | 00Q2,,
jsforce bulk Id,DoNotCall,Phone | 00Q1,true,#N/A | 00Q2,,
simple-salesforce DoNotCall,Id,Phone,Website | True,00Q1,, | ,00Q2,,https://example.com
EXPECTED
echo "as it was"
