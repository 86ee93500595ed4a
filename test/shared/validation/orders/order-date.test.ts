import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { OrderFieldsSchema } from '../../../../tooling/button-simulator/order-body.ts';
import { parseOrderEvent } from '../../../../shared/validation/orders/order-event.ts';
import { readOrderDate, toButtonDate } from '../../../../shared/validation/orders/order-date.ts';
import { validateOrder } from '../../../../shared/validation/orders/validate-order.ts';
import { RULES, sampleMessage, sampleOrder, SETTINGS } from './order-samples.ts';

const two = (value: number): string => String(value).padStart(2, '0');
const DAY_MS = 86_400_000;

/** Writes a day in each form of ISO 8601, calculated by counting days. */
const DATE_FORMS: Record<string, (day: Date) => string> = {
  'calendar, extended': (day) => day.toISOString().slice(0, 10),
  'calendar, basic': (day) => day.toISOString().slice(0, 10).replaceAll('-', ''),
  'ordinal, extended': (day) => `${yearOf(day)}-${ordinalOf(day)}`,
  'ordinal, basic': (day) => `${yearOf(day)}${ordinalOf(day)}`,
  'week, extended': (day) => `${yearOf(thursdayOf(day))}-W${weekOf(day)}-${weekDayOf(day)}`,
  'week, basic': (day) => `${yearOf(thursdayOf(day))}W${weekOf(day)}${weekDayOf(day)}`,
};

function yearOf(day: Date): string {
  return String(day.getUTCFullYear()).padStart(4, '0');
}

function dayOfYear(day: Date): number {
  let count = 0;
  for (let each = day; each.getUTCFullYear() === day.getUTCFullYear(); count += 1)
    each = new Date(each.getTime() - DAY_MS);
  return count;
}

function ordinalOf(day: Date): string {
  return String(dayOfYear(day)).padStart(3, '0');
}

function weekDayOf(day: Date): number {
  return day.getUTCDay() === 0 ? 7 : day.getUTCDay();
}

/** A week belongs to the year of its Thursday. */
function thursdayOf(day: Date): Date {
  return new Date(day.getTime() + (4 - weekDayOf(day)) * DAY_MS);
}

function weekOf(day: Date): string {
  return two(Math.ceil(dayOfYear(thursdayOf(day)) / 7));
}

const OFFSET_FORMS: Record<string, (sign: string, hours: number, minutes: number) => string | undefined> = {
  'hh:mm': (sign, hours, minutes) => `${sign}${two(hours)}:${two(minutes)}`,
  hhmm: (sign, hours, minutes) => `${sign}${two(hours)}${two(minutes)}`,
  hh: (sign, hours, minutes) => (minutes === 0 ? `${sign}${two(hours)}` : undefined),
  Z: (_sign, hours, minutes) => (hours + minutes === 0 ? 'Z' : undefined),
  z: (_sign, hours, minutes) => (hours + minutes === 0 ? 'z' : undefined),
};

/** A text, and the instant that it was written from. */
const arbitraryText = fc
  .record({
    epochMs: fc.integer({ min: Date.parse('0001-01-03T00:00:00Z'), max: Date.parse('9999-12-29T00:00:00Z') }),
    offsetMinutes: fc.oneof(fc.constant(0), fc.integer({ min: -14 * 60, max: 14 * 60 })),
    dateForm: fc.constantFrom(...Object.values(DATE_FORMS)),
    offsetForm: fc.constantFrom(...Object.values(OFFSET_FORMS)),
    between: fc.constantFrom('T', 't', ' '),
    colon: fc.constantFrom(':', ''),
    precision: fc.constantFrom('minute', 'second', 'fraction' as const),
    decimalSign: fc.constantFrom('.', ','),
    digits: fc.integer({ min: 3, max: 30 }),
  })
  .map((form) => {
    const stepMs = { minute: 60_000, second: 1000, fraction: 1 }[form.precision];
    const epochMs = Math.floor(form.epochMs / stepMs) * stepMs;
    const local = new Date(epochMs + form.offsetMinutes * 60_000);
    const size = Math.abs(form.offsetMinutes);
    const sign = form.offsetMinutes < 0 ? '-' : '+';
    const offset =
      form.offsetForm(sign, Math.floor(size / 60), size % 60) ??
      `${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
    const day = new Date(Math.floor(local.getTime() / DAY_MS) * DAY_MS);
    const milliseconds = String(local.getUTCMilliseconds()).padStart(3, '0');
    const fraction =
      form.precision === 'fraction' ? `${form.decimalSign}${milliseconds.padEnd(form.digits, '7')}` : '';
    const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()]
      .slice(0, form.precision === 'minute' ? 2 : 3)
      .map(two)
      .join(form.colon);
    const text = `${form.dateForm(day)}${form.between}${time}${fraction}${offset}`;
    return { text, epochMs };
  });

describe('orders, requirement 12: a date as shops write it', () => {
  it('is the instant that it was written from, in every form of date, time and offset', () => {
    fc.assert(
      fc.property(arbitraryText, ({ text, epochMs }) => {
        expect(readOrderDate(text), text).toEqual({ epochMs, hasOffset: true });
      }),
      { numRuns: 2000 },
    );
  });

  it.each(Object.entries(DATE_FORMS))('is midnight UTC if it is a day alone: %s', (_form, write) => {
    const days = fc.integer({ min: -719_000, max: 2_932_000 }).map((day) => day * DAY_MS);

    fc.assert(
      fc.property(days, (epochMs) => {
        expect(readOrderDate(write(new Date(epochMs)))).toEqual({ epochMs, hasOffset: false });
      }),
    );
  });

  it.each([
    ['2017-07-25T08:23:52Z', '2017-07-25T08:23:52Z'],
    ['2017-07-25T08:23:52+0000', '2017-07-25T08:23:52Z'],
    ['2017-07-25T08:23:52+00', '2017-07-25T08:23:52Z'],
    ['2017-07-25T10:23:52+02:00', '2017-07-25T08:23:52Z'],
    ['2017-07-25T01:23:52-0700', '2017-07-25T08:23:52Z'],
    ['2017-07-25T13:53:52+05:30', '2017-07-25T08:23:52Z'],
    ['2017-07-25T08:23Z', '2017-07-25T08:23:00Z'],
    ['20170725T082352Z', '2017-07-25T08:23:52Z'],
    ['20170725T0823+0000', '2017-07-25T08:23:00Z'],
    ['2017-07-25T08:23:52,123Z', '2017-07-25T08:23:52Z'],
    ['2017-07-25T08:23:52.999999999Z', '2017-07-25T08:23:52Z'],
    ['2017-07-25T08:23:52.99999999999999999999Z', '2017-07-25T08:23:52Z'],
    ['2017-07-25t08:23:52z', '2017-07-25T08:23:52Z'],
    ['2017-07-25 08:23:52', '2017-07-25T08:23:52Z'],
    ['2017-07-25', '2017-07-25T00:00:00Z'],
    ['2017-206T08:23:52Z', '2017-07-25T08:23:52Z'],
    ['2017-W30-2T08:23:52Z', '2017-07-25T08:23:52Z'],
    ['2020-W53-7', '2021-01-03T00:00:00Z'],
    ['2017-07-24T24:00:00Z', '2017-07-25T00:00:00Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00Z'],
    ['2017-01-01T00:59:60.5+01:00', '2017-01-01T00:00:00Z'],
    ['2016-02-29T00:00:00-11:30', '2016-02-29T11:30:00Z'],
    ['2017-07-25T08:23:52-00:00', '2017-07-25T08:23:52Z'],
    ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00Z'],
  ])('%s goes to Button as %s', (purchase_date, sent) => {
    const validation = validateOrder({ ...sampleOrder(), purchase_date }, RULES);

    expect(validation).toMatchObject({ ok: true, order: { purchase_date: sent } });
  });

  it.each([
    '2017-02-29',
    '2017-06-31T00:00:00Z',
    '2017-13-01',
    '2017-00-10',
    '2017-366',
    '2017-000',
    '2021-W53-1',
    '2017-W00-1',
    '2017-W30-8',
    '2017-07-25T24:00:01Z',
    '2017-07-25T25:00Z',
    '2017-07-25T08:60Z',
    '2017-07-25T08:23:60Z',
    '2017-07-25T23:59:60Z',
    '2017-07-25T08:23:61Z',
    '2017-07-25T08Z',
    '2017-07-25T08:23:52+24:00',
    '2017-07-25T08:23:52+01:60',
    '2017-07-25T08:23:52 +0000',
    '2017-07-25T08:23:52Z\n',
    ' 2017-07-25',
    '2017-07',
    '201707',
    '17-07-25',
    '+2017-07-25',
    '2017-07-25T',
    '07/25/2017',
    '25.07.2017',
    '1500971032',
    '0000-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '',
    'yesterday',
  ])('%j is not a date', (text) => {
    expect(readOrderDate(text)).toBeUndefined();
  });

  it('is read alike by the validator, the message, and the Button simulator', () => {
    const texts = fc.oneof(
      arbitraryText.map(({ text }) => text),
      arbitraryText.map(({ text }) => text.replace(/(?:[+-]\d\d:?(?:\d\d)?|z)$/i, '')),
      fc.stringMatching(/^[0-9TWZ:+. -]{0,25}$/),
    );

    fc.assert(
      fc.property(texts, (purchase_date) => {
        const date = readOrderDate(purchase_date);
        const order = { ...sampleOrder(), purchase_date };

        const validation = validateOrder(order, RULES);
        const parsing = parseOrderEvent(JSON.stringify({ ...sampleMessage(), data: order }), SETTINGS);
        const simulated = OrderFieldsSchema.safeParse(order);

        const sent = date && toButtonDate(date);
        expect(validation.ok ? validation.order.purchase_date : undefined).toBe(sent);
        expect(parsing.ok && 'order' in parsing.event ? parsing.event.order.purchase_date : undefined).toBe(
          sent,
        );
        expect(simulated.data?.purchase_date).toBe(sent);
        const codes = validation.warnings.map(({ code }) => code);
        expect(codes).toEqual(date?.hasOffset === false ? ['date_without_offset'] : []);
      }),
    );
  });
});
