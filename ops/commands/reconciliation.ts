import * as z from 'zod';

import { parseApiKey } from '../../shared/button/api-key.ts';
import { createButtonHttp } from '../../shared/button/button-http.ts';
import { createTransactionsApi, type TransactionsApi } from '../../shared/button/transactions-api.ts';
import { backfillProgress, startBackfill } from '../../shared/transactions/backfill.ts';
import { readRange } from '../../shared/reconciliation/read-range.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { cachedSecret } from '../../shared/runtime/secret.ts';
import { leaveConflictNotes } from '../../shared/reconciliation/store/conflict-note-store.ts';
import { createPositionStore, type PositionStore } from '../../shared/reconciliation/store/position-store.ts';
import { createQuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import type { TableAccess } from '../../shared/dynamodb/table-access.ts';
import { defineCommand, instant, rate, type CommandContext } from '../command.ts';
import { dryTransactions } from '../dry-transactions.ts';
import { createPace } from '../pace.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { openTransactions, rewardableCategories } from '../transaction-access.ts';
import { awaitBackfill, type ReadBackfill } from '../await-backfill.ts';
import { UsageError } from '../usage-error.ts';

const account = z.string().min(1);

/** Lists Button's accounts. */
export const accountsList = defineCommand({
  name: 'accounts-list',
  summary: "Lists the publisher's accounts at Button. The other commands take one as ACCOUNT.",
  usage: '',
  options: {},
  input: z.object({ arguments: z.tuple([]) }),
  run: (_, context) =>
    withButton(context, async (api) => {
      const listing = await api.listAccounts();
      if (!listing.ok) return { outcome: 'partial', found: { reason: listing.reason } };
      const { cutShortBy } = listing.value;
      return { outcome: cutShortBy === undefined ? 'done' : 'partial', found: { ...listing.value } };
    }),
});

/** Shows how far an account is read. */
export const positionsShow = defineCommand({
  name: 'positions-show',
  summary: 'Shows how far each stream of an account has been read: incremental, sweeps, backfills.',
  usage: 'ACCOUNT',
  options: {},
  input: z.object({ arguments: z.tuple([account]) }),
  async run({ arguments: [accountId] }, context) {
    const streams = await openPositions(context).list(accountId);
    return { outcome: streams.length === 0 ? 'not-found' : 'done', found: { streams } };
  },
});

const DAY_MS = 86_400_000;
const day = z.iso.date({ error: 'is a day such as 2026-01-31' });

/** Shows what reading found. */
export const driftShow = defineCommand({
  name: 'drift-show',
  summary:
    'Shows, for each day, what reading found that no webhook had brought, in rows and in money (minor units).',
  usage: 'ACCOUNT --from DAY [--to DAY]',
  options: { from: { type: 'string' }, to: { type: 'string' } },
  input: z
    .object({ arguments: z.tuple([account]), from: day, to: day.optional() })
    .refine(({ from, to = from }) => from <= to, { path: ['to'], error: 'is not before --from' }),
  async run({ arguments: [accountId], from, to = from }, context) {
    const positions = openPositions(context);
    const days: Record<string, unknown> = {};
    for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) {
      const name = new Date(at).toISOString().slice(0, 10);
      days[name] = await positions.readReport({ account: accountId, day: name });
    }
    const isEmpty = Object.values(days).every((report) => report === undefined);
    return { outcome: isEmpty ? 'not-found' : 'done', found: { days } };
  },
});

const backfillId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'is 1 to 64 letters, digits and hyphens');

/** Shows how far a backfill has got. */
export const backfillShow = defineCommand({
  name: 'backfill-show',
  summary: 'Shows how far a backfill has got. With --wait, waits until it is finished.',
  usage: 'ACCOUNT ID [--wait]',
  options: { wait: { type: 'boolean' } },
  input: z.object({ arguments: z.tuple([account, backfillId]), wait: z.boolean().default(false) }),
  async run({ arguments: [accountId, id], wait }, context) {
    const positions = openPositions(context);
    const read: ReadBackfill = () => backfillProgress({ account: accountId, id }, positions);
    const backfill = wait ? await awaitBackfill(read, context.progress) : await read();
    if (backfill === undefined) return { outcome: 'not-found', found: {} };
    return { outcome: 'done', found: backfill === 'unreadable' ? { unreadable: true } : backfill };
  },
});

/**
 * No default: `live` rewards users for what an older system may have rewarded, `historical` leaves them
 * without a reward.
 */
const novelty = z.enum(['historical', 'live'], {
  error: 'says what new transactions are: live if nobody can have been rewarded for them, else historical',
});

const RANGE = { from: instant, to: instant };
const isRange = ({ from, to }: { from: string; to: string }): boolean => from < to;
const RANGE_ERROR = { path: ['to'], error: 'is later than --from' };

/** Has the reconciler read a range once more. */
export const backfillStart = defineCommand({
  name: 'backfill-start',
  summary:
    'Has the reconciler read a range of an account again, in slices, beside the incremental stream. For ranges of any length.',
  usage:
    'ACCOUNT ID --from INSTANT --to INSTANT --delivery (historical | live) [--time-field (modified_date | created_date)]',
  options: {
    from: { type: 'string' },
    to: { type: 'string' },
    delivery: { type: 'string' },
    'time-field': { type: 'string' },
  },
  changes: 'transactions',
  recorded: ['arguments', 'from', 'to', 'delivery', 'time-field'],
  input: z
    .object({
      arguments: z.tuple([account, backfillId]),
      ...RANGE,
      delivery: novelty,
      'time-field': z.enum(['modified_date', 'created_date']).default('modified_date'),
    })
    .refine(isRange, RANGE_ERROR),
  async run({ arguments: [accountId, id], from, to, delivery, 'time-field': timeField }, context) {
    const { stage, clients, isDryRun, now } = context;
    const positions = openPositions(context);
    const backfill = await backfillProgress({ account: accountId, id }, positions);
    if (isDryRun) {
      return { outcome: 'done', found: { would: backfill === undefined ? 'start' : 'resume', backfill } };
    }
    const started = await startBackfill(
      { account: accountId, id, from, to, delivery, timeField },
      {
        positions,
        send: createFifoSender({ client: clients.sqs, queueUrl: stage.output('ReadQueueUrl') }),
        now,
      },
    );
    if (started.outcome === 'refused') throw new UsageError(`The backfill was rejected: ${started.reason}`);
    return { outcome: 'done', found: { ...started } };
  },
});

const PAGE_SIZE = 100;
/** How long an unreadable row is kept, in days. */
const RETENTION_DAYS = 90;

/** Reads a range again at once. */
export const transactionsRebuild = defineCommand({
  name: 'transactions-rebuild',
  summary:
    'Reads a short range of an account from Button at once, on this machine, and applies every row. A dry run reads it too.',
  usage:
    'ACCOUNT --from INSTANT --to INSTANT --new-transactions-are (historical | live) [--rate ROWS_PER_SECOND]',
  options: {
    from: { type: 'string' },
    to: { type: 'string' },
    'new-transactions-are': { type: 'string' },
    rate: { type: 'string' },
  },
  changes: 'transactions',
  recorded: ['arguments', 'from', 'to', 'new-transactions-are'],
  input: z
    .object({
      arguments: z.tuple([account]),
      ...RANGE,
      'new-transactions-are': novelty,
      rate: rate(200),
    })
    .refine(isRange, RANGE_ERROR),
  run: ({ arguments: [accountId], from, to, 'new-transactions-are': delivery, rate: perSecond }, context) =>
    withButton(context, async (api) => {
      const { clients, stage, isDryRun, now, progress } = context;
      const pace = createPace(perSecond);
      const advance = progress('rows');
      const transactions = openTransactions(context);
      const quarantine = createQuarantineStore({
        client: clients.dynamodb,
        table: quarantineTableOf(stage, 'transactions'),
        retentionDays: RETENTION_DAYS,
      });
      const result = await readRange(
        { account: accountId, from, to, delivery },
        {
          api: {
            ...api,
            listTransactions: async (query) => {
              await pace(PAGE_SIZE);
              const page = await api.listTransactions(query);
              if (page.ok) advance(page.value.rows.length);
              return page;
            },
          },
          transactions: isDryRun ? dryTransactions(transactions) : transactions,
          rewardableCategories: rewardableCategories(context),
          noteConflicts: (notes) =>
            isDryRun ? Promise.resolve() : leaveConflictNotes(positionsTable(context), notes),
          quarantine: isDryRun ? { ...quarantine, put: () => Promise.resolve({ isNew: true }) } : quarantine,
          pageSize: PAGE_SIZE,
          now,
        },
      );
      return { outcome: result.outcome === 'complete' ? 'done' : 'partial', found: { ...result } };
    }),
});

const BUTTON_TIMEOUT_MS = 30_000;

async function withButton<Result>(
  { stage, clients }: CommandContext,
  use: (api: TransactionsApi) => Promise<Result>,
): Promise<Result> {
  const secret = await cachedSecret({
    client: clients.secretsManager,
    secretId: stage.output('ApiKeySecretArn'),
    parse: parseApiKey,
  }).read();
  if (secret.status !== 'set') {
    throw new UsageError(`There is no API key for Button: the secret is ${secret.status}.`);
  }
  const http = createButtonHttp({ baseUrl: stage.output('ButtonApiUrl'), timeoutMs: BUTTON_TIMEOUT_MS });
  try {
    return await use(createTransactionsApi(http, secret.value));
  } finally {
    http.close();
  }
}

function openPositions(context: CommandContext): PositionStore {
  return createPositionStore(positionsTable(context));
}

function positionsTable({ stage, clients }: CommandContext): TableAccess {
  return { client: clients.dynamodb, table: stage.output('PositionsTableName') };
}
