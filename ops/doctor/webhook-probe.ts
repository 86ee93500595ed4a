import { createHmac } from 'node:crypto';
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { TLSSocket } from 'node:tls';

/** What a webhook URL answered: its status, and until when its certificate holds, where it has one. */
export type ProbeAnswer = { status: number; certificateUntil?: Date };

const TIMEOUT_MS = 10_000;

/**
 * Sends a Ping, signed as Button signs: it is about no transaction, and is stored nowhere. Without a secret,
 * a GET, which reaches no function. The name of the sender keeps it out of what counts as Button's.
 *
 * Throws if nothing answers, or if the certificate does not hold for this host.
 */
export function probeWebhookUrl(url: string, secret: string | undefined): Promise<ProbeAnswer> {
  const body = JSON.stringify({ id: 'hook-doctor', event_type: 'ping', data: {} });
  const signature =
    secret === undefined ? undefined : createHmac('sha256', secret).update(body).digest('hex');
  const open = url.startsWith('https:') ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const outgoing = open(url, {
      method: signature === undefined ? 'GET' : 'POST',
      // A socket of its own: a session that is resumed shows no certificate.
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
