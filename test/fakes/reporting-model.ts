import { createBreakerWatch, type BreakerWatch } from '../../functions/order-reporter/breaker-watch.ts';
import {
  reportOrder,
  type ReportOutcome,
  type ReportOrderPorts,
} from '../../functions/order-reporter/report-order.ts';
import { retryDueOrders } from '../../functions/retry-sweep/retry-due-orders.ts';
import type { OrderApi } from '../../shared/button/order-api.ts';
import type { Measured } from '../../shared/runtime/metric-definitions.ts';
import type { FifoMessage } from '../../shared/runtime/fifo-sender.ts';
import {
  createInMemoryBreakerStore,
  createInMemoryLedger,
  createInMemoryQuarantine,
} from './in-memory-stores.ts';

/** The options of the model. */
export type ReportingModelOptions = {
  startAt: Date;
  orderApi: OrderApi;
  /** Moves everything else on the model's clock. */
  advance?: (byMs: number) => Promise<void>;
  /** The port calls, counted from 1, at which the process that makes them dies. */
  deaths?: readonly number[];
  maxRetriesPerSweep?: number;
  /** How many environments of the reporter take turns. Each knows of the breaker what it has seen itself. */
  environments?: number;
  /** Called with every metric; by default they are dropped. */
  measure?: (measured: Measured) => void;
};

type QueuedMessage = {
  messageId: string;
  body: string;
  groupId: string;
  sentAt: Date;
  visibleAtMs: number;
  receives: number;
};

const MINUTE_MS = 60_000;
const VISIBILITY_MS = 6 * MINUTE_MS;
const DEDUPLICATION_MS = 5 * MINUTE_MS;
const MAX_RECEIVES = 5;
const BATCH_SIZE = 10;

/** See `createReportingModel`. */
export type ReportingModel = ReturnType<typeof createReportingModel>;

/**
 * The order queue, the reporter and the sweep on a virtual clock, in one process: FIFO groups, batches of
 * ten, redelivery after the visibility timeout, a dead-letter queue, deduplication, one sweep a minute.
 */
export function createReportingModel(options: ReportingModelOptions) {
  const {
    orderApi,
    advance = () => Promise.resolve(),
    deaths = [],
    maxRetriesPerSweep = 6000,
    environments = 1,
    measure = () => undefined,
  } = options;
  let clockMs = options.startAt.getTime();
  let nextSweepMs = clockMs + MINUTE_MS;
  let ids = 0;
  let portCalls = 0;
  const now = (): Date => new Date(clockMs);

  const ledger = createInMemoryLedger();
  const quarantine = createInMemoryQuarantine();
  const breakerStore = createInMemoryBreakerStore();
  const watches = Array.from({ length: environments }, () =>
    createBreakerWatch({ store: breakerStore, now }),
  );
  let turn = 0;
  const outcomes = new Map<string, ReportOutcome>();
  const deadLetters: QueuedMessage[] = [];
  const sentIds = new Map<string, number>();
  let queue: QueuedMessage[] = [];

  const enqueue = (body: string, groupId: string): string => {
    const messageId = `message-${(ids += 1)}`;
    queue.push({ messageId, body, groupId, sentAt: now(), visibleAtMs: clockMs, receives: 0 });
    return messageId;
  };
  const sendReadMessages = (messages: readonly FifoMessage[]): Promise<void> => {
    for (const { body, groupId, deduplicationId } of messages) {
      if ((sentIds.get(deduplicationId) ?? -Infinity) > clockMs - DEDUPLICATION_MS) continue;
      sentIds.set(deduplicationId, clockMs);
      enqueue(body, groupId);
    }
    return Promise.resolve();
  };

  /** The ports of one process. Once it has died, nothing that it does has an effect. */
  const processPorts = (watch: BreakerWatch): { ports: ReportOrderPorts; isDead: () => boolean } => {
    let dead = false;
    const mortal = <Port extends object>(port: Port): Port =>
      new Proxy(port, {
        get:
          (target, name) =>
          (...args: unknown[]) => {
            portCalls += 1;
            if (deaths.includes(portCalls)) dead = true;
            if (dead) return Promise.reject(new Error('killed'));
            return Reflect.apply(Reflect.get(target, name) as () => unknown, target, args) as unknown;
          },
      });
    const mortalWatch = mortal(watch);
    const owner = `run-${(ids += 1)}`;
    const ports: ReportOrderPorts = {
      brand: 'acme',
      settings: { orderBy: 'sequence', testTokens: 'allow', allowFinalizationDate: false },
      policy: { quietTimeMs: MINUTE_MS, retryBaseMs: 30_000, retryMaxMs: 30 * MINUTE_MS, jitter: () => 0.5 },
      ledger: mortal(ledger),
      quarantine: mortal(quarantine),
      // A process needs no port for its own memory.
      breaker: {
        isOpen: (retrySentAt) => mortalWatch.isOpen(retrySentAt),
        isPaused: (retrySentAt) => mortalWatch.isPaused(retrySentAt),
        record: (result, call) => mortalWatch.record(result, call),
        recordProbe: (health) => mortalWatch.recordProbe(health),
        isWellSince: (instant, orderId) => mortalWatch.isWellSince(instant, orderId),
        othersSucceed: (orderId) => watch.othersSucceed(orderId),
        lastSuccessAt: () => watch.lastSuccessAt(),
      },
      orderApi: mortal(orderApi),
      metrics: { add: measure },
      now,
      claimant: () => ({ owner, leaseMs: MINUTE_MS + 5000 }),
    };
    return { ports, isDead: () => dead };
  };

  const runBatch = async (batch: readonly QueuedMessage[]): Promise<void> => {
    turn = (turn + 1) % environments;
    const { ports, isDead } = processPorts(watches[turn] ?? createBreakerWatch({ store: breakerStore, now }));
    const done = new Set<QueuedMessage>();
    const groups = [...Map.groupBy(batch, ({ groupId }) => groupId).values()];
    await Promise.all(
      groups.map(async (group) => {
        for (const message of group) {
          message.receives += 1;
          try {
            outcomes.set(message.messageId, await reportOrder(message, ports));
            done.add(message);
          } catch {
            return;
          }
        }
      }),
    );
    // A dead process acknowledges nothing, and loses what it knew of the breaker.
    if (isDead()) {
      done.clear();
      watches[turn] = createBreakerWatch({ store: breakerStore, now });
    }
    for (const message of batch) if (!done.has(message)) message.visibleAtMs = clockMs + VISIBILITY_MS;
    const spent = batch.filter((message) => !done.has(message) && message.receives >= MAX_RECEIVES);
    deadLetters.push(...spent);
    const gone = new Set([...done, ...spent]);
    queue = queue.filter((message) => !gone.has(message));
  };

  /** What a poll receives: the messages of each group before the first hidden one. */
  const receivable = (): QueuedMessage[] =>
    [...Map.groupBy(queue, ({ groupId }) => groupId).values()].flatMap((group) => {
      const hidden = group.findIndex(({ visibleAtMs }) => visibleAtMs > clockMs);
      return hidden === -1 ? group : group.slice(0, hidden);
    });

  const drainQueue = async (): Promise<void> => {
    for (let messages = receivable(); messages.length > 0; messages = receivable()) {
      const batches: QueuedMessage[][] = [];
      for (let start = 0; start < messages.length; start += BATCH_SIZE)
        batches.push(messages.slice(start, start + BATCH_SIZE));
      for (const batch of batches) await runBatch(batch);
    }
  };

  /** While the sweep waits, its messages are handled. */
  const wait = async (ms: number): Promise<void> => {
    await drainQueue();
    clockMs += ms;
    await advance(ms);
  };

  return {
    now,
    ledger,
    quarantine,
    breaker: breakerStore,
    outcomes,
    deadLetters,
    isQueueEmpty: () => queue.length === 0,
    send: enqueue,
    /** Lets time pass. The messages on the queue are handled, and the sweep runs once a minute. */
    async tick(byMs: number): Promise<void> {
      clockMs += byMs;
      await advance(byMs);
      if (clockMs >= nextSweepMs) {
        nextSweepMs = clockMs + MINUTE_MS;
        await retryDueOrders({
          ledger,
          breaker: breakerStore,
          send: sendReadMessages,
          metrics: { add: measure },
          maxRetriesPerSweep,
          now,
          wait,
        });
      }
      await drainQueue();
    },
    drainQueue,
  };
}
