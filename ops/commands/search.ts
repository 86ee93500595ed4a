import * as z from 'zod';

import { positiveInteger } from '../../shared/runtime/env.ts';
import { brandOutput } from '../brand-orders.ts';
import { defineCommand, type CommandContext, type CommandResult } from '../command.ts';
import { costInWords, scanCost } from '../look-up/scan-cost.ts';
import type { ScanResult } from '../look-up/scan.ts';
import type { SearchCriteria } from '../look-up/search-criteria.ts';
import { entriesByOrder, entriesByScan } from '../look-up/search-quarantine.ts';
import { transactionsByScan, transactionsByShopper } from '../look-up/search-transactions.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { opsLine } from '../timeline/words.ts';
import { UsageError } from '../usage-error.ts';

const DAY_MS = 86_400_000;
const day = z.iso.date({ error: 'is a day such as 2026-01-31' });
const endOf = (given: string): string => new Date(Date.parse(given) + DAY_MS).toISOString();

/** A day in UTC, from its beginning or to its end; or an instant. */
const dayOrInstant = z.union([day, z.iso.datetime({ offset: true })], {
  error: 'is a day such as 2026-01-31, or an instant such as 2026-01-31T12:00:00Z',
});

const STATUSES = {
  transactions: ['pending', 'validated', 'declined', 'conflict'],
  quarantine: ['waiting', 'replayed'],
};

/** Finds transactions or refused orders by what people know of them. */
export const search = defineCommand({
  name: 'search',
  summary:
    "Finds transactions, or order messages in quarantine, by day or range, status, amount (minor units; the order's or the reward's), the Brand's order or shopper, or without a shopper. If no key finds them, it says what reading the table costs; --yes reads all of it, --limit at most N items.",
  usage:
    '(transactions | quarantine [--brand ID]) [--day DAY | --from DAY --to DAY] [--status STATUS] [--amount MINOR] [--order ORDER] [--shopper SHOPPER | --without-shopper] [--yes | --limit N]',
  options: {
    brand: { type: 'string' },
    day: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    status: { type: 'string' },
    amount: { type: 'string' },
    order: { type: 'string' },
    shopper: { type: 'string' },
    'without-shopper': { type: 'boolean' },
    limit: { type: 'string' },
  },
  input: z
    .object({
      arguments: z.tuple([
        z.enum(['transactions', 'quarantine'], { error: 'is transactions or quarantine' }),
      ]),
      brand: z.string().min(1).optional(),
      day: day.optional(),
      from: dayOrInstant.optional(),
      to: dayOrInstant.optional(),
      status: z.string().optional(),
      amount: z
        .string()
        .regex(/^\d{1,15}$/, 'is a whole number of minor units, such as 1234')
        .optional(),
      order: z.string().min(1).optional(),
      shopper: z.string().min(1).optional(),
      'without-shopper': z.literal(true).optional(),
      yes: z.boolean().default(false),
      limit: positiveInteger.optional(),
    })
    .refine(({ day: only, from, to }) => only === undefined || (from === undefined && to === undefined), {
      path: ['day'],
      error: 'goes without --from and --to',
    })
    .refine(({ arguments: [kind], brand }) => kind === 'quarantine' || brand === undefined, {
      path: ['brand'],
      error: 'goes with quarantine',
    })
    .refine(
      ({ arguments: [kind], shopper, 'without-shopper': nobody }) =>
        nobody === undefined || (kind === 'transactions' && shopper === undefined),
      { path: ['without-shopper'], error: 'goes with transactions, and without --shopper' },
    )
    .refine(({ arguments: [kind], status }) => status === undefined || STATUSES[kind].includes(status), {
      path: ['status'],
      error:
        'is pending, validated, declined or conflict for transactions; waiting or replayed for quarantine',
    }),
  async run({ arguments: [kind], yes, limit, ...given }, context) {
    const criteria = criteriaOf(given);
    if (Object.values(criteria).every((value) => value === undefined))
      throw new UsageError(
        'Say what to search for: --day, --from, --to, --status, --amount, --order, --shopper or --without-shopper.',
      );
    const searching = searchIn(kind, { criteria, brand: given.brand, context });
    const byKey = await searching.byKey();
    if (byKey.found.length > 0) return asResult(kind, byKey);
    if (yes || limit !== undefined) return asResult(kind, await searching.byScan(limit ?? Infinity));
    const cost = costInWords(await scanCost(context.clients.dynamodb, [searching.table]));
    const text = `It cannot be found without a search, which ${cost}.\nAdd --yes to read the whole table, or --limit N to read at most N items.\n`;
    return { outcome: 'done', found: { searched: false, cost }, text };
  },
});

type Given = Pick<SearchCriteria, 'from' | 'to' | 'status' | 'order' | 'shopper'> & {
  'without-shopper'?: true | undefined;
  day?: string | undefined;
  amount?: string | undefined;
};

function criteriaOf({
  day: only,
  from = only,
  to = only,
  status,
  amount,
  order,
  shopper,
  'without-shopper': withoutShopper,
}: Given): SearchCriteria {
  const amountMinor = amount === undefined ? undefined : Number(amount);
  const end = to !== undefined && day.safeParse(to).success ? endOf(to) : to;
  return { from, to: end, status, amountMinor, order, shopper, withoutShopper };
}

type Searching = {
  table: string;
  byKey: () => Promise<ScanResult<object>>;
  byScan: (limit: number) => Promise<ScanResult<object>>;
};

function searchIn(
  kind: 'transactions' | 'quarantine',
  {
    criteria,
    brand,
    context,
  }: { criteria: SearchCriteria; brand: string | undefined; context: CommandContext },
): Searching {
  const { stage } = context;
  if (kind === 'transactions') {
    return {
      table: stage.output('TransactionsTableName'),
      byKey: () => transactionsByShopper(criteria, context),
      byScan: (limit) => transactionsByScan(criteria, { context, limit }),
    };
  }
  if (brand !== undefined) brandOutput(stage, 'OrderQueueUrl', brand);
  const asked = { criteria, brands: brand === undefined ? stage.brands : [brand], context };
  return {
    table: quarantineTableOf(stage, 'orders'),
    byKey: () => entriesByOrder(asked),
    byScan: (limit) => entriesByScan(asked, limit),
  };
}

const MOST_COMMANDS = 5;
const NAME_OF = z.looseObject({ key: z.string().exactOptional(), id: z.string().exactOptional() });

function asResult(kind: string, { found, read, isWhole }: ScanResult<object>): CommandResult {
  const names = found.map((one) => NAME_OF.parse(one)).flatMap(({ key, id }) => key ?? id ?? []);
  const next = names.slice(0, MOST_COMMANDS).map((name) => opsLine('show', name));
  return {
    outcome: found.length === 0 ? 'not-found' : 'done',
    found: { count: found.length, read, isWhole, [kind]: found, next },
  };
}
