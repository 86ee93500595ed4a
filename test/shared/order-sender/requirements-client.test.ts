import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { StageConfigSchema } from '../../../infra/config.ts';
import {
  DEFAULT_ORDER_SETTINGS,
  parseOrderEvent,
  type OrderEventSettings,
} from '../../../shared/validation/orders/order-event.ts';
import { validateOrder } from '../../../shared/validation/orders/validate-order.ts';
import { createOrderSender, type OrderSenderOptions } from '../../../shared/order-sender/order-sender.ts';
import { sampleMessage, sampleOrder, SETTINGS } from '../validation/orders/order-samples.ts';
import { createFakeQueue, FAKE_QUEUE_URL } from './fake-queue.ts';

const ROOT = join(import.meta.dirname, '../../..');
const page = readFileSync(join(ROOT, 'docs/order-messages.md'), 'utf8');

const TOKENS = ['srctok-abcdef0123456789', 'fakesrctok-abcdef0123456789', null] as const;
const arbitraryVersion = fc.record({
  version: fc.constantFrom({ sequence: '1' }, { time: '2017-07-25T08:23:53Z' }),
  changes: fc.record({
    btn_ref: fc.constantFrom(...TOKENS),
    finalization_date: fc.constantFrom('2017-08-02T19:26:08Z', null),
  }),
});
const arbitrarySettings: fc.Arbitrary<OrderEventSettings> = fc.record({
  orderBy: fc.constantFrom('sequence' as const, 'time' as const),
  testTokens: fc.constantFrom('allow' as const, 'refuse' as const, 'require' as const),
  allowFinalizationDate: fc.boolean(),
});

function createSender(brandSettings: OrderSenderOptions['brandSettings'] = DEFAULT_ORDER_SETTINGS) {
  const queue = createFakeQueue();
  const source = 'https://shop.example/orders';
  return {
    ...createOrderSender({ client: queue.client, queueUrl: FAKE_QUEUE_URL, source, brandSettings }),
    queue,
  };
}

/** What the reporter of a brand accepts whose configuration sets only this. */
function settingsOf(brand: object): OrderEventSettings {
  const { orderReporting } = StageConfigSchema.parse({
    stage: 'development',
    orderReporting: { brands: [{ id: 'acme', ...brand }] },
  });
  const [configured] = orderReporting?.brands ?? [];
  if (!configured) throw new Error('no brand');
  const { orderBy, testTokens, allowFinalizationDate } = configured;
  return { orderBy, testTokens, allowFinalizationDate };
}

describe('orders, requirement 13: one set of defaults', () => {
  it('client, reporter and configuration agree if nothing is set', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryVersion, async ({ version, changes }) => {
        const { sendOrderUpdated } = createSender();
        const order = { ...sampleOrder(), ...changes };
        const { time: _time, sequence: _sequence, ...envelope } = sampleMessage();
        const body = JSON.stringify({ ...envelope, type: 'order.updated.v1', ...version, data: order });

        const byClient = (await sendOrderUpdated({ ...version, order })).outcome === 'sent';

        expect(parseOrderEvent(body).ok).toBe(byClient);
        expect(parseOrderEvent(body, settingsOf({})).ok).toBe(byClient);
      }),
    );
  });

  it('test tokens are refused by default, everywhere', async () => {
    const order = { ...sampleOrder(), btn_ref: 'fakesrctok-abcdef0123456789' };
    const refused = [{ code: 'btn_ref_test_token_refused' }];

    expect(await createSender().sendOrderCreated({ sequence: '1', order })).toMatchObject({
      outcome: 'invalid',
      violations: refused,
    });
    expect(validateOrder(order)).toMatchObject({ violations: refused });
    expect(parseOrderEvent(JSON.stringify({ ...sampleMessage(), data: order }))).toMatchObject({
      violations: refused,
    });
    expect(settingsOf({})).toMatchObject({ testTokens: 'refuse' });
  });

  it('the examples of the documentation use the brand of the development stage, which allows them', () => {
    const development = StageConfigSchema.parse(
      JSON.parse(readFileSync(join(ROOT, 'infra/config/development.json'), 'utf8')),
    );
    const examples = [...page.matchAll(/```json\n(.*?)```/gs)]
      .map(([, text = '']) => text)
      .filter((text) => text.includes('"specversion"'));

    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples)
      expect(parseOrderEvent(example, development.orderReporting?.brands[0])).toMatchObject({
        ok: true,
        warnings: [],
      });
    expect(page.slice(0, page.indexOf('### The order'))).toContain('"testTokens": "allow"');
  });
});

describe('orders, requirement 13: the client never says `sent` for what the brand refuses', () => {
  it('whatever the brand’s configuration, given the settings that its stack shows', async () => {
    await fc.assert(
      fc.asyncProperty(arbitrarySettings, arbitraryVersion, async (settings, { version, changes }) => {
        const output = { ...settings, quarantineRetentionDays: 30, buttonApiUrl: 'https://api.example' };
        const { sendOrderCreated, queue } = createSender(JSON.stringify(output));

        const { outcome } = await sendOrderCreated({ ...version, order: { ...sampleOrder(), ...changes } });

        const accepted = queue.taken.map(({ body }) => parseOrderEvent(body, settings).ok);
        expect(accepted).toEqual(outcome === 'sent' ? [true] : []);
      }),
    );
  });

  it.each(['', 'acme', '{}', '{"orderBy":"sequence","testTokens":"maybe","allowFinalizationDate":false}'])(
    'and accepts no other settings: %s',
    (brandSettings) => {
      expect(() => createSender(brandSettings)).toThrow(RangeError);
    },
  );

  it('and does not start without them, even in plain JavaScript', () => {
    const { client } = createFakeQueue();
    const options = { client, queueUrl: FAKE_QUEUE_URL, source: '/shop', orderBy: 'time' } as unknown;

    expect(() => createOrderSender(options as OrderSenderOptions)).toThrow(/brandSettings must be/);
  });
});

describe('orders, requirement 13: docs/order-messages.md', () => {
  it('says, when it first names the totals, that they exclude VAT, taxes, delivery and surcharges', () => {
    const paragraphs = page.split(/\n\s*\n/);

    expect(paragraphs.find((text) => /\btotals?\b/.test(text))).toMatch(
      /`total` and the totals of the line items exclude VAT and every other tax, delivery and surcharges/,
    );
  });
});

describe('orders, requirement 13: warnings are rare', () => {
  it('a complete, ordinary order of a web shop has none, from the client to the reporter', async () => {
    const order = { ...sampleOrder(), btn_ref: 'srctok-abcdef0123456789' };
    const { sendOrderCreated, sendOrderUpdated, queue } = createSender();
    const { btn_ref: _token, ...later } = order;

    const results = [
      await sendOrderCreated({ sequence: '1', order }),
      await sendOrderUpdated({ sequence: '2', order: { ...later, customer_order_id: 'A-1' } }),
    ];

    expect(results).toMatchObject([
      { outcome: 'sent', warnings: [] },
      { outcome: 'sent', warnings: [] },
    ]);
    expect(queue.taken.map(({ body }) => parseOrderEvent(body).warnings)).toEqual([[], []]);
  });
});

describe('orders, requirement 14: versions that share an id', () => {
  it('are refused within one call, because SQS would drop all but the first, and are named with their order', async () => {
    const { sendOrderEvents, queue } = createSender(SETTINGS);
    const version = (sequence: string, id?: string) =>
      ({ kind: 'updated', sequence, order: sampleOrder(), ...(id !== undefined && { id }) }) as const;

    const results = await sendOrderEvents([version('1', 'same'), version('2', 'same'), version('3')]);

    expect(results).toMatchObject([
      { outcome: 'invalid', orderId: '1994', violations: [{ code: 'event_id_repeated', path: '$.id' }] },
      { outcome: 'invalid', orderId: '1994', violations: [{ code: 'event_id_repeated', path: '$.id' }] },
      { outcome: 'sent' },
    ]);
    expect(queue.taken).toHaveLength(1);
  });

  it('do not occur with ids that the client derives, which contain the version', async () => {
    const { sendOrderEvents, queue } = createSender(SETTINGS);
    const order = sampleOrder();

    await sendOrderEvents(['1', '2', '10'].map((sequence) => ({ kind: 'updated', sequence, order })));

    const ids = queue.taken.map(({ body }) => (JSON.parse(body) as { id: string }).id);
    expect(ids.map((id) => id.split('/').slice(0, 2))).toEqual([
      ['1994', '1'],
      ['1994', '2'],
      ['1994', '10'],
    ]);
  });

  it('are the subject of a warning in bold in docs/order-messages.md', () => {
    const bold = [...page.matchAll(/\*\*(.+?)\*\*/gs)].map(([, text = '']) => text.replaceAll(/\s+/g, ' '));

    expect(
      bold.filter((text) => /SQS silently drops a message .* `id` of the first/.test(text)),
    ).toHaveLength(1);
  });
});
