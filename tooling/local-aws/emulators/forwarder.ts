import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

/** An answer of the service behind. */
export type ForwardedAnswer = { status: number; contentType: string | undefined; text: string };

const FORWARDED = ['authorization', 'content-type', 'x-amz-target', 'x-amz-date', 'x-amz-security-token'];

/**
 * Sends requests on to an AWS service on this machine, over connections that stay open: each webhook takes
 * several of them, and `fetch` takes twice the time. Rejects if the service cannot be reached.
 */
export function forwarderTo(endpoint: string) {
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(endpoint);
  return (incoming: IncomingHttpHeaders, body: Buffer | string): Promise<ForwardedAnswer> => {
    const { promise, resolve, reject } = Promise.withResolvers<ForwardedAnswer>();
    const headers = Object.fromEntries(
      FORWARDED.flatMap((name) => (incoming[name] === undefined ? [] : [[name, incoming[name]]])),
    );
    const outgoing = request(
      {
        hostname,
        port,
        method: 'POST',
        agent,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        const { statusCode: status = 502, headers: answered } = response;
        text(response).then((answer) => {
          resolve({ status, contentType: answered['content-type'], text: answer });
        }, reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
    return promise;
  };
}
