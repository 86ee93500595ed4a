import { expect, it, onTestFinished } from 'vitest';
import { startRuntimeApi } from '../../lambda/runtime-api.ts';
import type { RuntimeInvocation } from '../../lambda/runtime-api.ts';

const INVOCATION: RuntimeInvocation = {
  requestId: 'request-1',
  deadlineEpochMs: 1_795_000_000_000,
  functionArn: 'arn:function',
  traceId: 'Root=1-2-3',
  event: '{"a":1}',
};

// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
it('holds the runtime’s request for the next event until there is one, and describes it in headers', async () => {
  const { api, url } = await startApi();

  const next = fetch(`${url}/invocation/next`);
  await api.waiting;
  api.deliver(INVOCATION);
  const response = await next;

  expect(await response.text()).toBe('{"a":1}');
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'lambda-runtime-aws-request-id': 'request-1',
    'lambda-runtime-deadline-ms': '1795000000000',
    'lambda-runtime-invoked-function-arn': 'arn:function',
    'lambda-runtime-trace-id': 'Root=1-2-3',
  });
});

it('accepts the runtime’s answer to its event', async () => {
  const { heard, post } = await startApi(INVOCATION);

  const response = await post('/invocation/request-1/response', '"done"');
  const error = await post(
    '/invocation/request-1/error',
    '{"errorType":"E","errorMessage":"m","stackTrace":["s"]}',
  );

  expect([response.status, error.status]).toEqual([202, 202]);
  expect(heard).toEqual([
    { requestId: 'request-1', answer: { kind: 'response', json: '"done"' } },
    {
      requestId: 'request-1',
      answer: { kind: 'error', error: { errorType: 'E', errorMessage: 'm', stackTrace: ['s'] } },
    },
  ]);
});

it('refuses an answer to an event that the runtime does not have', async () => {
  const { heard, post } = await startApi(INVOCATION);

  const response = await post('/invocation/request-2/response', '1');

  expect([response.status, await response.json()]).toEqual([
    400,
    { errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' },
  ]);
  expect(heard).toEqual([]);
});

it('refuses a response over 6 MB with 413', async () => {
  const { heard, post } = await startApi(INVOCATION);

  const response = await post('/invocation/request-1/response', 'x'.repeat(6_291_557));

  expect(response.status).toBe(413);
  expect(heard).toEqual([{ requestId: 'request-1', answer: { kind: 'response-too-large' } }]);
});

it('accepts the report that the code could not be loaded', async () => {
  const { heard, post } = await startApi();

  const response = await post(
    '/init/error',
    '{"errorType":"Runtime.ImportModuleError","errorMessage":"gone"}',
  );

  expect(response.status).toBe(202);
  expect(heard).toEqual([{ errorType: 'Runtime.ImportModuleError', errorMessage: 'gone', stackTrace: [] }]);
});

async function startApi(given?: RuntimeInvocation) {
  const heard: unknown[] = [];
  const waiting = Promise.withResolvers<undefined>();
  const api = await startRuntimeApi({
    onNext: () => {
      waiting.resolve(undefined);
    },
    onAnswer: (requestId, answer) => heard.push({ requestId, answer }),
    onInitError: (error) => heard.push(error),
  });
  onTestFinished(() => api.close());
  const url = `http://${api.address}/2018-06-01/runtime`;
  if (given !== undefined) {
    const next = fetch(`${url}/invocation/next`);
    await waiting.promise;
    api.deliver(given);
    await next;
  }
  return {
    heard,
    url,
    api: { ...api, waiting: waiting.promise },
    post: (path: string, body: string) => fetch(url + path, { method: 'POST', body }),
  };
}
