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

/** What one schedule of the planner sets going. */
export type PlannedStream = 'live' | 'sweep-daily' | 'sweep-weekly' | 'cross-check';

const TickSchema = z
  .object({
    streams: z.array(z.enum(['live', 'sweep-daily', 'sweep-weekly', 'cross-check'])).default(['live']),
  })
  .nullish();

/**
 * Which streams a tick sets going. An input that names none, such as that of a run by hand, is a tick of the
 * live streams.
 *
 * Throws on a stream that is not known here: the schedule is wrong.
 */
export function streamsOf(event: unknown): readonly PlannedStream[] {
  return TickSchema.parse(event)?.streams ?? ['live'];
}

/** What came of a tick. */
export type PlanOutcome =
  /**
   * What is planned, and what came of Button's list of accounts: `listed`, or why it could not be read (to
   * its end).
   */
  | { outcome: 'planned'; accounts: number; list: string }
  /** Nobody has set the API key yet. */
  | { outcome: 'not-configured' };

/** What planning needs. */
export type PlanReconciliationPorts = PrepareStreamsPorts & {
  /** Without the API key, the reason. */
  api: TransactionsApi | ApiKeyProblem;
  positions: PrepareStreamsPorts['positions'] &
    Pick<PositionStore, 'markDeployment' | 'rememberAccounts' | 'conflictNotes'>;
  /** Throws unless every message is on the queue. */
  send: (messages: readonly ReadMessage[]) => Promise<void>;
  /** What this tick sets going. */
  streams: readonly PlannedStream[];
  /** How far back the weekly sweep reads, in days. */
  sweepDays: number;
  /** Names this tick: two deliveries of one tick send nothing twice. */
  tickId: string;
};

/**
 * Sends one read message for each stream that has something to read: first for the accounts that are known,
 * so that nothing about today's list can keep them from being read, then for those that the list adds. A new
 * currency's account is found by itself and read from its beginning; what a tick before has left unfinished
 * goes on. An account that is not in the list any more is planned like the others: if it can't be read, its
 * age tells.
 *
 * A read message names only the stream; what to read stands in the position. Throws if table or queue cannot
 * be reached.
 */
export async function planReconciliation(ports: PlanReconciliationPorts): Promise<PlanOutcome> {
  const { api, positions, metrics, now } = ports;
  // Before anything can fail: what is created from now on is live, even if nothing can be read for days.
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
  const rereads = ports.streams.includes('live') ? await prepareRereads({ deployedAt, known }, ports) : [];
  const others = [...crossCheck, ...rereads];
  const prepared = await prepareAll(known, { deployedAt, others }, ports);
  const { list, accounts } = await listAccounts(api, known, ports);
  const added = accounts.filter((account) => !known.includes(account));
  if (added.length > 0) await positions.rememberAccounts(added);
  const all = [...prepared, ...(await prepareAll(added, { deployedAt, others: [] }, ports))];
  measure(all, startedAt, metrics);
  return { outcome: 'planned', accounts: all.length, list };
}

/**
 * Prepares the streams of these accounts and sends their read messages, and those of other streams that are
 * prepared already.
 */
async function prepareAll(
  accounts: readonly string[],
  { deployedAt, others }: { deployedAt: string; others: { account: string; streams: string[] }[] },
  ports: PlanReconciliationPorts,
): Promise<PreparedAccount[]> {
  const sweeps = sweepsDue(ports);
  const prepared = await Promise.all(
    accounts.map((account) => prepareStreams({ account, sweeps, deployedAt }, ports)),
  );
  const streamsToRead = [...prepared, ...others].flatMap(({ account, streams }) =>
    streams.map((stream) => ({ account, stream })),
  );
  await ports.send(streamsToRead.map((toRead) => plannedReadMessage(toRead, ports.tickId)));
  return prepared;
}

/**
 * The accounts that Button lists now, and what came of the list. What is wrong with it is counted and logged.
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
 * Undimensioned, because an alarm can't search dimensions: the account that is furthest behind speaks for
 * all.
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
