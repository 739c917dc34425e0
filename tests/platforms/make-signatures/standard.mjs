// Standard Webhooks, and OpenAI, which uses them.
import { Webhook } from 'standardwebhooks';
import { S, changed, post, vendor, without } from './case.mjs';

const whsec = text => 'whsec_' + Buffer.from(text).toString('base64');
const wrong = 'v1,' + Buffer.alloc(32, 5).toString('base64');

// A message under a brand's header names; `edit` turns the good signature into what is sent.
function message(body, { at = S, by, brand = 'webhook', edit = good => good }) {
  const signature = edit(new Webhook(by).sign('msg_31', new Date(at * 1000), body));
  return post('/hooks/standard', { [`${brand}-id`]: 'msg_31', [`${brand}-timestamp`]: String(at), [`${brand}-signature`]: signature }, body);
}

{
  const key = whsec('the secret of Kestrel, 28 by'), heron = whsec('the secret of a heron, 28 by');
  const { take, refuse } = vendor('standardwebhooks', 'npm standardwebhooks 1.1.1', key);
  const body = '{"type":"lead.new","data":{"company":"Kestrel Logistics","contact":"Zoë Ruiz"}}';
  const send = (more = {}) => message(body, { by: key, ...more });
  take('message', send());
  take('a secret without whsec_', send(), { key: key.slice(6) });
  take('a secret without padding', send(), { key: key.replace(/=+$/, '') });
  take('two secrets', send(), { key: [heron, key] });
  take('another signature first', send({ edit: good => `${wrong} ${good}` }));
  take('other versions, two blanks, no comma', send({ edit: good => `v2,AA== v1a,AA==  nothing ${good}` }));
  take('the names of Svix', send({ brand: 'svix' }));
  take('5 minutes old', send({ at: S - 300 }));
  take('5 minutes ahead', send({ at: S + 300 }));
  refuse('a second older', 'TooOld', send({ at: S - 301 }));
  refuse('a second further ahead', 'FromTheFuture', send({ at: S + 301 }));
  refuse('milliseconds', 'FromTheFuture', { ...send(), headers: { ...send().headers, 'webhook-timestamp': String(S * 1000) } });
  refuse('a changed body', 'Mismatch', changed(send()));
  refuse('another id', 'Mismatch', { ...send(), headers: { ...send().headers, 'webhook-id': 'msg_32' } });
  refuse('two ids', 'Malformed', { ...send(), headers: { ...send().headers, 'webhook-id': ['msg_31', 'msg_32'] } });
  refuse('the names of Svix beside an id that is not signed', 'Absent', { ...send({ brand: 'svix' }), headers: { ...send({ brand: 'svix' }).headers, 'webhook-id': 'msg_32' } });
  refuse('another secret', 'Mismatch', send({ by: heron }));
  refuse('a secret of nothing', 'Mismatch', send(), { key: 'whsec_' });
  refuse('a secret that is no base64', 'Mismatch', send(), { key: 'whsec_???' });
  refuse('another version only', 'Malformed', send({ edit: good => good.replace('v1,', 'v1a,') }));
  refuse('no id', 'Absent', without(send(), 'webhook-id'));
  refuse('no signature', 'Absent', without(send(), 'webhook-signature'));
}

{
  const key = whsec('a secret that OpenAI made up');
  const { take, refuse } = vendor('openai', 'npm standardwebhooks 1.1.1: its own library only verifies', key);
  const body = '{"type":"realtime.call.incoming","data":{"call_id":"rtc_31","sip_headers":[{"name":"From","value":"sip:kestrel@carrier.example"}]}}';
  const send = (more = {}) => message(body, { by: key, ...more });
  take('a call', send());
  take('another signature first', send({ edit: good => `${wrong} ${good}` }));
  refuse('a secret without whsec_, which OpenAI takes as text', 'Mismatch', send(), { key: key.slice(6) });
  refuse('a second too old', 'TooOld', send({ at: S - 301 }));
  refuse('a changed body', 'Mismatch', { ...send(), body: body.replace('rtc_31', 'rtc_32') });
}
