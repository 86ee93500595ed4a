// Measures the microseconds that it takes to check, parse and validate one webhook, for each implementation
// in turn. argv: rounds, webhooks per round.
import { createHash } from 'node:crypto';

import buttonClient from '@button/button-client-node';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';

import { checkSignature, readWebhook } from '@button-serverless/validation/webhooks';
import { signatureOf, transactionRow, webhookBody } from '../events.ts';
import { WEBHOOK_SECRET } from '../environment.ts';
import { Webhook } from '../peers/webhook-schema.mjs';

const [, , rounds, webhooks] = process.argv;
const { isWebhookAuthentic } = buttonClient.utils;
const secrets = [{ name: 'main', secret: WEBHOOK_SECRET }];
const standardSecret = `whsec_${Buffer.from('bench-webhook-secret-for-others!').toString('base64')}`;
const svix = new SvixWebhook(standardSecret);
const standard = new StandardWebhook(standardSecret);

const text = webhookBody(transactionRow(1));
const bytes = Buffer.from(text);
const signature = signatureOf(text);
const at = new Date();
const svixHeaders = {
  'svix-id': 'msg',
  'svix-timestamp': String(Math.floor(at.getTime() / 1000)),
  'svix-signature': svix.sign('msg', at, text),
};
const standardHeaders = {
  'webhook-id': 'msg',
  'webhook-timestamp': svixHeaders['svix-timestamp'],
  'webhook-signature': standard.sign('msg', at, text),
};
const must = (condition) => {
  if (!condition) throw new Error('An authentic webhook was refused.');
};

const ways = {
  'SHA-256 alone': () => createHash('sha256').update(bytes).digest(),
  'ours: signature': () => must(checkSignature(bytes, signature, secrets).ok),
  'official client: signature': () => must(isWebhookAuthentic(WEBHOOK_SECRET, text, signature)),
  'standardwebhooks: signature, parsing': () => must(standard.verify(text, standardHeaders)),
  'svix: signature': () => svix.verify(text, svixHeaders),
  'SHA-256 and JSON.parse': () => {
    createHash('sha256').update(bytes).digest();
    JSON.parse(text);
  },
  'ours: all': () => {
    must(checkSignature(bytes, signature, secrets).ok);
    must(readWebhook(bytes).ok);
  },
  'official client and zod: all': () => {
    must(isWebhookAuthentic(WEBHOOK_SECRET, text, signature));
    Webhook.parse(JSON.parse(text));
  },
  'standardwebhooks and zod: all': () => Webhook.parse(standard.verify(text, standardHeaders)),
};

const measured = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
for (let round = -1; round < Number(rounds); round += 1) {
  for (const [name, work] of Object.entries(ways)) {
    const before = process.cpuUsage();
    for (let webhook = 0; webhook < Number(webhooks); webhook += 1) work();
    const { user, system } = process.cpuUsage(before);
    // The first round only warms up.
    if (round >= 0) measured[name].push((user + system) / Number(webhooks));
  }
}
process.stdout.write(JSON.stringify(measured));
