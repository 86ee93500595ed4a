import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';

/** A receiver's response, or why there is none. */
export type PostResult = { status: number } | { failure: string };

/**
 * The value of `X-Button-Signature`: lower-case hex HMAC-SHA256 of the body's bytes, keyed with the secret.
 */
export function signatureOf(body: Uint8Array, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/** Sends webhooks the way Button does, a few at a time. */
export class WebhookPoster {
  readonly #answerTimeoutMs: number;
  readonly #closing = new AbortController();
  readonly #httpAgent = new http.Agent({ maxSockets: 50 });
  readonly #httpsAgent = new https.Agent({ maxSockets: 50 });

  /** `answerTimeoutMs` is real time: the receiver does not live on the simulator's clock. */
  constructor(answerTimeoutMs: number) {
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  /**
   * Posts one signed attempt (docs/button/webhooks.md, "Request"). Never rejects: a lost connection is a
   * result.
   */
  post(url: string, body: Uint8Array, secret: string): Promise<PostResult> {
    const secure = url.startsWith('https:');
    const send = secure ? https.request : http.request;
    return new Promise((resolve) => {
      const request = send(url, {
        method: 'POST',
        agent: secure ? this.#httpsAgent : this.#httpAgent,
        timeout: this.#answerTimeoutMs,
        signal: this.#closing.signal,
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': body.byteLength,
          'User-Agent': 'Button Webhooks 1.0.0',
          'X-Button-Signature': signatureOf(body, secret),
        },
      });
      request.on('response', (response) => {
        response.on('error', () => undefined).resume();
        resolve({ status: response.statusCode ?? 0 });
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', (error) => {
        resolve({ failure: error.message });
      });
      request.end(body);
    });
  }

  /** Cancels every post, including those that wait for their turn. */
  close(): void {
    this.#closing.abort();
  }
}
