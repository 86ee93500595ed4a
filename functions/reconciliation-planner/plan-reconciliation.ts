import type { ApiKeyProblem } from '../../shared/button/api-key.ts';
import type { TransactionsApi } from '../../shared/button/transactions-api.ts';
import { livePosition, type FirstRead } from '../../shared/domain/position.ts';
import { plannedWakeUp, type WakeUpMessage } from '../../shared/domain/wake-up.ts';
import type { Metrics } from '../../shared/domain/metrics.ts';
import type { PositionStore } from '../../shared/store/position-store.ts';

/** What came of a tick. */
export type PlanOutcome =
  | { outcome: 'planned'; accounts: number }
  /** Nobody has set the API key yet. */
  | { outcome: 'not-configured' }
  /** Button did not list the accounts; the next tick tries again. */
  | { outcome: 'accounts-unavailable'; reason: string };

/** What planning needs. */
export type PlanReconciliationPorts = {
  /** Without the API key, the reason. */
  api: TransactionsApi | ApiKeyProblem;
  positions: Pick<PositionStore, 'read' | 'create' | 'markDeployment'>;
  /** Throws unless every message is on the queue. */
  send: (messages: readonly WakeUpMessage[]) => Promise<void>;
  metrics: Metrics;
  firstRead: FirstRead;
  /** Where an account's first read begins; ISO 8601 UTC. */
  readFrom: string;
  now: () => Date;
  /** Names this tick: two deliveries of one tick wake nobody twice. */
  tickId: string;
};

/**
 * Lists the accounts and wakes one worker for each: a new currency's account is found by itself and read from its beginning.
 *
 * A wake-up says only whose turn it is; what to read stands in the position. Throws if table or queue cannot be reached.
 */
export async function planReconciliation(ports: PlanReconciliationPorts): Promise<PlanOutcome> {
  const { api, positions, metrics, now } = ports;
  if (typeof api === 'string') {
    metrics.add({ name: 'ReconcilerNotConfigured', value: 1 });
    return { outcome: 'not-configured' };
  }
  const listing = await api.listAccounts();
  if (!listing.read) {
    metrics.add({ name: 'AccountsUnavailable', value: 1 });
    return { outcome: 'accounts-unavailable', reason: listing.reason };
  }

  const accountIds = [...new Set(listing.value.map(({ id }) => id))];
  const startedAt = now().toISOString();
  const deployment = await positions.markDeployment({ startedAt, accounts: accountIds });
  const ages = await Promise.all(accountIds.map((account) => prepare({ account, deployment, ports })));
  await ports.send(accountIds.map((account) => plannedWakeUp({ account, stream: 'live' }, ports.tickId)));

  // Undimensioned, because an alarm can't search dimensions: the account that is furthest behind speaks for all.
  metrics.add({ name: 'OldestWindowAgeSeconds', value: Math.max(0, ...ages) });
  metrics.add({ name: 'AccountsPlanned', value: accountIds.length });
  return { outcome: 'planned', accounts: accountIds.length };
}

/** Gives a new account its position; returns how old, in seconds, what is known of the account is. */
async function prepare({
  account,
  deployment,
  ports: { positions, firstRead, readFrom, now },
}: {
  account: string;
  deployment: { startedAt: string; accounts: readonly string[] };
  ports: PlanReconciliationPorts;
}): Promise<number> {
  const position = await positions.read(account, 'live');
  if (!position) {
    const wasThere = deployment.accounts.includes(account);
    await positions.create(
      livePosition(account, { firstRead, readFrom, deployedAt: deployment.startedAt, wasThere }),
    );
    return 0;
  }
  const knownUntil = position.completedAt ?? deployment.startedAt;
  return Math.max(0, (now().getTime() - Date.parse(knownUntil)) / 1000);
}
