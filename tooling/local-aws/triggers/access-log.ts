/** What is known of a request to an HTTP API when it has been answered. Latencies are in milliseconds. */
export type AnsweredRequest = {
  requestId: string;
  receivedAt: Date;
  httpMethod: string;
  path: string;
  /** Missing where no route matches. */
  routeKey: string | undefined;
  protocol: string;
  sourceIp: string;
  userAgent: string | undefined;
  status: number;
  responseBytes: number;
  latencyMs: number;
  /** Missing where no function was called. */
  integration:
    | {
        latencyMs: number;
        lambdaStatus: number | undefined;
        functionStatus: number | undefined;
        error: string | undefined;
      }
    | undefined;
  /** The gateway's own words, where the answer is its own. */
  gatewayMessage: string | undefined;
};

/**
 * The variables that are understood. One without a value is `-`.
 *
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
const VARIABLES: Readonly<Record<string, (request: AnsweredRequest) => string | number | undefined>> = {
  requestId: ({ requestId }) => requestId,
  requestTime: ({ receivedAt }) => requestTime(receivedAt),
  requestTimeEpoch: ({ receivedAt }) => Math.floor(receivedAt.getTime() / 1000),
  httpMethod: ({ httpMethod }) => httpMethod,
  path: ({ path }) => path,
  routeKey: ({ routeKey }) => routeKey,
  protocol: ({ protocol }) => protocol,
  stage: () => '$default',
  status: ({ status }) => status,
  responseLength: ({ responseBytes }) => responseBytes,
  responseLatency: ({ latencyMs }) => Math.round(latencyMs),
  'identity.sourceIp': ({ sourceIp }) => sourceIp,
  'identity.userAgent': ({ userAgent }) => userAgent,
  'error.message': ({ gatewayMessage }) => gatewayMessage,
  integrationLatency: ({ integration }) => integration && Math.round(integration.latencyMs),
  'integration.latency': ({ integration }) => integration && Math.round(integration.latencyMs),
  integrationStatus: ({ integration }) => integration?.lambdaStatus,
  'integration.integrationStatus': ({ integration }) => integration?.lambdaStatus,
  'integration.status': ({ integration }) => integration?.functionStatus,
  integrationErrorMessage: ({ integration }) => integration?.error,
  'integration.error': ({ integration }) => integration?.error,
};

const VARIABLE = /\$context\.([A-Za-z]+(?:\.[A-Za-z]+)*)/gu;

/**
 * Writes a request as a line of the given format. Throws now for a variable that is not understood. Values
 * are written as they are: AWS does not say that it escapes them, and a user agent with quotes has been seen
 * to break lines of JSON. No reader of the lines may believe what a caller can put there.
 */
export function createAccessLog(format: string): (request: AnsweredRequest) => string {
  const names = [...format.matchAll(VARIABLE)].map(([, name = '']) => name);
  const unknown = names.filter((name) => !Object.hasOwn(VARIABLES, name));
  if (unknown.length > 0)
    throw new Error(`$context.${unknown.join(', $context.')} is not supported locally.`);
  return (request) =>
    format.replaceAll(VARIABLE, (_whole, name: string) => String(VARIABLES[name]?.(request) ?? '-'));
}

/** For example `12/Mar/2020:19:03:58 +0000`. */
export function requestTime(now: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/.exec(now.toUTCString()) ?? [];
  return `${String(day)}/${String(month)}/${String(year)}:${String(time)} +0000`;
}
