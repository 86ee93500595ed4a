import { validateHeaderName, validateHeaderValue } from 'node:http';
import * as z from 'zod';

/** What API Gateway sends to the client. */
export type HttpAnswer = {
  statusCode: number;
  headers: Record<string, string | string[]>;
  body: Buffer | string;
};

const FullResponseSchema = z.object({
  statusCode: z.union([
    z.int().min(100).max(599),
    z
      .string()
      .regex(/^[1-5]\d\d$/)
      .transform(Number),
  ]),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** An answer of API Gateway's own, for example 404 `{"message":"Not Found"}`. */
export function gatewayAnswer(statusCode: number, message: string): HttpAnswer {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) };
}

/**
 * Turns what a function returned into an answer by the rules of payload format 2.0: without `statusCode`,
 * whatever it is becomes the body of a 200; with one, the parts must have their types, and HTTP must be able
 * to send the headers, or the answer is 500.
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html,
 * "Lambda function response for format 2.0".
 */
export function functionAnswer(payload: unknown): HttpAnswer {
  if (!isObject(payload) || !Object.hasOwn(payload, 'statusCode')) {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body };
  }
  const response = FullResponseSchema.safeParse(payload);
  if (!response.success) return gatewayAnswer(500, 'Internal Server Error');

  const { statusCode, headers, cookies, body, isBase64Encoded } = response.data;
  const own = Object.entries(headers ?? {}).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    String(value),
  ]);
  const cookieHeaders = (cookies ?? []).map((cookie): [string, string] => ['set-cookie', cookie]);
  if (![...own, ...cookieHeaders].every(canBeSent)) return gatewayAnswer(500, 'Internal Server Error');
  return {
    statusCode,
    headers: {
      'content-type': 'text/plain;charset=UTF-8',
      ...Object.fromEntries(own),
      ...(cookies && cookies.length > 0 && { 'set-cookie': cookies }),
    },
    body: isBase64Encoded === true ? Buffer.from(body ?? '', 'base64') : (body ?? ''),
  };
}

function canBeSent([name, value]: [string, string]): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
