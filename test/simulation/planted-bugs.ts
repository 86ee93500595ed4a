import type { PlantedBug } from './plant.ts';

/** A bug that a review may miss, and what finds it: the schedule of a seed, or a unit test. */
export type KnownBug = { name: string; bug: PlantedBug } & (
  | { seed: number }
  | { test: { file: string; name: string } }
);

/** Bugs in every part of the system. */
export const BUGS: readonly KnownBug[] = [
  {
    name: 'the merge compares the wrong way round',
    bug: {
      file: 'shared/transactions/rules/transaction-state.ts',
      original: '!isFinal(one) && dateMs(one) > dateMs(other)',
      planted: '!isFinal(one) && dateMs(one) < dateMs(other)',
    },
    seed: 11,
  },
  {
    name: 'a write does not check the revision',
    bug: {
      file: 'shared/dynamodb/versioned-item.ts',
      original: "'revision = :expected'",
      planted: "'attribute_exists(revision)'",
    },
    seed: 29,
  },
  {
    name: 'a claim does not check for an existing one',
    bug: {
      file: 'shared/dynamodb/versioned-item.ts',
      original: "'attribute_not_exists(revision)'",
      planted: "'attribute_not_exists(nothing)'",
    },
    seed: 2,
  },
  {
    name: 'a webhook is answered before it is written',
    bug: {
      file: 'functions/webhook-receiver/receive-event.ts',
      original: 'return await applyWebhook(event, ports);',
      planted: "void applyWebhook(event, ports).catch(() => undefined); return 'applied';",
    },
    seed: 2,
  },
  {
    name: 'the signature is not checked',
    bug: {
      file: 'functions/webhook-receiver/receive-event.ts',
      original: "secondCheck.ok ? secondCheck : 'forged'",
      planted: "({ ok: true, secretName: 'any' } as const)",
    },
    seed: 3,
  },
  {
    name: 'a cancellation does not beat what comes later',
    bug: {
      file: 'shared/orders/rules/order-decision.ts',
      original: "if (newest.kind === 'cancelled' && isUndecided) return 'after-cancellation';",
      planted: '',
    },
    seed: 4,
  },
  {
    name: 'an order in doubt is not read first',
    bug: {
      file: 'shared/orders/rules/order-next-call.ts',
      original: '  if (doubt ?? isStale(entry, verifyBefore)) {',
      planted: '  if (isStale(entry, verifyBefore)) {',
    },
    seed: 15,
  },
  {
    name: 'a message that failed is acknowledged',
    bug: {
      file: 'shared/runtime/sqs-batch.ts',
      original: '      return records.slice(index);\n    }\n  }',
      planted: '      return [];\n    }\n  }',
    },
    seed: 54,
  },
  {
    name: 'an event that the bus lost counts as published',
    bug: {
      file: 'functions/event-publisher/publish-changes.ts',
      original: 'return announced[firstFailed]?.sequenceNumber;',
      planted: 'return undefined;',
    },
    seed: 16,
  },
  {
    name: 'an overtaken reader may save its position',
    bug: {
      file: 'shared/reconciliation/store/position-store.ts',
      original: "ConditionExpression: 'fence = :fence',\n    ExpressionAttributeValues",
      planted: "ConditionExpression: 'attribute_exists(fence)',\n    ExpressionAttributeValues",
    },
    seed: 15,
  },
  {
    name: 'a refused message is not kept',
    bug: {
      file: 'functions/order-reporter/keep-refused.ts',
      original: '= await quarantine.put({',
      planted: '= await (async (_entry: object) => Promise.resolve({ isNew: true }))({',
    },
    seed: 28,
  },
  {
    name: 'the ledger says refused before the quarantine has the entry',
    bug: {
      file: 'functions/order-reporter/report-claimed.ts',
      original: 'await refuseVersion(claimed.value, reasons, work);',
      planted: 'setImmediate(() => void refuseVersion(claimed.value, reasons, work).catch(() => undefined));',
    },
    test: {
      file: 'test/crash/orders.test.ts',
      name: 'dies at any of its calls leaves a refused creation that somebody replays',
    },
  },
  {
    name: 'the quiet time is skipped',
    bug: {
      file: 'shared/orders/rules/order-settlement.ts',
      original: 'later(now, waitMs)',
      planted: 'later(now, 0)',
    },
    test: {
      file: 'test/shared/orders/rules/order-ledger.test.ts',
      name: 'keeps an unclear outcome in doubt for the quiet time',
    },
  },
  {
    name: 'equal times of a version count as newer',
    bug: {
      file: 'shared/validation/orders/order-event.ts',
      original: 'toOrdering(Date.parse(a.time) - Date.parse(b.time))',
      planted: 'toOrdering(Date.parse(a.time) - Date.parse(b.time) || 1)',
    },
    test: {
      file: 'test/shared/orders/rules/order-decision.test.ts',
      name: 'are the same version at the same instant',
    },
  },
  {
    name: 'a second replay is treated as a duplicate of the first',
    bug: { file: 'shared/orders/replay-order-message.ts', original: 'entry.replays, ', planted: '' },
    test: {
      file: 'test/shared/orders/replay-order-message.test.ts',
      name: 'is a new message after an earlier replay',
    },
  },
  {
    name: 'a replay after a further refusal is treated as a duplicate',
    bug: { file: 'shared/orders/replay-order-message.ts', original: 'entry.refusals, ', planted: '' },
    test: {
      file: 'test/shared/orders/replay-order-message.test.ts',
      name: 'is a new message if the entry was refused again',
    },
  },
  {
    name: 'a replay is deduplicated by its content',
    bug: {
      file: 'shared/orders/replay-order-message.ts',
      original: "[entryId, entry.refusals, entry.replays, hash('sha256', body)].join(' ')",
      planted: "hash('sha256', body)",
    },
    test: {
      file: 'test/shared/orders/replay-order-message.test.ts',
      name: 'is a new message after an earlier replay',
    },
  },
  {
    name: "the producer's messages are deduplicated by their content",
    bug: {
      file: 'shared/order-sender/order-message.ts',
      original: 'messageDeduplicationId(parsing.event)',
      planted: "messageDeduplicationId({ source: '', id: body })",
    },
    test: {
      file: 'test/shared/order-sender/order-message.test.ts',
      name: 'writes the CloudEvent of docs/order-messages.md',
    },
  },
  {
    name: 'the queue deduplicates by content',
    bug: {
      file: 'infra/constructs/queue-worker.ts',
      original: 'contentBasedDeduplication: false',
      planted: 'contentBasedDeduplication: true',
    },
    test: {
      file: 'test/infra/stage.test.ts',
      name: 'order the versions of one order without delaying other orders',
    },
  },
  {
    name: 'a reporter without failures does not look whether its brand is paused',
    bug: {
      file: 'functions/order-reporter/breaker-item.ts',
      original: 'this.isOpen() ? READ_AGAIN_AFTER_MS : CLOSED_FOR_MS',
      planted: 'this.isOpen() ? READ_AGAIN_AFTER_MS : Infinity',
    },
    seed: 2,
  },
  {
    name: 'the sweep lists many orders while the breaker is open',
    bug: {
      file: 'functions/retry-sweep/send-probe.ts',
      original: 'ledger.listDue(now(), 1)',
      planted: 'ledger.listDue(now(), 500)',
    },
    test: {
      file: 'test/functions/retry-sweep/retry-due-orders.test.ts',
      name: 'sends only the latest order that has not failed, as the probe',
    },
  },
  {
    name: 'due orders of a shard are read without a limit',
    bug: {
      file: 'shared/orders/store/order-ledger-store.ts',
      original: '      Limit: limit,\n',
      planted: '',
    },
    test: {
      file: 'test/shared/orders/store/order-ledger-store.test.ts',
      name: 'reads no more of each shard than requested',
    },
  },
];
