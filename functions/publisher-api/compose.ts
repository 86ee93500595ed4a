import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

import { parseEnvironment } from '../../shared/runtime/env.ts';
import type { ComposedFunction, Runtime } from '../../shared/runtime/runtime.ts';
import { createTransactionStore } from '../../shared/transactions/store/transaction-store.ts';
import { answerRequest, type ApiPorts } from './answer-request.ts';
import { EnvironmentSchema } from './env.ts';

/**
 * Composes the function behind the publisher API. It only reads. If the table cannot be reached, it throws:
 * the HTTP API then answers 500, and another request may succeed.
 */
export function composePublisherApi({
  env: variables,
  aws,
  metrics,
  now,
}: Runtime<'dynamodb'>): ComposedFunction<
  Pick<APIGatewayProxyEventV2, 'routeKey' | 'rawQueryString'>,
  APIGatewayProxyStructuredResultV2
> {
  const env = parseEnvironment(EnvironmentSchema, variables);
  const access = { client: aws.dynamodb(), table: env.TRANSACTIONS_TABLE };
  const ports: ApiPorts = {
    access,
    // It writes nothing: whose transaction it is, the table says.
    transactions: createTransactionStore({ ...access, shopperField: 'none' }),
    personalDataDays: env.PERSONAL_DATA_DAYS,
    now,
  };
  return {
    async handle({ routeKey, rawQueryString }) {
      const { status, body } = await answerRequest({ routeKey, query: rawQueryString }, ports);
      metrics.add({ name: 'PublisherApiRequests', value: 1, dimensions: { Status: String(status) } });
      return {
        statusCode: status,
        headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
        body: JSON.stringify(body),
      };
    },
  };
}
