import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import aws4 from 'aws4';

/** A call, and whether another implementation of Signature Version 4 makes the same signature. */
export type SignedCall = { operation: string; input: unknown; accepted: boolean };

export type SignatureCheckingServer = { url: string; calls: SignedCall[]; close: () => Promise<void> };

/**
 * A fake AWS that recomputes every signature, session token included, with aws4, and refuses a different one,
 * as AWS does.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function startSignatureCheckingServer(
  credentials: Credentials,
  answers: Record<string, object>,
): Promise<SignatureCheckingServer> {
  const calls: SignedCall[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const operation = String(request.headers['x-amz-target']);
      const accepted = isSignedBy(credentials, request, body);
      calls.push({ operation, input: JSON.parse(body) as unknown, accepted });
      response.writeHead(accepted ? 200 : 403, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(
        JSON.stringify(accepted ? (answers[operation] ?? {}) : { __type: 'InvalidSignatureException' }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string };

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=(?<key>[^/]+)\/\d{8}\/(?<region>[^/]+)\/(?<service>[^/]+)\/aws4_request, SignedHeaders=(?<names>[^,]+), Signature=[0-9a-f]{64}$/;

function isSignedBy(
  credentials: Credentials,
  { method, url, headers }: IncomingMessage,
  body: string,
): boolean {
  const {
    names = '',
    region = '',
    service = '',
  } = AUTHORIZATION.exec(headers.authorization ?? '')?.groups ?? {};
  const signedNames = names.split(';');
  // The signer adds and signs the token that it knows, so a different or unsigned token leads to another
  // signature.
  const others = signedNames.filter((name) => name !== 'x-amz-security-token');
  const signedHeaders = Object.fromEntries(others.map((name) => [name, String(headers[name])]));
  const signed = aws4.sign(
    {
      method: method ?? '',
      path: url ?? '',
      host: String(headers.host),
      headers: signedHeaders,
      body,
      region,
      service,
    },
    credentials,
  );
  return signed.headers?.['Authorization'] === headers.authorization;
}
