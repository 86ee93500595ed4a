import { describe, expect, it } from 'vitest';
import { createAccessLog, type AnsweredRequest } from '../../triggers/access-log.ts';

const ACCEPTED: AnsweredRequest = {
  requestId: 'request-1',
  receivedAt: new Date('2020-03-12T19:03:58.123Z'),
  httpMethod: 'POST',
  path: '/hooks',
  routeKey: 'POST /hooks',
  protocol: 'HTTP/1.1',
  sourceIp: '192.0.2.1',
  userAgent: 'Button Webhooks/1.0',
  status: 200,
  responseBytes: 12,
  latencyMs: 20.4,
  integration: { latencyMs: 18.6, lambdaStatus: 200, functionStatus: 200, error: undefined },
  gatewayMessage: undefined,
};

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
describe('an access log', () => {
  it('puts the properties of a request into its format', () => {
    const lineOf = createAccessLog(
      '$context.requestTime "$context.routeKey" $context.status $context.responseLatency $context.integration.latency',
    );

    expect(lineOf(ACCEPTED)).toBe('12/Mar/2020:19:03:58 +0000 "POST /hooks" 200 20 19');
  });

  it('puts a dash for missing values, for example of a throttled request', () => {
    const throttled = {
      ...ACCEPTED,
      status: 429,
      integration: undefined,
      gatewayMessage: 'Too Many Requests',
    };
    const lineOf = createAccessLog('$context.status $context.integrationStatus $context.error.message');

    expect(lineOf(throttled)).toBe('429 - Too Many Requests');
  });

  it('puts values in unchanged: quotes in one make a line that is not JSON', () => {
    const lineOf = createAccessLog('{"userAgent":"$context.identity.userAgent"}');

    const line = lineOf({ ...ACCEPTED, userAgent: 'a "quoted" \\ one' });

    expect(line).toBe('{"userAgent":"a "quoted" \\ one"}');
  });
});
