import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

import * as z from 'zod';

/** The body of `npm publish`: https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md */
const PublishedSchema = z.looseObject({
  name: z.string(),
  versions: z.record(z.string(), z.looseObject({ dist: z.looseObject({ tarball: z.string() }) })),
  'dist-tags': z.record(z.string(), z.string()),
  _attachments: z.record(z.string(), z.object({ data: z.string() })),
});

export type Registry = { url: string; close: () => void };

/** An npm registry on this machine that keeps published packages until it is closed. */
export async function startRegistry(): Promise<Registry> {
  const packages = new Map<string, z.infer<typeof PublishedSchema>>();
  const tarballs = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    void (async () => {
      const path = decodeURIComponent(request.url ?? '');
      if (request.method === 'PUT') {
        const published = PublishedSchema.parse(await json(request));
        packages.set(`/${published.name}`, published);
        const [attachment] = Object.values(published._attachments);
        for (const { dist } of Object.values(published.versions))
          tarballs.set(
            decodeURIComponent(new URL(dist.tarball).pathname),
            Buffer.from(attachment?.data ?? '', 'base64'),
          );
        response.writeHead(201, { 'content-type': 'application/json' }).end('{}');
        return;
      }
      const tarball = tarballs.get(path);
      if (tarball) {
        response.end(tarball);
        return;
      }
      const found = packages.get(path);
      response
        .writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
        .end(JSON.stringify(found ?? {}));
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => void server.close() };
}
