// @module-tag long
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { countMillions } from '../costs.ts';
import {
  COUNTED,
  COUNTED_ROWS,
  countIdleSweeps,
  countOrders,
  countRows,
  countWebhooks,
  type OrderSituation,
  type WebhookSituation,
} from '../counts.ts';
import { idleBrandSection } from '../idle-brand.ts';
import { openLaboratory, type Laboratory } from '../laboratory.ts';
import { dollarsOf } from '../prices.ts';
import { countRequests, HISTORIES, storeHistories, walkPages, type Request } from '../publisher-requests.ts';
import { countFixedResources } from '../stage-resources.ts';

let laboratory: Laboratory;

beforeAll(async () => (laboratory = await openLaboratory({ effort: 1, rows: 0, peers: false })));
afterAll(() => laboratory.close());

/** The count of one operation, from a count of `COUNTED` operations. */
const each = (total: number): number => total / COUNTED;

describe('a deployed webhook receiver, with the shopper index', () => {
  it.each<[WebhookSituation, { readUnits: number; writeUnits: number; calls: number }]>([
    // One write unit is for the alias, which finds the purchase by Button's id too.
    ['new', { readUnits: 0, writeUnits: 4, calls: 2 }],
    // The receiver first treats it as new: the write of its alias is refused, and then it reads the record.
    ['repeated', { readUnits: 1, writeUnits: 1, calls: 2 }],
    ['next version', { readUnits: 0.5, writeUnits: 3, calls: 2 }],
    // It is remembered, because a read of the API overrules only what was first seen before it.
    ['older version', { readUnits: 0.5, writeUnits: 2, calls: 2 }],
  ])('uses exactly this for one webhook: %s', async (situation, { readUnits, writeUnits, calls }) => {
    const counted = await countWebhooks(
      laboratory,
      laboratory.bundles.ours('webhook-receiver').entry,
      situation,
    );

    expect({
      readUnits: each(counted.readUnits),
      writeUnits: each(counted.writeUnits),
      calls: each(Object.values(counted.calls).reduce((sum, number) => sum + number, 0)),
    }).toEqual({ readUnits, writeUnits, calls });
  });

  it('writes no more than 500 bytes of log about a new webhook', async () => {
    const { logBytes } = await countWebhooks(
      laboratory,
      laboratory.bundles.ours('webhook-receiver').entry,
      'new',
    );

    expect(each(logBytes)).toBeLessThanOrEqual(500);
  });
});

describe('a deployed order reporter', () => {
  it.each<[OrderSituation, { readUnits: number; writeUnits: number; buttonCalls: number }]>([
    ['created', { readUnits: 0, writeUnits: 2, buttonCalls: 1 }],
    ['updated', { readUnits: 1, writeUnits: 2, buttonCalls: 1 }],
    ['cancelled', { readUnits: 1, writeUnits: 2, buttonCalls: 1 }],
    ['repeated', { readUnits: 0, writeUnits: 1, buttonCalls: 0 }],
  ])('uses exactly this for one order: %s', async (situation, { readUnits, writeUnits, buttonCalls }) => {
    const counted = await countOrders(laboratory, laboratory.bundles.ours('order-reporter').entry, {
      situation,
    });

    expect({
      readUnits: each(counted.readUnits),
      writeUnits: each(counted.writeUnits),
      buttonCalls: each(counted.buttonCalls),
    }).toEqual({ readUnits, writeUnits, buttonCalls });
  });

  it('writes as many lines of log about a batch of ten as about one order', async () => {
    const { logLines, logBytes } = await countOrders(
      laboratory,
      laboratory.bundles.ours('order-reporter').entry,
      {
        situation: 'created',
      },
    );

    expect(logLines).toBeLessThanOrEqual(4);
    expect(logBytes).toBeLessThanOrEqual(1500);
  });
});

describe('a deployed reconciler', () => {
  it('uses half a read unit for each known row and each call to Button, and one for its position', async () => {
    const { readUnits, buttonCalls } = await countRows(laboratory, 'unchanged');

    expect({ readUnits, buttonCalls }).toEqual({
      readUnits: COUNTED_ROWS / 2 + buttonCalls / 2 + 1,
      buttonCalls: COUNTED_ROWS / 100,
    });
  });
});

describe('a deployed publisher API', () => {
  beforeAll(() => storeHistories(laboratory), 120_000);

  it.each(HISTORIES)(
    'for a history of %i, reads a page of 10 in one query of half a read unit',
    async (history) => {
      const { calls, readUnits } = await countRequests(laboratory, {
        request: 'a page of 10',
        history,
        times: COUNTED,
      });

      expect({ calls, readUnits: each(readUnits) }).toEqual({
        calls: { 'DynamoDB.Query': COUNTED },
        readUnits: 0.5,
      });
    },
  );

  it('reads each page of a whole history in one query, and each transaction once', async () => {
    const { pages, transactions, calls, writeUnits } = await walkPages(laboratory, 1000, 99);

    expect({ pages, transactions, calls, writeUnits }).toEqual({
      pages: 11,
      transactions: 1000,
      calls: { 'DynamoDB.Query': 11 },
      writeUnits: 0,
    });
  });

  it.each<[Request, string]>([
    ['a balance', 'DynamoDB.Query'],
    ['one transaction', 'DynamoDB.GetItem'],
  ])('answers %s of a thousand with one call', async (request, call) => {
    const { calls } = await countRequests(laboratory, { request, history: 1000, times: COUNTED });

    expect(calls).toEqual({ [call]: COUNTED });
  });
});

describe('a deployed retry sweep', () => {
  it('uses exactly this when no order waits, and logs nothing', async () => {
    const { readUnits, writeUnits, calls } = await countIdleSweeps(laboratory);

    expect({ readUnits: each(readUnits), writeUnits: each(writeUnits) }).toEqual({
      readUnits: 3,
      writeUnits: 0,
    });
    expect(Object.keys(calls).sort()).toEqual(['DynamoDB.GetItem', 'DynamoDB.Query']);
  });
});

describe('docs/costs.md', () => {
  it('gives the cost of an idle brand that follows from its stack and its sweeps', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../..', 'docs', 'costs.md'), 'utf8');
    const { brand } = countFixedResources(laboratory.bundles.folder);
    const words = (text: string) => text.replaceAll(/[ -]+/g, ' ');

    expect(words(page)).toContain(words(await idleBrandSection(laboratory, brand)));
  }, 300_000);

  it('is within a tenth of what the tests count ("npm run bench -- --costs" rewrites it)', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../..', 'docs', 'costs.md'), 'utf8');
    const { stage } = countFixedResources(laboratory.bundles.folder);

    const millions = await countMillions(laboratory, stage);

    const written = millions.map(({ what }) => {
      const row = page.split('\n').find((line) => line.startsWith(`| ${what} `));
      return { what, dollars: Number(row?.split('|').at(-2)) };
    });
    const differing = millions.filter(({ quantities }, index) => {
      const counted = dollarsOf(quantities).total;
      return !(Math.abs(counted - (written[index]?.dollars ?? NaN)) <= Math.max(0.02, counted / 10));
    });
    expect(differing.map(({ what }) => what)).toEqual([]);
  });
});
