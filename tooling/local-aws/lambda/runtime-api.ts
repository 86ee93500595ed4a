import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { listenOnLoopback } from '../loopback-server.ts';
import type { LoopbackServer } from '../loopback-server.ts';
import { readBody } from '../read-body.ts';
import type { InvocationError } from './invocation-result.ts';

/** One event on its way to a runtime. */
export type RuntimeInvocation = {
  requestId: string;
  deadlineEpochMs: number;
  functionArn: string;
  traceId: string;
  /** JSON. */
  event: string;
};

/** What a runtime said about the invocation it was given. */
export type RuntimeAnswer =
  | { kind: 'response'; json: string }
  | { kind: 'error'; error: InvocationError }
  | { kind: 'response-too-large' };

/** Called as the runtime calls. */
export type RuntimeListener = {
  /** The runtime asks for its next event: its initialisation, or the invocation before, is over. */
  onNext(): void;
  onAnswer(requestId: string, answer: RuntimeAnswer): void;
  onInitError(error: InvocationError): void;
};

/** The Runtime API of one execution environment. */
export type RuntimeApi = {
  /** `host:port`, as `AWS_LAMBDA_RUNTIME_API` has it. */
  address: string;
  /** Hands an event to the runtime, which must be waiting for one. */
  deliver(invocation: RuntimeInvocation): void;
  close(): Promise<void>;
};

/**
 * "6 MB for synchronous": https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html; the exact
 * figure is the one in Lambda's error message.
 */
const RESPONSE_LIMIT_BYTES = 6_291_556;

const VERSION = '/2018-06-01/runtime';

const ErrorRequestSchema = z.object({
  errorType: z.string().default('Error'),
  errorMessage: z.string().default(''),
  stackTrace: z.array(z.string()).default([]),
});

/** Serves https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html to one runtime. */
export async function startRuntimeApi(listener: RuntimeListener): Promise<RuntimeApi> {
  let waiting: ServerResponse | undefined;
  const invocationInProgress = { requestId: '' };

  const server: LoopbackServer = await listenOnLoopback((request, response) => {
    const route = request.url ?? '';
    if (request.method === 'GET' && route === `${VERSION}/invocation/next`) {
      invocationInProgress.requestId = '';
      waiting = response;
      listener.onNext();
      return;
    }
    receive(request, response, { listener, invocationInProgress }).catch((error: unknown) => {
      answer(response, 500, { errorType: 'InternalServerError', errorMessage: String(error) });
    });
  });

  return {
    address: `127.0.0.1:${server.port}`,
    deliver(invocation) {
      if (waiting === undefined) throw new Error('The runtime is not waiting for an event.');
      invocationInProgress.requestId = invocation.requestId;
      waiting.writeHead(200, {
        'content-type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': invocation.requestId,
        'Lambda-Runtime-Deadline-Ms': String(invocation.deadlineEpochMs),
        'Lambda-Runtime-Invoked-Function-Arn': invocation.functionArn,
        'Lambda-Runtime-Trace-Id': invocation.traceId,
      });
      waiting.end(invocation.event);
      waiting = undefined;
    },
    close: () => server.close(),
  };
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  state: { listener: RuntimeListener; invocationInProgress: { requestId: string } },
): Promise<void> {
  const body = await readBody(request, RESPONSE_LIMIT_BYTES);
  const path = (request.url ?? '').slice(VERSION.length);
  const { requestId } = state.invocationInProgress;

  if (request.method === 'POST' && path === '/init/error') {
    answer(response, 202, { status: 'OK' });
    state.listener.onInitError(parseError(body));
  } else if (request.method === 'POST' && requestId !== '' && path === `/invocation/${requestId}/response`) {
    if (body === 'too-large') {
      answer(response, 413, {
        errorType: 'RequestEntityTooLarge',
        errorMessage: 'Exceeded maximum allowed payload size',
      });
      state.listener.onAnswer(requestId, { kind: 'response-too-large' });
    } else {
      answer(response, 202, { status: 'OK' });
      state.listener.onAnswer(requestId, { kind: 'response', json: body.toString('utf8') });
    }
  } else if (request.method === 'POST' && requestId !== '' && path === `/invocation/${requestId}/error`) {
    answer(response, 202, { status: 'OK' });
    state.listener.onAnswer(requestId, { kind: 'error', error: parseError(body) });
  } else if (/^\/invocation\/[^/]+\/(response|error)$/.test(path)) {
    answer(response, 400, { errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' });
  } else {
    answer(response, 404, { errorType: 'NotFound', errorMessage: 'No such operation' });
  }
}

function parseError(body: Buffer | 'too-large'): InvocationError {
  if (body === 'too-large')
    return { errorType: 'Error', errorMessage: 'The error is too large.', stackTrace: [] };
  return ErrorRequestSchema.parse(JSON.parse(body.toString('utf8')));
}

function answer(response: ServerResponse, status: number, body: Record<string, string>): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
