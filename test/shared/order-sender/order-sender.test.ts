import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DEFAULT_ORDER_SETTINGS, parseOrderEvent } from '../../../shared/validation/orders/order-event.ts';
import {
  createOrderSender,
  type OrderEventToSend,
  type OrderSenderOptions,
} from '../../../shared/order-sender/order-sender.ts';
import { assertSent, type SendResult } from '../../../shared/order-sender/send-result.ts';
import { sampleOrder, SETTINGS } from '../validation/orders/order-samples.ts';
import { bytesOf, createFakeQueue, FAKE_QUEUE_URL, type FakeQueue, type Treatment } from './fake-queue.ts';

/**
 * A valid event with the id `orderId/sequence`. Its message is about `size` bytes longer than the shortest
 * one.
 */
function update(orderId: string, sequence: number, size = 0): OrderEventToSend {
  return {
    kind: 'updated',
    id: `${orderId}/${sequence}`,
    sequence: String(sequence),
    order: {
      ...sampleOrder(),
      order_id: orderId,
      line_items: [{ identifier: 'sku-1', total: 7000, description: 'é'.repeat(size / 2) }],
    },
  };
}

function invalid(orderId: string, sequence: number): OrderEventToSend {
  return { ...update(orderId, sequence), kind: 'created', order: { ...sampleOrder(), total: -1 } };
}

function createSender(queue: FakeQueue, options: Partial<OrderSenderOptions> = {}) {
  const waitsMs: number[] = [];
  const sender = createOrderSender({
    client: queue.client,
    queueUrl: FAKE_QUEUE_URL,
    source: '/shop',
    brandSettings: SETTINGS,
    wait: (delayMs) => {
      waitsMs.push(delayMs);
      return Promise.resolve();
    },
    random: () => 0.5,
    ...options,
  });
  return { ...sender, waitsMs };
}

/** How the fake treats the event of each id, request by request. The last treatment repeats. */
function script(treatments: Record<string, readonly Treatment[]>) {
  const turns = new Map<string, number>();
  return ({ MessageBody }: { MessageBody?: string | undefined }): Treatment => {
    const { id } = JSON.parse(MessageBody ?? '') as { id: string };
    const turn = turns.get(id) ?? 0;
    turns.set(id, turn + 1);
    return treatments[id]?.at(turn) ?? treatments[id]?.at(-1) ?? 'take';
  };
}

function takenIds(queue: FakeQueue, groupId?: string): string[] {
  return queue.taken
    .filter((message) => groupId === undefined || message.groupId === groupId)
    .map(({ body }) => (JSON.parse(body) as { id: string }).id);
}

function askedIds(queue: FakeQueue): string[][] {
  return queue.requests.map((entries) =>
    entries.map(({ MessageBody }) => (JSON.parse(MessageBody ?? '') as { id: string }).id),
  );
}

function outcomes(results: readonly SendResult[]): string[] {
  return results.map((result) => ('reason' in result ? result.reason : result.outcome));
}

describe('createOrderSender', () => {
  it('sends a creation, an update and a cancellation', async () => {
    const queue = createFakeQueue();
    const sender = createSender(queue);

    const results = [
      await sender.sendOrderCreated({ order: sampleOrder(), sequence: '1' }),
      await sender.sendOrderUpdated({ order: { ...sampleOrder(), btn_ref: 'srctok-1' }, sequence: '2' }),
      await sender.sendOrderCancelled({ orderId: '1994', sequence: '3' }),
    ];

    expect(outcomes(results)).toEqual(['sent', 'sent', 'sent']);
    expect(
      queue.taken.map(({ body }) => {
        const parsing = parseOrderEvent(body, SETTINGS);
        return parsing.ok && [parsing.event.kind, parsing.event.version, parsing.event.orderId];
      }),
    ).toEqual([
      ['created', { by: 'sequence', sequence: '1' }, '1994'],
      ['updated', { by: 'sequence', sequence: '2' }, '1994'],
      ['cancelled', { by: 'sequence', sequence: '3' }, '1994'],
    ]);
  });

  it('returns the warnings of an event that it sent', async () => {
    const sender = createSender(createFakeQueue());

    const { order_id, total, currency, purchase_date } = sampleOrder();
    const result = await sender.sendOrderCreated({
      order: { order_id, total, currency, purchase_date },
      sequence: '1',
    });

    expect(result).toMatchObject({
      outcome: 'sent',
      warnings: expect.arrayContaining([expect.objectContaining({ code: 'btn_ref_missing' })]) as unknown,
    });
  });

  it.each([
    ['decides nothing', {}],
    ['allows finalization dates', { allowFinalizationDate: true }],
  ])('sends no test token to a brand that %s', async (_brand, settings) => {
    const queue = createFakeQueue();
    const sender = createSender(queue, { brandSettings: { ...DEFAULT_ORDER_SETTINGS, ...settings } });

    const result = await sender.sendOrderCreated({ order: sampleOrder(), sequence: '1' });

    expect(result).toMatchObject({
      outcome: 'invalid',
      violations: [{ code: 'btn_ref_test_token_refused', path: '$.data.btn_ref' }],
    });
    expect(queue.requests).toEqual([]);
  });

  it('does not send an invalid event, which delays no other', async () => {
    const queue = createFakeQueue();

    const results = await createSender(queue).sendOrderEvents([
      update('a', 1),
      invalid('a', 2),
      update('a', 3),
      update('b', 1),
    ]);

    expect(outcomes(results)).toEqual(['sent', 'invalid', 'sent', 'sent']);
    expect(results.map(({ eventId }) => eventId)).toEqual(['a/1', 'a/2', 'a/3', 'b/1']);
    expect(takenIds(queue, 'a')).toEqual(['a/1', 'a/3']);
  });

  it('sends no request if there is nothing to send', async () => {
    const queue = createFakeQueue();

    const results = await createSender(queue).sendOrderEvents([]);

    expect(results).toEqual([]);
    expect(queue.requests).toEqual([]);
  });

  it('fills requests with ten events of ten orders', async () => {
    const queue = createFakeQueue();

    await createSender(queue).sendOrderEvents(Array.from({ length: 25 }, (_, n) => update(`order-${n}`, 1)));

    expect(queue.requests.map(({ length }) => length)).toEqual([10, 10, 5]);
  });

  it('starts another request if one more message would be too many bytes', async () => {
    const queue = createFakeQueue();
    const events = ['a', 'b', 'c'].map((orderId) => update(orderId, 1, 400_000));

    const results = await createSender(queue).sendOrderEvents(events);

    expect(outcomes(results)).toEqual(['sent', 'sent', 'sent']);
    expect(askedIds(queue)).toEqual([['a/1', 'b/1'], ['c/1']]);
  });

  it('A18: refuses an event above the limit of a message, and sends the others', async () => {
    const queue = createFakeQueue();

    const results = await createSender(queue).sendOrderEvents([update('a', 1, 1_048_576), update('a', 2)]);

    expect(results[0]).toMatchObject({ outcome: 'too-large', maxMessageBytes: 1_048_576 });
    expect(takenIds(queue)).toEqual(['a/2']);
  });

  it.each([0, 1.5, Number.NaN, 1_048_577])('refuses a limit of %s bytes', (maxMessageBytes) => {
    expect(() => createSender(createFakeQueue(), { maxMessageBytes })).toThrow(RangeError);
  });

  it('sends the others when one event is null, and refuses a list that is null, saying what it must be', async () => {
    const queue = createFakeQueue();
    const sender = createSender(queue);

    const results = await sender.sendOrderEvents([update('a', 1), null as never, update('b', 1)]);

    expect(outcomes(results)).toEqual(['sent', 'invalid', 'sent']);
    expect(() => {
      assertSent(results);
    }).toThrow(/order \(unnamed\): invalid \(order_id_malformed \$\.subject/);
    await expect(sender.sendOrderEvents(null as never)).rejects.toThrow(RangeError);
    expect(await sender.sendOrderCreated(null as never)).toMatchObject({ outcome: 'invalid' });
    // A list with a hole.
    expect(outcomes(await sender.sendOrderEvents(new Array<never>(1)))).toEqual(['invalid']);
  });

  it('A25: sends again only what failed, before the later messages of the same order', async () => {
    const queue = createFakeQueue({ treat: script({ 'b/1': ['fail', 'fail', 'take'] }) });

    const { sendOrderEvents, waitsMs } = createSender(queue);
    const results = await sendOrderEvents([update('a', 1), update('b', 1), update('b', 2), update('c', 1)]);

    expect(outcomes(results)).toEqual(['sent', 'sent', 'sent', 'sent']);
    expect(askedIds(queue)).toEqual([['a/1', 'b/1', 'c/1'], ['b/1'], ['b/1'], ['b/2']]);
    expect(takenIds(queue, 'b')).toEqual(['b/1', 'b/2']);
    expect(waitsMs).toEqual([100, 200]);
  });

  it('A25: never sends again what SQS rejects, and returns its code', async () => {
    const queue = createFakeQueue({ treat: script({ 'a/1': ['find-fault', 'take'] }) });

    const { sendOrderEvents, waitsMs } = createSender(queue);
    const results = await sendOrderEvents([update('a', 1), update('a', 2), update('b', 1)]);

    expect(results[0]).toEqual({
      eventId: 'a/1',
      orderId: 'a',
      outcome: 'not-sent',
      reason: 'refused',
      code: 'InvalidParameterValue',
    });
    expect(outcomes(results)).toEqual(['refused', 'behind-unsent', 'sent']);
    expect(askedIds(queue)).toEqual([['a/1', 'b/1']]);
    expect(waitsMs).toEqual([]);
  });

  it('A25: gives an event up after five attempts, holds the later ones of its order, and sends the rest', async () => {
    const queue = createFakeQueue({ treat: script({ 'a/1': ['fail'] }) });

    const { sendOrderEvents, waitsMs } = createSender(queue);
    const results = await sendOrderEvents([update('a', 1), update('a', 2), update('b', 1), update('b', 2)]);

    expect(results[0]).toMatchObject({ reason: 'attempts-used-up', code: 'InternalError' });
    expect(outcomes(results)).toEqual(['attempts-used-up', 'behind-unsent', 'sent', 'sent']);
    expect(askedIds(queue)).toEqual([['a/1', 'b/1'], ['a/1', 'b/2'], ['a/1'], ['a/1'], ['a/1']]);
    expect(waitsMs).toEqual([100, 200, 400, 800]);
  });

  it('does not count an entry as sent that the answer does not mention', async () => {
    const queue = createFakeQueue({ treat: script({ 'a/1': ['forget', 'take'] }) });

    const results = await createSender(queue).sendOrderEvents([update('a', 1)]);

    expect(outcomes(results)).toEqual(['sent']);
    expect(askedIds(queue)).toEqual([['a/1'], ['a/1']]);
  });

  it('stops at a request that throws, and says of everything left that it may not have arrived', async () => {
    const queue = createFakeQueue({ treat: script({ 'a/2': ['throw'] }) });

    const results = await createSender(queue).sendOrderEvents([
      update('a', 1),
      update('a', 2),
      update('a', 3),
      update('b', 1),
    ]);

    expect(outcomes(results)).toEqual(['sent', 'request-failed', 'request-failed', 'sent']);
    expect(results[1]).toMatchObject({ cause: { message: 'socket hang up' } });
    expect(queue.requests).toHaveLength(2);
  });
});

describe('orders, requirement 13: what the client reports as sent', () => {
  const RULES = fc.record({
    testTokens: fc.constantFrom('allow' as const, 'refuse' as const, 'require' as const),
    allowFinalizationDate: fc.boolean(),
  });
  const arbitraryVersion = fc.record(
    {
      btn_ref: fc.constantFrom(
        'srctok-abcdef0123456789',
        'fakesrctok-abcdef0123456789',
        'fakesrctok-1',
        '',
        null,
      ),
      finalization_date: fc.constantFrom('2017-08-02', null, '2017-08-02T19:26:08Z'),
      purchase_date: fc.constantFrom('2017-07-25', '20170725T0823+00', 'yesterday'),
      currency: fc.constantFrom('USD', 'BGN', 'HRK', 'usd'),
      line_items: fc.constantFrom([], null, [{ identifier: 'a', total: 7000 }]),
    },
    { requiredKeys: ['purchase_date'] },
  );

  it('is never refused by the rules of the brand, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        RULES,
        fc.constantFrom('sequence' as const, 'time' as const),
        fc.record(
          { sequence: fc.constant('1'), time: fc.constant('2017-07-25T08:23:53Z') },
          { requiredKeys: [] },
        ),
        arbitraryVersion,
        async (rules, orderBy, version, changes) => {
          const queue = createFakeQueue();
          const sender = createSender(queue, { brandSettings: { ...rules, orderBy } });
          const order = { total: 7000, currency: 'USD', order_id: '1994', ...changes };

          const result = await sender.sendOrderUpdated({ ...version, order });

          const judged = queue.taken.map(({ body }) => parseOrderEvent(body, { ...rules, orderBy }).ok);
          expect(judged).toEqual(result.outcome === 'sent' ? [true] : []);
        },
      ),
    );
  });

  it('is not an order that the ledger cannot hold', async () => {
    const queue = createFakeQueue();
    const noise = Array.from({ length: 8 }, () =>
      Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString('base64'),
    );

    const result = await createSender(queue).sendOrderCreated({
      sequence: '1',
      order: { ...sampleOrder(), customer: { id: noise.join('') } },
    });

    expect(result).toMatchObject({
      outcome: 'invalid',
      orderId: '1994',
      violations: [{ code: 'order_too_large', path: '$.data' }],
    });
    expect(queue.requests).toEqual([]);
  });

  it('is never one of two versions in a call that share an id', async () => {
    const queue = createFakeQueue();

    const results = await createSender(queue).sendOrderEvents([
      { ...update('a', 1), id: 'a' },
      { ...update('a', 2), id: 'a' },
      { ...update('b', 1), id: 'b' },
      { ...update('b', 1), id: 'b' },
      update('c', 1),
    ]);

    expect(outcomes(results)).toEqual(['invalid', 'invalid', 'sent', 'sent', 'sent']);
    expect(results[0]).toMatchObject({
      eventId: 'a',
      orderId: 'a',
      violations: [{ code: 'event_id_repeated', path: '$.id' }],
    });
    expect(takenIds(queue)).toEqual(['b', 'c/1']);
  });
});

describe('any mix of orders, versions, sizes and failures', () => {
  const MAX_MESSAGE_BYTES = 5000;
  const ORDER_IDS = ['an id of its own', ...Array.from({ length: 13 }, (_, n) => `order-${n}`)];

  const arbitraryEvent = fc.record({
    orderId: fc.constantFrom(...ORDER_IDS),
    size: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 6000 })),
    valid: fc.integer({ min: 1, max: 8 }).map((n) => n > 1),
  });
  /** Distinct events: an event's position in the list is its sequence. */
  const arbitraryEvents = fc
    .array(arbitraryEvent, { maxLength: 60 })
    .map((list) =>
      list.map(({ orderId, size, valid }, n) => (valid ? update(orderId, n, size) : invalid(orderId, n))),
    );

  function arbitraryTreatments(maxFailures: number, last: fc.Arbitrary<Treatment>) {
    return fc.infiniteStream(
      fc.tuple(fc.array(fc.constantFrom<Treatment>('fail', 'forget'), { maxLength: maxFailures }), last),
    );
  }

  async function run(events: readonly OrderEventToSend[], treatments: Iterator<[Treatment[], Treatment]>) {
    const plan = Object.fromEntries(
      events.map(({ id = '' }) => {
        const [failures, last] = treatments.next().value as [Treatment[], Treatment];
        return [id, [...failures, last]];
      }),
    );
    const queue = createFakeQueue({ treat: script(plan) });
    const sender = createSender(queue, { maxMessageBytes: MAX_MESSAGE_BYTES });
    return { queue, results: await sender.sendOrderEvents(events) };
  }

  /** For each order, the ids of the events that may be sent, in order. */
  function sendableIds(results: readonly SendResult[]): Map<string, string[]> {
    const ids = new Map<string, string[]>();
    for (const { outcome, eventId } of results) {
      const [orderId = ''] = eventId.split('/');
      if (outcome !== 'invalid' && outcome !== 'too-large')
        ids.set(orderId, [...(ids.get(orderId) ?? []), eventId]);
    }
    return ids;
  }

  function idsByOrder(queue: FakeQueue): Map<string, string[]> {
    return Map.groupBy(takenIds(queue), (id) => id.split('/')[0] ?? '');
  }

  it('is sent exactly once each, in order within each order, if no event fails five times', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryEvents,
        arbitraryTreatments(4, fc.constant('take')),
        async (events, treatments) => {
          const { queue, results } = await run(events, treatments);

          for (const outcome of outcomes(results))
            expect(['sent', 'invalid', 'too-large']).toContain(outcome);
          expect(idsByOrder(queue)).toEqual(sendableIds(results));
        },
      ),
    );
  });

  it('is sent in order without a gap, and reported correctly, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryEvents,
        arbitraryTreatments(8, fc.constantFrom('take', 'take', 'take', 'find-fault', 'throw')),
        async (events, treatments) => {
          const { queue, results } = await run(events, treatments);

          const taken = idsByOrder(queue);
          for (const [orderId, ids] of sendableIds(results)) {
            const ofOrder = taken.get(orderId) ?? [];
            expect(ofOrder).toEqual(ids.slice(0, ofOrder.length));
          }
          const sent = results.filter(({ outcome }) => outcome === 'sent').map(({ eventId }) => eventId);
          const unsure = results.filter((result) => 'cause' in result).map(({ eventId }) => eventId);
          expect(takenIds(queue)).toEqual(expect.arrayContaining(sent));
          expect([...sent, ...unsure]).toEqual(expect.arrayContaining(takenIds(queue)));
        },
      ),
    );
  });

  it('is sent in requests of at most ten entries and the allowed bytes, and no event more than five times', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryEvents,
        arbitraryTreatments(8, fc.constantFrom('take', 'find-fault')),
        async (events, treatments) => {
          const { queue } = await run(events, treatments);

          for (const entries of queue.requests) {
            expect(entries.length).toBeLessThanOrEqual(10);
            expect(entries.reduce((sum, entry) => sum + bytesOf(entry), 0)).toBeLessThanOrEqual(
              MAX_MESSAGE_BYTES,
            );
          }
          const attempts = [...Map.groupBy(askedIds(queue).flat(), (id) => id).values()];
          expect(Math.max(0, ...attempts.map(({ length }) => length))).toBeLessThanOrEqual(5);
        },
      ),
    );
  });
});
