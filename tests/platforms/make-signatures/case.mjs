// What all the cases are made of: one clock, one receiver, and the files they go to.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

// 3 December 2026, 15:30 UTC, for the libraries as well.
export const NOW = Date.UTC(2026, 11, 3, 15, 30);
export const S = NOW / 1000;
const Clock = Date;
globalThis.Date = class extends Clock {
  constructor(...given) { super(...(given.length ? given : [NOW])); }
  static now() { return NOW; }
};

export const HOST = 'https://leads.kestrel.example';
export const JSON_TYPE = 'application/json';
export const FORM_TYPE = 'application/x-www-form-urlencoded';

export const hmac = (algorithm, key, text, encoding) => crypto.createHmac(algorithm, key).update(text).digest(encoding);
export const sha256 = (text, encoding) => crypto.createHash('sha256').update(text).digest(encoding);

export function post(address, headers, body, type = JSON_TYPE) {
  return { method: 'POST', url: HOST + address, headers: { 'Content-Type': type, ...headers }, body };
}

// One byte of a body turned into another.
export const changed = request => ({ ...request, body: request.body.replace(/Kestrel/, 'Kestrei') });

export function without(request, header) {
  const { [header]: _, ...headers } = request.headers;
  return { ...request, headers };
}

const files = {};

// The cases of a vendor: `take` what is to be believed, `refuse` what is not, and for which reason. `key` may be several.
export function vendor(name, signedBy, usualKey) {
  const cases = [];
  files[name] = { vendor: name, signed_by: signedBy, cases };
  const add = (id, request, { key = usualKey, ...more }, verdict) => {
    cases.push({ id, key, now_ms: NOW, ...more, request, ...verdict });
  };
  return {
    take: (id, request, more = {}) => add(id, request, more, { valid: true }),
    refuse: (id, refused, request, more = {}) => add(id, request, more, { valid: false, refused }),
  };
}

export function write(folder) {
  for (const [name, file] of Object.entries(files)) {
    fs.writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(file, null, 1) + '\n');
  }
}
