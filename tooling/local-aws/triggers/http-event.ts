import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RouteMatch } from './http-route.ts';
import { requestTime } from './access-log.ts';
import { isTextType } from './text-type.ts';

/** The API that a request came to. */
export type ApiIdentity = { apiId: string; accountId: string; region: string; port: number };

/** Path and query of a request. A path that begins with two slashes names no host. */
export function requestTarget({ url = '/' }: Pick<IncomingMessage, 'url'>): URL {
  return new URL(`http://localhost${url.startsWith('/') ? '' : '/'}${url}`);
}

/**
 * The event of payload format 2.0.
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function httpEvent(
  request: IncomingMessage,
  body: Buffer,
  { api, route, requestId, now }: { api: ApiIdentity; route: RouteMatch; requestId: string; now: Date },
) {
  const { pathname, search, searchParams } = requestTarget(request);
  const { cookie, ...headers } = request.headersDistinct;
  const isBase64Encoded = !isTextType(request.headers['content-type']);
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';

  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookie !== undefined && { cookies: cookie.flatMap((line) => line.split('; ')) }),
    headers: { ...joined(headers), ...forwarded(sourceIp, api.port) },
    ...(search.length > 1 && { queryStringParameters: queryParameters(searchParams) }),
    requestContext: {
      accountId: api.accountId,
      apiId: api.apiId,
      domainName: `${api.apiId}.execute-api.${api.region}.amazonaws.com`,
      domainPrefix: api.apiId,
      http: {
        method: request.method ?? 'GET',
        path: pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId,
      routeKey: route.routeKey,
      stage: '$default',
      time: requestTime(now),
      timeEpoch: now.getTime(),
    },
    ...(Object.keys(route.pathParameters).length > 0 && { pathParameters: route.pathParameters }),
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded: body.length > 0 && isBase64Encoded,
  };
}

function joined(headers: NodeJS.Dict<string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, values = []]) => [name, values.join(',')]));
}

function forwarded(sourceIp: string, port: number): Record<string, string> {
  return {
    'x-amzn-trace-id': `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomUUID().replaceAll('-', '').slice(0, 24)}`,
    'x-forwarded-for': sourceIp,
    'x-forwarded-port': String(port),
    'x-forwarded-proto': 'http',
  };
}

function queryParameters(parameters: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...parameters.keys()].map((name) => [name, parameters.getAll(name).join(',')]));
}
