// Retell, ElevenLabs, Bland, Synthflow, Vapi.
import { createRequire } from 'node:module';
import { HOST, NOW, S, changed, hmac, post, vendor, without } from './case.mjs';
const require = createRequire(import.meta.url);

{
  const { symmetric } = require('retell-sdk/lib/webhook_auth.js');
  const key = 'key_kestrel_31';
  const { take, refuse } = vendor('retell', 'npm retell-sdk 5.66.1', key);
  const body = '{"event":"call_ended","call":{"call_id":"c31","metadata":{"company":"Kestrel Logistics","city":"Zürich"}}}\n';
  const send = signature => post('/hooks/retell', { 'X-Retell-Signature': signature }, body);
  const sign = (at, by = key) => symmetric.sign(body, by, at);
  const good = await sign(NOW);
  take('event', send(good));
  take('two keys', send(good), { key: ['key_heron_8', key] });
  take('5 minutes old', send(await sign(NOW - 300000)));
  take('5 minutes ahead', send(await sign(NOW + 300000)));
  refuse('a millisecond older', 'TooOld', send(await sign(NOW - 300001)));
  refuse('a millisecond further ahead', 'FromTheFuture', send(await sign(NOW + 300001)));
  refuse('seconds', 'TooOld', send(await sign(S)));
  refuse('a changed body', 'Mismatch', changed(send(good)));
  refuse('its last line break cut off', 'Mismatch', { ...send(good), body: body.trim() });
  refuse('another key', 'Mismatch', send(await sign(NOW, 'key_heron_8')));
  refuse('a third part', 'Malformed', send(`${good},x=1`));
  refuse('a blank between the parts', 'Malformed', send(good.replace(',', ', ')));
  refuse('the hash alone', 'Malformed', send(good.split('=').at(-1)));
  refuse('no signature', 'Absent', without(send(''), 'X-Retell-Signature'));
}

{
  const key = 'wsec_kestrel_31';
  const { take, refuse } = vendor('elevenlabs', 'HMAC of Node: the libraries only verify', key);
  const body = '{"type":"post_call_transcription","data":{"conversation_id":"conv_31","agent_name":"Zoë at Kestrel"}}';
  const send = signature => post('/hooks/elevenlabs', { 'ElevenLabs-Signature': signature }, body);
  const hash = (at, by = key) => hmac('sha256', by, `${at}.${body}`, 'hex');
  const good = at => `t=${at},v0=${hash(at)}`;
  take('event', send(good(S)));
  take('the signature before the time', send(`v0=${hash(S)},t=${S}`));
  take('another secret first', send(`t=${S},v0=${hash(S, 'wsec_heron_8')},v0=${hash(S)}`));
  take('another secret last, and a newer version', send(`${good(S)},v0=${hash(S, 'wsec_heron_8')},v1=00`));
  take('two secrets', send(good(S)), { key: ['wsec_heron_8', key] });
  take('the header came twice', { ...send(''), headers: { 'ElevenLabs-Signature': [`t=${S},v0=00`, good(S)] } });
  take('half an hour old', send(good(S - 1800)));
  take('5 minutes ahead', send(good(S + 300)));
  refuse('a second older', 'TooOld', send(good(S - 1801)));
  refuse('a second further ahead', 'FromTheFuture', send(good(S + 301)));
  refuse('a changed body', 'Mismatch', changed(send(good(S))));
  refuse('the time of a newer request', 'Mismatch', send(good(S - 1).replace(`t=${S - 1}`, `t=${S}`)));
  refuse('two times, the signed one last', 'Mismatch', send(`t=${S},${good(S - 5)}`));
  refuse('another secret', 'Mismatch', send(`t=${S},v0=${hash(S, 'wsec_heron_8')}`));
  refuse('a newer version only', 'Malformed', send(`t=${S},v1=${hash(S)}`));
  refuse('no time', 'Absent', send(`v0=${hash(S)}`));
}

{
  const key = 'bland-secret-of-kestrel';
  const { take, refuse } = vendor('bland', 'HMAC of Node: there is no library', key);
  const body = '{"call_id":"b31","completed":true,"variables":{"company":"Kestrel Logistics","seats":65.0}}';
  const send = (by = key) => post('/hooks/bland', { 'X-Webhook-Signature': hmac('sha256', by, body, 'hex') }, body);
  take('the call ended', send());
  take('a signature in capitals', { ...send(), headers: { 'X-Webhook-Signature': hmac('sha256', key, body, 'hex').toUpperCase() } });
  refuse('a body written anew', 'Mismatch', { ...send(), body: JSON.stringify(JSON.parse(body)) });
  refuse('a changed body', 'Mismatch', changed(send()));
  refuse('another secret', 'Mismatch', send('bland-secret-of-heron'));
  refuse('half a signature', 'Mismatch', { ...send(), headers: { 'X-Webhook-Signature': 'a1b2c3' } });
  refuse('no hex', 'Malformed', { ...send(), headers: { 'X-Webhook-Signature': 'sha256=a1b2' } });
  refuse('no signature', 'Absent', without(send(), 'X-Webhook-Signature'));
}

{
  const key = 'synthflow-secret-of-kestrel';
  const { take, refuse } = vendor('synthflow', 'HMAC of Node: there is no library', key);
  const body = '{"status":"completed","lead":{"name":"Priya Raman"},"call":{"call_id":"1796x31","transcript":"Kestrel here."}}';
  const signature = hmac('sha256', key, '1796x31', 'base64');
  const send = (header = 'HTTP_SYNTHFLOW_SIGNATURE') => post('/hooks/synthflow', { [header]: signature }, body);
  take('the call ended', send());
  take('as HTTP would spell the header', send('Synthflow-Signature'));
  take('a changed body: it is not signed', changed(send()));
  refuse('another call', 'Mismatch', { ...send(), body: body.replace('1796x31', '1796x32') });
  refuse('no call', 'Absent', { ...send(), body: '{"call_id":"1796x31"}' });
  refuse('no JSON', 'Absent', { ...send(), body: '1796x31' });
  refuse('no signature', 'Absent', without(send(), 'HTTP_SYNTHFLOW_SIGNATURE'));
}

{
  const key = 'vapi-secret-of-kestrel';
  const { take, refuse } = vendor('vapi', 'HMAC of Node: there is no library', key);
  const body = '{"message":{"type":"status-update","call":{"id":"v31"},"customer":{"name":"Priya Raman, Kestrel"}}}';
  function send(at = NOW, signed = hmac('sha256', key, `${at}.${body}`, 'hex'), more = {}) {
    return post('/hooks/vapi?line=2', { 'X-Signature': signed, 'X-Timestamp': String(at), ...more }, body);
  }
  take('as it is unless told otherwise, in milliseconds', send());
  take('in seconds', send(S));
  take('5 minutes old', send(S - 300));
  refuse('a second older', 'TooOld', send(S - 301));
  refuse('a millisecond further ahead than 5 minutes', 'FromTheFuture', send(NOW + 300001));
  refuse('a changed body', 'Mismatch', changed(send()));
  refuse('a date', 'Malformed', send('2026-12-03T15:30:00Z'));
  refuse('no timestamp', 'Absent', without(send(), 'X-Timestamp'));

  const bare = { settings: { header: 'x-kestrel', prefix: 'sha1=', signed: '{body}', timestamp: null, algorithm: 'sha1', within_s: 1 } };
  const old = post('/hooks/vapi', { 'X-Kestrel': `sha1=${hmac('sha1', key, body, 'hex')}` }, body);
  take('SHA-1 over the body alone, behind a prefix', old, bare);
  refuse('another prefix', 'Malformed', { ...old, headers: { 'X-Kestrel': old.headers['X-Kestrel'].replace('sha1=', 'sha2=') } }, bare);

  const raw = Buffer.from('a secret that is written in base64');
  const all = { key: raw.toString('base64'), settings: { algorithm: 'sha512', encoding: 'base64', base64_secret: true, within_s: 60, signed: '{method} {url} {header:SVIX-ID} {timestamp}\n{body}' } };
  const text = (at, id) => `POST ${HOST}/hooks/vapi?line=2 ${id} ${at}\n${body}`;
  const full = (at, id) => send(at, hmac('sha512', raw, text(at, id), 'base64'), { 'svix-id': id });
  take('every setting another', full(S - 60, 'msg_31'), all);
  refuse('older than its minute', 'TooOld', full(S - 61, 'msg_31'), all);
  refuse('another id', 'Mismatch', { ...full(S, 'msg_31'), headers: { ...full(S, 'msg_31').headers, 'svix-id': 'msg_32' } }, all);
  refuse('another method', 'Mismatch', { ...full(S, 'msg_31'), method: 'PUT' }, all);
  refuse('no id', 'Absent', without(full(S, 'msg_31'), 'svix-id'), all);
}
