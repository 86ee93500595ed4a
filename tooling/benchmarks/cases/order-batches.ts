import * as z from 'zod';

import { orderRecord, sqsRecord } from '../events.ts';
import { startHandler } from '../handler-process.ts';
import type { Laboratory } from '../laboratory.ts';
import type { Measurement } from '../measurement.ts';
import { inRounds, median } from '../statistics.ts';

const BUTTON_LATENCY_MS = 100;
const BATCH = 10;
/** The place in the batch of the message that nobody can read. */
const UNREADABLE = 4;

const ResultSchema = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

type Outcome = { wallMs: number; reported: number; isInOrder: boolean; failures: number };

const GROUP_COUNTS = [1, 3, 10] as const;
const READABLE = GROUP_COUNTS.flatMap((groups) =>
  (['ours', 'one after the other'] as const).map((design) => `${design}, ${groups} groups` as const),
);
const SUBJECTS = [...READABLE, 'ours, 3 groups, one unreadable'] as const;
type Subject = (typeof SUBJECTS)[number];

/**
 * A batch of ten orders in one, three and ten message groups, with a Button that takes its time; and with one
 * message that nobody can read (B9).
 */
export async function measureOrderBatches(laboratory: Laboratory): Promise<Measurement> {
  const outcomes = await inRounds(SUBJECTS, Math.ceil(3 * laboratory.effort), batchRunner(laboratory));
  laboratory.button.reset();

  const wall = (subject: Subject): number => median(outcomes[subject].map(({ wallMs }) => wallMs));
  const longest = (groups: number): number => Math.ceil(BATCH / groups) * BUTTON_LATENCY_MS;
  const holds = (wanted: number) => (outcome: Outcome) =>
    outcome.isInOrder && outcome.reported === wanted && outcome.failures === 0;
  const ours = READABLE.filter((subject) => subject.startsWith('ours'));
  return {
    id: 'order-batches',
    title: 'A batch of ten orders',
    explanation: `Wall time of a warm function with a Button that answers after ${BUTTON_LATENCY_MS} ms. The floor is that time for each order of the longest group. The order within groups is checked.`,
    figures: GROUP_COUNTS.map((groups) => ({
      subject: `${groups} group${groups === 1 ? '' : 's'}`,
      values: {
        'ours, ms': wall(`ours, ${groups} groups`),
        'one after the other, ms': wall(`one after the other, ${groups} groups`),
        'floor, ms': longest(groups),
      },
    })),
    bars: [
      {
        claim: '10 groups, ours / one after the other',
        value: wall('ours, 10 groups') / wall('one after the other, 10 groups'),
        atMost: 0.2,
      },
      {
        claim: '3 groups, ours / one after the other',
        value: wall('ours, 3 groups') / wall('one after the other, 3 groups'),
        atMost: 0.45,
      },
      { claim: '1 group, ours / floor', value: wall('ours, 1 groups') / longest(1), atMost: 1.3 },
      {
        claim: 'batches of ours in order, all reported',
        value: Number(ours.every((subject) => outcomes[subject].every(holds(BATCH)))),
        atLeast: 1,
      },
      {
        claim:
          'batches of ours with one that nobody can read: the others reported in order, nothing tried again',
        value: Number(outcomes['ours, 3 groups, one unreadable'].every(holds(BATCH - 1))),
        atLeast: 1,
      },
    ],
  };
}

/** Runs one batch of a subject in a process of its own. */
function batchRunner({ bundles, env, button }: Laboratory): (subject: Subject) => Promise<Outcome> {
  const ours = bundles.ours('order-reporter').entry;
  const oneByOne = bundles.peer('orders-straightforward').entry;
  let batches = 0;
  return async (subject) => {
    batches += 1;
    const groups = Number.parseInt(subject.split(', ')[1] ?? '', 10);
    const handler = await startHandler({ file: subject.startsWith('ours') ? ours : oneByOne, env });
    // Opens connections and reads the secret, so that the batch meets a warm function.
    await handler.handle([{ Records: [orderRecord({ orderId: `warm-${batches}` })] }]);
    button.reset();
    button.setLatency(BUTTON_LATENCY_MS);
    const { wallMs, results } = await handler.handle([{ Records: recordsOf(subject, groups, batches) }]);
    await handler.end();
    const { batchItemFailures } = ResultSchema.parse(results[0]);
    const orders = button.orders();
    return {
      wallMs,
      reported: orders.length,
      isInOrder: isInOrder(orders, groups),
      failures: batchItemFailures.length,
    };
  };
}

function recordsOf(subject: Subject, groups: number, batch: number) {
  const records = Array.from({ length: BATCH }, (_, index) =>
    orderRecord({ orderId: `batch-${batch}-${index}`, group: `group-${index % groups}` }),
  );
  if (subject.endsWith('unreadable')) records[UNREADABLE] = unreadableRecord(`group-${UNREADABLE % groups}`);
  return records;
}

function unreadableRecord(group: string) {
  return sqsRecord({ id: `unreadable-${group}`, body: 'not JSON', group });
}

/** Whether the orders of each group came one after the other, as they stood in the batch. */
function isInOrder(orders: readonly string[], groups: number): boolean {
  const numbers = orders.map((order) => Number(order.slice(order.lastIndexOf('-') + 1)));
  const byGroup = [...Map.groupBy(numbers, (number) => number % groups).values()];
  return byGroup.every((group) =>
    group.every((number, place) => place === 0 || number > (group[place - 1] ?? 0)),
  );
}
