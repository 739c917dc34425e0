// npm @modelcontextprotocol/sdk: one call through the six tools of a caller, as story.py tells it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { BATON_URL, BATON_TOKEN, BATON_CALL, BATON_CLIENT, NODE_LIBRARIES } = process.env;
const require = createRequire(`${NODE_LIBRARIES}/node_modules/`);
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = require("@modelcontextprotocol/sdk/client/streamableHttp.js");
const TOOLS = ["route_lead", "offer_times", "choose_time", "promise_callback", "what_now", "call_ended", "rep_accepted", "rep_declined"];
const MORE = { title: "Head of Operations", summary: "Wants a demo for forty seats." };
const CALLER = { name: "Dana Whitfield", phone: "+1 415 555 0142", company: "Northwind Foods", country: "US", score: 82 };
const DECIDED = process.env.BATON_DECIDED ?? "";
const WORDS_WITHIN_MS = 5000;

const headers = {
  Authorization: `Bearer ${BATON_TOKEN}`,
  "Baton-Call-Id": BATON_CALL,
  "Baton-Call-Platform": "tests",
};
const client = new Client({ name: "baton-tests", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL(BATON_URL), { requestInit: { headers } }));

const said = {};
async function says(name, args) {
  const began = performance.now();
  const result = await client.callTool({ name, arguments: args });
  const took = performance.now() - began;
  assert.ok(took < WORDS_WITHIN_MS, `${name} took ${took} ms`);
  assert.ok(!("isError" in result), `${name}: ${JSON.stringify(result)}`);
  assert.equal(result.content.length, 1, name);
  const { type, text } = result.content[0];
  assert.equal(type, "text");
  assert.match(text.trim(), /[.?]$/, `${name}: no sentence to say: ${text}`);
  assert.equal(result.structuredContent.say, text, name);
  said[name] = text;
  return text;
}

assert.equal(client.getServerVersion().name, "baton");
const { tools } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name), TOOLS);
await says("what_now", {});
let first = await says("route_lead", CALLER);
let again = "";
for (let tries = 0; tries < 50; tries += 1) {
  again = await says("route_lead", CALLER);
  if (again === first && again.includes(DECIDED)) break;
  // The decision came after the words of the first time; from now on they stay.
  first = again;
  await new Promise((done) => setTimeout(done, 100));
}
assert.equal(again, first);
assert.ok(again.includes(DECIDED), again);
await says("route_lead", { ...CALLER, ...MORE });
await says("offer_times", { times: "tomorrow morning" });
await says("choose_time", { choice: 1 });
await says("promise_callback", {});
await says("what_now", {});
await says("call_ended", { reason: "said goodbye" });
await client.close();
console.log(JSON.stringify({ client: BATON_CLIENT, call: BATON_CALL, said }));
