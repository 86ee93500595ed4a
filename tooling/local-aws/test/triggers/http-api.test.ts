// @module-tag long
import { request } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { deployFixture, functionOf } from '../fixture-assembly.ts';
import { textLike } from '../match.ts';

const ECHO = `exports.handler = async (event) => event;`;
const BodySchema = z.object({ body: z.string().optional(), isBase64Encoded: z.boolean() });

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
describe('the event of payload format 2.0', () => {
  it('has the fields that AWS gives it', async () => {
    const url = await deployApi({ code: ECHO, routes: ['POST /hooks/{kind}'] });

    const response = await fetch(`${url}/hooks/tx?a=1&a=2&b=%20`, {
      method: 'POST',
      body: '{"id":1}',
      headers: {
        'Content-Type': 'application/json',
        'X-Many': 'one',
        Cookie: 'a=1; b=2',
        'User-Agent': 'Button',
      },
    });

    expect(await response.json()).toEqual({
      version: '2.0',
      routeKey: 'POST /hooks/{kind}',
      rawPath: '/hooks/tx',
      rawQueryString: 'a=1&a=2&b=%20',
      cookies: ['a=1', 'b=2'],
      headers: expect.objectContaining({
        'content-type': 'application/json',
        'x-many': 'one',
        'x-forwarded-proto': 'http',
      }) as unknown,
      queryStringParameters: { a: '1,2', b: ' ' },
      pathParameters: { kind: 'tx' },
      requestContext: {
        accountId: '000000000000',
        apiId: textLike(/^[0-9a-f]{10}$/),
        domainName: textLike(/^[0-9a-f]{10}\.execute-api\.us-east-1\.amazonaws\.com$/),
        domainPrefix: textLike(/^[0-9a-f]{10}$/),
        http: {
          method: 'POST',
          path: '/hooks/tx',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'Button',
        },
        requestId: textLike(/./),
        routeKey: 'POST /hooks/{kind}',
        stage: '$default',
        time: textLike(/^\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        timeEpoch: expect.any(Number) as unknown,
      },
      body: '{"id":1}',
      isBase64Encoded: false,
    });
  });

  it('combines repeated headers with commas', async () => {
    const url = await deployApi({ code: ECHO, routes: ['GET /'] });

    const body = await new Promise<string>((resolve) => {
      request(`${url}/`, { headers: { 'X-Twice': ['a', 'b'] } }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      }).end();
    });

    expect(JSON.parse(body)).toMatchObject({ headers: { 'x-twice': 'a,b' } });
  });

  it('passes bytes on in base64, byte for byte, unless the content type says text', async () => {
    const url = await deployApi({ code: ECHO, routes: ['POST /'] });
    const bytes = new Uint8Array([0, 255, 10, 195]);
    const headers = { 'content-type': 'application/octet-stream' };

    const response = await fetch(url, { method: 'POST', body: bytes, headers });

    const base64 = Buffer.from(bytes).toString('base64');
    expect(BodySchema.parse(await response.json())).toEqual({ body: base64, isBase64Encoded: true });
  });
});

// The same page, "Lambda function response for format 2.0".
describe('the answer', () => {
  it('is the function’s response, with its cookies and decoded bytes', async () => {
    const url = await deployApi({
      code: `exports.handler = async () => ({ statusCode: 201, headers: { 'X-A': 'b' }, cookies: ['c=1', 'd=2'],
        body: Buffer.from([1, 2, 255]).toString('base64'), isBase64Encoded: true });`,
      routes: ['GET /'],
    });

    const response = await fetch(url);

    expect(response.status).toBe(201);
    expect(response.headers.get('x-a')).toBe('b');
    expect(response.headers.getSetCookie()).toEqual(['c=1', 'd=2']);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array([1, 2, 255]));
  });

  it('is 500 when the function fails', async () => {
    const url = await deployApi({
      code: `exports.handler = async () => { throw new Error(); };`,
      routes: ['GET /'],
    });

    const response = await fetch(url);

    expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
  });

  it('is 500 when the function does not allow API Gateway', async () => {
    const url = await deployApi({ code: ECHO, routes: ['GET /'], permission: false });

    const response = await fetch(url);

    expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
  });

  it('is 503 when the integration’s timeout passes first', async () => {
    const url = await deployApi({
      code: `exports.handler = () => new Promise(() => setInterval(() => {}, 1000));`,
      routes: ['GET /'],
      integration: { TimeoutInMillis: 50 },
    });

    const response = await fetch(url);

    expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }]);
  });
});

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
describe('routing', () => {
  it('answers 404 if no route matches', async () => {
    const url = await deployApi({ code: ECHO, routes: ['POST /hooks'] });

    const otherMethod = await fetch(`${url}/hooks`);
    const otherPath = await fetch(`${url}/hook`, { method: 'POST' });

    expect([otherMethod.status, await otherMethod.json()]).toEqual([404, { message: 'Not Found' }]);
    expect(otherPath.status).toBe(404);
  });
});

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
it('refuses a body over 10 MB with 413', async () => {
  const url = await deployApi({ code: ECHO, routes: ['POST /'] });

  const response = await fetch(url, { method: 'POST', body: new Uint8Array(10 * 1024 * 1024 + 1) });

  expect(response.status).toBe(413);
});

// The same page, "Total combined size of request line and header values".
it('refuses a request whose line and headers take more than 10,240 bytes', async () => {
  const url = await deployApi({ code: ECHO, routes: ['GET /'] });
  const statusWith = async (bytes: number) =>
    (await fetch(url, { headers: { 'x-long': 'x'.repeat(bytes) } })).status;

  expect([await statusWith(9_000), await statusWith(10_240)]).toEqual([200, 431]);
});

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
it('answers 429 over the stage’s throttle', async () => {
  const url = await deployApi({
    code: ECHO,
    routes: ['GET /'],
    stage: { DefaultRouteSettings: { ThrottlingBurstLimit: 2, ThrottlingRateLimit: 0.000001 } },
  });

  const responses = [await fetch(url), await fetch(url), await fetch(url)];

  expect(responses.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(await responses[2]?.json()).toEqual({ message: 'Too Many Requests' });
});

it('stops listening when the deployment closes', async () => {
  const url = await deployApi({ code: ECHO, routes: ['GET /'] });

  await closeLast();

  await vi.waitFor(() => expect(fetch(url)).rejects.toThrow('fetch failed'), 120_000);
});

type ApiFixture = {
  code: string;
  routes: string[];
  permission?: boolean;
  integration?: Record<string, unknown>;
  stage?: Record<string, unknown>;
};

let closeLast: () => Promise<void> = () => Promise.resolve();

/** Returns the URL that the template builds as the CDK does, without the slash at its end. */
async function deployApi({
  code,
  routes,
  permission = true,
  integration,
  stage,
}: ApiFixture): Promise<string> {
  const api = { Ref: 'Api' };
  const routeResources = routes.map((RouteKey, index) => [
    `Route${index}`,
    {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: api,
        RouteKey,
        Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
      },
    },
  ]);
  const deployment = await deployFixture({
    code: { handler: code },
    resources: {
      Handler: functionOf('handler'),
      Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'Api', ProtocolType: 'HTTP' } },
      Stage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ApiId: api, StageName: '$default', AutoDeploy: true, ...stage },
      },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ApiId: api,
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: { 'Fn::GetAtt': ['Handler', 'Arn'] },
          PayloadFormatVersion: '2.0',
          ...integration,
        },
      },
      ...(permission && {
        Permission: {
          Type: 'AWS::Lambda::Permission',
          Properties: {
            Action: 'lambda:InvokeFunction',
            FunctionName: { 'Fn::GetAtt': ['Handler', 'Arn'] },
            Principal: 'apigateway.amazonaws.com',
          },
        },
      }),
      ...(Object.fromEntries(routeResources) as Record<string, { Type: string }>),
    },
    outputs: {
      Url: {
        Value: {
          'Fn::Join': [
            '',
            ['https://', api, '.execute-api.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }, '/'],
          ],
        },
      },
    },
  });
  closeLast = () => deployment.close();
  return deployment.output('Url').replace(/\/$/, '');
}
