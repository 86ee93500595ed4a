import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { LocalFunction } from '../lambda/local-function.ts';
import type { InvocationResult } from '../lambda/invocation-result.ts';
import { listenOnLoopback } from '../loopback-server.ts';
import { readBody } from '../read-body.ts';
import { httpEvent } from './http-event.ts';
import { functionAnswer, gatewayAnswer } from './http-response.ts';
import type { HttpAnswer } from './http-response.ts';
import { matchRoute } from './http-route.ts';
import { createTokenBucket } from './token-bucket.ts';
import type { TokenBucket } from './token-bucket.ts';

/** A function behind a route. */
type Integration = {
  target: LocalFunction;
  timeoutMs: number;
  /** Whether the function lets API Gateway in. */
  mayInvoke(): boolean;
};

/** How many requests pass: of all routes together, and of single ones. */
type Throttles = {
  whole: TokenLimits | undefined;
  byRoute: ReadonlyMap<string, TokenLimits>;
};
type TokenLimits = { burst: number; ratePerSecond: number };

/** An HTTP API. It answers 404 until its stage is deployed. */
export type HttpApi = {
  /** `http://127.0.0.1:<port>` */
  endpoint: string;
  addIntegration(id: string, integration: Integration): void;
  addRoute(routeKey: string, integrationId: string): void;
  deployStage(throttles: Throttles): void;
  close(): Promise<void>;
};

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html, "Payload size". */
const PAYLOAD_LIMIT_BYTES = 10 * 1024 * 1024;

/** Listens for requests. */
export async function startHttpApi(identity: {
  apiId: string;
  accountId: string;
  region: string;
}): Promise<HttpApi> {
  const integrations = new Map<string, Integration>();
  const routes = new Map<string, string>();
  let passes: ((routeKey: string) => boolean) | undefined;

  const answer = async (request: IncomingMessage, port: number): Promise<HttpAnswer> => {
    const body = await readBody(request, PAYLOAD_LIMIT_BYTES);
    const { pathname: path } = new URL(request.url ?? '/', 'http://localhost');
    const route = matchRoute(routes.keys(), { method: request.method ?? 'GET', path });
    if (passes === undefined || route === undefined) return gatewayAnswer(404, 'Not Found');
    if (!passes(route.routeKey)) return gatewayAnswer(429, 'Too Many Requests');
    if (body === 'too-large') return gatewayAnswer(413, 'Request Entity Too Large');

    const integration = integrations.get(routes.get(route.routeKey) ?? '');
    if (integration === undefined) return gatewayAnswer(500, 'Internal Server Error');
    return integrate(
      integration,
      httpEvent(request, body, { api: { ...identity, port }, route, now: new Date() }),
    );
  };

  const server = await listenOnLoopback((request, response) => {
    void answer(request, server.port)
      .catch((): HttpAnswer => gatewayAnswer(500, 'Internal Server Error'))
      .then(({ statusCode, headers, body }) => {
        response.writeHead(statusCode, { ...headers, 'apigw-requestid': randomUUID() });
        response.end(body);
      });
  });
  return {
    endpoint: server.url,
    addIntegration: (id, integration) => {
      integrations.set(id, integration);
    },
    addRoute: (routeKey, integrationId) => {
      routes.set(routeKey, integrationId);
    },
    deployStage: (throttles) => {
      passes = createGate(throttles);
    },
    close: () => server.close(),
  };
}

/**
 * A function that fails is a 500, one that is not done in time or has no concurrency left a 503.
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
 */
async function integrate(integration: Integration, event: object): Promise<HttpAnswer> {
  if (!integration.mayInvoke()) return gatewayAnswer(500, 'Internal Server Error');
  const result = await withinLimit(integration.target.invoke(event), integration.timeoutMs);
  if (result === 'too-late') return gatewayAnswer(503, 'Service Unavailable');
  switch (result.status) {
    case 'succeeded':
      return functionAnswer(result.payload);
    case 'failed':
      return gatewayAnswer(500, 'Internal Server Error');
    case 'refused':
      return result.error.errorType === 'RequestTooLargeException'
        ? gatewayAnswer(413, 'Request Entity Too Large')
        : gatewayAnswer(503, 'Service Unavailable');
  }
}

async function withinLimit(result: Promise<InvocationResult>, limitMs: number) {
  const limit = Promise.withResolvers<'too-late'>();
  const timer = setTimeout(() => {
    limit.resolve('too-late');
  }, limitMs);
  const first = await Promise.race([result, limit.promise]);
  clearTimeout(timer);
  return first;
}

function createGate({ whole, byRoute }: Throttles): (routeKey: string) => boolean {
  const bucketOf = (limits: TokenLimits): TokenBucket => createTokenBucket(limits, Date.now);
  const wholeBucket = whole && bucketOf(whole);
  const routeBuckets = new Map([...byRoute].map(([routeKey, limits]) => [routeKey, bucketOf(limits)]));
  return (routeKey) => (routeBuckets.get(routeKey) ?? wholeBucket)?.take() ?? true;
}
