// The lower bound: the same webhook over node:https with hand-written request signing and no validation. Do
// not use it in production.
import { createHmac, timingSafeEqual } from 'node:crypto';

import { call } from './aws-by-hand.mjs';

let secrets;

export const handler = async ({ body, headers }) => {
  secrets ??= JSON.parse(
    (
      await call('secretsmanager', 'secretsmanager.GetSecretValue', {
        SecretId: process.env.WEBHOOK_SECRETS_ID,
      })
    ).SecretString,
  );
  const expected = createHmac('sha256', secrets[0].secret).update(body).digest();
  if (!timingSafeEqual(expected, Buffer.from(headers['x-button-signature'], 'hex')))
    return { statusCode: 401 };
  const { id, data } = JSON.parse(body);
  await call('dynamodb', 'DynamoDB_20120810.PutItem', {
    TableName: process.env.PLAIN_TABLE,
    Item: {
      pk: { S: data.button_order_id },
      eventId: { S: id },
      status: { S: data.status },
      amount: { N: String(data.amount) },
      modifiedDate: { S: data.modified_date },
    },
    ConditionExpression: 'attribute_not_exists(pk) OR modifiedDate < :modified',
    ExpressionAttributeValues: { ':modified': { S: data.modified_date } },
  });
  process.stdout.write(`{"event":"webhook_applied","id":"${id}"}\n`);
  return { statusCode: 200 };
};
