import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** AWS's answer to one call: its output, or an error. */
export type Answer = object | AwsFault;

/** An error as AWS names it. */
export class AwsFault {
  readonly code: string;
  readonly message: string;
  constructor(code: string, message = 'no') {
    this.code = code;
    this.message = message;
  }
}

/** Answers by `service.Operation`, such as `dynamodb.DescribeTable`. Called with the input's fields. */
export type Answers = Record<string, (input: Record<string, string>) => Answer>;

/** AWS's APIs in the formats of their documentation: AWS JSON, AWS Query, REST JSON and REST XML. */
export type AwsStub = {
  url: string;
  /** Every call so far, as `service.Operation`. */
  calls: string[];
  close: () => void;
};

/** Starts the stub. A call without an answer is refused with `AccessDenied`. */
export async function startAwsStub(answers: Answers): Promise<AwsStub> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    void reply(request, response, { answers, calls });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

type Call = {
  name: string;
  operation: string;
  format: 'json' | 'query' | 'xml';
  input: Record<string, string>;
};

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  { answers, calls }: { answers: Answers; calls: string[] },
): Promise<void> {
  const call = readCall(request, await text(request));
  calls.push(call.name);
  const answer = answers[call.name]?.(call.input) ?? new AwsFault('AccessDenied', `not ${call.name}`);
  const isFault = answer instanceof AwsFault;
  response.writeHead(isFault ? 400 : 200, {
    'content-type': call.format === 'json' ? 'application/x-amz-json-1.1' : 'text/xml',
    ...(isFault && { 'x-amzn-errortype': answer.code }),
  });
  response.end(isFault ? faultIn(call, answer) : outputIn(call, answer));
}

/**
 * The signature names the service:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function readCall({ headers, url = '', method }: IncomingMessage, body: string): Call {
  const [, , , service = ''] = /Credential=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split('/') ?? [];
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const operation = target.split('.').at(-1) ?? '';
    return {
      name: `${service}.${operation}`,
      operation,
      format: 'json',
      input: JSON.parse(body) as Call['input'],
    };
  }
  const form = new URLSearchParams(body);
  const action = form.get('Action');
  if (action !== null)
    return {
      name: `${service}.${action}`,
      operation: action,
      format: 'query',
      input: Object.fromEntries(form),
    };
  const path = (url.split('?')[0] ?? '').replace(/\/$/, '');
  return {
    name: `${service}.${method ?? ''} ${path}`,
    operation: '',
    format: service === 'route53' ? 'xml' : 'json',
    input: {},
  };
}

function outputIn({ operation, format }: Call, output: object): string {
  if (format === 'json') return JSON.stringify(output);
  if (format === 'xml') return `<Response>${toXml(output)}</Response>`;
  return `<${operation}Response><${operation}Result>${toXml(output)}</${operation}Result></${operation}Response>`;
}

function faultIn({ format }: Call, { code, message }: AwsFault): string {
  return format === 'json'
    ? JSON.stringify({ __type: code, message })
    : `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
}

/** Writes fields as elements, lists as `member` (in Route 53 with their own names) and maps as `entry`. */
function toXml(value: unknown, name = ''): string {
  if (Array.isArray(value)) {
    const item = name === 'ResourceRecordSets' ? 'ResourceRecordSet' : 'member';
    return value.map((one) => `<${item}>${toXml(one)}</${item}>`).join('');
  }
  if (typeof value !== 'object' || value === null)
    return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const fields = Object.entries(value);
  if (['Attributes', 'SummaryMap'].includes(name))
    return fields
      .map(([key, inner]) => `<entry><key>${key}</key><value>${toXml(inner)}</value></entry>`)
      .join('');
  return fields.map(([key, inner]) => `<${key}>${toXml(inner, key)}</${key}>`).join('');
}
