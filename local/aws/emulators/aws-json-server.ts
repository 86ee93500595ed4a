import { listenOnLoopback } from '../loopback-server.ts';
import type { LoopbackServer } from '../loopback-server.ts';
import { readBody } from '../read-body.ts';
import { AwsServiceError } from './aws-json-client.ts';

/** What a service does for one operation; throws `AwsServiceError` to refuse. */
export type AwsOperation = (input: unknown) => Record<string, unknown>;

const REQUEST_LIMIT_BYTES = 10 * 1024 * 1024;

/**
 * A service of the AWS JSON 1.1 protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html): the operation
 * stands in `X-Amz-Target`, refusals are HTTP 400 with `__type`. Credentials are not looked at.
 */
export function serveAwsJson(
  service: string,
  operations: Record<string, AwsOperation>,
): Promise<LoopbackServer> {
  return listenOnLoopback((request, response) => {
    const answer = (status: number, body: Record<string, unknown>) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    };
    const handle = async () => {
      const body = await readBody(request, REQUEST_LIMIT_BYTES);
      if (body === 'too-large')
        throw new AwsServiceError('RequestEntityTooLarge', 'The request is too large.');
      return perform(operations, operationOf(service, request.headers['x-amz-target']), body);
    };

    handle().then(
      (result) => {
        answer(200, result);
      },
      (error: unknown) => {
        if (error instanceof AwsServiceError) answer(400, { __type: error.code, message: messageOf(error) });
        else answer(500, { __type: 'InternalServiceError', message: String(error) });
      },
    );
  });
}

function operationOf(service: string, target: string | string[] | undefined): string {
  const [name, operation] = String(target).split('.');
  return name === service && operation !== undefined ? operation : String(target);
}

function perform(operations: Record<string, AwsOperation>, operation: string, body: Buffer) {
  const run = operations[operation];
  if (run === undefined) {
    throw new AwsServiceError('UnknownOperationException', `${operation} is not part of the local stand-in.`);
  }
  return run(parseJson(body));
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsServiceError('SerializationException', 'The request is not JSON.');
  }
}

function messageOf(error: AwsServiceError): string {
  return error.message.slice(error.code.length + 2);
}
