import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import type { AnsweredRequest } from '../../triggers/access-log.ts';
import { startHttpApi } from '../../triggers/http-api.ts';

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
it.each([
  ['//', '//'],
  ['//[', '//['],
  ['//elsewhere/hooks?a=1', '//elsewhere/hooks'],
  ['*', '/*'],
])('answers 404 for the target %s, which is the path %s of no route, and goes on', async (target, path) => {
  const answered: AnsweredRequest[] = [];
  const api = await startHttpApi(
    { apiId: 'api', accountId: '000000000000', region: 'us-east-1' },
    (request) => answered.push(request),
  );
  onTestFinished(() => api.close());
  api.addRoute('GET /hooks', { integrationId: 'none' });
  api.deployStage({ whole: undefined, byRoute: new Map() });
  const ask = async (asked: string): Promise<string> => {
    const socket = connect(Number(new URL(api.endpoint).port), '127.0.0.1');
    socket.end(`GET ${asked} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    return (await text(socket)).split('\r\n')[0] ?? '';
  };

  expect(await ask(target)).toBe('HTTP/1.1 404 Not Found');
  expect(await ask('/hooks')).toBe('HTTP/1.1 500 Internal Server Error');
  expect(answered.map(({ path: seen }) => seen)).toEqual([path, '/hooks']);
});
