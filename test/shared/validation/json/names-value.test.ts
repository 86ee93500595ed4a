import { describe, expect, it } from 'vitest';

import { isSameValue, namesValue } from '../../../../shared/validation/json/names-value.ts';

const bytes = (text: string) => Buffer.from(text);

describe('namesValue', () => {
  it.each([
    ['usér', '{"data":{"publisher_customer_id":"us\\u00e9r"}}'],
    ['usér', '{"data":{"publisher_customer_id":"us\\u00E9r"}}'],
    ['usér', '{"pub_ref":"usér"}'],
    ['a/b"c', '[{"x":"a\\/b\\"c"}]'],
    ['12345', '{"publisher_customer_id":12345}'],
    ['12345', '{"publisher_customer_id":1.2345e4}'],
    ['12345', '{"publisher_customer_id":12345.0}'],
    ['12345678901234567890', '{"publisher_customer_id":12345678901234567890}'],
    ['erin', '{"Message":"{\\"publisher_customer_id\\":\\"er\\\\u0069n\\"}"}'],
    ['erin', '{"erin":1}'],
    ['erin', 'no JSON: erin'],
    ['usér', '{"publisher_customer_id":"us\\u00e9r", cut off'],
  ])('finds %j in %s', (value, text) => {
    expect(namesValue(bytes(text), ['another', value])).toBe(true);
  });

  it.each([
    ['erin', '{"publisher_customer_id":"erina"}'],
    ['12345', '{"publisher_customer_id":123456}'],
    ['12345', '{"publisher_customer_id":"12345.0"}'],
    ['', '{"amount":0}'],
    ['true', '{"is_new":true}'],
  ])('does not find %j in %s', (value, text) => {
    expect(namesValue(bytes(text), [value])).toBe(false);
  });

  it('reads what is nested deeper than the stack', () => {
    const depth = 200_000;

    expect(namesValue(bytes(`${'['.repeat(depth)}"erin"${']'.repeat(depth)}`), ['erin'])).toBe(true);
  });
});

describe('isSameValue', () => {
  it('compares a number beyond 2^53 with the text that it has become', () => {
    expect(isSameValue(String(JSON.parse('12345678901234567890')), '12345678901234567890')).toBe(true);
    expect(isSameValue('1', '1.0')).toBe(false);
  });
});
