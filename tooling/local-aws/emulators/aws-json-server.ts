import type { IncomingHttpHeaders } from 'node:http';
import { listenOnLoopback } from '../loopback-server.ts';
import type { LoopbackServer } from '../loopback-server.ts';
import { readBody } from '../read-body.ts';
import { AwsServiceError } from './aws-json-client.ts';

/**
 * What a service does for one operation; throws `AwsServiceError` to refuse. The signal is aborted when the
 * caller has gone.
 */
export type AwsOperation = (input: unknown, signal: AbortSignal) => object | Promise<object>;

/** A request that went well. */
export type AnsweredOperation = {
  operation: string;
  request: unknown;
  answer: object;
  /** The `X-Amzn-Trace-Id` header, if there is one. */
  traceId: string | undefined;
};

/** What a service does, by operation, and who may have it done: `authorize` throws for whoever may not. */
export type AwsOperations = {
  operations: Record<string, AwsOperation>;
  authorize: (authorization: string | undefined, operation: string, input: unknown) => void;
  onAnswered?: (answered: AnsweredOperation) => void;
  /** The status for a caller whose role does not allow the request; 400 unless given. */
  deniedStatus?: number;
};

/** DynamoDB takes up to 16 MB. */
const REQUEST_LIMIT_BYTES = 32 * 1024 * 1024;

/**
 * A service of the AWS JSON 1.0 or 1.1 protocol
 * (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html): the operation stands in `X-Amz-Target`,
 * refusals are HTTP 400 with `__type`. Signatures are not looked at.
 */
export function serveAwsJson(service: string, operations: AwsOperations): Promise<LoopbackServer> {
  return listenOnLoopback((request, response) => {
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort();
    });
    const contentType = request.headers['content-type'] ?? 'application/x-amz-json-1.1';
    const answer = (status: number, json: string) => {
      response.writeHead(status, { 'content-type': contentType });
      response.end(json);
    };
    const handle = async () => {
      const body = await readBody(request, REQUEST_LIMIT_BYTES);
      if (body === 'too-large')
        throw new AwsServiceError('RequestEntityTooLarge', 'The request is too large.');
      const operation = operationOf(service, request.headers['x-amz-target']);
      return perform(operations, operation, { body, headers: request.headers, signal: gone.signal });
    };

    handle().then(
      (result) => {
        answer(200, JSON.stringify(result));
      },
      (error: unknown) => {
        if (error instanceof AwsServiceError) answer(statusOf(error, operations), error.toJson());
        else answer(500, new AwsServiceError('InternalServiceError', String(error)).toJson());
      },
    );
  });
}

function statusOf({ code }: AwsServiceError, { deniedStatus = 400 }: AwsOperations): number {
  return code === 'AccessDeniedException' ? deniedStatus : 400;
}

function operationOf(service: string, target: string | string[] | undefined): string {
  const [name, operation] = String(target).split('.');
  return name === service && operation !== undefined ? operation : String(target);
}

async function perform(
  { operations, authorize, onAnswered }: AwsOperations,
  operation: string,
  { body, headers, signal }: { body: Buffer; headers: IncomingHttpHeaders; signal: AbortSignal },
): Promise<object> {
  const run = operations[operation];
  if (run === undefined) {
    throw new AwsServiceError('UnknownOperationException', `${operation} is not part of the local stand-in.`);
  }
  const request = parseJson(body);
  authorize(headers.authorization, operation, request);
  const answer = await run(request, signal);
  const { 'x-amzn-trace-id': trace } = headers;
  onAnswered?.({ operation, request, answer, traceId: typeof trace === 'string' ? trace : undefined });
  return answer;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsServiceError('SerializationException', 'The request is not JSON.');
  }
}
