import { describe, expect, it } from 'vitest';
import { matchRoute } from '../../triggers/http-route.ts';

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
describe('choosing a route', () => {
  it.each([
    ['GET', '/pets/dog/1', 'GET /pets/dog/1'],
    ['GET', '/pets/dog/2', 'GET /pets/dog/{id}'],
    ['GET', '/pets/cat/1', 'GET /pets/{proxy+}'],
    ['POST', '/pets/5', 'ANY /{proxy+}'],
    ['POST', '/', '$default'],
    ['PUT', '/exact', 'ANY /exact'],
    ['GET', '/exact', 'GET /exact'],
  ])('%s %s goes to %s', (method, path, routeKey) => {
    const routeKeys = [
      '$default',
      'ANY /{proxy+}',
      'GET /pets/{proxy+}',
      'GET /pets/dog/{id}',
      'GET /pets/dog/1',
      'ANY /exact',
      'GET /exact',
    ];

    const match = matchRoute(routeKeys, { method, path });

    expect(match?.routeKey).toBe(routeKey);
  });

  it('does not read a path as a pattern', () => {
    const match = matchRoute(['GET /a.b'], { method: 'GET', path: '/axb' });

    expect(match).toBeUndefined();
  });

  it('gives the greedy variable all the rest', () => {
    const match = matchRoute(['ANY /v1/{proxy+}'], { method: 'GET', path: '/v1/a/b' });

    expect(match?.pathParameters).toEqual({ proxy: 'a/b' });
  });
});
