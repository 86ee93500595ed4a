import { describe, expect, it } from 'vitest';
import { isTextType } from '../../triggers/text-type.ts';

// https://aws.amazon.com/blogs/compute/handling-binary-data-using-amazon-api-gateway-http-apis/
describe('a request body', () => {
  it.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'text/plain',
    'application/xml',
    'application/javascript',
    'application/cloudevents+json',
    'application/soap+xml',
  ])('of type %s is passed on as text', (contentType) => {
    expect(isTextType(contentType)).toBe(true);
  });

  it.each([
    'application/octet-stream',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonlines',
    'image/png',
    '',
    undefined,
  ])('of type %s is passed on in base64', (contentType) => {
    expect(isTextType(contentType)).toBe(false);
  });
});
