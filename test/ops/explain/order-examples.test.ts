import { describe, expect, it } from 'vitest';

import { GOOD_MESSAGE, ORDER_EXAMPLES, type PlacedExample } from '../../../ops/explain/order-examples.ts';
import { asJsonObject } from '../../../shared/validation/json/json-object.ts';
import { parseOrderEvent, type OrderEventSettings } from '../../../shared/validation/orders/order-event.ts';
import type { OrderViolationCode } from '../../../shared/validation/orders/order-violation.ts';
import { sampleMessage, SETTINGS } from '../../shared/validation/orders/order-samples.ts';

/**
 * Codes whose examples are in words: a member for many values, or problems that only a whole call or ledger
 * shows.
 */
const IN_WORDS: readonly string[] = [
  'order_too_large',
  'event_id_repeated',
  'more_violations',
  'more_warnings',
];

const SETTINGS_OF: Partial<Record<OrderViolationCode, Partial<OrderEventSettings>>> = {
  time_missing: { orderBy: 'time' },
  btn_ref_test_token_refused: { testTokens: 'refuse' },
  btn_ref_real_token_refused: { testTokens: 'require' },
  finalization_date_overrides_policy: { allowFinalizationDate: true },
};

/** The object with these members in place of those with the same names; they are written unchanged. */
function withMembers(object: unknown, members: string, raw: Readonly<Record<string, string>> = {}): string {
  const named = Object.keys(JSON.parse(`{${members}}`) as object);
  const rest = Object.entries(asJsonObject(object) ?? {})
    .filter(([name]) => !named.includes(name))
    .map(([name, value]) => `${JSON.stringify(name)}:${raw[name] ?? JSON.stringify(value)}`);
  return `{${[...rest, ...(members === '' ? [] : [members])].join(',')}}`;
}

function messageOf(place: PlacedExample['place'], members: string, code: string): string {
  if (place === 'message') return members;
  const envelope: Record<string, unknown> = {
    ...sampleMessage(),
    ...(code === 'total_zero_on_update' && { type: 'order.updated.v1' }),
  };
  const order = asJsonObject(envelope['data']) ?? {};
  if (place === 'event') return withMembers(envelope, members);
  if (place === 'data') return withMembers(envelope, '', { data: withMembers(order, members) });
  if (place === 'customer') {
    const customer = withMembers(order['customer'], members);
    return withMembers(envelope, '', { data: withMembers(order, '', { customer }) });
  }
  const plain = { identifier: 'sku-1', total: 3000 };
  const lines = `[${withMembers(plain, members)},{"identifier":"sku-2","total":4000}]`;
  return withMembers(envelope, '', { data: withMembers(order, '', { line_items: lines }) });
}

function codesOf(message: string, code: OrderViolationCode): string[] {
  const result = parseOrderEvent(message, { ...SETTINGS, ...SETTINGS_OF[code] });
  return [...(result.ok ? [] : result.violations), ...result.warnings].map((found) => found.code);
}

describe('the examples of explain', () => {
  const examples = Object.entries(ORDER_EXAMPLES) as [OrderViolationCode, PlacedExample][];

  it.each(examples.filter(([code]) => !IN_WORDS.includes(code)))(
    '%s: the bad one is found and the good one is not',
    (code, { place, bad, good }) => {
      expect(codesOf(messageOf(place, bad, code), code)).toContain(code);
      expect(codesOf(messageOf(place, good, code), code)).not.toContain(code);
    },
  );

  it('show a whole message that is right', () => {
    expect(parseOrderEvent(GOOD_MESSAGE)).toMatchObject({ ok: true, warnings: [] });
  });
});
