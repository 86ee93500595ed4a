import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseOrderEvent, type OrderEventSettings } from '../../../shared/validation/orders/order-event.ts';
import type { LedgerEntry, Progress } from '../../../shared/orders/rules/order-ledger.ts';
import { toNewestVersion } from '../../../shared/orders/rules/order-version.ts';
import { OrderSchema } from '../../../shared/validation/orders/order.ts';
import { retryMessage } from '../../../shared/orders/rules/retry-message.ts';
import { inVersionOrder, previewReplays, type ReplayPreview } from '../../../shared/orders/preview-replay.ts';

const order = OrderSchema.parse(
  JSON.parse(readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8')),
);

function message(sequence: number, changes: object = {}): string {
  return JSON.stringify({
    specversion: '1.0',
    id: `e-${sequence}`,
    source: 'https://shop.example',
    type: 'order.updated.v1',
    subject: order.order_id,
    sequence: String(sequence),
    data: { ...order, ...changes },
  });
}

const settings: OrderEventSettings = {
  orderBy: 'sequence',
  testTokens: 'allow',
  allowFinalizationDate: false,
};

type Ledger = Progress & { held?: object };

/** The ledger entry of the order at version 5. `held` is what it has in addition to the sample. */
function entryAt({ held, ...progress }: Ledger): LedgerEntry {
  const parsing = parseOrderEvent(message(5, held), settings);
  if (!parsing.ok) throw new Error('the message is refused');
  const sentAt = new Date('2026-06-01T12:00:00.000Z');
  const newest = toNewestVersion(
    { brand: 'acme', orderId: order.order_id },
    { event: parsing.event, messageId: 'm', sentAt, warnings: [], isReplay: false },
  );
  if (typeof newest === 'string') throw new Error(newest);
  const { version, kind, hash } = newest;
  const reported = { version, kind, hash, at: sentAt.toISOString(), acceptedOnly: false };
  return {
    brand: 'acme',
    orderId: order.order_id,
    ...(order.btn_ref !== undefined && { btnRef: order.btn_ref }),
    newest,
    ...(progress.state === 'settled' && { reported }),
    progress,
    attempts: 0,
    warnings: [],
  };
}

/** The results of replaying entries, given by their positions in `originals`. */
function previewAll(
  originals: readonly string[],
  { correctedBody, progress }: { correctedBody?: string | undefined; progress?: Ledger | undefined } = {},
) {
  const entry = (body = '') => ({
    kind: 'order#acme',
    id: 'entry',
    reasons: [],
    refusedAt: '2026-06-01T12:00:00.000Z',
    origin: 'sqs:entry',
    refusals: 1,
    replays: 0,
    bytes: Buffer.from(body),
  });
  return previewReplays(
    { entryIds: originals.map((_body, place) => String(place)), correctedBody },
    {
      brand: 'acme',
      quarantine: { read: (_kind, id) => Promise.resolve(entry(originals[Number(id)])) },
      ledger: { read: () => Promise.resolve(progress && { value: entryAt(progress), revision: 1 }) },
      settings,
    },
  );
}

async function preview(original: string, correctedBody?: string, progress?: Ledger) {
  const [first] = await previewAll([original], { correctedBody, progress });
  return first;
}

describe('orders, requirement 15: a dry run of a replay validates as the reporter does', () => {
  it('applies the rules of the brand to a message, as the reporter does', async () => {
    expect(await preview(message(1))).toMatchObject({ would: 'be-reported', orderId: order.order_id });
    expect(await preview(message(1, { total: 1 }))).toMatchObject({
      would: 'be-refused',
      reasons: [{ code: 'total_not_sum' }],
    });
    expect(await preview(message(1, { total: 1 }), message(1))).toMatchObject({ would: 'be-reported' });
  });

  it('says that a corrected body for a different order is rejected', async () => {
    const other = message(1).replaceAll(order.order_id, 'another-order');

    expect(await preview(message(1), other)).toMatchObject({
      would: 'be-rejected',
      reasons: [{ code: 'other_order' }],
    });
  });

  it('refuses a cancellation that is older than the order, as the reporter does', async () => {
    const cancellation = (sequence: number) =>
      JSON.stringify({
        ...(JSON.parse(message(sequence)) as object),
        type: 'order.cancelled.v1',
        data: undefined,
      });

    expect(await preview(cancellation(4), undefined, { state: 'settled' })).toMatchObject({
      would: 'be-refused',
      reasons: [{ code: 'cancellation_outdated' }],
    });
    expect(await preview(cancellation(5), undefined, { state: 'settled' })).toMatchObject({
      would: 'be-reported',
    });
  });

  it('refuses what the ledger could not hold together with the fields of earlier versions', async () => {
    const noise = (bytes: number) => randomBytes((bytes * 3) / 4).toString('base64');
    const held = { customer: { id: noise(260_000) } };
    const lines = [{ identifier: 'a', total: order.total, description: noise(260_000) }];

    const beside = await preview(message(6, { customer: undefined, line_items: lines }), undefined, {
      state: 'settled',
      held,
    });

    expect(beside).toMatchObject({ would: 'be-refused', reasons: [{ code: 'order_too_large' }] });
  });

  it('refuses a retry of an order that the ledger does not hold, and gives the result for one that it holds', async () => {
    const retry = retryMessage({ orderId: order.order_id, isProbe: false });

    expect(await preview(retry)).toMatchObject({
      would: 'be-refused',
      reasons: [{ code: 'retry_of_unknown_order' }],
    });
    expect(await preview(retry, undefined, { state: 'settled' })).toMatchObject({ would: 'change-nothing' });
  });

  it.each<[number, Progress, ReplayPreview['would']]>([
    [4, { state: 'settled' }, 'change-nothing'],
    [5, { state: 'settled' }, 'change-nothing'],
    [6, { state: 'settled' }, 'be-reported'],
    [5, { state: 'refused', reason: 'refused_by_button' }, 'be-reported'],
    [4, { state: 'refused', reason: 'refused_by_button' }, 'change-nothing'],
  ])('gives the result of version %i if the ledger holds version 5', async (sequence, progress, would) => {
    expect(await preview(message(sequence), undefined, progress)).toMatchObject({ would });
  });
});

describe('orders, requirement 15: a dry run treats each entry of an order as the replay would, after the earlier ones', () => {
  const settled = { state: 'settled' } as const;
  const lines = (total: number) => [{ identifier: 'sku', total, quantity: 1 }];
  const withLines = (sequence: number, total: number) =>
    message(sequence, { total, line_items: lines(total) });
  const bare = (sequence: number, total: number) => message(sequence, { total, line_items: undefined });

  const judged = async (originals: readonly string[], progress?: Ledger) =>
    (await previewAll(originals, { progress })).map(({ id, would, reasons }) => [
      originals[Number(id)]?.match(/"sequence":"(\d+)"/)?.[1],
      would,
      ...reasons.map(({ code }) => code),
    ]);

  it('takes line items into account that an earlier entry brings', async () => {
    expect(await judged([bare(7, 100), withLines(6, 100)], settled)).toEqual([
      ['6', 'be-reported'],
      ['7', 'be-reported'],
    ]);
    expect(await judged([bare(2, 50), withLines(1, 100)])).toEqual([
      ['1', 'be-reported'],
      ['2', 'be-refused', 'line_items_missing'],
    ]);
  });

  it('knows the second of two equal versions, a copy or a conflict, and what follows a cancellation', async () => {
    const cancelled = message(7)
      .replace('order.updated.v1', 'order.cancelled.v1')
      .replace(/,"data".*$/, '}');

    expect(await judged([withLines(6, 100), withLines(6, 100), withLines(6, 200)], settled)).toEqual([
      ['6', 'be-reported'],
      ['6', 'change-nothing'],
      ['6', 'be-refused', 'version_conflict'],
    ]);
    expect(await judged([withLines(8, 100), cancelled], settled)).toEqual([
      ['7', 'be-reported'],
      ['8', 'change-nothing'],
    ]);
  });

  it('continues from what the ledger holds if an entry is refused or changes nothing', async () => {
    expect(await judged([message(6, { total: 1 }), message(4), message(7)], settled)).toEqual([
      ['6', 'be-refused', 'total_not_sum'],
      ['4', 'change-nothing'],
      ['7', 'be-reported'],
    ]);
  });
});

describe('orders, requirement 15: a replay of many entries sends the versions of each order in order', () => {
  it('sorts the versions of each order, in whatever order they are found', () => {
    const all = ['a', 'b', 'c'].flatMap((orderId) =>
      [1, 2, 9, 10, 11].map((sequence) => ({ orderId, sequence })),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(all), (found) => {
        const previews = found.map(({ orderId, sequence }): ReplayPreview => ({
          id: `${orderId} ${sequence}`,
          orderId,
          version: { by: 'sequence', sequence: String(sequence) },
          would: 'be-reported',
          reasons: [],
        }));

        const ordered = inVersionOrder(previews).map(({ id }) => id);

        expect(ordered.toSorted()).toEqual(previews.map(({ id }) => id).toSorted());
        for (const name of ['a', 'b', 'c']) {
          const sequences = ordered.filter((id) => id.startsWith(name)).map((id) => Number(id.slice(2)));
          expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
        }
      }),
    );
  });
});
