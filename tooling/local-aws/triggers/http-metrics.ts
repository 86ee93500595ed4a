import type { MetricStore } from '../cloudwatch/metric-store.ts';
import type { AnsweredRequest } from './access-log.ts';

/**
 * Puts what API Gateway tells CloudWatch of a request, for the API and for its stage. DataProcessed and the
 * detailed metrics of routes are not put.
 *
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
 */
export function putRequest(store: MetricStore, apiId: string, request: AnsweredRequest): void {
  const values = {
    Count: 1,
    '4xx': request.status >= 400 && request.status < 500 ? 1 : 0,
    '5xx': request.status >= 500 ? 1 : 0,
    Latency: request.latencyMs,
    ...(request.integration && { IntegrationLatency: request.integration.latencyMs }),
  };
  for (const [name, value] of Object.entries(values)) {
    for (const dimensions of [{ ApiId: apiId }, { ApiId: apiId, Stage: '$default' }])
      store.put(
        { namespace: 'AWS/ApiGateway', name, dimensions },
        { atMs: request.receivedAt.getTime(), value },
      );
  }
}
