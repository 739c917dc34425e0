// Twilio, Telnyx, LiveKit.
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { AccessToken } from 'livekit-server-sdk';
import { FORM_TYPE, HOST, JSON_TYPE, S, changed, hmac, post, sha256, vendor, without } from './case.mjs';
const require = createRequire(import.meta.url);

{
  const { getExpectedTwilioSignature, getExpectedBodyHash } = require('twilio/lib/webhooks/webhooks');
  const token = 'b0a7e1f0c4d25e6a9183b7c6d5e4f302', shared = 'shared-key-of-kestrel-for-tests';
  const { take, refuse } = vendor('twilio', 'npm twilio 6.3.1', token);
  const call = { CallSid: 'CA0b1c2d3e4f5061728394a5b6c7d8e9f0', From: '+442079460812', To: '+12025550136', CallStatus: 'in-progress', Company: 'Kestrel Logistics' };
  // `seen`: the address that the receiver sees.
  function form(fields, { address = '/hooks/twilio', signed = HOST + address, seen = HOST + address, key = token, algorithm } = {}) {
    const body = Object.entries(fields).flatMap(([name, value]) => [].concat(value).map(one => [name, one]));
    const settings = algorithm && { 'X-Twilio-Webhooks-Signature-Settings': `key=webhooks_sharedkey_7,algorithm=${algorithm}` };
    const signature = getExpectedTwilioSignature(key, signed, fields, algorithm);
    const request = post('', { 'X-Twilio-Signature': signature, ...settings }, new URLSearchParams(body).toString(), FORM_TYPE);
    return { ...request, url: seen };
  }
  take('form', form(call));
  take('letters beyond ASCII, a blank, a plus', form({ ...call, SpeechResult: 'Größe: 60 + 5 Plätze, 東京' }));
  take('a name twice with one value, and an empty field', form({ ...call, Digits: ['9', '1', '1'], ForwardedFrom: '' }));
  take('capitals are sorted before small letters', form({ ...call, b: '1', B: '2', a: '3' }));
  take('content type with a charset, in capitals', { ...form(call), headers: { ...form(call).headers, 'Content-Type': 'Application/X-WWW-Form-Urlencoded; Charset=UTF-8' } });
  take('seen with a port, signed without', form(call, { seen: 'https://leads.kestrel.example:443/hooks/twilio' }));
  take('signed with a port, seen without', form(call, { signed: 'https://leads.kestrel.example:443/hooks/twilio' }));
  take('the query is signed as it was asked for', form(call, { address: "/hooks/twilio?team=north%20east&who=O'Hara&n=" }));
  take('two tokens, the newer one is used', form(call), { key: ['11112222333344445555666677778888', token] });
  take('a shared key and SHA-256', form(call, { key: shared, algorithm: 'HMAC_SHA256' }), { key: [token, shared] });
  const upgrade = getExpectedTwilioSignature(token, 'wss://leads.kestrel.example/relay', {});
  take('the beginning of a websocket', { method: 'GET', url: 'wss://leads.kestrel.example:443/relay', headers: { 'X-Twilio-Signature': upgrade }, body: '' });
  const note = '{"CallSid":"CA0b1c2d3e4f5061728394a5b6c7d8e9f0","company":"Kestrel Logistics","note":"65 Plätze"}';
  function json(address) {
    return post(address, { 'X-Twilio-Signature': getExpectedTwilioSignature(token, HOST + address, {}) }, note);
  }
  const hashed = json(`/hooks/twilio?bodySHA256=${getExpectedBodyHash(note)}`);
  take('JSON whose hash is in the address', hashed);
  refuse('JSON that was changed', 'Mismatch', changed(hashed));
  refuse('JSON without a hash in the address', 'Absent', json('/hooks/twilio'));
  refuse('a form that calls itself JSON', 'Absent', { ...form(call), headers: { ...form(call).headers, 'Content-Type': JSON_TYPE } });
  refuse('a changed field', 'Mismatch', changed(form(call)));
  refuse('a field more', 'Mismatch', { ...form(call), body: form(call).body + '&Digits=1' });
  refuse('another address', 'Mismatch', form(call, { seen: HOST + '/hooks/twilio/' }));
  refuse('another token', 'Mismatch', form(call, { key: 'ffffeeeeddddccccbbbbaaaa99998888' }));
  refuse('an algorithm that nobody knows', 'Malformed', { ...form(call), headers: { ...form(call).headers, 'X-Twilio-Webhooks-Signature-Settings': 'key=k,algorithm=NONE' } });
  refuse('no signature', 'Absent', without(form(call), 'X-Twilio-Signature'));
  refuse('an empty signature', 'Absent', { ...form(call), headers: { ...form(call).headers, 'X-Twilio-Signature': '' } });
  refuse('a signature that is none', 'Malformed', { ...form(call), headers: { ...form(call).headers, 'X-Twilio-Signature': '?' } });
}

{
  const fromSeed = byte => {
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]);
    const key = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return { key, open: crypto.createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64') };
  };
  const ours = fromSeed(0x1d), other = fromSeed(0x2e);
  const { take, refuse } = vendor('telnyx', 'Ed25519 of Node: the library only verifies', ours.open);
  const body = '{"data":{"event_type":"call.hangup","payload":{"call_control_id":"v3:kestrel","from":"+442079460812","client_state":"Kestrel"}}}';
  function event(at = S, { pair = ours, text = body, type = JSON_TYPE } = {}) {
    const signature = crypto.sign(null, Buffer.from(`${at}|${text}`), pair.key).toString('base64');
    return post('/hooks/telnyx', { 'Telnyx-Signature-Ed25519': signature, 'Telnyx-Timestamp': String(at) }, text, type);
  }
  take('event', event());
  take('a form', event(S, { text: 'CallStatus=completed&Caller=Zo%C3%AB', type: FORM_TYPE }));
  take('two keys', event(), { key: [other.open, ours.open] });
  take('a key with a line break, without padding', event(), { key: ours.open.replace('=', '') + '\n' });
  take('5 minutes old', event(S - 300));
  take('5 minutes ahead', event(S + 300));
  refuse('a second older', 'TooOld', event(S - 301));
  refuse('a second further ahead', 'FromTheFuture', event(S + 301));
  refuse('a changed body', 'Mismatch', changed(event()));
  refuse('another key', 'Mismatch', event(S, { pair: other }));
  refuse('a key that is none', 'Mismatch', event(), { key: 'Zm9v' });
  refuse('another timestamp', 'Mismatch', { ...event(), headers: { ...event().headers, 'Telnyx-Timestamp': String(S + 1) } });
  refuse('no timestamp', 'Absent', without(event(), 'Telnyx-Timestamp'));
  refuse('no signature', 'Absent', without(event(), 'Telnyx-Signature-Ed25519'));
  refuse('a time of day', 'Malformed', { ...event(), headers: { ...event().headers, 'Telnyx-Timestamp': '15:30' } });
}

{
  const api_key = 'APIkestrel7', secret = 'secret-of-kestrel-that-is-long-enough';
  const { take, refuse } = vendor('livekit', 'npm livekit-server-sdk 2.19.2; by hand where a library would refuse to', secret);
  const body = '{"event":"room_finished","id":"EV_kestrel","room":{"name":"call-31","metadata":"Kestrel, Zoë"}}';
  const send = token => post('/hooks/livekit', { Authorization: token }, body, 'application/webhook+json');
  async function bySdk(issuer = api_key, hash = sha256(body, 'base64'), key = secret) {
    const token = new AccessToken(issuer, key, { ttl: 300, ...(hash ? {} : { identity: 'priya' }) });
    if (hash) token.sha256 = hash; else token.addGrant({ roomJoin: true, room: 'call-31' });
    return token.toJwt();
  }
  function byHand(claims, header = { alg: 'HS256', typ: 'JWT' }) {
    const part = value => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part(header)}.${part({ iss: api_key, sha256: sha256(body, 'base64'), ...claims })}`;
    return `${text}.${hmac(header.alg === 'HS512' ? 'sha512' : 'sha256', secret, text, 'base64url')}`;
  }
  const more = { api_key };
  take('event', send(await bySdk()), more);
  take('two secrets of one key', send(await bySdk()), { api_key, key: ['an-older-secret-of-kestrel-long-enough', secret] });
  take('ended a minute ago', send(byHand({ exp: S - 60 })), more);
  take('begins in a minute', send(byHand({ nbf: S + 60, exp: S + 300 })), more);
  refuse('ended longer ago', 'TooOld', send(byHand({ exp: S - 61 })), more);
  refuse('begins later', 'FromTheFuture', send(byHand({ nbf: S + 61, exp: S + 300 })), more);
  refuse('without an end', 'Malformed', send(byHand({ nbf: S })), more);
  refuse('the token of somebody on the call', 'Malformed', send(await bySdk(api_key, null)), more);
  refuse('the hash in hex', 'Mismatch', send(await bySdk(api_key, sha256(body, 'hex'))), more);
  refuse('a changed body', 'Mismatch', changed(send(await bySdk())), more);
  refuse('another issuer', 'Mismatch', send(await bySdk('APIheron8')), more);
  refuse('another secret', 'Mismatch', send(await bySdk(api_key, undefined, 'secret-of-a-heron-that-is-long-enough')), more);
  refuse('another algorithm', 'Mismatch', send(byHand({ exp: S + 300 }, { alg: 'HS512' })), more);
  refuse('no algorithm', 'Malformed', send(byHand({ exp: S + 300 }, { alg: 'none' })), more);
  refuse('behind Bearer', 'Malformed', send(`Bearer ${await bySdk()}`), more);
  refuse('no token', 'Absent', without(send(''), 'Authorization'), more);
}
