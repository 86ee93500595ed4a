import { describe, expect, it } from 'vitest';
import { functionAnswer } from '../../triggers/http-response.ts';

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html,
// "Lambda function response for format 2.0"
describe('the answer to a function that returns', () => {
  it.each([
    [{ ok: true }, '{"ok":true}'],
    [[1], '[1]'],
    ['Hello', 'Hello'],
    [null, 'null'],
  ])('%j, without a status, is a 200 with that as its JSON', (payload, body) => {
    const answer = functionAnswer(payload);

    expect(answer).toEqual({ statusCode: 200, headers: { 'content-type': 'application/json' }, body });
  });

  it.each([
    [{ statusCode: 204 }, 204, ''],
    [{ statusCode: '404', body: 'gone' }, 404, 'gone'],
    [{ statusCode: 200, body: null, headers: null }, 200, ''],
  ])('%j is used as it is', (payload, statusCode, body) => {
    const answer = functionAnswer(payload);

    expect(answer).toEqual({ statusCode, headers: { 'content-type': 'text/plain;charset=UTF-8' }, body });
  });

  it.each([
    [{ statusCode: 200, body: { not: 'text' } }],
    [{ statusCode: 'many' }],
    [{ statusCode: 99 }],
    [{ statusCode: 200, headers: 'none' }],
  ])('%j, which is malformed, is a 500', (payload) => {
    const answer = functionAnswer(payload);

    expect(answer).toMatchObject({ statusCode: 500, body: '{"message":"Internal Server Error"}' });
  });
});

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
it.each([
  ['a header with a line break', { headers: { 'x-note': 'a\nb' } }],
  ['a header whose name has a space', { headers: { 'bad name': 'a' } }],
  ['a cookie with a line break', { cookies: ['a=1\r\nb=2'] }],
])('answers 500 to %s, which cannot be sent', (_what, response) => {
  expect(functionAnswer({ statusCode: 200, body: 'x', ...response }).statusCode).toBe(500);
});
