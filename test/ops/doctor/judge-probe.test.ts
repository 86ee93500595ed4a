import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it, onTestFinished } from 'vitest';

import { judgeAnswer, judgeFailure } from '../../../ops/doctor/judge-probe.ts';
import { probeWebhookUrl } from '../../../ops/doctor/webhook-probe.ts';
import { checkSignature } from '../../../shared/validation/webhooks/signature.ts';
import { readEnvelope } from '../../../shared/button/webhook-envelope.ts';

const URL = 'https://hooks.example/button';
const AT = new Date('2026-06-01T00:00:00Z');
const SIGNED = { url: URL, isSigned: true, at: AT };

describe('the answer of a webhook URL to a Ping', () => {
  it('is right with a 200 and a certificate that is valid for a while', () => {
    const answer = { status: 200, certificateUntil: new Date('2026-07-01T00:00:00Z') };

    expect(judgeAnswer(answer, SIGNED)).toEqual({
      state: 'ok',
      says: `${URL} accepts a signed Ping. Its certificate is valid for 30 more days.`,
    });
  });

  it.each([
    [{ status: 200, certificateUntil: new Date('2026-06-10T00:00:00Z') }, 'ACM does not renew it'],
    [{ status: 401 }, 'The function reads a new secret within a minute'],
    [{ status: 404 }, 'The gateway does not know this path'],
    [{ status: 429 }, 'transactions.throttle'],
    [{ status: 503 }, 'Webhooks fail'],
  ])('is a problem with its fix if it is %j', (answer, remedy) => {
    expect(judgeAnswer(answer, SIGNED)).toMatchObject({
      state: 'problem',
      remedy: expect.stringContaining(remedy) as string,
    });
  });

  it('says nothing about webhooks if there is no secret to sign with', () => {
    expect(judgeAnswer({ status: 404 }, { ...SIGNED, isSigned: false })).toMatchObject({ state: 'unknown' });
  });

  it.each([
    ['CERT_HAS_EXPIRED', 'certificate'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate'],
    ['ENOTFOUND', 'WebhookDomainTarget'],
    ['ECONNREFUSED', 'Is the stage deployed'],
  ])('is a problem with its fix when nothing answers: %s', (code, remedy) => {
    const error = Object.assign(new Error('No.'), { code });

    expect(judgeFailure(error, URL)).toMatchObject({
      state: 'problem',
      remedy: expect.stringContaining(remedy) as string,
    });
  });
});

describe('the probe of a webhook URL', () => {
  it('sends a Ping that is signed as Button signs, and a GET if it has no secret', async () => {
    const requests: { method: string; agent: string; body: Buffer; signature: string | undefined }[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { 'x-button-signature': signature, 'user-agent': agent = '' } = request.headers;
        requests.push({
          method: request.method ?? '',
          agent,
          body: Buffer.concat(chunks),
          signature: typeof signature === 'string' ? signature : undefined,
        });
        response.writeHead(418).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;

    const answers = [await probeWebhookUrl(url, 'secret'), await probeWebhookUrl(url, undefined)];
    const [ping, get] = requests;

    expect(answers).toEqual([{ status: 418 }, { status: 418 }]);
    expect(
      ping && checkSignature(ping.body, ping.signature, [{ name: 'one', secret: 'secret' }]),
    ).toMatchObject({
      ok: true,
    });
    expect(ping && readEnvelope(ping.body)).toEqual({ eventId: 'hook-doctor', isPing: true });
    // What begins with "Button Webhooks" counts as Button's.
    expect(ping?.agent).not.toMatch(/^Button Webhooks/);
    expect(get).toMatchObject({ method: 'GET', signature: undefined });
  });
});
