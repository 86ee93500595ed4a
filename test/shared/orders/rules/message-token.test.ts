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

  const order = { order_id: 'o-1', btn_ref: 'fakesrctok-0000000000000001', total: 0.5 };
  const event = { specversion: '1.0', subject: 'o-1', data: order };

  it.each([
    ['SNS', { Type: 'Notification', TopicArn: 'arn:aws:sns:t', Message: JSON.stringify(event) }],
    ['EventBridge', { 'detail-type': 'order', detail: event }],
    ['no envelope', order],
    ['text', JSON.stringify(event)],
    ['text, in SNS', { Type: 'Notification', TopicArn: 't', Message: JSON.stringify(JSON.stringify(event)) }],
    ['data as text', { ...event, data: JSON.stringify(order) }],
  ])('is read from a message in the form of %s, in which it is refused (requirement 1)', (_form, message) => {
    for (const mark of ['', '\uFEFF'])
      expect(readMessageToken(mark + JSON.stringify(message), rules)).toEqual({
        orderId: 'o-1',
        btnRef: order.btn_ref,
      });
  });

  it.each([
    ['two subjects', `{"subject":"o-2","subject":"o-1",${token('0000000000000001')}}`],
    ['two order ids', `{"data":{"order_id":"o-2","order_id":"o-1","btn_ref":"fakesrctok-0000000000000001"}}`],
    [
      'the token twice, in text',
      JSON.stringify('{"subject":"o-1","data":{"btn_ref":"fakesrctok-0000000000000001","btn_ref":null}}'),
    ],
    ['the order twice', body(token('0000000000000001'), token('0000000000000002'))],
    ['the token twice', body('"data":{"btn_ref":"fakesrctok-0000000000000001","btn_ref":null}')],
    ['no valid token', body(token('1'))],
    ['no order id', `{${token('0000000000000001')}}`],
  ])('is not read from a message that names %s', (_what, text) => {
    expect(readMessageToken(text, rules)).toBeUndefined();
  });
});
