import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

const ORDER_EVENT = new URL('../../../../shared/validation/orders/order-event.ts', import.meta.url).href;

/** Repeated until a message of 1 MiB is full; `#` is a number. */
const FLAWS = {
  'lines without any field': { before: '[', flaw: '{}', after: ']' },
  'lines that are none': { before: '[', flaw: '1', after: ']' },
  'lines with an unknown field': { before: '[', flaw: '{"a":0}', after: ']' },
  'attributes that are no text': {
    before: '[{"identifier":"a","total":0,"attributes":{',
    flaw: '"a#":1',
    after: '}}]',
  },
};

const SCRIPT = `
const [module, before, flaw, after] = process.argv.slice(1);
const { parseOrderEvent } = await import(module);
const flaws = Array.from({ length: Math.floor(1_048_000 / (flaw.length + 1)) }, (_, i) => flaw.replace('#', i));
const { violations } = parseOrderEvent(
  '{"specversion":"1.0","type":"order.created.v1","id":"1","source":"/s","subject":"o1","sequence":"1","data":' +
  '{"order_id":"o1","total":0,"currency":"USD","purchase_date":"2026-01-01T00:00:00Z","line_items":' +
  before + flaws.join() + after + '}}');
process.stdout.write(JSON.stringify([violations.length, violations.at(-1).code]));
`;

/** Validates such a message in a process whose heap is less than half of the function's memory. */
function judge({ before, flaw, after }: (typeof FLAWS)[keyof typeof FLAWS]): string {
  const options = ['--max-old-space-size=230', '--input-type=module', '--eval', SCRIPT];
  const { stdout } = spawnSync(process.execPath, [...options, ORDER_EVENT, before, flaw, after], {
    encoding: 'utf8',
  });
  return stdout;
}

describe('orders, requirement 9: a message does not exhaust the memory of the process that validates it', () => {
  it.each(Object.entries(FLAWS))('with 1 MiB of %s', { timeout: 120_000 }, (_what, flaws) => {
    expect(judge(flaws)).toBe('[1001,"more_violations"]');
  });
});
