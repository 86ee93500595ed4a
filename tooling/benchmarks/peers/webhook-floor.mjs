// The floor: the same webhook with hand-written signatures over node:https and no validation. Nobody should run this.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Agent, request } from 'node:https';

const {
  AWS_ACCESS_KEY_ID: key,
  AWS_SECRET_ACCESS_KEY: secretKey,
  AWS_SESSION_TOKEN: token,
  AWS_REGION: region,
} = process.env;
const endpoint = new URL(process.env.AWS_ENDPOINT_URL);
const agent = new Agent({ keepAlive: true });

const hmac = (signingKey, text) => createHmac('sha256', signingKey).update(text).digest();
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

function call(service, target, input) {
  const body = JSON.stringify(input);
  const stamp = `${new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')}`;
  const day = stamp.slice(0, 8);
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    host: endpoint.host,
    'x-amz-date': stamp,
    'x-amz-security-token': token,
    'x-amz-target': target,
  };
  const names = Object.keys(headers).sort();
  const canonical = `POST\n/\n\n${names.map((name) => `${name}:${headers[name]}\n`).join('')}\n${names.join(';')}\n${sha256(body)}`;
  const scope = `${day}/${region}/${service}/aws4_request`;
  const signingKey = hmac(hmac(hmac(hmac(`AWS4${secretKey}`, day), region), service), 'aws4_request');
  const signature = hmac(signingKey, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(canonical)}`).toString(
    'hex',
  );
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${key}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  headers['content-length'] = Buffer.byteLength(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { agent, host: endpoint.hostname, port: endpoint.port, method: 'POST', headers },
      (incoming) => {
        const chunks = [];
        incoming.on('data', (chunk) => chunks.push(chunk));
        incoming.on('end', () => {
          const answer = JSON.parse(Buffer.concat(chunks));
          if (incoming.statusCode === 200 || answer.__type?.endsWith('ConditionalCheckFailedException'))
            resolve(answer);
          else reject(new Error(answer.__type));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

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
