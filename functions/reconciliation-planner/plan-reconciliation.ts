import * as z from 'zod';

import type { ApiKeyProblem } from '../../shared/button/api-key.ts';
import type { TransactionsApi } from '../../shared/button/transactions-api.ts';
import type { Sweep } from '../../shared/reconciliation/rules/begin-stream.ts';
import type { Metrics } from '../../shared/runtime/metric-definitions.ts';
import { plannedReadMessage, type ReadMessage } from '../../shared/reconciliation/rules/read-message.ts';
import { log } from '../../shared/runtime/logger.ts';
import type { PositionStore } from '../../shared/reconciliation/store/position-store.ts';
import { prepareRereads } from './prepare-rereads.ts';
import {
  prepareCrossCheck,
  prepareStreams,
  type PreparedAccount,
  type PrepareStreamsPorts,
} from './prepare-streams.ts';

/** The streams that one schedule of the planner starts. */
export type PlannedStream = 'incremental' | 'sweep-daily' | 'sweep-weekly' | 'cross-check';

const TickSchema = z
  .object({
    streams: z
      .array(z.enum(['incremental', 'sweep-daily', 'sweep-weekly', 'cross-check']))
      .default(['incremental']),
  })
  .nullish();

/**
 * The streams that a run of the planner starts. An input that names none, such as that of a run by hand,
 * means the incremental streams.
 *
 * Throws on an unknown stream: the schedule is wrong.
 */
export function streamsOf(event: unknown): readonly PlannedStream[] {
  return TickSchema.parse(event)?.streams ?? ['incremental'];
}

/** The result of a run. */
export type PlanOutcome =
  /**
   * What is planned, and the result of Button's list of accounts: `listed`, or why it could not be read
   * completely.
   */
  | { outcome: 'planned'; accounts: number; list: string }
  /** Nobody has set the API key yet. */
  | { outcome: 'not-configured' };

/** What planning needs. */
export type PlanReconciliationPorts = PrepareStreamsPorts & {
  /** If there is no API key, the reason. */
  api: TransactionsApi | ApiKeyProblem;
  positions: PrepareStreamsPorts['positions'] &
    Pick<PositionStore, 'markDeployment' | 'rememberAccounts' | 'conflictNotes'>;
  /** Throws unless every message is on the queue. */
  send: (messages: readonly ReadMessage[]) => Promise<void>;
  /** The streams that this run starts. */
  streams: readonly PlannedStream[];
  /** How far back the weekly sweep reads, in days. */
  sweepDays: number;
  /** How long after a change Button shows it at the latest. */
  lagMs: number;
  /** Names this run: two deliveries of one run send nothing twice. */
  tickId: string;
};

/**
 * Sends one read message for each stream that has something to read: first for the known accounts, so that
 * today's list cannot prevent their reads, then for accounts that the list adds. The account of a new
 * currency is thus found automatically and read from its beginning. Streams that an earlier run left
 * unfinished continue. An account that is no longer in the list is planned like the others: if it cannot be
 * read, its age shows it.
 *
 * A read message names only the stream; the position says what to read. Throws if table or queue cannot be
 * reached.
 */
export async function planReconciliation(ports: PlanReconciliationPorts): Promise<PlanOutcome> {
  const { api, positions, metrics, now } = ports;
  // Before anything can fail: transactions created from now on are live, even if nothing can be read for
  // days.
  const startedAt = now();
  const deployedAt = await positions.markDeployment(startedAt.toISOString());
  if (typeof api === 'string') {
    metrics.add({ name: 'ReconcilerNotConfigured', value: 1 });
    if (api !== 'api_key_not_set') metrics.add({ name: 'PublisherKeyUnusable', value: 1 });
    return { outcome: 'not-configured' };
  }
  const known = await positions.rememberAccounts([]);
  const crossCheck = ports.streams.includes('cross-check')
    ? [await prepareCrossCheck(deployedAt, ports)]
    : [];
  const rereads = ports.streams.includes('incremental')
    ? await prepareRereads({ deployedAt, known }, ports)
    : [];
  const others = [...crossCheck, ...rereads];
  const prepared = await prepareAll(known, { deployedAt, others }, ports);
  const { list, accounts } = await listAccounts(api, known, ports);
  const added = accounts.filter((account) => !known.includes(account));
  if (added.length > 0) await positions.rememberAccounts(added);
  const all = [...prepared, ...(await prepareAll(added, { deployedAt, others: [] }, ports))];
  measure(all, startedAt, metrics);
  return { outcome: 'planned', accounts: all.length, list };
}

type ToRead = Pick<PreparedAccount, 'account' | 'streams'> & Partial<Pick<PreparedAccount, 'failed'>>;

/**
 * Prepares the streams of these accounts. Sends their read messages, and those of other streams that are
 * already prepared.
 */
async function prepareAll(
  accounts: readonly string[],
  { deployedAt, others }: { deployedAt: string; others: readonly ToRead[] },
  ports: PlanReconciliationPorts,
): Promise<PreparedAccount[]> {
  const sweeps = sweepsDue(ports);
  const prepared = await Promise.all(
    accounts.map((account) => prepareStreams({ account, sweeps, deployedAt }, ports)),
  );
  const toRead = failedLast([...prepared, ...others]);
  await ports.send(toRead.map((stream) => plannedReadMessage(stream, ports.tickId)));
  return prepared;
}

/**
 * Streams that failed come last, the one that waited longest ago first: if Button asks for a pause again,
 * which holds for the key, the others have been read, and each of these has its turn.
 */
function failedLast(accounts: readonly ToRead[]): { account: string; stream: string }[] {
  return accounts
    .flatMap(({ account, streams, failed }) =>
      streams.map((stream) => ({
        toRead: { account, stream },
        place: failed?.has(stream) ? `failed ${failed.get(stream) ?? ''}` : '',
      })),
    )
    .toSorted((one, other) => (one.place === other.place ? 0 : one.place < other.place ? -1 : 1))
    .map(({ toRead }) => toRead);
}

/**
 * The accounts that Button lists now, and the result of the list. Problems of the list are counted and
 * logged.
 */
async function listAccounts(
  api: TransactionsApi,
  known: readonly string[],
  { metrics }: PlanReconciliationPorts,
): Promise<{ list: string; accounts: string[] }> {
  const listing = await api.listAccounts();
  if (!listing.ok) {
    metrics.add({ name: 'AccountsUnavailable', value: 1 });
    if (listing.reason === 'unauthorized') metrics.add({ name: 'PublisherKeyUnusable', value: 1 });
    return { list: listing.reason === 'unavailable' ? listing.detail : listing.reason, accounts: [] };
  }
  const { malformed, cutShortBy } = listing.value;
  const accounts = listing.value.accounts.map(({ id }) => id);
  if (malformed > 0) {
    metrics.add({ name: 'MalformedAccounts', value: malformed });
    log.warn('accounts_malformed', { malformed });
  }
  if (cutShortBy !== undefined) {
    metrics.add({ name: 'AccountsUnavailable', value: 1 });
    return { list: cutShortBy, accounts };
  }
  metrics.add({ name: 'AccountsListed', value: accounts.length });
  for (const account of known) if (!accounts.includes(account)) log.warn('account_unlisted', { account });
  return { list: 'listed', accounts };
}

/**
 * Without dimensions, because an alarm cannot search dimensions: the account that is furthest behind counts
 * for all.
 */
function measure(prepared: readonly PreparedAccount[], startedAt: Date, metrics: Metrics): void {
  const ages = prepared.map(({ account, lastCompletedAt }) => ({
    account,
    seconds: Math.max(0, (startedAt.getTime() - Date.parse(lastCompletedAt)) / 1000),
  }));
  metrics.add({ name: 'OldestWindowAgeSeconds', value: Math.max(0, ...ages.map(({ seconds }) => seconds)) });
  for (const { account, seconds } of ages) {
    metrics.add({ name: 'WindowAgeSeconds', value: seconds, dimensions: { Account: account } });
  }
  metrics.add({ name: 'UnreadGaps', value: prepared.reduce((sum, { gaps }) => sum + gaps, 0) });
  metrics.add({ name: 'AccountsPlanned', value: prepared.length });
}

/** The daily sweep reads a week. */
const DAILY_SWEEP_DAYS = 7;

function sweepsDue({ streams, sweepDays }: PlanReconciliationPorts): Sweep[] {
  const sweeps: Sweep[] = [
    { stream: 'sweep-daily', days: DAILY_SWEEP_DAYS },
    { stream: 'sweep-weekly', days: sweepDays },
  ];
  return sweeps.filter(({ stream }) => streams.includes(stream));
}
