import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { signatureOf, WebhookPoster } from '../post-webhook.ts';
import { like, receive, signatureVectors } from './simulation.ts';

function poster(answerTimeoutMs = 5000): WebhookPoster {
  const made = new WebhookPoster(answerTimeoutMs);
  onTestFinished(() => {
    made.close();
  });
  return made;
}

describe('the signature', () => {
  it.each(signatureVectors().filter((vector) => vector.valid !== null))(
    'agrees with the vector $name',
    ({ bodyHex, secret, signature, valid }) => {
      const made = signatureOf(Buffer.from(bodyHex, 'hex'), secret);

      expect(made === signature).toBe(valid);
    },
  );
});

describe('a post', () => {
  it('sends exactly the bytes that it signed, with the documented headers', async () => {
    const { received, webhook } = await receive();
    const bytes = Buffer.from('{"a":"ὠe"}');

    const result = await poster().post(webhook.url, bytes, 'secret');

    expect(result).toEqual({ status: 204 });
    expect(received[0]?.bytes).toEqual(bytes);
    expect(received[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Button Webhooks 1.0.0',
      'x-button-signature': signatureOf(bytes, 'secret'),
    });
  });

  it('reports a refused connection', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');

    const result = await poster().post(`http://127.0.0.1:${port}/`, Buffer.from('{}'), 'secret');

    expect(result).toEqual({ failure: like(/ECONNREFUSED/) });
  });

  it('reports a cut connection', async () => {
    const { webhook } = await receive(() => null);

    const result = await poster().post(webhook.url, Buffer.from('{}'), 'secret');

    expect(result).toEqual({ failure: 'socket hang up' });
  });

  it('gives up on a receiver that does not answer', async () => {
    const { webhook } = await receive(() => new Promise<number>(() => undefined));

    const result = await poster(20).post(webhook.url, Buffer.from('{}'), 'secret');

    expect(result).toEqual({ failure: 'timeout' });
  });

  it('is cancelled when the poster closes, even while it waits for its turn', async () => {
    const { received, webhook } = await receive(() => new Promise<number>(() => undefined));
    const closing = poster();
    const posts = Array.from({ length: 200 }, () => closing.post(webhook.url, Buffer.from('{}'), 'secret'));
    await expect.poll(() => received.length).toBe(50);

    closing.close();

    expect(await Promise.all(posts)).toEqual(Array(200).fill({ failure: 'The operation was aborted' }));
    expect(received).toHaveLength(50);
  });

  it('does not follow a redirect', async () => {
    const { webhook } = await receive(() => 302);

    const result = await poster().post(webhook.url, Buffer.from('{}'), 'secret');

    expect(result).toEqual({ status: 302 });
  });
});
