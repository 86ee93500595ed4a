import * as z from 'zod';

import { erasureNote, type Shopper } from '../../shared/transactions/rules/erasure-note.ts';
import { namesValue } from '@button-serverless/validation/json';
import { settleTransaction } from '../../shared/transactions/rules/merge-transaction.ts';
import { type Candidate, recordStatus } from '@button-serverless/validation/webhooks';
import { createEventBus } from '../../shared/transactions/event-bus.ts';
import { renewVersions } from '../../shared/transactions/renew-versions.ts';
import { republishEvents } from '../../shared/transactions/republish-events.ts';
import { followMerges } from '../../shared/transactions/locate-transaction.ts';
import { listErasureNotes, leaveErasureNote } from '../../shared/transactions/store/erasure-note-store.ts';
import { cachedFinalizationWindows } from '../../shared/transactions/store/cached-finalization-windows.ts';
import { leaveConflictNotes } from '../../shared/reconciliation/store/conflict-note-store.ts';
import { eraseShopper, findShopper } from '../../shared/transactions/erase-shopper.ts';
import { flag, positiveInteger } from '../../shared/runtime/env.ts';
import { isOverdue } from '../../shared/transactions/rules/stale-pending.ts';
import { cachedCutOver } from '../../shared/reconciliation/store/cut-over.ts';
import { createCheckoutStore } from '../../shared/transactions/store/checkout-store.ts';
import { eraseCheckout } from '../../shared/transactions/store/erase-checkout.ts';
import { createQuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import { createQuarantineStore } from '../../shared/quarantine/quarantine-store.ts';
import {
  deletePart,
  readOwner,
  scanAll,
  scanPublished,
  scanStatus,
} from '../../shared/transactions/store/transaction-scan.ts';
import { chooseEntries, CHOICE_OPTIONS } from '../chosen-entries.ts';
import { defineCommand, instant, limit, rate, reason, type CommandContext } from '../command.ts';
import { dryCheckouts } from '../dry-checkouts.ts';
import { countedPace, createPace } from '../pace.ts';
import { countedPasses } from '../progress.ts';
import { findEntries } from '../quarantine-entries.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { replayWebhooks } from '../replay-webhooks.ts';
import {
  openTransactions,
  overduePolicy,
  rewardableCategories,
  transactionsTable,
} from '../transaction-access.ts';

/** Shows one transaction. */
export const transactionShow = defineCommand({
  name: 'transaction-show',
  summary: 'Shows one transaction with its history. --show-bytes prints its shopper and what Button sent.',
  usage: '(order#BUTTON_ORDER_ID | tx#ID) [--show-bytes]',
  options: { 'show-bytes': { type: 'boolean' } },
  input: z.object({
    arguments: z.tuple([z.string().regex(/^(order|tx)#./, 'is order#BUTTON_ORDER_ID or tx#ID')]),
    'show-bytes': z.boolean().default(false),
  }),
  async run({ arguments: [key], 'show-bytes': showBytes }, context) {
    const stored = await openTransactions(context).read(key);
    if (!stored) return { outcome: 'not-found', found: {} };
    const { candidates, seen, ...record } = stored.value;
    const shown = candidates.map((candidate) => show(candidate, showBytes));
    const history = seen.map(({ transaction, payload, ...sighting }) => ({
      ...show({ transaction, payload }, showBytes),
      ...sighting,
    }));
    return {
      outcome: 'done',
      found: { ...record, candidates: shown, seen: history, revision: stored.revision },
    };
  },
});

/** A version; without the fields that name the shopper unless they are asked for. */
function show({ transaction, payload }: Candidate, showBytes: boolean): object {
  if (showBytes) return { ...transaction, payload };
  const { publisherCustomerId: _customer, pubRef: _ref, linesDigest: _lines, ...rest } = transaction;
  return rest;
}

/** Decides which of several final versions of one purchase counts. */
export const transactionSettle = defineCommand({
  name: 'transaction-settle',
  summary:
    "Settles a conflict of final versions: decides which of Button's ids counts, and which version of it if it has several. Only a final version that the decision does not cover opens the conflict again.",
  usage:
    '(order#BUTTON_ORDER_ID | tx#ID) --id TX_ID [--status (validated | declined)] [--amount MINOR_UNITS] --reason TEXT',
  options: {
    id: { type: 'string' },
    status: { type: 'string' },
    amount: { type: 'string' },
    reason: { type: 'string' },
  },
  changes: 'transactions',
  recorded: ['arguments', 'id', 'status', 'amount', 'reason'],
  input: z.object({
    arguments: z.tuple([z.string().regex(/^(order|tx)#./, 'is order#BUTTON_ORDER_ID or tx#ID')]),
    id: z.string().min(1),
    status: z.enum(['validated', 'declined']).optional(),
    amount: z
      .string()
      .regex(/^-?\d{1,15}$/, 'is a whole number of minor units, such as 1234')
      .transform(Number)
      .optional(),
    reason,
  }),
  async run({ arguments: [key], amount, ...choice }, context) {
    const { id } = choice;
    const store = openTransactions(context);
    const { stored } = await followMerges(await store.find(key, { consistent: true }), store);
    if (!stored) return { outcome: 'not-found', found: {} };
    const storing = {
      storedAt: context.now().toISOString(),
      rewardableCategories: rewardableCategories(context),
    };
    const settled = settleTransaction(stored.value, { ...choice, amountMinor: amount }, storing);
    if (!settled)
      return {
        outcome: 'not-found',
        found: { status: recordStatus(stored.value), reason: 'nothing_to_settle' },
      };
    const { amountMinor, currency, status } = settled.candidates[0].transaction;
    const found = { key: settled.key, id, status, amountMinor, currency };
    if (context.isDryRun) return { outcome: 'done', found };
    const { ok } = await store.write(settled, stored.revision);
    // It has changed meanwhile: the decision may be about another version than the stored one.
    return ok ? { outcome: 'done', found } : { outcome: 'partial', found: { reason: 'changed_meanwhile' } };
  },
});

const DAY_MS = 86_400_000;

/** Lists transactions that somebody has to look at. */
export const transactionsList = defineCommand({
  name: 'transactions-list',
  summary:
    'Lists transactions in conflict, or overdue: still pending after the finalization window of their brand or, with --days, N days after their creation. Reads the whole table.',
  usage: '(conflict | stale [--days N]) [--limit N]',
  options: { days: { type: 'string' }, limit: { type: 'string' } },
  input: z.object({
    arguments: z.tuple([z.enum(['conflict', 'stale'], { error: 'is conflict or stale' })]),
    days: positiveInteger.optional(),
    limit,
  }),
  async run({ arguments: [which], days, limit: most }, context) {
    const ageMs = which === 'stale' ? (days ?? 0) * DAY_MS : 0;
    const wanted = {
      status: which === 'stale' ? ('pending' as const) : which,
      createdBefore: new Date(context.now().getTime() - ageMs).toISOString(),
    };
    const overdue = which === 'stale' && days === undefined ? await overduePolicy(context) : undefined;
    const transactions: object[] = [];
    const unreadable: string[] = [];
    const onUnreadable = (key: string): number => unreadable.push(key);
    for await (const head of scanStatus(transactionsTable(context), wanted, onUnreadable)) {
      const { commerceOrganization = null } = head;
      if (overdue && !isOverdue({ ...head, commerceOrganization }, overdue)) continue;
      if (transactions.length === most)
        return { outcome: 'done', found: { count: most, more: true, transactions, unreadable } };
      const { pk: key, amountMinor, currency, createdDate, modifiedDate, accountId } = head;
      transactions.push({ key, amountMinor, currency, createdDate, modifiedDate, accountId });
    }
    return { outcome: 'done', found: { count: transactions.length, more: false, transactions, unreadable } };
  },
});

/** How long a webhook that is still unreadable is kept from now on, in days. */
const RETENTION_DAYS = 90;

/** Applies refused webhooks with the current code. */
export const webhooksReplay = defineCommand({
  name: 'webhooks-replay',
  summary:
    'Applies webhooks in quarantine with the code of this checkout, which should be the deployed version.',
  usage: '(ENTRY... | --all [--reason CODE] [--since INSTANT] [--limit N]) [--rate PER_SECOND]',
  options: CHOICE_OPTIONS,
  changes: 'transactions',
  recorded: ['arguments', 'all', 'reason', 'since', 'limit'],
  input: z.object({
    arguments: z.array(z.string().min(1)),
    all: z.boolean().default(false),
    reason: z.string().optional(),
    since: instant.optional(),
    limit,
    rate: rate(50),
  }),
  async run({ rate: perSecond, ...choice }, context) {
    const { stage, clients, isDryRun, now } = context;
    const table = quarantineTableOf(stage, 'transactions');
    const positions = { client: clients.dynamodb, table: stage.output('PositionsTableName') };
    const review = createQuarantineReview({ client: clients.dynamodb, table });
    const { ids, missing, more } = await chooseEntries(review, 'webhook', choice);
    const counts = await replayWebhooks(ids, {
      review,
      quarantine: createQuarantineStore({ client: clients.dynamodb, table, retentionDays: RETENTION_DAYS }),
      transactions: openTransactions(context),
      checkouts: isDryRun
        ? dryCheckouts(transactionsTable(context))
        : createCheckoutStore(transactionsTable(context)),
      rewardableCategories: rewardableCategories(context),
      noteConflicts: (notes) => (isDryRun ? Promise.resolve() : leaveConflictNotes(positions, notes)),
      finalizationMinutes: cachedFinalizationWindows(positions, now).minutes,
      erasures: () => listErasureNotes(positions, now()),
      cutOver: cachedCutOver(
        stage.outputNames.includes('LiveFrom') ? stage.output('LiveFrom') : undefined,
        positions,
      ).at,
      pace: countedPace(createPace(perSecond), context.progress('webhooks', ids.length)),
      isDryRun,
      now,
    });
    return { outcome: missing.length > 0 ? 'not-found' : 'done', found: { ...counts, missing, more } };
  },
});

/** Publishes again what consumers missed. */
export const eventsRepublish = defineCommand({
  name: 'events-republish',
  summary:
    'Publishes the current state of every transaction that was modified in the range, and every checkout that was stored in it. Consumers drop repeats.',
  usage: '--from INSTANT --to INSTANT [--rate PER_SECOND]',
  options: { from: { type: 'string' }, to: { type: 'string' }, rate: { type: 'string' } },
  changes: 'transactions',
  recorded: ['from', 'to', 'rate'],
  input: z
    .object({ arguments: z.tuple([]), from: instant, to: instant, rate: rate(100) })
    .refine(({ from, to }) => from < to, { path: ['to'], error: 'is later than --from' }),
  async run({ from, to, rate: perSecond }, context) {
    const { stage, clients, isDryRun, progress } = context;
    const pace = createPace(perSecond);
    const advance = progress('events');
    const bus = createEventBus({ client: clients.eventBridge, busName: stage.output('EventBusName') });
    const unreadable: string[] = [];
    const onUnreadable = (key: string): number => unreadable.push(key);
    const published = await republishEvents({
      all: scanPublished(transactionsTable(context), { start: from, end: to }, onUnreadable),
      onUnreadable,
      includePersonalFields: flag.parse(stage.output('EventsNameShoppers')),
      finalizationDays: positiveInteger.parse(stage.output('FinalizationDays')),
      putEvents: async (events) => {
        if (!isDryRun) await pace(events.length);
        advance(events.length);
        if (isDryRun) return events.map(() => true);
        return bus(events);
      },
    });
    return { outcome: 'done', found: { [isDryRun ? 'wouldPublish' : 'published']: published, unreadable } };
  },
});

/** Makes consumers accept the state of a restored table. */
export const transactionsRenew = defineCommand({
  name: 'transactions-renew',
  summary:
    'After a restore of the transactions table: gives every transaction that was stored before the instant of the restore a new version, and so publishes an event for it. Reads the whole table; skips transactions that were renewed already.',
  usage: '--before INSTANT [--rate PER_SECOND]',
  options: { before: { type: 'string' }, rate: { type: 'string' } },
  changes: 'transactions',
  recorded: ['before', 'rate'],
  input: z.object({ arguments: z.tuple([]), before: instant, rate: rate(100) }),
  async run({ before, rate: perSecond }, context) {
    const pace = createPace(perSecond);
    const store = openTransactions(context);
    const unreadable: string[] = [];
    const renewed = await renewVersions(before, {
      all: countedPasses(context.progress, 'items')(scanAll(transactionsTable(context))),
      transactions: {
        write: async (record, expectedRevision) => {
          if (context.isDryRun) return { ok: true, stored: { value: record, revision: expectedRevision } };
          await pace(1);
          return store.write(record, expectedRevision);
        },
      },
      onUnreadable: (key) => unreadable.push(key),
      now: context.now,
    });
    const isWhole = unreadable.length === 0;
    return {
      outcome: isWhole ? 'done' : 'partial',
      found: { [context.isDryRun ? 'wouldRenew' : 'renewed']: renewed, unreadable },
    };
  },
});

/** Erases a shopper, and proves it. */
export const shopperErase = defineCommand({
  name: 'shopper-erase',
  summary:
    "Erases a shopper's data from every transaction and checkout, reads the whole table again to prove it, and lists the entries of the quarantine that name the shopper.",
  usage: '[--publisher-customer-id VALUE] [--pub-ref VALUE] [--rate PER_SECOND]',
  options: {
    'publisher-customer-id': { type: 'string' },
    'pub-ref': { type: 'string' },
    rate: { type: 'string' },
  },
  changes: 'transactions',
  input: z
    .object({
      arguments: z.tuple([]),
      'publisher-customer-id': z.string().min(1).optional(),
      'pub-ref': z.string().min(1).optional(),
      rate: rate(50),
    })
    .refine((given) => given['publisher-customer-id'] ?? given['pub-ref'], {
      error: 'Name the shopper by --publisher-customer-id, --pub-ref or both',
    }),
  async run({ 'publisher-customer-id': customer, 'pub-ref': ref, rate: perSecond }, context) {
    const shopper: Shopper = {
      ...(customer === undefined ? {} : { publisherCustomerId: customer }),
      ...(ref === undefined ? {} : { pubRef: ref }),
    };
    const table = transactionsTable(context);
    const pass = countedPasses(context.progress, 'items');
    if (context.isDryRun) {
      const { transactions, checkouts, parts, unreadable } = await findShopper(shopper, pass(scanAll(table)));
      const inQuarantine = await entriesNaming([customer, ref], context);
      const found = { wouldErase: transactions, checkouts, leftOverParts: parts, unreadable, inQuarantine };
      return { outcome: 'done', found };
    }
    const pace = createPace(perSecond);
    const store = openTransactions(context);
    // First of all: every webhook that is deferred from now on finds the note.
    const positions = { client: context.clients.dynamodb, table: context.stage.output('PositionsTableName') };
    await leaveErasureNote(positions, erasureNote(shopper, context.now().toISOString()));
    let checkouts = 0;
    const erased = await eraseShopper(shopper, {
      all: pass(scanAll(table)),
      transactions: {
        write: async (record, expectedRevision) => {
          await pace(1);
          return store.write(record, expectedRevision);
        },
      },
      readOwner: (key) => readOwner(table, key),
      deletePart: (partKey) => deletePart(table, partKey),
      eraseCheckout: async (item) => {
        await pace(1);
        await eraseCheckout(table, item, context.now().toISOString());
        checkouts += 1;
      },
      now: context.now,
    });
    const remaining = await findShopper(shopper, pass(scanAll(table)));
    // Last of all: a webhook may have been refused meanwhile.
    const inQuarantine = await entriesNaming([customer, ref], context);
    const isProved =
      remaining.transactions + remaining.checkouts + remaining.parts + remaining.unreadable.length === 0;
    return {
      outcome: isProved ? 'done' : 'partial',
      found: {
        erased,
        checkouts,
        remaining: remaining.transactions,
        remainingCheckouts: remaining.checkouts,
        remainingParts: remaining.parts,
        unreadable: remaining.unreadable,
        inQuarantine,
        notReached: NOT_REACHED,
      },
    };
  },
});

/** Places that may still name the shopper. */
const NOT_REACHED = [
  'the quarantine: quarantine-delete what inQuarantine lists',
  'webhooks that wait on the queue: they are erased when they arrive, in the table or in quarantine',
  'a webhook on the queue that is not JSON: nothing can say whom it names',
  'a purchase that is not in the table yet: when Button sends it, it is stored like any other',
  'events that wait in the stream for up to a day, and those in the dead-letter queues',
  'the archive of the bus, until it expires',
  'backups and points in time to restore to, for up to 35 days',
  'what consumers have stored',
  'Button',
];

/**
 * The entries of the quarantine that name the shopper, in the form that `quarantine-delete` takes: unreadable
 * bytes may name anybody.
 */
async function entriesNaming(
  values: readonly (string | undefined)[],
  { stage, clients }: CommandContext,
): Promise<string[]> {
  const table = quarantineTableOf(stage, 'transactions');
  const review = createQuarantineReview({ client: clients.dynamodb, table });
  const wanted = values.filter((value) => value !== undefined);
  const naming: string[] = [];
  for (const [kind, name] of [
    ['webhook', 'webhooks'],
    ['transaction-row', 'rows'],
  ] as const) {
    const { entries } = await findEntries(review, kind, { withReplayed: true, limit: Infinity });
    for (const { id } of entries) {
      const bytes = (await review.read(kind, id))?.bytes;
      if (bytes && namesValue(bytes, wanted)) naming.push(`${name} ${id}`);
    }
  }
  return naming;
}
