import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';

/**
 * The whole body of a request, or `too-large` once it is known to exceed `limitBytes` (the rest is not kept).
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | 'too-large'> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  request.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes <= limitBytes) chunks.push(chunk);
  });
  await finished(request);
  return sizeBytes > limitBytes ? 'too-large' : Buffer.concat(chunks);
}
