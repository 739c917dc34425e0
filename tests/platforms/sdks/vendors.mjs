// What each vendor sends, and how its own library signs it and proves it. Where a library only proves, its scheme is carried
// out here, and the library is asked before Baton is: what it takes is signed as its vendor signs.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const libraries = process.env.NODE_LIBRARIES;
const require = createRequire(path.join(libraries, 'node_modules/'));
const version = name => {
  const text = fs.readFileSync(path.join(libraries, 'node_modules', name, 'package.json'));
  return `${name} ${JSON.parse(text).version}`;
};
const fixtures = new URL('../../../fixtures/platforms/', import.meta.url);
const fixture = name => fs.readFileSync(new URL(name, fixtures), 'utf8');
const random = bytes => crypto.randomBytes(bytes).toString('hex');
const seconds = () => Math.floor(Date.now() / 1000);

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

// Of each platform what Baton is configured with, and what its vendor signs with.
export function newSecrets() {
  const same = secret => ({ ours: secret, theirs: secret });
  const whsec = () => `whsec_${crypto.randomBytes(24).toString('base64')}`;
  const telnyx = crypto.generateKeyPairSync('ed25519');
  return {
    twilio: same(random(16)),
    retell: same(`key_${random(16)}`),
    elevenlabs: same(`wsec_${random(32)}`),
    livekit: same(`API${random(6)}:${random(24)}`),
    openai: same(whsec()),
    'standard-webhooks': same(whsec()),
    telnyx: {
      ours: telnyx.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64'),
      theirs: telnyx.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    },
  };
}

// `call`: the lead's. `sign` gives the headers, and the address where that is signed too; `verifies` throws, or says false.
export function requests() {
  return [...twilio(), ...retell(), ...elevenlabs(), ...livekit(), ...standard(), telnyx()];
}

function twilio() {
  const { getExpectedBodyHash, getExpectedTwilioSignature, validateRequest, validateRequestWithBody } = require('twilio/lib/webhooks/webhooks');
  const form = fixture('twilio/handed-over.form').trim();
  const fields = text => Object.fromEntries(new URLSearchParams(text));
  const call = fields(form).CallSid;
  const another = `CA${random(16)}`;
  const json = JSON.stringify({ ...fields(form), CallSid: another });
  const header = 'X-Twilio-Signature';
  const common = { sdk: version('twilio'), platform: 'twilio' };
  return [
    {
      ...common,
      call,
      type: FORM_TYPE,
      body: form,
      sign: (body, token, url) => ({ headers: { [header]: getExpectedTwilioSignature(token, url, fields(body)) } }),
      verifies: (body, headers, token, url) => validateRequest(token, headers[header], url, fields(body)),
    },
    {
      ...common,
      call: another,
      type: JSON_TYPE,
      body: json,
      sign: (body, token, address) => {
        const url = `${address}?bodySHA256=${getExpectedBodyHash(body)}`;
        return { url, headers: { [header]: getExpectedTwilioSignature(token, url, {}) } };
      },
      verifies: (body, headers, token, url) => validateRequestWithBody(token, headers[header], url, body),
    },
  ];
}

function retell() {
  const { sign, verify } = require('retell-sdk');
  const header = 'X-Retell-Signature';
  const tool = fixture('retell/custom-function.json');
  return [tool, fixture('retell/report-web.json')].map(body => ({
    sdk: version('retell-sdk'),
    platform: 'retell',
    call: JSON.parse(body).call.call_id,
    type: JSON_TYPE,
    body,
    sign: async (body, key) => ({ headers: { [header]: await sign(body, key) } }),
    verifies: (body, headers, key) => verify(body, key, headers[header]),
  }));
}

function elevenlabs() {
  const { ElevenLabsClient } = require('@elevenlabs/elevenlabs-js');
  const { webhooks } = new ElevenLabsClient({ apiKey: 'none' });
  const header = 'ElevenLabs-Signature';
  const body = fixture('elevenlabs/post-call-outbound.json');
  return [{
    sdk: version('@elevenlabs/elevenlabs-js'),
    platform: 'elevenlabs',
    call: JSON.parse(body).data.conversation_id,
    type: JSON_TYPE,
    body,
    sign: (body, secret) => {
      const at = seconds();
      const hash = crypto.createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
      return { headers: { [header]: `t=${at},v0=${hash}` } };
    },
    verifies: (body, headers, secret) => webhooks.constructEvent(body, headers[header], secret),
  }];
}

// The agent's own tool, and the end of its room.
function livekit() {
  const { AccessToken, WebhookReceiver } = require('livekit-server-sdk');
  return ['livekit/tool.json', 'livekit/room-finished.json'].map(fixture).map(body => ({
    sdk: version('livekit-server-sdk'),
    platform: 'livekit',
    call: JSON.parse(body).call_id ?? JSON.parse(body).room.name,
    type: 'application/webhook+json',
    body,
    sign: async (body, secret) => {
      const token = new AccessToken(...secret.split(':'), { ttl: 300 });
      token.sha256 = crypto.createHash('sha256').update(body).digest('base64');
      return { headers: { Authorization: await token.toJwt() } };
    },
    verifies: (body, headers, secret) => new WebhookReceiver(...secret.split(':')).receive(body, headers.Authorization),
  }));
}

// OpenAI's library proves what standardwebhooks signs.
function standard() {
  const { Webhook } = require('standardwebhooks');
  const { OpenAI } = require('openai');
  const { webhooks } = new OpenAI({ apiKey: 'none' });
  const sign = (body, secret) => {
    const [id, at] = [`msg_${random(8)}`, new Date()];
    const signature = new Webhook(secret).sign(id, at, body);
    const timestamp = String(Math.floor(at.getTime() / 1000));
    return { headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } };
  };
  const call = `rtc_${random(8)}`;
  const lead = fixture('standard-webhooks/lead-after.json');
  return [
    {
      sdk: `${version('openai')} with ${version('standardwebhooks')}`,
      platform: 'openai',
      call,
      type: JSON_TYPE,
      body: fixture('openai/function-call.json'),
      more: { 'X-Call-Id': call, 'X-Caller': '+16175550155' },
      sign,
      verifies: (body, headers, secret) => webhooks.verifySignature(body, headers, secret),
    },
    {
      sdk: version('standardwebhooks'),
      platform: 'standard-webhooks',
      call: JSON.parse(lead).data.call.id,
      type: JSON_TYPE,
      body: lead,
      sign,
      verifies: (body, headers, secret) => new Webhook(secret).verify(body, headers) !== undefined,
    },
  ];
}

function telnyx() {
  const { Telnyx } = require('telnyx');
  const body = fixture('telnyx/conversation-ended.json');
  return {
    sdk: version('telnyx'),
    platform: 'telnyx',
    call: JSON.parse(body).data.payload.call_session_id,
    type: JSON_TYPE,
    body,
    sign: (body, pem) => {
      const at = String(seconds());
      const signature = crypto.sign(null, Buffer.from(`${at}|${body}`), pem).toString('base64');
      return { headers: { 'Telnyx-Signature-Ed25519': signature, 'Telnyx-Timestamp': at } };
    },
    verifies: (body, headers, pem) => {
      const key = crypto.createPublicKey(pem).export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
      return new Telnyx({ apiKey: 'none' }).webhooks.unwrap(body, { headers, key });
    },
  };
}
