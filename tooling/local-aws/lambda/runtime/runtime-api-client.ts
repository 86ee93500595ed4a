import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ErrorReport } from './error-report.ts';

/** The next event to handle. */
export type NextEvent = {
  requestId: string;
  deadlineEpochMs: number;
  functionArn: string;
  traceId: string;
  json: string;
};

const agent = new Agent({ keepAlive: true });

/** Waits for the next event, for as long as it takes. */
export async function nextEvent(): Promise<NextEvent> {
  const { headers, body } = await call('GET', '/invocation/next', '');
  return {
    requestId: header(headers, 'lambda-runtime-aws-request-id'),
    deadlineEpochMs: Number(header(headers, 'lambda-runtime-deadline-ms')),
    functionArn: header(headers, 'lambda-runtime-invoked-function-arn'),
    traceId: header(headers, 'lambda-runtime-trace-id'),
    json: body,
  };
}

/** Reports what the handler returned, as JSON. */
export async function postResponse(requestId: string, json: string): Promise<void> {
  await call('POST', `/invocation/${requestId}/response`, json);
}

/** Reports that the handler failed. */
export async function postError(requestId: string, report: ErrorReport): Promise<void> {
  await call('POST', `/invocation/${requestId}/error`, JSON.stringify(report));
}

/** Reports that there is no handler to run. */
export async function postInitError(report: ErrorReport): Promise<void> {
  await call('POST', '/init/error', JSON.stringify(report));
}

/** Not `fetch`: it gives up on a silent server after five minutes, and a function may idle for hours. */
function call(
  method: string,
  path: string,
  body: string,
): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  const url = `http://${process.env['AWS_LAMBDA_RUNTIME_API'] ?? ''}/2018-06-01/runtime${path}`;
  return new Promise((resolve) => {
    const sent = request(
      url,
      { method, agent, headers: { 'content-length': Buffer.byteLength(body) } },
      (response) => {
        text(response).then((answer) => {
          resolve({ headers: response.headers, body: answer });
        }, endProcess);
      },
    );
    sent.on('error', endProcess);
    sent.end(body);
  });
}

/** Without its Runtime API an environment has no purpose and nobody to tell. */
function endProcess(): never {
  process.exit(1);
}

function header(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
