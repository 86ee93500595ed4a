import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';

import { afterEach, describe, expect, it } from 'vitest';

import { createButtonHttp, type ButtonHttp } from '../../../shared/button/button-http.ts';

let server: Server | undefined;
let http: ButtonHttp | undefined;

afterEach(() => {
  http?.close();
  server?.closeAllConnections();
  server?.close();
});

/** A Button that behaves as the listener says. */
async function button(listener: RequestListener, timeoutMs = 60_000): Promise<ButtonHttp> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  http = createButtonHttp({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    timeoutMs,
  });
  return http;
}

/** A Button that counts the requests on each connection, and a clock that a test moves. */
async function restingButton(held: Promise<void> = Promise.resolve()) {
  const connections: { requests: number; bytes: () => number }[] = [];
  const indexOf = new Map<object, number>();
  let clockMs = 1_000_000;
  await button((request, response) => {
    const connection = connections[indexOf.get(request.socket) ?? -1];
    if (connection) connection.requests += 1;
    if (request.url === '/held') void held.then(() => response.end('{}'));
    else response.end('{}');
  });
  server?.on('connection', (socket) => {
    indexOf.set(socket, connections.push({ requests: 0, bytes: () => socket.bytesRead }) - 1);
  });
  const address = server?.address() as AddressInfo | undefined;
  http = createButtonHttp({
    baseUrl: `http://127.0.0.1:${address?.port}`,
    timeoutMs: 60_000,
    nowMs: () => clockMs,
  });
  return { connections, client: http, rest: (ms: number) => void (clockMs += ms) };
}

const get = { method: 'GET', path: '/v1/order/1', apiKey: 'sk-secret' } as const;

describe('createButtonHttp', () => {
  it('authenticates with the key as user name and an empty password', async () => {
    const client = await button((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ authorization: request.headers.authorization }));
    });

    const answer = await client.call(get);

    const authorization = `Basic ${Buffer.from('sk-secret:').toString('base64')}`;
    expect(answer).toMatchObject({ result: 'answered', status: 200, body: { authorization } });
  });

  it('keeps every digit of an id that is a number', async () => {
    const client = await button((_request, response) => response.end('{"pub_ref":12345678901234567890}'));

    expect(await client.call(get)).toMatchObject({ body: { pub_ref: '12345678901234567890' } });
  });

  it('asks for an uncompressed answer: otherwise any coding is acceptable (RFC 9110)', async () => {
    const seen: unknown[] = [];
    const http = await button((request, response) => {
      seen.push(request.headers['accept-encoding']);
      response.end('{}');
    });

    await http.call(get);

    expect(seen).toEqual(['identity']);
  });

  it('sends JSON with its length', async () => {
    const client = await button((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { 'content-length': length, 'content-type': type } = request.headers;
        response.end(JSON.stringify({ length, type, text: Buffer.concat(chunks).toString() }));
      });
    });

    const answer = await client.call({ ...get, method: 'POST', body: { name: 'ö' } });

    expect(answer).toMatchObject({ body: { length: '13', type: 'application/json', text: '{"name":"ö"}' } });
  });

  it('calls an answer unclear that takes longer than the total deadline, even if bytes keep arriving (A22)', async () => {
    const client = await button((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => {
        clearInterval(drip);
      });
    }, 150);

    expect(await client.call(get)).toEqual({ result: 'unclear', reason: 'timeout' });
  });

  it('calls a connection that ends before an answer unclear (A23)', async () => {
    const client = await button((request) => request.socket.destroy());

    expect(await client.call(get)).toEqual({ result: 'unclear', reason: 'econnreset' });
  });

  it('knows that a refused connection sent nothing (B14)', async () => {
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const client = createButtonHttp({ baseUrl: `http://127.0.0.1:${port}`, timeoutMs: 1000 });

    expect(await client.call(get)).toEqual({ result: 'not-sent', reason: 'econnrefused' });
  });

  it('knows that nothing was sent while the connection is not yet encrypted (B14)', async () => {
    const silent = createTcpServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const client = createButtonHttp({ baseUrl: `https://127.0.0.1:${port}`, timeoutMs: 150 });

    expect(await client.call(get)).toEqual({ result: 'not-sent', reason: 'timeout' });
    client.close();
    silent.close();
  });

  it('calls an error on a reused connection unclear (A23)', async () => {
    let calls = 0;
    const client = await button((request, response) => {
      calls += 1;
      if (calls === 1) response.end('{}');
      else request.socket.destroy();
    });

    expect(await client.call(get)).toMatchObject({ result: 'answered' });
    expect(await client.call(get)).toEqual({ result: 'unclear', reason: 'econnreset' });
  });

  it('reuses a connection that was idle for at most a second', async () => {
    const { connections, client, rest } = await restingButton();

    await client.call(get);
    rest(1000);
    await client.call(get);

    expect(connections.map(({ requests }) => requests)).toEqual([2]);
  });

  it.each([
    ['was idle in a frozen environment', 1001],
    ['was idle for an unknown time, because the clock was set back', -1],
  ])('never writes to a connection that %s (A23)', async (_, restMs) => {
    const { connections, client, rest } = await restingButton();
    await Promise.all([client.call(get), client.call({ ...get, path: '/v1/order/2' })]);
    const slept = connections.map(({ bytes }) => bytes());
    rest(restMs);

    const answers = [await client.call(get), await client.call(get)];

    expect(answers).toMatchObject([{ result: 'answered' }, { result: 'answered' }]);
    expect(connections.map(({ requests }) => requests)).toEqual([1, 1, 2]);
    expect(connections.slice(0, 2).map(({ bytes }) => bytes())).toEqual(slept);
  });

  it('does not disturb a call in progress when another one starts (A23)', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { client, rest } = await restingButton(held);
    const slow = client.call({ ...get, path: '/held' });
    await client.call(get);
    rest(60_000);

    const other = await client.call(get);
    release();

    expect([await slow, other]).toMatchObject([{ result: 'answered' }, { result: 'answered' }]);
  });

  it('sends requests below the path of its base URL, and returns the time of Button’s clock', async () => {
    const client = await button((request, response) => {
      response.setHeader('date', 'Mon, 01 Jun 2026 12:00:00 GMT');
      response.end(JSON.stringify({ url: request.url }));
    });
    const address = server?.address() as AddressInfo | undefined;
    const below = createButtonHttp({ baseUrl: `http://127.0.0.1:${address?.port}/base/`, timeoutMs: 1000 });

    expect(await below.call(get)).toMatchObject({
      body: { url: '/base/v1/order/1' },
      serverTime: new Date('2026-06-01T12:00:00Z'),
    });
    expect(await client.call(get)).toMatchObject({ body: { url: '/v1/order/1' } });
    below.close();
  });

  it.each([
    ['an empty body', ''],
    ['HTML', '<html></html>'],
    ['half an answer', '{"meta":{"status'],
  ])('returns no body for %s (B6)', async (_name, text) => {
    const client = await button((_request, response) => response.end(text));

    expect(await client.call(get)).toMatchObject({ result: 'answered', status: 200, body: undefined });
  });

  it('returns no body for an answer that is cut off or never ends (B6, S19)', async () => {
    const client = await button((request, response) => {
      if (request.url === '/cut') {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"meta":', () => request.socket.destroy());
        return;
      }
      response.write('['.padEnd(6_000_000, ' '));
    });

    expect(await client.call({ ...get, path: '/cut' })).toMatchObject({
      result: 'answered',
      body: undefined,
    });
    expect(await client.call({ ...get, path: '/endless' })).toMatchObject({
      result: 'answered',
      body: undefined,
    });
  });

  it('does not follow a redirect: the key stays with its host (S19)', async () => {
    const client = await button((_request, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    );

    expect(await client.call(get)).toMatchObject({ result: 'answered', status: 302 });
  });

  it.each([
    ['12', 12_000],
    ['0', 1000],
    ['-5', 1000],
    ['1000000000', 900_000],
    ['soon', undefined],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 900_000],
    ['Sat, 01 Jan 2000 00:00:00 GMT', 1000],
  ])('reads Retry-After %j within bounds (B2)', async (header, expected) => {
    const client = await button((_request, response) =>
      response.writeHead(429, { 'retry-after': header }).end(),
    );

    const answer = await client.call(get);

    expect(answer.result === 'answered' ? answer.retryAfterMs : undefined).toBe(expected);
  });

  it('reads when a rate limit is reset if there is no Retry-After (B2)', async () => {
    const client = await button((_request, response) =>
      response.writeHead(429, { 'x-button-limit-reset-seconds': '12' }).end(),
    );

    expect(await client.call(get)).toMatchObject({ retryAfterMs: 12_000 });
  });

  it.each([200, 500, 503])(
    'takes the state of a rate limit on a %i for no request to wait (B2)',
    async (status) => {
      const client = await button((_request, response) =>
        response
          .writeHead(status, { 'x-button-limit-remaining': '4999', 'x-button-limit-reset-seconds': '37' })
          .end(),
      );

      expect(await client.call(get)).not.toHaveProperty('retryAfterMs');
    },
  );

  it('puts neither key nor body into what it returns (F14)', async () => {
    const client = await button((request) => request.socket.destroy());

    const answer = await client.call({ ...get, method: 'POST', body: { email: 'SENTINEL' } });

    expect(inspect(answer, { depth: null })).not.toMatch(/SENTINEL|sk-secret|c2stc2VjcmV0/);
  });
});
