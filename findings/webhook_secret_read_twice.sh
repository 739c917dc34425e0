#!/usr/bin/env bash
# One secret of a webhook, two keys: the Standard Webhooks library and OpenAI's own verifier disagree on a secret without prefix.
#
# OpenAI signs its webhooks by the Standard Webhooks scheme, and both libraries take `whsec_` with base64 behind it. One would guess
# that they read the base64 alone alike: dashboards and secret stores show it with and without the prefix. They do not: the
# library of the standard decodes it, OpenAI's takes its letters as the key. Whoever stores the secret without its prefix and
# changes from one library to the other refuses every webhook, with a secret that is right. Keep the prefix.
#
# Seen on 30 November 2026 with standardwebhooks 1.1.1 and openai 6.49.0 (npm), a fixed secret, one signature per key:
#   secret  key signed with  standardwebhooks  openai
#   whsec_  decoded          taken             taken
#   bare    decoded          taken             refused
#   bare    its letters      refused           taken
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund standardwebhooks@1.1.1 openai@6.49.0 >/dev/null

cat >verify.cjs <<'JS'
const { createHmac } = require("node:crypto");
const { Webhook } = require("standardwebhooks");
const OpenAI = require("openai");

const bytes = Buffer.from("a made-up secret of ours");
const bare = bytes.toString("base64");
const body = JSON.stringify({ type: "realtime.call.incoming" });
const id = "wh_1";
const at = String(Math.floor(Date.now() / 1000));
const client = new OpenAI({ apiKey: "none" });

const said = async (check) => {
  try {
    await check();
    return "taken";
  } catch {
    return "refused";
  }
};

(async () => {
  for (const [name, secret, key] of [
    ["whsec_ decoded", `whsec_${bare}`, bytes],
    ["bare decoded", bare, bytes],
    ["bare letters", bare, bare],
  ]) {
    const mac = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
    const headers = { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": `v1,${mac}` };
    const standard = await said(() => new Webhook(secret).verify(body, headers));
    const openai = await said(() => client.webhooks.verifySignature(body, headers, secret));
    console.log(name, standard, openai);
  }
})();
JS
expected="whsec_ decoded taken taken
bare decoded taken refused
bare letters refused taken"
found=$(node verify.cjs)
echo "$found"
[ "$found" = "$expected" ] || { echo "it is otherwise now; expected:" >&2; echo "$expected" >&2; exit 1; }
echo "as it was"
