// Calls to AWS with hand-written signatures over node:https, for the floors.
import { createHash, createHmac } from 'node:crypto';
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

/** The answer, also of a refused condition; throws for any other error. */
export function call(service, target, input) {
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
