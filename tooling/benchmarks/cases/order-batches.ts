import * as z from 'zod';

import { orderRecord, sqsRecord } from '../events.ts';
import { startHandler } from '../handler-process.ts';
import type { Laboratory } from '../laboratory.ts';
import type { Measurement } from '../measurement.ts';
import { inRounds, median, namesOf, ratioOf, type Spread } from '../statistics.ts';

const BUTTON_LATENCY_MS = 100;
const BATCH = 10;
/**
 * Batches before the measured ones of a full run, with a Button that answers at once. V8 compiles only code
 * that is used often: the CPU of an order stops falling after about two thousand orders. That many would take
 * the case eleven minutes.
 */
const WARM_UP = 100;
const MEASURED = 5;
/** The place in the batch of the message that nobody can read. */
const UNREADABLE = 4;

const ResultSchema = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) });

type Outcome = { wallMs: number; reported: number; isInOrder: boolean; failures: number };

const GROUP_COUNTS = [1, 3, 10] as const;
type Groups = (typeof GROUP_COUNTS)[number];
const DESIGNS = ['ours', 'one after the other', 'hand-written floor'] as const;
type Design = (typeof DESIGNS)[number];
const READABLE = GROUP_COUNTS.flatMap((groups) =>
  DESIGNS.map((design) => `${design}, ${groups} groups` as const),
);
const SUBJECTS = [...READABLE, 'ours, 3 groups, one unreadable'] as const;
type Subject = (typeof SUBJECTS)[number];

/**
 * A batch of ten orders in one, three and ten message groups, with a Button that takes its time; and with one
 * message that nobody can read (B9).
 */
export async function measureOrderBatches(laboratory: Laboratory): Promise<Measurement> {
  const warmUp = Math.ceil(WARM_UP * laboratory.effort);
  const rounds = Math.ceil(5 * laboratory.effort);
  const outcomes = await inRounds(SUBJECTS, rounds, batchRunner(laboratory, warmUp));
  laboratory.button.reset();

  const walls = (design: Design, groups: Groups): number[] =>
    outcomes[`${design}, ${groups} groups`].map(({ wallMs }) => wallMs);
  const ratio = (groups: Groups, to: Design): Spread => ratioOf(walls('ours', groups), walls(to, groups));
  const holds = (wanted: number) => (outcome: Outcome) =>
    outcome.isInOrder && outcome.reported === MEASURED * wanted && outcome.failures === 0;
  const ours = READABLE.filter((subject) => subject.startsWith('ours'));
  return {
    id: 'order-batches',
    title: 'A batch of ten orders',
    explanation: `Wall time of each of ${MEASURED} batches after ${warmUp} others, one after the other, with a Button that answers after ${BUTTON_LATENCY_MS} ms. The hand-written floor does the same work: it claims each order by a conditional write, reports it over a kept connection and settles it by another write, groups side by side. The order within groups is checked.`,
    figures: GROUP_COUNTS.map((groups) => ({
      subject: `${groups} group${groups === 1 ? '' : 's'}`,
      values: {
        ...Object.fromEntries(DESIGNS.map((design) => [`${design}, ms`, median(walls(design, groups))])),
        'Button alone, ms': Math.ceil(BATCH / groups) * BUTTON_LATENCY_MS,
      },
    })),
    bars: [
      { claim: '10 groups, ours / hand-written floor', ...ratio(10, 'hand-written floor'), atMost: 1.1 },
      { claim: '3 groups, ours / hand-written floor', ...ratio(3, 'hand-written floor'), atMost: 1.04 },
      { claim: '1 group, ours / hand-written floor', ...ratio(1, 'hand-written floor'), atMost: 1.04 },
      { claim: '10 groups, ours / one after the other', ...ratio(10, 'one after the other'), atMost: 0.15 },
      { claim: '3 groups, ours / one after the other', ...ratio(3, 'one after the other'), atMost: 0.45 },
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
    headlines: ([10, 3] as const).map((groups) => ({
      figure: `a batch of ten orders in ${groups} groups, ms`,
      ours: median(walls('ours', groups)),
      peer: { name: 'one after the other', value: median(walls('one after the other', groups)) },
      floor: median(walls('hand-written floor', groups)),
      goal: groups === 10 ? '≤ 1.1 × floor' : '≤ 1.04 × floor',
    })),
  };
}

/** Runs the batches of a subject in a process of their own. */
function batchRunner(
  { bundles, env, button }: Laboratory,
  warmUp: number,
): (subject: Subject) => Promise<Outcome> {
  const files = {
    ours: bundles.ours('order-reporter').entry,
    'one after the other': bundles.peer('orders-straightforward').entry,
    'hand-written floor': bundles.peer('orders-floor').entry,
  } satisfies Record<Design, string>;
  let batches = 0;
  return async (subject) => {
    const groups = Number.parseInt(subject.split(', ')[1] ?? '', 10);
    const file = namesOf(files).find((design) => subject.startsWith(design)) ?? 'ours';
    const handler = await startHandler({ file: files[file], env });
    const batchesOf = (count: number) =>
      Array.from({ length: count }, () => ({ Records: recordsOf(subject, groups, (batches += 1)) }));
    button.reset();
    await handler.handle(batchesOf(warmUp));
    button.reset();
    button.setLatency(BUTTON_LATENCY_MS);
    const { wallMs, results } = await handler.handle(batchesOf(MEASURED));
    await handler.end();
    const failures = results.flatMap((result) => ResultSchema.parse(result).batchItemFailures);
    const byBatch = Map.groupBy(button.orders(), (order) => order.split('-')[1]);
    return {
      wallMs: wallMs / MEASURED,
      reported: button.orders().length,
      isInOrder: [...byBatch.values()].every((orders) => isInOrder(orders, groups)),
      failures: failures.length,
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
