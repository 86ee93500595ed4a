import * as z from 'zod';

import {
  ErrorSchema,
  RewardsQuerySchema,
  RewardsSchema,
  TransactionQuerySchema,
  TransactionSchema,
  TransactionsQuerySchema,
  TransactionsSchema,
} from './api-schemas.ts';

/**
 * The publisher API in OpenAPI 3.1; docs/schemas/publisher-api.openapi.json has the same. The `server` is the
 * stack's output `PublisherApiUrl`.
 *
 * Source: https://spec.openapis.org/oas/v3.1.0
 */
export function buildOpenApi(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Publisher API',
      version: '1.0.0',
      description:
        "A publisher's rewards and transactions, as the table holds them. Requests are signed with AWS Signature Version 4 for the service `execute-api`. Amounts are minor units of their currency; instants are ISO 8601 UTC. Answers may be some seconds old.",
    },
    servers: [
      {
        url: 'https://{api}.execute-api.{region}.amazonaws.com',
        variables: { api: { default: 'api-id' }, region: { default: 'us-east-1' } },
      },
    ],
    security: [{ sigv4: [] }],
    paths: {
      '/v1/rewards': operation({
        id: 'getRewards',
        summary: "A shopper's rewards, by what they are and by currency.",
        query: RewardsQuerySchema,
        answer: RewardsSchema,
      }),
      '/v1/transactions': operation({
        id: 'listTransactions',
        summary: "A page of a shopper's transactions, the latest first.",
        query: TransactionsQuerySchema,
        answer: TransactionsSchema,
      }),
      '/v1/transaction': operation({
        id: 'getTransaction',
        summary: 'One transaction with its line items and its history.',
        query: TransactionQuerySchema,
        answer: TransactionSchema,
        more: { 404: response('No transaction has this id.', ErrorSchema) },
      }),
    },
    components: {
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4. The caller needs `execute-api:Invoke` on `PublisherApiArn`.',
        },
      },
    },
  };
}

type Operation = {
  id: string;
  summary: string;
  query: z.ZodObject;
  answer: z.ZodType;
  more?: Record<number, object>;
};

function operation({ id, summary, query, answer, more = {} }: Operation): object {
  const { properties = {}, required = [] } = toSchema(query, 'input');
  return {
    get: {
      operationId: id,
      summary,
      parameters: Object.entries(properties).map(([name, schema]) => {
        const { description, ...rest } = z.record(z.string(), z.unknown()).parse(schema);
        return { name, in: 'query', required: required.includes(name), description, schema: rest };
      }),
      responses: {
        200: response('The answer.', answer),
        400: response('Parameters are missing or make no sense; `problems` names each.', ErrorSchema),
        ...more,
        403: { description: 'IAM does not let the caller in.' },
        429: { description: 'More requests than the stage allows.' },
        500: { description: 'The table can not be reached; ask again.' },
      },
    },
  };
}

function response(description: string, schema: z.ZodType): object {
  return { description, content: { 'application/json': { schema: toSchema(schema, 'output') } } };
}

function toSchema(schema: z.ZodType, io: 'input' | 'output') {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
  return rest;
}
