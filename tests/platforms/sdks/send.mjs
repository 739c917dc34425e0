// Each request of vendors.mjs to a running worker, as it is and with one byte changed. usage: node send.mjs secrets | URL
import assert from 'node:assert/strict';
import { newSecrets, requests } from './vendors.mjs';

async function post(url, headers, body) {
  const answer = await fetch(url, { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.text() };
}

// In its middle: in each of the bodies that is text which somebody wrote.
function changed(body) {
  const bytes = Buffer.from(body);
  bytes[bytes.length >> 1] ^= 1;
  return bytes.toString();
}

async function send(base, secrets) {
  for (const { sdk, platform, call, type, body, more = {}, sign, verifies } of requests()) {
    const [secret, address] = [secrets[platform].theirs, `${base}/v1/platforms/${platform}`];
    const { url = address, headers } = await sign(body, secret, address);
    const takes = async text => {
      try {
        return (await verifies(text, headers, secret, url)) !== false;
      } catch {
        return false;
      }
    };
    assert.ok(await takes(body), `${sdk} refuses what it signed`);
    assert.ok(!(await takes(changed(body))), `${sdk} takes what was changed`);
    const all = { 'Content-Type': type, ...more, ...headers };
    const refused = await post(url, all, changed(body));
    const taken = await post(url, all, body);
    console.log(JSON.stringify({ sdk, platform, call, taken, refused }));
  }
}

const [asked] = process.argv.slice(2);
if (asked === 'secrets') console.log(JSON.stringify(newSecrets()));
else await send(asked, JSON.parse(process.env.SECRETS));
