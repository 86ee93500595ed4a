import { describe, expect, it } from 'vitest';

import { readMessageToken } from '../../../../shared/orders/rules/message-token.ts';

const rules = { testTokens: 'allow', allowFinalizationDate: false } as const;
const token = (name: string) => `"data":{"btn_ref":"fakesrctok-${name}","total":0.5}`;
const body = (...data: string[]) => `{"subject":"o-1",${data.join(',')}}`;

describe('the token of a refused message', () => {
  it('is read although the rest of the message is wrong', () => {
    const read = readMessageToken(body(token('0000000000000001')), rules);

    expect(read).toEqual({ orderId: 'o-1', btnRef: 'fakesrctok-0000000000000001' });
  });

  it.each([
    ['the order twice', body(token('0000000000000001'), token('0000000000000002'))],
    ['the token twice', body('"data":{"btn_ref":"fakesrctok-0000000000000001","btn_ref":null}')],
    ['no valid token', body(token('1'))],
    ['no order id', `{${token('0000000000000001')}}`],
  ])('is not read from a message that names %s', (_what, text) => {
    expect(readMessageToken(text, rules)).toBeUndefined();
  });
});
