import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { LocalFunction } from '../lambda/local-function.ts';
import type { InvocationResult } from '../lambda/invocation-result.ts';
import { listenOnLoopback } from '../loopback-server.ts';
import { readBody } from '../read-body.ts';
import type { AnsweredRequest } from './access-log.ts';
import { httpEvent, requestTarget } from './http-event.ts';
import { functionAnswer, gatewayAnswer } from './http-response.ts';
import type { HttpAnswer } from './http-response.ts';
import { matchRoute } from './http-route.ts';
import { createTokenBucket } from './token-bucket.ts';
import type { TokenBucket } from './token-bucket.ts';

/** A function behind a route. */
type Integration = {
  target: LocalFunction;
  timeoutMs: number;
  /** Whether the function lets API Gateway in by the route with this key. */
  mayInvoke(routeKey: string): boolean;
};

/** A route, and who may call it; everybody unless `mayCall` says so of a request. */
type Route = {
  integrationId: string;
  mayCall?:
    | ((request: { method: string; path: string; authorization: string | undefined }) => boolean)
    | undefined;
};

/** How many requests pass: of all routes together, and of single ones. */
type Throttles = {
  whole: TokenLimits | undefined;
  byRoute: ReadonlyMap<string, TokenLimits>;
};
type TokenLimits = { burst: number; ratePerSecond: number };

/** Hears of every request to the stage. */
type StageListener = (request: AnsweredRequest) => void;

/** An HTTP API. It answers 404 until its stage is deployed. */
export type HttpApi = {
  /** `http://127.0.0.1:<port>` */
  endpoint: string;
  addIntegration(id: string, integration: Integration): void;
  removeIntegration(id: string): void;
  addRoute(routeKey: string, route: Route): void;
  removeRoute(routeKey: string): void;
  deployStage(throttles: Throttles, onAnswered?: StageListener): void;
  /** It answers 404 again. */
  removeStage(): void;
  close(): Promise<void>;
};

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html, "Payload size". */
const PAYLOAD_LIMIT_BYTES = 10 * 1024 * 1024;

/**
 * The request line and the values of all headers, together. AWS documents the limit, and not the answer.
 *
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 */
const HEAD_LIMIT_BYTES = 10_240;

function headBytes({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): number {
  const values = rawHeaders.filter((_text, index) => index % 2 === 1);
  return Buffer.byteLength([`${method} ${url} HTTP/${httpVersion}`, ...values].join(''));
}

/** An answer, and what the access log tells of how it came about. */
type Answered = Pick<AnsweredRequest, 'integration' | 'routeKey'> & { answer: HttpAnswer };

/** Listens for requests, and tells `onAnswered` of each. */
export async function startHttpApi(
  identity: { apiId: string; accountId: string; region: string },
  onAnswered: (request: AnsweredRequest) => void = () => undefined,
): Promise<HttpApi> {
  const integrations = new Map<string, Integration>();
  const routes = new Map<string, Route>();
  let stage: { passes: (routeKey: string) => boolean; onAnswered: StageListener } | undefined;

  const answer = async (
    request: IncomingMessage,
    { port, requestId, now }: { port: number; requestId: string; now: Date },
  ): Promise<Answered> => {
    const body = await readBody(request, PAYLOAD_LIMIT_BYTES);
    if (headBytes(request) > HEAD_LIMIT_BYTES) return ownAnswer(431, 'Request Header Fields Too Large');
    const { pathname: path } = requestTarget(request);
    const route = matchRoute(routes.keys(), { method: request.method ?? 'GET', path });
    if (stage === undefined || route === undefined) return ownAnswer(404, 'Not Found');
    const { routeKey } = route;
    const { integrationId = '', mayCall = () => true } = routes.get(routeKey) ?? {};
    const { authorization } = request.headers;
    if (!mayCall({ method: request.method ?? 'GET', path, authorization }))
      return { ...ownAnswer(403, 'Forbidden'), routeKey };
    if (!stage.passes(routeKey)) return { ...ownAnswer(429, 'Too Many Requests'), routeKey };
    if (body === 'too-large') return { ...ownAnswer(413, 'Request Entity Too Large'), routeKey };

    const integration = integrations.get(integrationId);
    if (integration === undefined) return { ...ownAnswer(500, 'Internal Server Error'), routeKey };
    const event = httpEvent(request, body, { api: { ...identity, port }, route, requestId, now });
    return { ...(await integrate(integration, event, routeKey)), routeKey };
  };

  const server = await listenOnLoopback((request, response) => {
    const [now, startedAtMs, requestId] = [new Date(), performance.now(), randomUUID()];
    void answer(request, { port: server.port, requestId, now })
      .catch(() => ownAnswer(500, 'Internal Server Error'))
      .then((answered) => {
        send(response, answered.answer, requestId);
        const latencyMs = performance.now() - startedAtMs;
        const reported = describe(request, answered, { requestId, receivedAt: now, latencyMs });
        onAnswered(reported);
        stage?.onAnswered(reported);
      });
  });
  return {
    endpoint: server.url,
    addIntegration: (id, integration) => {
      integrations.set(id, integration);
    },
    removeIntegration: (id) => {
      integrations.delete(id);
    },
    removeRoute: (routeKey) => {
      routes.delete(routeKey);
    },
    removeStage: () => {
      stage = undefined;
    },
    addRoute: (routeKey, route) => {
      routes.set(routeKey, route);
    },
    deployStage: (throttles, onStageAnswered = () => undefined) => {
      stage = { passes: createGate(throttles), onAnswered: onStageAnswered };
    },
    close: () => server.close(),
  };
}

function ownAnswer(status: number, message: string): Answered {
  return { answer: gatewayAnswer(status, message), routeKey: undefined, integration: undefined };
}

function send(response: ServerResponse, { statusCode, headers, body }: HttpAnswer, requestId: string): void {
  response.writeHead(statusCode, { ...headers, 'apigw-requestid': requestId });
  response.end(body);
}

function describe(
  request: IncomingMessage,
  { answer, routeKey, integration }: Answered,
  timing: Pick<AnsweredRequest, 'requestId' | 'receivedAt' | 'latencyMs'>,
): AnsweredRequest {
  const isOwn = integration?.functionStatus === undefined;
  return {
    ...timing,
    routeKey,
    integration,
    httpMethod: request.method ?? 'GET',
    path: requestTarget(request).pathname,
    protocol: `HTTP/${request.httpVersion}`,
    sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
    userAgent: request.headers['user-agent'],
    status: answer.statusCode,
    responseBytes: Buffer.byteLength(answer.body),
    gatewayMessage: isOwn ? OwnBodySchema.parse(JSON.parse(String(answer.body))).message : undefined,
  };
}

const OwnBodySchema = z.object({ message: z.string() });

/**
 * A function that fails is a 500, one that is not done in time or has no concurrency left a 503.
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
 */
async function integrate(integration: Integration, event: object, routeKey: string): Promise<Answered> {
  const startedAtMs = performance.now();
  const came = (answer: HttpAnswer, lambdaStatus: number | undefined, error?: string): Answered => {
    const latencyMs = performance.now() - startedAtMs;
    const functionStatus = error === undefined ? answer.statusCode : undefined;
    return { answer, routeKey: undefined, integration: { latencyMs, lambdaStatus, functionStatus, error } };
  };
  if (!integration.mayInvoke(routeKey))
    return came(gatewayAnswer(500, 'Internal Server Error'), 403, 'API Gateway may not invoke the function.');
  const result = await withinLimit(integration.target.invoke(event), integration.timeoutMs);
  if (result === 'too-late')
    return came(gatewayAnswer(503, 'Service Unavailable'), undefined, 'The function did not answer in time.');
  switch (result.status) {
    case 'succeeded':
      return came(functionAnswer(result.payload), 200);
    case 'failed':
      return came(gatewayAnswer(500, 'Internal Server Error'), 200, result.error.errorMessage);
    case 'refused':
      return result.error.errorType === 'RequestTooLargeException'
        ? came(gatewayAnswer(413, 'Request Entity Too Large'), 413, result.error.errorMessage)
        : came(gatewayAnswer(503, 'Service Unavailable'), 429, result.error.errorMessage);
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
