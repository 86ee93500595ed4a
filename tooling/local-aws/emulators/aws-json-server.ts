import { listenOnLoopback } from '../loopback-server.ts';
import type { LoopbackServer } from '../loopback-server.ts';
import { readBody } from '../read-body.ts';
import { AwsServiceError } from './aws-json-client.ts';

/** What a service does for one operation; throws `AwsServiceError` to refuse. */
export type AwsOperation = (input: unknown) => Record<string, unknown>;

/** What a service does, by operation, and who may have it done: `authorize` throws for whoever may not. */
export type AwsOperations = {
  operations: Record<string, AwsOperation>;
  authorize: (authorization: string | undefined, operation: string, input: unknown) => void;
};

const REQUEST_LIMIT_BYTES = 10 * 1024 * 1024;

/**
 * A service of the AWS JSON 1.1 protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html):
 * the operation stands in `X-Amz-Target`, refusals are HTTP 400 with `__type`. Signatures are not looked at.
 */
export function serveAwsJson(service: string, operations: AwsOperations): Promise<LoopbackServer> {
  return listenOnLoopback((request, response) => {
    const answer = (status: number, json: string) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(json);
    };
    const handle = async () => {
      const body = await readBody(request, REQUEST_LIMIT_BYTES);
      if (body === 'too-large')
        throw new AwsServiceError('RequestEntityTooLarge', 'The request is too large.');
      const operation = operationOf(service, request.headers['x-amz-target']);
      return perform(operations, operation, { body, authorization: request.headers.authorization });
    };

    handle().then(
      (result) => {
        answer(200, JSON.stringify(result));
      },
      (error: unknown) => {
        if (error instanceof AwsServiceError) answer(400, error.toJson());
        else answer(500, new AwsServiceError('InternalServiceError', String(error)).toJson());
      },
    );
  });
}

function operationOf(service: string, target: string | string[] | undefined): string {
  const [name, operation] = String(target).split('.');
  return name === service && operation !== undefined ? operation : String(target);
}

function perform(
  { operations, authorize }: AwsOperations,
  operation: string,
  { body, authorization }: { body: Buffer; authorization: string | undefined },
) {
  const run = operations[operation];
  if (run === undefined) {
    throw new AwsServiceError('UnknownOperationException', `${operation} is not part of the local stand-in.`);
  }
  const input = parseJson(body);
  authorize(authorization, operation, input);
  return run(input);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsServiceError('SerializationException', 'The request is not JSON.');
  }
}
