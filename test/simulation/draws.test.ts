import { describe, expect, it } from 'vitest';

import { parseOrderEvent } from '../../shared/validation/orders/order-event.ts';
import { drawAnswer, isSurvivable, type DrawnAnswer } from './draw-answer.ts';
import { optionalFields } from './draw-order.ts';
import { drawPurchase, IDENTITIES, OPTIONAL_FIELDS, type TransactionStep } from './draw-transaction.ts';
import { drawOrderLife, type BrandRules } from './draw-shop.ts';
import { generateSchedule } from './generate.ts';
import { randomFrom } from './random.ts';

const RULES: BrandRules = { orderBy: 'sequence', allowFinalizationDate: true };

function drawLives(count: number, note?: (path: string, form: string) => void) {
  return Array.from({ length: count }, (_, seed) => {
    const random = randomFrom(seed, 'draws');
    const rules: BrandRules = { ...RULES, orderBy: random.pick(['sequence', 'time']) };
    const shop = { random, rules, timeIn: () => random.between(0, 1000), ...(note && { note }) };
    return { rules, steps: drawOrderLife(shop, `order-${seed}`) };
  });
}

describe('the steps of a schedule', () => {
  it('happen at whole milliseconds, as everything at Button does', () => {
    const steps = Array.from({ length: 100 }, (_, seed) => generateSchedule(seed).steps).flat();

    expect(steps.filter(({ atMs }) => !Number.isInteger(atMs))).toEqual([]);
  });
});

describe('the messages that are drawn', () => {
  it('have every optional field of the schemas in every form it can come in', () => {
    const drawn = new Set<string>();

    drawLives(400, (path, form) => drawn.add(`${path} ${form}`));

    // Only a cancellation can leave out the order, and it is drawn separately.
    const wanted = [...optionalFields()].flatMap(([path, forms]) =>
      forms
        .filter((form) => form !== 'empty' || !['time', 'sequence', 'datacontenttype'].includes(path))
        .map((form) => `${path} ${form}`),
    );
    expect(wanted.filter((one) => !drawn.has(one))).toEqual([]);
    expect(wanted.length).toBeGreaterThan(50);
  });

  it('include equal versions, versions out of order and in contradiction, cancellations anywhere, and bad ones of every kind', () => {
    const steps = drawLives(400).flatMap((life) => life.steps);
    const sends = steps.filter((step) => step.kind === 'send');

    const versions = sends.flatMap(({ version }) => version ?? []);
    expect(versions.filter(({ kind }) => kind === 'cancelled').length).toBeGreaterThan(100);
    expect(sends.filter(({ mayBeRefused }) => mayBeRefused).length).toBeGreaterThan(100);
    expect(
      new Set(sends.filter(({ isNoMessage }) => isNoMessage).map(({ says }) => /\((.*)\)/.exec(says)?.[1]))
        .size,
    ).toBe(9);
    expect(sends.some(({ message }) => message.body.length > 700_000)).toBe(true);
  });

  it('are refused by the reporter if and only if they are marked as bad', () => {
    for (const { rules, steps } of drawLives(100)) {
      const settings = { testTokens: 'allow', ...rules } as const;
      for (const step of steps) {
        if (step.kind !== 'send' || step.mayBeRefused) continue;
        const parsing = parseOrderEvent(step.message.body, settings);
        expect(parsing.ok, `${step.says}: ${step.message.body}`).toBe(step.isNoMessage !== true);
      }
    }
  });
});

describe('the transactions that are drawn', () => {
  const START_MS = Date.parse('2026-06-01T12:00:00Z');
  const forms = new Set<string>();

  function drawRows(needsReads: boolean): TransactionStep[][] {
    return Array.from({ length: 400 }, (_, seed) => {
      const random = randomFrom(seed, 'rows');
      const timeIn = (): number => random.between(0, 4_800_000);
      const note = (field: string, form: string): unknown => forms.add(`${field} ${form}`);
      return drawPurchase({ random, startMs: START_MS, timeIn, needsReads, note }, 'tx-1');
    });
  }

  const lives = drawRows(true);
  const rows = lives.flat().map(({ row }) => row);

  it('have every optional field with a value, absent, null and empty', () => {
    const wanted = OPTIONAL_FIELDS.flatMap((field) =>
      ['value', 'absent', 'null', 'empty'].map((form) => `${field} ${form}`),
    );

    expect(wanted.filter((one) => !forms.has(one))).toEqual([]);
    expect(OPTIONAL_FIELDS.length).toBeGreaterThan(20);
  });

  it('have ids and orders that appear, disappear, change and repeat, and several rows for one order', () => {
    const shapes = new Set(
      lives.map((life) => {
        const count = (values: unknown[]): number => new Set(values).size;
        const orders = life.map(({ row }) => row.button_order_id ?? null);
        return [
          `${Math.min(2, count(life.map(({ row }) => row.key)))} rows`,
          `${Math.min(2, count(life.map(({ row }) => row.id)))} ids`,
          `${Math.min(2, count(orders.filter((order) => order !== null)))} orders`,
          orders.includes(null) ? (orders.at(-1) === null ? 'none at last' : 'none at first') : 'always one',
        ].join(', ');
      }),
    );

    expect(new Set(IDENTITIES).size).toBe(8);
    for (const shape of [
      '1 rows, 1 ids, 1 orders, always one',
      '1 rows, 1 ids, 1 orders, none at first',
      '1 rows, 1 ids, 1 orders, none at last',
      '1 rows, 2 ids, 1 orders, always one',
      '2 rows, 2 ids, 1 orders, always one',
      '2 rows, 2 ids, 1 orders, none at first',
      '2 rows, 1 ids, 2 orders, always one',
      '1 rows, 1 ids, 0 orders, none at last',
    ])
      expect([...shapes]).toContain(shape);
  });

  it('have dates with and without milliseconds, with an offset, in the future and going back', () => {
    const spelled = rows.map(({ extra }) => JSON.stringify(extra?.['modified_date'] ?? 'as usual'));
    const instants = lives.map((life) => life.map(({ row }) => Date.parse(row.modified_date ?? '')));

    for (const form of [/:\d\d\.\d{3}Z"$/, /:\d\dZ"$/, /\+02:00"$/, /^"as usual"$/])
      expect(spelled.some((one) => form.test(one))).toBe(true);
    expect(instants.flat().some((one) => one > START_MS + 86_400_000)).toBe(true);
    expect(
      instants.some((life) => life.some((one, index) => one < (life[index - 1] ?? -Infinity) - 60_000)),
    ).toBe(true);
  });

  it('have states and categories that Button does not document, and are old now and then', () => {
    const statuses = new Set(rows.map(({ status }) => status));

    expect(statuses.size).toBe(7);
    expect(new Set(rows.map(({ category }) => category))).toContain('gift-card');
    expect(rows.some(({ created_date: created = '' }) => created < '2026')).toBe(true);
  });
});

describe('the answers that are drawn', () => {
  const answers = Array.from({ length: 20_000 }, (_, seed) => drawAnswer(randomFrom(seed, 'answer')));

  it('have any status from 200 to 599, with every body, and the work done, not done or done late', () => {
    const statuses = new Set(answers.map(({ status }) => status));
    const combinations = new Set(
      answers.map(({ status, body, work }) =>
        [Math.floor(status / 100), body, typeof work === 'string' ? work : 'late'].join(' '),
      ),
    );

    expect(statuses.size).toBe(400);
    // Four classes of status, seven bodies and three kinds of work, without Button's own `ok` to work that it
    // did not do.
    expect(combinations.size).toBeGreaterThan(78);
  });

  it('cover every operation', () => {
    expect(new Set(answers.map(({ operation }) => operation)).size).toBe(6);
  });

  const refusal: DrawnAnswer = { operation: 'cancel', status: 404, body: 'button-error', work: 'skipped' };

  it.each<[string, DrawnAnswer, boolean]>([
    ['Button refuses what it does not do', refusal, true],
    ['Button refuses what it does', { ...refusal, work: 'done' }, false],
    ['Button denies an order that it holds to a read', { ...refusal, operation: 'read' }, false],
    ['a proxy denies it', { ...refusal, operation: 'read', body: 'page' }, true],
    ['a proxy refuses what Button does', { ...refusal, body: 'nothing', work: 'done' }, true],
    ['Button fails after it has done its work', { ...refusal, status: 503, work: 'done' }, true],
    ['Button says ok and does nothing', { ...refusal, status: 200, body: 'button-ok' }, false],
    ['a rate limit comes after the work', { ...refusal, status: 429, work: 'done' }, false],
  ])('never mislead a client that believes Button: %s', (_, answer, isDrawn) => {
    expect(isSurvivable(answer)).toBe(isDrawn);
  });
});
