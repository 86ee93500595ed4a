import { createHmac } from 'node:crypto';
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { TLSSocket } from 'node:tls';

/** The response of a webhook URL: its status, and until when its certificate is valid, if it has one. */
export type ProbeAnswer = { status: number; certificateUntil?: Date };

const TIMEOUT_MS = 10_000;

/**
 * Sends a Ping, signed as Button signs: it is not about a transaction, and is stored nowhere. Without a
 * secret it sends a GET, which reaches no function. The user agent keeps it out of the metrics of Button's
 * webhooks.
 *
 * Throws if nothing answers, or if the certificate is not valid for this host.
 */
export function probeWebhookUrl(url: string, secret: string | undefined): Promise<ProbeAnswer> {
  const body = JSON.stringify({ id: 'hook-doctor', event_type: 'ping', data: {} });
  const signature =
    secret === undefined ? undefined : createHmac('sha256', secret).update(body).digest('hex');
  const open = url.startsWith('https:') ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const outgoing = open(url, {
      method: signature === undefined ? 'GET' : 'POST',
      // A new socket: a resumed session shows no certificate.
      agent: false,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        'user-agent': 'button-serverless doctor',
        ...(signature && { 'content-type': 'application/json', 'x-button-signature': signature }),
      },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const { socket } = response;
      const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
      response.resume();
      resolve({
        status: response.statusCode ?? 0,
        ...(certificate && { certificateUntil: new Date(certificate.valid_to) }),
      });
    });
    outgoing.end(signature === undefined ? undefined : body);
  });
}
