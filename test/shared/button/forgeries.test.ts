// @module-tag volume
import { createHash, createHmac } from 'node:crypto';

import { expect, it } from 'vitest';

import { checkSignature } from '../../../shared/validation/webhooks/signature.ts';
import { randomFrom, type Random } from '../../functions/transaction-reconciler/hostile-button.ts';
import pending from '../../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { volume } from '../../volume.ts';

const FORGERIES = volume({ short: 20_000, long: 1_000_000 });
const SECRETS = [
  { name: 'main', secret: 'whsec-1' },
  { name: 'copy', secret: 'ключ-2' },
];

const body = Buffer.from(JSON.stringify(pending));
const [signature = '', copySignature = ''] = SECRETS.map(({ secret }) => sign(body, secret));

type Forgery = { body: Uint8Array; signature: string | undefined };

function sign(bytes: Uint8Array, secret: string | Buffer, algorithm = 'sha256'): string {
  return createHmac(algorithm, secret).update(bytes).digest('hex');
}

const below = (random: Random, limit: number): number => Math.floor(random() * limit);
const insert = (text: string, at: number, what: string): string => text.slice(0, at) + what + text.slice(at);
const replace = (text: string, at: number, what: string): string =>
  text.slice(0, at) + what + text.slice(at + 1);

/** Characters that are not hex digits, though some look like them, and some readers ignore others. */
const STRANGERS = [
  ...[' ', '\t', '\n', '\r', '\0', '\u00A0', '\uFEFF', '\u200B', ',', '=', '%', '-', '+', '.', 'g', 'G', 'x'],
  ...['ａ', '０', 'а', 'е', '٣', 'é', '\u0301', '🔑', '\uD800', '\uDFFF'],
];

/** Bytes that parsers pass over. */
const PADDING = [' ', '\n', '\r\n', '\0', '\uFEFF', '{}'];

/** Each turns an authentic webhook into a forged one. */
const FORGERS: readonly ((random: Random) => Forgery)[] = [
  function oneBitOfTheBody(random) {
    const changed = Buffer.from(body);
    const at = below(random, body.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << below(random, 8));
    return { body: changed, signature };
  },
  function cutBody(random) {
    return { body: body.subarray(0, below(random, body.length)), signature };
  },
  function paddedBody(random) {
    const padding = Buffer.from(PADDING[below(random, PADDING.length)] ?? ' ');
    const parts = random() < 0.5 ? [padding, body] : [body, padding];
    return { body: Buffer.concat(parts), signature };
  },
  function reserializedBody(random) {
    const indent = 1 + below(random, 8);
    return { body: Buffer.from(JSON.stringify(pending, null, indent)), signature };
  },
  function anotherHexDigit(random) {
    const at = below(random, 64);
    const digit = Number.parseInt(signature.charAt(at), 16);
    const other = ((digit + 1 + below(random, 15)) % 16).toString(16);
    const mixed = replace(signature, at, other);
    return { body, signature: random() < 0.5 ? mixed : mixed.toUpperCase() };
  },
  function cutSignature(random) {
    return { body, signature: signature.slice(0, below(random, 64)) };
  },
  function longerSignature(random) {
    const more = below(random, 16 ** 4).toString(16);
    return { body, signature: random() < 0.5 ? signature + more : more + signature };
  },
  function strangerWithin(random) {
    const stranger = STRANGERS[below(random, STRANGERS.length)] ?? ' ';
    const at = below(random, 65);
    return {
      body,
      signature: random() < 0.5 ? insert(signature, at, stranger) : replace(signature, at % 64, stranger),
    };
  },
  function repeatedHeader(random) {
    const between = [',', ', ', ' ', '', ';', '\n'][below(random, 6)] ?? ',';
    return { body, signature: [signature, random() < 0.5 ? signature : copySignature].join(between) };
  },
  function prefixed(random) {
    return {
      body,
      signature: (['sha256=', 'v1=', '0x', 'Bearer ', 't=1,v1='][below(random, 5)] ?? '') + signature,
    };
  },
  function anotherSecret(random) {
    const secret = ['', 'whsec-', 'whsec-1 ', 'WHSEC-1', 'whsec-2', String(random())][below(random, 6)] ?? '';
    return { body, signature: sign(body, secret) };
  },
  function anotherDigest(random) {
    const digests = [
      sign(body, 'whsec-1', 'sha1'),
      sign(body, 'whsec-1', 'sha512').slice(below(random, 64)).slice(0, 64),
      createHash('sha256').update(body).digest('hex'),
      createHash('sha256').update('whsec-1').update(body).digest('hex'),
      Buffer.from(signature, 'hex').reverse().toString('hex'),
      Buffer.from(signature, 'hex').toString('base64'),
      sign(Buffer.from(signature, 'hex'), 'whsec-1'),
    ];
    return { body, signature: digests[below(random, digests.length)] };
  },
  function signatureOfAnotherBody(random) {
    return { body, signature: sign(Buffer.from(String(random())), 'whsec-1') };
  },
  function randomSignature(random) {
    const bytes = Buffer.from(Array.from({ length: 32 }, () => below(random, 256)));
    return { body, signature: bytes.toString('hex') };
  },
  function none(random) {
    return { body, signature: random() < 0.5 ? undefined : '' };
  },
];

it(`accepts none of ${FORGERIES} forgeries, and never throws (C1)`, () => {
  const random = randomFrom(20260601);
  const accepted: Forgery[] = [];
  const refused = { missing: 0, malformed: 0, mismatch: 0 };

  for (let made = 0; made < FORGERIES; made += 1) {
    const forgery = FORGERS[made % FORGERS.length]?.(random) ?? { body, signature: undefined };
    const check = checkSignature(forgery.body, forgery.signature, SECRETS);
    if (check.ok) accepted.push(forgery);
    else refused[check.reason] += 1;
  }

  expect(accepted).toEqual([]);
  expect(refused.missing + refused.malformed + refused.mismatch).toBe(FORGERIES);
  // Each kind of refusal occurs often, so that each of them is tested.
  for (const count of Object.values(refused)) expect(count).toBeGreaterThan(FORGERIES / 20);
  for (const [index, one] of [signature, copySignature, signature.toUpperCase()].entries())
    expect([index, checkSignature(body, one, SECRETS).ok]).toEqual([index, true]);
});
