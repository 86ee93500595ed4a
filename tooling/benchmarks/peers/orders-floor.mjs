// The floor for orders: claim, report and settle with hand-written signatures over kept connections, groups side by side and
// nothing checked. It does what cannot be left out: two conditional writes and one call for each order. Nobody should run this.
import { Agent, request } from 'node:https';

import { call } from './aws-by-hand.mjs';

const button = new URL(process.env.BUTTON_API_URL);
const agent = new Agent({ keepAlive: true });
let apiKey;

function report(order) {
  const body = JSON.stringify(order);
  const headers = {
    authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const to = { agent, host: button.hostname, port: button.port, path: '/v1/order', method: 'POST', headers };
  return new Promise((resolve, reject) => {
    const outgoing = request(to, (incoming) => {
      const chunks = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('end', () => {
        if (incoming.statusCode === 200) resolve(JSON.parse(Buffer.concat(chunks)));
        else reject(new Error(`Button answered ${incoming.statusCode}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function put(item, condition) {
  return call('dynamodb', 'DynamoDB_20120810.PutItem', {
    TableName: process.env.PLAIN_TABLE,
    Item: item,
    ...condition,
  });
}

async function handle({ body, messageId }) {
  try {
    const { subject, data } = JSON.parse(body);
    const claim = { pk: { S: subject }, progress: { S: 'claimed' }, order: { S: JSON.stringify(data) } };
    await put(claim, { ConditionExpression: 'attribute_not_exists(pk)' });
    const { object } = await report(data);
    const settled = { progress: { S: 'settled' }, buttonOrderId: { S: object.button_order_id } };
    await put(
      { ...claim, ...settled },
      {
        ConditionExpression: 'progress = :claimed',
        ExpressionAttributeValues: { ':claimed': { S: 'claimed' } },
      },
    );
    return [];
  } catch {
    return [{ itemIdentifier: messageId }];
  }
}

export const handler = async ({ Records: records }) => {
  apiKey ??= (
    await call('secretsmanager', 'secretsmanager.GetSecretValue', { SecretId: process.env.API_KEY_SECRET_ID })
  ).SecretString;
  const groups = Map.groupBy(records, ({ attributes }) => attributes.MessageGroupId);
  const failures = await Promise.all(
    [...groups.values()].map(async (group) => {
      const failed = [];
      for (const record of group) failed.push(...(await handle(record)));
      return failed;
    }),
  );
  process.stdout.write(`{"event":"orders_reported","orders":${records.length}}\n`);
  return { batchItemFailures: failures.flat() };
};
