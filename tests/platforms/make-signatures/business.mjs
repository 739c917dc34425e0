// Slack and HubSpot.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { FORM_TYPE, HOST, JSON_TYPE, NOW, S, changed, post, vendor, without } from './case.mjs';
const require = createRequire(import.meta.url);

{
  const key = '5a1e0c7b9d3f4e6281706a5b4c3d2e1f';
  const { take, refuse } = vendor('slack', 'PyPI slack_sdk 3.48.0', key);
  const program = 'import sys; from slack_sdk.signature import SignatureVerifier as V; print(V(sys.argv[1]).generate_signature(timestamp=sys.argv[2], body=sys.argv[3]), end="")';
  const sign = (by, at, body) => execFileSync(process.env.PYTHON, ['-c', program, by, String(at), body], { encoding: 'utf8' });
  const press = new URLSearchParams({ payload: '{"type":"block_actions","user":{"id":"UKESTREL"},"team":"Kestrel Zürich"}' }).toString();
  function send(at = S, { body = press, type = FORM_TYPE, by = key } = {}) {
    return post('/hooks/slack', { 'X-Slack-Request-Timestamp': String(at), 'X-Slack-Signature': sign(by, at, body) }, body, type);
  }
  const good = send();
  const but = headers => ({ ...good, headers: { ...good.headers, ...headers } });
  take('a button', good);
  take('an event', send(S, { body: '{"type":"event_callback","event":{"text":"65 Plätze"}}', type: JSON_TYPE }));
  take('nothing in the body', send(S, { body: '' }));
  take('two secrets', good, { key: ['00000000000000000000000000000000', key] });
  take('5 minutes old', send(S - 300));
  take('5 minutes and a part of a second old', send(S - 300), { now_ms: NOW + 999 });
  take('5 minutes ahead', send(S + 300));
  refuse('a second older', 'TooOld', send(S - 301));
  refuse('a second further ahead', 'FromTheFuture', send(S + 301));
  refuse('a changed body', 'Mismatch', changed(good));
  refuse('the form decoded', 'Mismatch', { ...good, body: decodeURIComponent(press) });
  refuse('another secret', 'Mismatch', send(S, { by: '00000000000000000000000000000000' }));
  refuse('another version', 'Malformed', but({ 'X-Slack-Signature': good.headers['X-Slack-Signature'].replace('v0', 'v1') }));
  refuse('two timestamps', 'Malformed', but({ 'X-Slack-Request-Timestamp': [String(S), String(S - 301)] }));
  refuse('no timestamp', 'Absent', without(good, 'X-Slack-Request-Timestamp'));
}

{
  const { Signature } = require('@hubspot/api-client');
  const key = '7d1f7f7a-3131-4c4c-9e9e-0b1c2d3e4f50';
  const { take, refuse } = vendor('hubspot', 'npm @hubspot/api-client 14.0.1', key);
  const body = '[{"eventId":31,"propertyName":"company","propertyValue":"Kestrel Logistics, Zürich"}]';
  function send({ version = 'v3', method = 'POST', address = '/hooks/hubspot', signed = HOST + address, at = NOW, by = key } = {}) {
    const text = method === 'GET' ? '' : body;
    const signature = Signature.getSignature(method, version, { clientSecret: by, requestBody: text, url: signed, timestamp: at });
    const headers = version === 'v3' ? { 'X-HubSpot-Signature-v3': signature, 'X-HubSpot-Request-Timestamp': String(at) } : { 'X-HubSpot-Signature': signature, 'X-HubSpot-Signature-Version': version };
    return { ...post(address, headers, text), method };
  }
  const v2 = { version: 'v2' }, v1 = { version: 'v1' };
  const search = { method: 'GET', address: '/hooks/hubspot?q=%40zo%C3%AB%3a31%20st' };
  take('events', send());
  take('two secrets', send(), { key: ['7d1f7f7a-0000-4c4c-9e9e-0b1c2d3e4f50', key] });
  take('an address as it was asked for', send(search));
  take('an address with some escapes decoded', send({ ...search, signed: HOST + '/hooks/hubspot?q=@zo%C3%AB:31%20st' }));
  take('5 minutes old', send({ at: NOW - 300000 }));
  take('5 minutes ahead', send({ at: NOW + 300000 }));
  take('version 2', send(v2), v2);
  take('version 1', send(v1), v1);
  refuse('a millisecond older', 'TooOld', send({ at: NOW - 300001 }));
  refuse('a millisecond further ahead', 'FromTheFuture', send({ at: NOW + 300001 }));
  refuse('an address with every escape decoded', 'Mismatch', send({ ...search, signed: HOST + '/hooks/hubspot?q=@zoë:31 st' }));
  refuse('a changed body', 'Mismatch', changed(send()));
  refuse('another method', 'Mismatch', { ...send(), method: 'PATCH' });
  refuse('another secret', 'Mismatch', send({ by: '7d1f7f7a-0000-4c4c-9e9e-0b1c2d3e4f50' }));
  refuse('an older version than the one that is set', 'Absent', send(v1));
  refuse('version 2, a changed body', 'Mismatch', changed(send(v2)), v2);
  refuse('version 1 where 2 is set', 'Mismatch', send(v1), v2);
}
