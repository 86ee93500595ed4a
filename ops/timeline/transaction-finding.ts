import {
  recordStatus,
  type SeenVersion,
  type Transaction,
  type TransactionRecord,
} from '@button-serverless/validation/webhooks';
import type { OverduePolicy } from '../../shared/transactions/rules/stale-pending.ts';
import { inTimeOrder, type Finding, type Moment } from './finding.ts';
import { rewardAnswer } from './reward-answer.ts';
import { conflictDifferences, driftDifferences } from './version-differences.ts';
import { money, opsLine } from './words.ts';

/** What happened to a transaction, from its record. Pure. */
export function transactionFinding(
  record: TransactionRecord,
  { byHand, overdue }: { byHand: readonly Moment[]; overdue: OverduePolicy },
): Finding {
  const { key, candidates, buttonIds, seen } = record;
  const { transaction } = candidates[0];
  const brand = transaction.commerceOrganizationName ?? transaction.commerceOrganization;
  const shopper = transaction.publisherCustomerId ?? transaction.pubRef;
  const withoutShopper = shopper === null ? ' It does not name the shopper.' : '';
  return {
    kind: 'transaction',
    id: key,
    title: `Transaction ${key} (${buttonIds.join(', ')}) of ${brand ?? 'an unknown brand'}`,
    answer: `${rewardAnswer({ ...transaction, ...stateOf(record) }, overdue)}${withoutShopper}`,
    differences: candidates.length > 1 ? conflictDifferences(candidates) : driftDifferences(seen),
    timeline: inTimeOrder([...ownMoments(record), ...byHand]),
    next: commandsFor(record),
  };
}

function stateOf(record: TransactionRecord) {
  return { status: recordStatus(record), notRewardableReason: record.notRewardableReason };
}

function ownMoments(record: TransactionRecord): Moment[] {
  const { candidates, seen, settlement, storedAt, version, changes, erasedAt, mergedInto } = record;
  const { purchaseDate, attributionDate, createdDate, validatedDate } = candidates[0].transaction;
  const dates: (readonly [at: string | null | undefined, what: string])[] = [
    [attributionDate, 'At Button: the purchase was attributed'],
    [purchaseDate, 'At the shop: the user ordered'],
    [createdDate, 'At Button: the transaction was created'],
    [validatedDate, 'At Button: the transaction was validated'],
    [settlement?.settledAt, `Settled by hand: ${settlement?.id ?? ''} counts (${settlement?.reason ?? ''})`],
    [storedAt, `Published to consumers as version ${version}, change ${changes}: ${recordStatus(record)}`],
    [erasedAt, "Erased: the shopper's data was removed"],
  ];
  const merged =
    mergedInto === undefined ? [] : [{ at: storedAt, what: `Merged: it counts in ${mergedInto}` }];
  return [
    ...dates.flatMap(([at, what]) => (at === null || at === undefined ? [] : [{ at, what }])),
    ...seen.map(seenMoment),
    ...merged,
  ];
}

function seenMoment({ transaction, source, seenAt, shownAt, flags }: SeenVersion): Moment {
  const [kind, ...rest] = source.split(':');
  const from =
    kind === 'webhook'
      ? `Received by webhook ${rest.join(':')}`
      : 'Found by reading the Transactions API: no webhook had brought it';
  const shown = kind === 'webhook' && shownAt !== undefined ? `; the API showed the same at ${shownAt}` : '';
  const odd = flags === undefined || flags.length === 0 ? '' : `; odd: ${flags.join(', ')}`;
  return { at: seenAt, what: `${from}: ${versionInWords(transaction)}${shown}${odd}` };
}

function versionInWords({ status, amountMinor, currency, modifiedDate }: Transaction): string {
  return `${status}, ${money(amountMinor, currency)}, modified ${modifiedDate}`;
}

const DAY_MS = 86_400_000;

function commandsFor({ key, candidates, cause, mergedInto, seen }: TransactionRecord): string[] {
  const { modifiedDate, accountId } = candidates[0].transaction;
  const show = opsLine('transaction-show', key);
  if (mergedInto !== undefined) return [opsLine('show', mergedInto)];
  if (cause === 'several_transactions') return [show, ...settleCommands(key, candidates)];
  const from = new Date(Date.parse(modifiedDate)).toISOString();
  const to = new Date(Date.parse(modifiedDate) + DAY_MS).toISOString();
  const range = ['--from', from, '--to', to, '--new-transactions-are', 'live'];
  const read = accountId === null ? [] : [opsLine('transactions-rebuild', accountId, ...range)];
  const drift = driftDifferences(seen).length > 0 ? driftCommands(accountId, seen) : [];
  return [show, ...drift, ...read, ...settleCommands(key, candidates)];
}

/** How much else reading repaired on the day of the last repair: many of them mean that webhooks fail. */
function driftCommands(account: string | null, seen: TransactionRecord['seen']): string[] {
  const day = seen
    .map(({ seenAt }) => seenAt)
    .toSorted()
    .at(-1)
    ?.slice(0, 10);
  return account === null || day === undefined ? [] : [opsLine('drift-show', account, '--from', day)];
}

/** The commands that decide for each of several versions. */
function settleCommands(key: string, candidates: TransactionRecord['candidates']): string[] {
  const finals = candidates.filter(({ transaction: { status } }) => status !== 'pending');
  const choices = new Set(
    finals.map(({ transaction: { id, status, amountMinor } }) => JSON.stringify([id, status, amountMinor])),
  );
  // Versions that differ in something else only, such as the currency, wait for a read.
  if (candidates.length === 1 || choices.size < finals.length) return [];
  return finals.map(({ transaction: { id, status, amountMinor } }) => {
    const isOneOfSeveral = finals.filter(({ transaction }) => transaction.id === id).length > 1;
    const version = isOneOfSeveral ? ['--status', status, '--amount', String(amountMinor ?? 0)] : [];
    return opsLine('transaction-settle', key, '--id', id, ...version, '--reason', 'TEXT');
  });
}
