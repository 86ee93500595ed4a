import { describe, expect, it } from 'vitest';

import { deployFixture, functionOf } from '../fixture-assembly.ts';

const ROLE = { 'Fn::GetAtt': ['Role', 'Arn'] };
const TABLE = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: 'Orders',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  },
};
const QUEUE = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'orders', VisibilityTimeout: 60 } };

function roleFor(service: string, statements: readonly object[], trustCondition?: object) {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: `${service}.amazonaws.com` },
            Action: 'sts:AssumeRole',
            ...(trustCondition && { Condition: trustCondition }),
          },
        ],
      },
      Policies: [
        {
          PolicyName: 'Rights',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })),
          },
        },
      ],
    },
  };
}

/** Sends a request of AWS JSON signed as by the SDK, and returns status and body. */
const CALLER = `exports.handler = async ({ service, target, body }) => {
  const response = await fetch(process.env['AWS_ENDPOINT_URL_' + service], {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target, 'x-amz-date': '20260101T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID +
        '/20260101/us-east-1/x/aws4_request, SignedHeaders=host, Signature=local',
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, ...(await response.json()) };
};`;

const READ = {
  service: 'DYNAMODB',
  target: 'DynamoDB_20120810.GetItem',
  body: { TableName: 'Orders', Key: { pk: { S: 'acme#1' } } },
};

describe('a function', () => {
  it.each([
    ['its statements allow it', { 'dynamodb:LeadingKeys': ['acme#*'] }, 200],
    ['the item belongs to another one', { 'dynamodb:LeadingKeys': ['other#*'] }, 400],
  ])('reads an item unless a condition denies it: %s', async (_case, keys, status) => {
    const deployment = await deployFixture({
      resources: {
        Table: TABLE,
        Role: roleFor('lambda', [
          {
            Action: 'dynamodb:GetItem',
            Resource: { 'Fn::GetAtt': ['Table', 'Arn'] },
            Condition: { 'ForAllValues:StringLike': keys },
          },
        ]),
        Caller: functionOf('caller', { Role: ROLE }),
      },
      code: { caller: CALLER },
    });

    const result = await deployment.invoke('Caller', READ);

    expect(result).toMatchObject({ status: 'succeeded', payload: { status } });
    const refused = deployment.access.denied().map(({ action }) => action);
    expect(refused.includes('dynamodb:GetItem')).toBe(status !== 200);
  });

  it.each([
    ['SQS', 'AmazonSQS.SendMessage', { QueueUrl: 'http://x/orders', MessageBody: 'm' }, 403],
    ['SECRETS_MANAGER', 'secretsmanager.GetSecretValue', { SecretId: 'key' }, 400],
    ['EVENTBRIDGE', 'AWSEvents.PutEvents', { Entries: [{ EventBusName: 'bus' }] }, 400],
  ])('without rights is refused by %s in AWS’s words', async (service, target, body, status) => {
    const deployment = await deployFixture({
      resources: {
        Queue: QUEUE,
        Key: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'key', SecretString: 'k' } },
        Role: roleFor('lambda', []),
        Caller: functionOf('caller', { Role: ROLE }),
      },
      code: { caller: CALLER },
    });

    const result = await deployment.invoke('Caller', { service, target, body });

    expect(result).toMatchObject({ payload: { status, __type: 'AccessDeniedException' } });
    expect(JSON.stringify(result)).toContain('because no identity-based policy allows the');
  });
});

describe('a deployment is refused', () => {
  it('if the role of a queue’s function may not receive from it', async () => {
    const resources = {
      Queue: QUEUE,
      Role: roleFor('lambda', [
        {
          Action: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
          Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] },
        },
      ]),
      Caller: functionOf('caller', { Role: ROLE }),
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { FunctionName: { Ref: 'Caller' }, EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] } },
      },
    };

    await expect(deployFixture({ resources, code: { caller: CALLER } })).rejects.toThrow(
      'sqs:ReceiveMessage',
    );
  });

  it('if a function’s role trusts another service', async () => {
    const resources = { Role: roleFor('scheduler', []), Caller: functionOf('caller', { Role: ROLE }) };

    await expect(deployFixture({ resources, code: { caller: CALLER } })).rejects.toThrow(
      'cannot be assumed by lambda.amazonaws.com',
    );
  });
});

it('a schedule whose role may not invoke its target invokes nothing', async () => {
  const deployment = await deployFixture({
    resources: {
      Role: roleFor('scheduler', []),
      Caller: functionOf('caller'),
      Daily: {
        Type: 'AWS::Scheduler::Schedule',
        Properties: {
          ScheduleExpression: 'rate(1 day)',
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: { Arn: { 'Fn::GetAtt': ['Caller', 'Arn'] }, RoleArn: ROLE },
        },
      },
    },
    code: { caller: CALLER },
  });

  await expect(deployment.runSchedule('Daily')).rejects.toThrow('may not invoke its target');
});

describe('the policies of resources', () => {
  const queuePolicy = (statement: object) => ({
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [{ Ref: 'Queue' }],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] }, ...statement }],
      },
    },
  });

  it('decide who may send to a queue from outside, and that nobody does without TLS', async () => {
    const producer = 'arn:aws:iam::111122223333:role/shop';
    // Only the emulator's own endpoint lets a test send without TLS.
    const deployment = await deployFixture(
      {
        resources: {
          Queue: QUEUE,
          Tls: queuePolicy({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 'sqs:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
          Producers: queuePolicy({
            Effect: 'Allow',
            Principal: { AWS: producer },
            Action: 'sqs:SendMessage',
          }),
        },
      },
      { services: 'emulators' },
    );
    const send = async (key: string, headers: Record<string, string> = {}) => {
      const response = await fetch(deployment.endpoints.sqs, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'AmazonSQS.SendMessage',
          authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/sqs/aws4_request`,
          ...headers,
        },
        body: JSON.stringify({ QueueUrl: 'http://x/000000000000/orders', MessageBody: 'm' }),
      });
      return response.status;
    };
    const { access } = deployment;

    expect(await send(access.issueKey(producer))).toBe(200);
    expect(await send(access.issueKey('arn:aws:iam::111122223333:role/other'))).toBe(403);
    expect(await send('local')).toBe(200);
    expect(await send('local', { 'x-forwarded-proto': 'http' })).toBe(403);
  });

  it.each([
    ['/worker', 200],
    ['/other', 500],
  ])('decide which route may invoke a function: a permission for %s', async (path, status) => {
    const deployment = await deployFixture({
      code: { worker: 'exports.handler = async () => ({ statusCode: 200 });' },
      resources: {
        Worker: functionOf('worker'),
        Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
        Integration: {
          Type: 'AWS::ApiGatewayV2::Integration',
          Properties: {
            ApiId: { Ref: 'Api' },
            IntegrationType: 'AWS_PROXY',
            IntegrationUri: { 'Fn::GetAtt': ['Worker', 'Arn'] },
            PayloadFormatVersion: '2.0',
          },
        },
        Route: {
          Type: 'AWS::ApiGatewayV2::Route',
          Properties: {
            ApiId: { Ref: 'Api' },
            RouteKey: 'GET /worker',
            Target: { 'Fn::Sub': 'integrations/${Integration}' },
          },
        },
        Stage: {
          Type: 'AWS::ApiGatewayV2::Stage',
          Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
        },
        Permission: {
          Type: 'AWS::Lambda::Permission',
          Properties: {
            Action: 'lambda:InvokeFunction',
            FunctionName: { 'Fn::GetAtt': ['Worker', 'Arn'] },
            Principal: 'apigateway.amazonaws.com',
            SourceArn: {
              'Fn::Sub': `arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/*/*${path}`,
            },
          },
        },
      },
      outputs: { Url: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } },
    });

    const response = await fetch(`${deployment.output('Url')}/worker`);

    expect(response.status).toBe(status);
  });

  it('decide which schedules may assume a role', async () => {
    const stack = (group: string) => ({
      code: { caller: CALLER },
      resources: {
        Role: roleFor('scheduler', [], {
          ArnLike: {
            'aws:SourceArn': { 'Fn::Sub': `arn:aws:scheduler:*:\${AWS::AccountId}:schedule-group/${group}` },
          },
        }),
        Caller: functionOf('caller'),
        Daily: {
          Type: 'AWS::Scheduler::Schedule',
          Properties: {
            ScheduleExpression: 'rate(1 day)',
            FlexibleTimeWindow: { Mode: 'OFF' },
            Target: { Arn: { 'Fn::GetAtt': ['Caller', 'Arn'] }, RoleArn: ROLE },
          },
        },
      },
    });

    await deployFixture(stack('default'));
    await expect(deployFixture(stack('other'))).rejects.toThrow(
      'cannot be assumed by scheduler.amazonaws.com',
    );
  });
});
