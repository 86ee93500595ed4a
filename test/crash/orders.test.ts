// @module-tag volume
import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { FaultInput } from '../../tooling/button-simulator/fault-rules.ts';
import { replayOrderMessage } from '../../shared/orders/replay-order-message.ts';
import { createFifoSender } from '../../shared/runtime/fifo-sender.ts';
import { createQuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import { QUEUES, TABLES } from '../simulation/resources.ts';
import { endsTheSame } from './every-death.ts';
import type { Death } from './lifeline.ts';
import { createWorld, type World } from './world.ts';
import { share } from '../volume.ts';

const sample = JSON.parse(
  readFileSync(new URL('../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;

const MINUTE_MS = 60_000;
/** Long enough for the redelivery of a dead process's messages, and for two quiet times. */
const MAX_MINUTES = 30;

let world: World;

beforeAll(() => {
  world = createWorld();
});

afterAll(() => {
  world.close();
});

type Story = {
  name: string;
  kinds: readonly string[];
  fault?: FaultInput;
  /** What a person does once everything is at rest. */
  then?: () => Promise<unknown>;
  ends: string;
};

const creations: Story[] = [
  { name: 'a creation', kinds: ['created'], ends: 'open 1' },
  {
    name: 'a creation whose answer is lost',
    kinds: ['created'],
    fault: { on: 'api', match: { method: 'POST' }, answer: 'lost' },
    ends: 'open 1',
  },
];

const others: Story[] = [
  { name: 'an update', kinds: ['created', 'updated'], ends: 'open 2' },
  { name: 'an update of an order nobody knows', kinds: ['updated'], ends: 'open 1' },
  { name: 'a cancellation', kinds: ['created', 'cancelled'], ends: '' },
  {
    name: 'an update after a lost answer',
    kinds: ['created', 'updated'],
    fault: { on: 'api', match: { method: 'POST' }, answer: 'lost' },
    ends: 'open 2',
  },
  {
    name: 'a creation that Button defers',
    kinds: ['created'],
    fault: { on: 'api', answer: { status: 429, headers: { 'retry-after': '30' } } },
    ends: 'open 1',
  },
  {
    name: 'a creation with a key that is refused at first',
    kinds: ['created'],
    fault: { on: 'api', answer: { status: 401 } },
    ends: 'open 1',
  },
  {
    name: 'a creation that Button refuses',
    kinds: ['created'],
    fault: { on: 'api', match: { method: 'POST' }, times: 'unlimited', answer: { status: 400 } },
    ends: '',
  },
  { name: 'a message that is no order', kinds: ['misspelt'], ends: '' },
  {
    name: 'a refused creation that somebody replays',
    kinds: ['created'],
    fault: { on: 'api', match: { method: 'POST' }, answer: { status: 400 } },
    then: () =>
      replayOrderMessage(
        { entryId: 'message-1' },
        {
          brand: 'acme',
          quarantine: createQuarantineReview({
            client: world.aws().dynamodb(),
            table: TABLES.orderQuarantine,
          }),
          send: createFifoSender({ client: world.aws().sqs(), queueUrl: QUEUES.orders }),
          now: world.now,
        },
      ),
    ends: 'open 1',
  },
];

function message(kind: string, sequence: number): string {
  const data = { ...sample, order_id: 'o-1', customer_order_id: String(sequence) };
  return JSON.stringify({
    specversion: '1.0',
    id: `event-${sequence}`,
    source: 'https://shop.example',
    type: `order.${kind}.v1`,
    subject: 'o-1',
    sequence: String(sequence),
    time: '2026-06-01T11:59:00.000Z',
    ...(kind === 'cancelled' ? {} : { data }),
  });
}

/**
 * Runs the brand's messages, its queue, the reporter and a sweep every minute, until nothing is left to do.
 */
async function play(
  { kinds, fault, then }: Story,
  duplicateCreate: '409' | 'upsert' | 'second-order',
  death?: Death,
): Promise<unknown> {
  world.reset();
  if (!then) world.lifeline.begin(death);
  world.button().setWorld({ duplicateCreate });
  if (fault) world.button().addFault(fault);
  for (const [index, kind] of kinds.entries())
    world.orderQueue().send(message(kind, index + 1), { groupId: 'o-1' });
  await comeToRest();
  if (then) {
    world.lifeline.begin(death);
    await world.operate(then);
    await comeToRest();
  }
  return ending();
}

async function comeToRest(): Promise<void> {
  for (let minute = 0; minute < MAX_MINUTES; minute += 1) {
    await world.drainOrders();
    await world.invoke('retry-sweep', {});
    if (isAtRest()) break;
    await world.pass(MINUTE_MS);
  }
}

function isAtRest(): boolean {
  const reports = world.contents('orderLedger');
  const isOver = ({ state, breaker }: Record<string, unknown>) =>
    breaker === undefined
      ? state === 'settled' || state === 'refused'
      : (breaker as { state: string }).state === 'closed';
  return world.orderQueue().bodies().length === 0 && reports.every(isOver);
}

function ending() {
  const reports = world.contents('orderLedger');
  const quarantined = world.contents('orderQuarantine');
  const requests = world.button().requests();
  const cancelledAt = requests.findIndex(({ method }) => method === 'DELETE');
  return {
    atButton: atButton(),
    sentAfterCancellation:
      cancelledAt === -1 ? [] : requests.slice(cancelledAt).filter(({ method }) => method === 'POST'),
    ledger: reports.flatMap(({ state, body }) => {
      const version = known(body);
      return version ? [{ state, ...version }] : [];
    }),
    quarantined: quarantined.map(({ kind, id, bytes, reasons, origin }) => ({
      ...{ kind, id, reasons, origin },
      message: JSON.parse(String(bytes)) as unknown,
    })),
    queue: world.orderQueue().bodies(),
  };
}

/**
 * The newest version and what Button has acknowledged of it, without times and without the message that
 * brought it.
 */
function known(body: unknown): object | undefined {
  const { newest, reported } = (body ?? {}) as {
    newest?: { version: unknown; hash: string; messageId: string };
    reported?: { version: unknown; hash: string; kind: string };
  };
  if (!newest) return undefined;
  const { messageId: _messageId, ...version } = newest;
  return { newest: version, reported: reported && [reported.version, reported.hash, reported.kind] };
}

/** The orders that are live at Button. Whether a cancelled order was ever created there does not matter. */
function atButton(): string {
  return world
    .button()
    .orders()
    .filter(({ status }) => status !== 'deleted')
    .map(({ status, customer_order_id: version }) => `${String(status)} ${String(version)}`)
    .join(', ');
}

describe.each(['409', 'upsert', 'second-order'] as const)(
  'in a world where a second create gives %s',
  (duplicateCreate) => {
    it.each(share(creations, 2))(
      'a reporter or a sweep that dies at any of its calls leaves $name as without the death (A20, A21)',
      async (story) => {
        const calls = await endsTheSame(world, (death) => play(story, duplicateCreate, death));

        expect(calls).toBeGreaterThan(8);
        expect(atButton()).toBe(story.ends);
      },
    );
  },
);

describe('in the documented world', () => {
  it.each(share(others, 2))(
    'a reporter or a sweep that dies at any of its calls leaves $name as without the death (A20, A21)',
    async (story) => {
      const calls = await endsTheSame(world, (death) => play(story, '409', death));

      expect(calls).toBeGreaterThan(6);
      expect(atButton()).toBe(story.ends);
    },
  );
});
