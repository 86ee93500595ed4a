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

/**
 * A batch of ten orders in one, three and ten message groups, with a Button that takes its time; and with one
 * message that nobody can read (B9).
 */
export async function measureOrderBatches(laboratory: Laboratory): Promise<Measurement> {
  const { bundles, env, button, effort } = laboratory;
  const designs = {
    ours: bundles.ours('order-reporter').entry,
    'one after the other': bundles.peer('orders-straightforward').entry,
  } as const;
  const groupCounts = [1, 3, 10] as const;
  const readable = groupCounts.flatMap((groups) =>
    (['ours', 'one after the other'] as const).map((design) => `${design}, ${groups} groups` as const),
  );
  const subjects = [...readable, 'ours, 3 groups, one unreadable'] as const;
  let batches = 0;
  const runBatch = async (subject: (typeof subjects)[number]): Promise<Outcome> => {
    batches += 1;
    const groups = Number.parseInt(subject.split(', ')[1] ?? '', 10);
    const records = Array.from({ length: BATCH }, (_, index) =>
      orderRecord({ orderId: `batch-${batches}-${index}`, group: `group-${index % groups}` }),
    );
    if (subject.endsWith('unreadable'))
      records[UNREADABLE] = unreadableRecord(`group-${UNREADABLE % groups}`);
    const file = subject.startsWith('ours') ? designs.ours : designs['one after the other'];
    const handler = await startHandler({ file, env });
    // Opens connections and reads the secret, so that the batch meets a warm function.
    await handler.handle([{ Records: [orderRecord({ orderId: `warm-${batches}` })] }]);
    button.reset();
    button.setLatency(BUTTON_LATENCY_MS);
    const { wallMs, results } = await handler.handle([{ Records: records }]);
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
  const outcomes = await inRounds(subjects, Math.ceil(3 * effort), runBatch);
  button.reset();

  const wall = (subject: (typeof subjects)[number]): number =>
    median(outcomes[subject].map(({ wallMs }) => wallMs));
  const longest = (groups: number): number => Math.ceil(BATCH / groups) * BUTTON_LATENCY_MS;
  const holds = (wanted: number) => (outcome: Outcome) =>
    outcome.isInOrder && outcome.reported === wanted && outcome.failures === 0;
  const ours = readable.filter((subject) => subject.startsWith('ours'));
  return {
    id: 'order-batches',
    title: 'A batch of ten orders',
    explanation: `Wall time of a warm function with a Button that answers after ${BUTTON_LATENCY_MS} ms. The floor is that time for each order of the longest group. The order within groups is checked.`,
    figures: groupCounts.map((groups) => ({
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
