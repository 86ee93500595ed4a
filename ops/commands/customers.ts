import * as z from 'zod';

import { namesCustomer, type BrandCustomer } from '../../shared/orders/rules/erase-customer.ts';
import { namesValue } from '@button-serverless/validation/json';
import { eraseCustomer } from '../../shared/orders/erase-customer.ts';
import { allOrders } from '../../shared/orders/store/order-ledger-scan.ts';
import type { OrderLedger } from '../../shared/orders/store/order-ledger-store.ts';
import { createQuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import { openLedger } from '../brand-orders.ts';
import { brand, defineCommand, type CommandContext } from '../command.ts';
import { findEntries } from '../quarantine-entries.ts';
import { countedPasses } from '../progress.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';

/** Erases one customer of a brand. */
export const customerErase = defineCommand({
  name: 'customer-erase',
  summary:
    "Erases a brand's customer from every order in the ledger, reads the ledger again to prove it, and lists the entries of the quarantine that name the customer.",
  usage: '--brand ID [--customer-id VALUE] [--email-sha256 HEX]',
  options: {
    brand: { type: 'string' },
    'customer-id': { type: 'string' },
    'email-sha256': { type: 'string' },
  },
  changes: 'orders',
  recorded: ['brand'],
  input: z
    .object({
      arguments: z.tuple([]),
      brand,
      'customer-id': z.string().min(1).optional(),
      'email-sha256': z
        .string()
        .regex(/^[0-9a-fA-F]{64}$/, 'is a SHA-256 in 64 hex digits')
        .optional(),
    })
    .refine((given) => given['customer-id'] ?? given['email-sha256'], {
      error: 'Name the customer by --customer-id, --email-sha256 or both',
    }),
  async run({ brand: brandId, 'customer-id': id, 'email-sha256': emailSha256 }, context) {
    const customer: BrandCustomer = {
      ...(id === undefined ? {} : { id }),
      ...(emailSha256 === undefined ? {} : { emailSha256 }),
    };
    const pass = countedPasses(context.progress, 'orders');
    const ids = (): AsyncIterable<string> => pass(orderIds(brandId, context));
    const ledger = openLedger(brandId, context);
    if (context.isDryRun) {
      const wouldErase = await count(customer, ids(), ledger);
      const inQuarantine = await entriesNaming(customer, brandId, context);
      return { outcome: 'done', found: { wouldErase, inQuarantine } };
    }
    const counts = await eraseCustomer(customer, { orderIds: ids(), ledger });
    const remaining = await count(customer, ids(), ledger);
    // Last of all: a message may have been refused meanwhile.
    const inQuarantine = await entriesNaming(customer, brandId, context);
    return {
      outcome: remaining === 0 ? 'done' : 'partial',
      found: { ...counts, remaining, inQuarantine, notReached: NOT_REACHED },
    };
  },
});

const NOT_REACHED = [
  'the quarantine: quarantine-delete what inQuarantine lists',
  'messages that wait on the queue of orders and in its dead-letter queue',
  'digests by which the ledger recognises a version: they can confirm a guess of the whole order',
  'backups and points in time to restore to, for up to 35 days',
  'Button, and the shop itself',
];

async function* orderIds(brandId: string, { stage, clients }: CommandContext): AsyncGenerator<string> {
  const orders = allOrders({
    client: clients.dynamodb,
    table: stage.output('OrderLedgerTableName'),
    brand: brandId,
  });
  for await (const { orderId } of orders) yield orderId;
}

async function count(
  customer: BrandCustomer,
  ids: AsyncIterable<string>,
  ledger: Pick<OrderLedger, 'read'>,
): Promise<number> {
  let naming = 0;
  for await (const orderId of ids) {
    const stored = await ledger.read(orderId);
    if (stored && namesCustomer(stored.value, customer)) naming += 1;
  }
  return naming;
}

async function entriesNaming(
  { id, emailSha256 }: BrandCustomer,
  brandId: string,
  { stage, clients }: CommandContext,
): Promise<string[]> {
  const table = quarantineTableOf(stage, 'orders');
  const review = createQuarantineReview({ client: clients.dynamodb, table });
  const hashes = emailSha256 === undefined ? [] : [emailSha256.toLowerCase(), emailSha256.toUpperCase()];
  const wanted = [...(id === undefined ? [] : [id]), ...hashes];
  const kind = `order#${brandId}`;
  const { entries } = await findEntries(review, kind, { withReplayed: true, limit: Infinity });
  const naming: string[] = [];
  for (const entry of entries) {
    const bytes = (await review.read(kind, entry.id))?.bytes;
    if (bytes && namesValue(bytes, wanted)) naming.push(`orders ${entry.id}`);
  }
  return naming;
}
