import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answerFixture,
  DAY_MS,
  HOUR_MS,
  like,
  orderFixture,
  receive,
  simulate,
  webhookFixture,
  type LineItem,
  type Row,
  type Simulation,
} from './simulation.ts';

const PATH = '/v1/order/WEB-2025-104477';
const MINUTE_MS = 60_000;

/** Plays one order and returns the `data` of each of its events. */
async function eventsOf(simulation: Simulation): Promise<(Row & { eventType: string })[]> {
  await simulation.advance(0);
  return simulation.controls.webhooks().map(({ eventType, data }) => ({ ...(data as Row), eventType }));
}

describe('an order becomes a transaction', () => {
  it('pending, with the commission of each line', async () => {
    const simulation = await simulate();

    await simulation.create();

    expect(simulation.controls.transactions()).toMatchObject([
      {
        orderId: 'WEB-2025-104477',
        row: {
          status: 'pending',
          amount: 368,
          order_total: 7350,
          order_line_items: [
            { identifier: 'tee-blue-m', publisher_commission: 218, gtin: '00042100005264' },
            { identifier: 'pant-grey-l', publisher_commission: 150, gtin: '00036000291452' },
          ],
        },
      },
    ]);
  });

  it('in the documented form, as event and as row', async () => {
    const simulation = await simulate({ webhooks: [(await receive()).webhook] });
    simulation.controls.setShoppers({
      'fakesrctok-3f9a1c0b7d2e4856': { publisherCustomerId: 'user-5567', pubRef: 'campaign-spring-2025' },
    });
    const created = await simulation.create();

    await simulation.advance(0);

    const [event] = simulation.controls.webhooks();
    const [transaction] = simulation.controls.transactions();
    const attributes = (line: LineItem) => ({
      ...line,
      attributes: expect.objectContaining(line.attributes) as unknown,
    });
    const same = {
      id: like(/^tx-[0-9a-f]{16}$/),
      button_order_id: created.body.object.button_order_id,
      account_id: simulation.controls.accounts()[0]?.id,
      btn_ref: 'fakesrctok-3f9a1c0b7d2e4856',
      attribution_date: '2025-03-14T15:09:26Z',
    };
    const documentedData = webhookFixture('webhook-tx-pending').data;
    expect(event?.data).toEqual({
      ...documentedData,
      ...same,
      created_date: '2025-03-14T15:09:31.000Z',
      modified_date: '2025-03-14T15:09:31.000Z',
      order_line_items: documentedData.order_line_items.map(attributes),
    });
    const documentedRow = answerFixture('transactions-page-1').objects[0];
    expect(transaction?.row).toEqual({
      ...documentedRow,
      ...same,
      created_date: '2025-03-14T15:09:31Z',
      modified_date: '2025-03-14T15:09:31Z',
      amount: 368,
      order_total: 7350,
      order_line_items: documentedData.order_line_items.map(attributes),
    });
  });

  it('pending again with a later modified_date when it is updated', async () => {
    const simulation = await simulate({ webhooks: [(await receive()).webhook] });
    await simulation.create();
    await simulation.advance(MINUTE_MS);

    await simulation.brand('POST', PATH, orderFixture('order-update'));

    const [first, second] = await eventsOf(simulation);
    expect(second).toMatchObject({
      eventType: 'tx-pending',
      id: first?.id,
      button_order_id: first?.button_order_id,
      status: 'pending',
      amount: 218,
      order_total: 4350,
      created_date: first?.created_date,
      modified_date: '2025-03-14T15:10:31.000Z',
      event_date: '2025-03-14T15:10:31Z',
    });
  });

  it('with different modified_dates for two changes in one millisecond', async () => {
    const simulation = await simulate({ webhooks: [(await receive()).webhook] });
    await simulation.create();

    await simulation.brand('POST', PATH, orderFixture('order-update'));

    const modified = (await eventsOf(simulation)).map((event) => event.modified_date);
    expect(modified).toEqual(['2025-03-14T15:09:31.000Z', '2025-03-14T15:09:31.001Z']);
  });

  it.each([
    ['last', 368],
    ['zero', 0],
  ] as const)(
    'declined when it is cancelled, with the amount of the world: %s',
    async (declinedAmount, amount) => {
      const simulation = await simulate({ webhooks: [(await receive()).webhook], world: { declinedAmount } });
      await simulation.create();

      await simulation.brand('DELETE', PATH);

      expect((await eventsOf(simulation)).at(-1)).toMatchObject({
        eventType: 'tx-declined',
        status: 'declined',
        amount,
        validated_date: null,
      });
    },
  );

  it('validated when its finalization date passes', async () => {
    const simulation = await simulate({ webhooks: [(await receive()).webhook] });
    await simulation.create();

    await simulation.advance(30 * DAY_MS);

    expect((await eventsOf(simulation)).at(-1)).toMatchObject({
      eventType: 'tx-validated',
      status: 'validated',
      amount: 368,
      modified_date: '2025-04-13T15:09:31.000Z',
      validated_date: '2025-04-13T15:09:31Z',
      event_date: '2025-03-14T15:09:31Z',
    });
  });

  it('declined for good: it is not validated when its date passes', async () => {
    const simulation = await simulate({ webhooks: [(await receive()).webhook] });
    await simulation.create();
    await simulation.brand('DELETE', PATH);

    await simulation.advance(31 * DAY_MS);

    const types = (await eventsOf(simulation)).map(({ eventType }) => eventType);
    expect(types).toEqual(['tx-pending', 'tx-declined']);
  });

  it('only with a btn_ref', async () => {
    const simulation = await simulate();

    await simulation.create({ btn_ref: undefined });

    expect(simulation.controls.transactions()).toEqual([]);
  });

  it('earning on its total when it has no lines', async () => {
    const simulation = await simulate({ commissionPercent: 10 });

    await simulation.create({ line_items: undefined, total: 1005 });

    expect(simulation.controls.transactions()).toMatchObject([
      { row: { amount: 101, order_line_items: null } },
    ]);
  });

  it('with a unit price, and without what the Brand left out', async () => {
    const simulation = await simulate();

    await simulation.create({ total: 100, line_items: [{ identifier: 'a', total: 100, quantity: 3 }] });

    const [transaction] = simulation.controls.transactions();
    expect(transaction?.row['order_line_items']).toEqual([
      { identifier: 'a', total: 100, amount: 33, quantity: 3, publisher_commission: 5, attributes: {} },
    ]);
  });

  it('whose line commissions always add up to its amount', async () => {
    const simulation = await simulate({ commissionPercent: 3.7 });
    let order = 0;

    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(100_000), { minLength: 1, maxLength: 8 }), async (totals) => {
        const line_items = totals.map((total, index) => ({ identifier: `line-${index}`, total }));
        const total = totals.reduce((sum, one) => sum + one, 0);
        order += 1;

        await simulation.create({ order_id: `order-${order}`, total, line_items });

        const row = simulation.controls.transactions().at(-1)?.row as Row;
        const commissions = row.order_line_items.map((line) => line.publisher_commission);
        expect(row.amount).toBe(commissions.reduce((sum, one) => sum + one, 0));
        expect(row.amount).toBeGreaterThanOrEqual(Math.floor((total * 3.7) / 100 - totals.length / 2));
        expect(row.amount).toBeLessThanOrEqual(Math.ceil((total * 3.7) / 100 + totals.length / 2));
      }),
      { numRuns: 30 },
    );
  });

  it('of a shopper that is always the same for a btn_ref', async () => {
    const simulation = await simulate();
    await simulation.create({ order_id: 'a', btn_ref: 'ref-1' });
    await simulation.create({ order_id: 'b', btn_ref: 'ref-1' });
    await simulation.create({ order_id: 'c', btn_ref: 'ref-2' });

    const shoppers = simulation.controls.transactions().map(({ row }) => row['publisher_customer_id']);

    expect(shoppers[0]).toMatch(/^demo-shopper-/);
    expect(shoppers[1]).toBe(shoppers[0]);
    expect(shoppers[2]).not.toBe(shoppers[0]);
  });

  it.each([
    ['stable', 1],
    ['new-with-each-change', 3],
  ] as const)('under an id that is %s (world, D6)', async (transactionId, ids) => {
    const simulation = await simulate({ webhooks: [(await receive()).webhook], world: { transactionId } });
    const created = await simulation.create();
    await simulation.brand('POST', PATH, orderFixture('order-update'));
    simulation.controls.finalizeOrder('WEB-2025-104477');

    const events = await eventsOf(simulation);
    const rows = await simulation.publisher('/v1/affiliation/transactions');

    expect(new Set(events.map(({ id }) => id)).size).toBe(ids);
    expect(new Set(events.map((event) => event.button_order_id)).size).toBe(1);
    expect(rows.body.objects).toMatchObject([
      { id: events.at(-1)?.id, button_order_id: created.body.object.button_order_id, status: 'validated' },
    ]);
  });

  it('of the Brand that reported it', async () => {
    const organization = { id: 'org-00000000000000b2', name: 'Second Brand' };
    const simulation = await simulate({
      brandApiKey: 'sk-1',
      furtherBrands: [{ apiKey: 'sk-brand', organization }],
    });

    await simulation.create();

    expect(simulation.controls.transactions()).toMatchObject([
      { row: { commerce_organization: organization.id, commerce_organization_name: organization.name } },
    ]);
  });
});

describe('a hand-written transaction', () => {
  it('can be an app install in the documented form', async () => {
    const simulation = await simulate({ webhooks: [(await receive()).webhook] });
    const { data } = webhookFixture('webhook-app-install');
    const { id, category, amount, created_date, modified_date, validated_date, event_date } = data;
    const { attribution_date, btn_ref, publisher_customer_id, pub_ref } = data;

    await simulation.control('POST', '/transactions', {
      ...{ id, category, amount, created_date, modified_date, validated_date, event_date },
      ...{ attribution_date, btn_ref, publisher_customer_id, pub_ref, country: null },
    });

    const account_id = simulation.controls.accounts()[0]?.id;
    expect(simulation.controls.webhooks()).toMatchObject([{ eventType: 'tx-validated', transactionKey: id }]);
    expect(simulation.controls.webhooks()[0]?.data).toEqual({ ...data, account_id });
    expect(simulation.controls.transactions()[0]?.row).toEqual({
      ...answerFixture('transactions-page-1').objects[1],
      account_id,
    });
  });

  it('changes the transaction that its button_order_id names', async () => {
    const simulation = await simulate();
    const created = await simulation.create();
    await simulation.advance(HOUR_MS);

    simulation.controls.injectTransaction({
      button_order_id: created.body.object.button_order_id,
      status: 'declined',
      amount: 0,
    });

    const [transaction, ...others] = simulation.controls.transactions();
    expect(others).toEqual([]);
    expect(transaction?.row).toMatchObject({
      status: 'declined',
      amount: 0,
      order_total: 7350,
      modified_date: '2025-03-14T16:09:31Z',
    });
  });

  it('can be a second transaction of one order (D6)', async () => {
    const simulation = await simulate();
    const created = await simulation.create();
    const button_order_id = created.body.object.button_order_id;

    simulation.controls.injectTransaction({ id: 'tx-0000000000000002', button_order_id, status: 'pending' });

    const rows = simulation.controls.transactions().map(({ row }) => row['button_order_id']);
    expect(rows).toEqual([button_order_id, button_order_id]);
  });

  it('can carry odd line items, new fields and an event type that contradicts it (D5, D8)', async () => {
    const simulation = await simulate({ webhooks: [(await receive()).webhook] });
    const { data } = webhookFixture('webhook-line-item-edge-cases');

    simulation.controls.injectTransaction({
      status: 'pending',
      order_line_items: data.order_line_items,
      extra: { field_of_next_year: [1] },
      event_type: 'tx-renewed',
    });

    expect(simulation.controls.webhooks()).toMatchObject([
      {
        eventType: 'tx-renewed',
        data: { status: 'pending', order_line_items: data.order_line_items, field_of_next_year: [1] },
      },
    ]);
  });

  it('can be written without a webhook', async () => {
    const simulation = await simulate({ webhooks: [(await receive()).webhook] });

    simulation.controls.injectTransaction({ webhook: false });

    expect(simulation.controls.webhooks()).toEqual([]);
    expect(simulation.controls.transactions()).toHaveLength(1);
  });
});
