import { stripVTControlCharacters } from 'node:util';

import stringWidth from 'fast-string-width';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { asText } from '../../ops/print.ts';

const ENTRIES = [
  {
    id: 'a-1',
    orderId: 'B07',
    reasons: [{ code: 'total_not_sum', problem: 'The sum differs' }],
    refusals: 1,
  },
  {
    id: 'a-22',
    reasons: [
      { code: 'not_json', problem: 'x' },
      { code: 'no_id', problem: 'y' },
    ],
    refusals: 12,
  },
];

const printed = (found: Record<string, unknown>, columns?: number): string =>
  stripVTControlCharacters(asText(found, columns));

describe('a list on a terminal', () => {
  it('is an aligned table: numbers to the right, of a reason its code', () => {
    expect(printed({ count: 2, entries: ENTRIES }, 80)).toBe(`count: 2
entries:
  id    orderId  reasons          refusals
  a-1   B07      total_not_sum           1
  a-22           not_json, no_id        12
`);
  });

  it('leaves out the last columns if the terminal is narrow, and names them', () => {
    expect(printed({ entries: ENTRIES }, 40)).toBe(`entries:
  id    orderId  reasons
  a-1   B07      total_not_sum
  a-22           not_json, no_id
  (too narrow for refusals: see --json)
`);
  });

  it('is printed field by field if there is no room for two columns, or without a terminal', () => {
    const fieldByField = printed({ entries: ENTRIES });

    expect(printed({ entries: ENTRIES }, 10)).toBe(fieldByField);
    expect(fieldByField).toContain('    orderId: B07\n');
  });

  it('has the commands to paste below it, and a list of its own inside a field', () => {
    const groups = [
      {
        reason: 'not_json',
        count: 3,
        example: { id: 'a-1', problem: 'x' },
        next: ['npm run ops -- explain not_json'],
      },
    ];
    const queues = [{ queue: 'orders:acme', count: 1, messages: [{ messageId: 'm-1', receives: 4 }] }];

    expect(printed({ groups }, 80)).toBe(`groups:
  reason    count  example
  not_json      3  a-1
  next:
    - npm run ops -- explain not_json
`);
    expect(printed({ queues }, 80)).toContain('      messageId  receives\n      m-1               4\n');
  });

  it('is as wide as the terminal at most, and its columns begin where their headings begin', () => {
    const cell = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('注文', '🧾', 'é', ''), fc.integer());
    const row = fc.record({ id: cell, name: cell, at: cell });
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 40, max: 90 }),
        (rows, columns) => {
          const lines = printed({ rows: rows.map((one) => ({ first: 'x', ...one })) }, columns).split('\n');

          for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });
});
