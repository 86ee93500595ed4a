import * as z from 'zod';

import { parseApiKey } from '../../shared/button/api-key.ts';
import { createButtonHttp } from '../../shared/button/button-http.ts';
import { createOrderApi } from '../../shared/button/order-api.ts';
import { auditOrders } from '../../shared/orders/audit-orders.ts';
import type { OrderDrift } from '../../shared/orders/rules/order-audit.ts';
import { positiveInteger } from '../../shared/runtime/env.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { sampleSettledOrders, settledOrders } from '../../shared/orders/store/order-ledger-scan.ts';
import { brandOutput, openLedger, settingsOf } from '../brand-orders.ts';
import { brand, defineCommand, instant, rate, type CommandContext } from '../command.ts';
import { countedPace, createPace } from '../pace.ts';
import { UsageError } from '../usage-error.ts';

const BUTTON_TIMEOUT_MS = 10_000;
/** The size of a sample unless given. */
const SAMPLE = 100;

/** Compares orders at Button with what was reported. */
export const ordersAudit = defineCommand({
  name: 'orders-audit',
  summary:
    'Compares orders at Button with what was reported: named orders, or a sample or all of a date range. If an audit of all orders ends early, it says after which order to continue.',
  usage:
    '--brand ID (ORDER... | [--all [--after ORDER]] [--from INSTANT] [--to INSTANT] [--limit N]) [--rate PER_SECOND]',
  options: {
    brand: { type: 'string' },
    all: { type: 'boolean' },
    after: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    limit: { type: 'string' },
    rate: { type: 'string' },
  },
  input: z
    .object({
      arguments: z.array(z.string().min(1)),
      brand,
      all: z.boolean().default(false),
      after: z.string().min(1).optional(),
      from: instant.default('1970-01-01T00:00:00Z'),
      to: instant.optional(),
      limit: positiveInteger.optional(),
      rate: rate(2),
    })
    .refine(({ all, after }) => all || after === undefined, { path: ['after'], error: 'goes with --all' })
    .refine(({ all, arguments: named }) => !all || named.length === 0, {
      path: ['all'],
      error: 'goes without orders',
    }),
  async run({ arguments: named, brand: brandId, all, after, from, to, limit, rate: perSecond }, context) {
    const { clients, stage, now, progress } = context;
    const brandTable = {
      client: clients.dynamodb,
      table: stage.output('OrderLedgerTableName'),
      brand: brandId,
    };
    const ledger = openLedger(brandId, context);
    const { buttonApiUrl: baseUrl } = settingsOf(brandId, context);
    const http = createButtonHttp({ baseUrl, timeoutMs: BUTTON_TIMEOUT_MS });
    const most = limit ?? (all ? undefined : Math.max(SAMPLE, named.length));
    const count = named.length > 0 ? Math.min(named.length, most ?? Infinity) : most;
    const pace = countedPace(createPace(perSecond), progress('orders', count));
    try {
      const found = all ? settledOrders(brandTable, after) : sampleSettledOrders(brandTable, Math.random);
      const { continueAfter, ...audit } = await auditOrders(named.length > 0 ? each(named) : found, {
        ledger,
        api: createOrderApi(http, await readKey(brandId, context)),
        range: { from: new Date(from), to: to === undefined ? now() : new Date(to) },
        most: most ?? Infinity,
        pace: () => pace(1),
        timeLeft: () => true,
        now,
      });
      return {
        outcome: audit.unanswered > 0 || (all && continueAfter) ? 'partial' : 'done',
        found: {
          ...audit,
          drift: audit.drift.map((drift) => ({ ...drift, next: nextStep(drift) })),
          ...(audit.skipped > 0 && named.length > 0 && { note: WHY_SKIPPED }),
          ...sums(audit.drift),
          ...(all && continueAfter && { continueAfter }),
        },
      };
    } finally {
      http.close();
    }
  },
});

const WHY_SKIPPED =
  'An order is skipped if the ledger does not have it, or if it is not settled, not within the range, or was reported less than two hours ago: Button may not show it yet.';

/** What to do about an order that differs. */
function nextStep({ reasons }: OrderDrift): string {
  if (reasons.includes('deleted'))
    return 'Have the commerce system send it under another id: an order that Button has deleted does not return.';
  return reasons.includes('not_cancelled')
    ? 'Have the commerce system cancel it again.'
    : 'Have the commerce system send it as a newer version; if Button has finalized it, ask your Button contact.';
}

async function* each(orderIds: readonly string[]): AsyncGenerator<{ orderId: string }> {
  for (const orderId of orderIds) yield await Promise.resolve({ orderId });
}

async function readKey(brandId: string, { stage, clients }: CommandContext): Promise<string> {
  const secretId = brandOutput(stage, 'ApiKeySecretArn', brandId);
  const key = await cachedSecret({ client: clients.secretsManager, secretId, parse: parseApiKey }).read();
  if (key.status !== 'set') throw new UsageError(`The API key of ${brandId} is not set, or cannot be read.`);
  return key.value;
}

/** The amounts of the drift, in minor units by currency. */
function sums(drift: readonly { currency: string; amountMinor: number }[]): Record<string, unknown> {
  const driftMinor: Record<string, number> = {};
  for (const { currency, amountMinor } of drift)
    driftMinor[currency] = (driftMinor[currency] ?? 0) + amountMinor;
  return { drifted: drift.length, driftMinor };
}
