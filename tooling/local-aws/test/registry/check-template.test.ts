import { describe, expect, it } from 'vitest';
import { templateProblems } from '../../registry/check-template.ts';
import { REGISTRY_REGIONS } from '../../registry/resource-schema.ts';

type Resources = Record<string, { Type: string; Properties?: Record<string, unknown> }>;

const QUEUE_ARN = { 'Fn::GetAtt': ['Queue', 'Arn'] };
const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
const ROLE = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: TRUST } };
const FUNCTION = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Bucket: 'assets', S3Key: 'a.zip' },
    Handler: 'index.handler',
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    Runtime: 'nodejs24.x',
    Timeout: 30,
  },
};
const MAPPING = {
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: { FunctionName: { Ref: 'Function' }, EventSourceArn: QUEUE_ARN },
};
const ALARM = {
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 1,
    MetricName: 'Errors',
    Namespace: 'Test',
    Period: 60,
    Statistic: 'Sum',
    Threshold: 0,
  },
};
const TABLE = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  },
};

const withProperties = <Resource extends Resources[string]>(
  resource: Resource,
  more: Record<string, unknown>,
) => ({
  ...resource,
  Properties: { ...resource.Properties, ...more },
});
const queue = (properties: Record<string, unknown>) => ({ Type: 'AWS::SQS::Queue', Properties: properties });
const queuePolicy = (Statement: unknown[]) => ({
  Type: 'AWS::SQS::QueuePolicy',
  Properties: { Queues: [{ Ref: 'Queue' }], PolicyDocument: { Version: '2012-10-17', Statement } },
});
const statement = (more: Record<string, unknown> = {}) => ({
  Effect: 'Allow',
  Principal: '*',
  Action: 'sqs:SendMessage',
  Resource: '*',
  ...more,
});
const inlinePolicy = (length: number) => ({
  PolicyName: 'inline',
  PolicyDocument: {
    Version: '2012-10-17',
    Statement: [statement({ Resource: `arn:aws:sqs:${'a'.repeat(length)}` })],
  },
});
const dashboard = (widgets: unknown[]) => ({
  Type: 'AWS::CloudWatch::Dashboard',
  Properties: { DashboardBody: JSON.stringify({ widgets }) },
});
const widgetOf = (metrics: number) => ({ properties: { metrics: Array(metrics).fill(['A', 'B']) } });

function problemsOf(
  Resources: Resources,
  { sections = {}, region = 'eu-west-1' }: { sections?: object; region?: string } = {},
): string[] {
  const text = JSON.stringify({ Resources, ...sections });
  return templateProblems({ stackName: 'Stack', text, region, accountId: '111122223333' });
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-type-schemas.html
describe('a template is checked against the registry', () => {
  it.each(REGISTRY_REGIONS)('and passes in %s with what the schemas allow', (region) => {
    const resources = { Role: ROLE, Function: FUNCTION, Queue: queue({}), Mapping: MAPPING, ALARM, TABLE };

    expect(problemsOf(resources, { region })).toEqual([]);
  });

  it.each<[string, Resources[string], string]>([
    ['another type', queue({ DelaySeconds: 'soon' }), 'property DelaySeconds must be integer'],
    [
      'a value over the maximum',
      queue({ VisibilityTimeout: 43_201 }),
      'property VisibilityTimeout must be <= 43200',
    ],
    ['a property that the type lacks', queue({ Colour: 'red' }), 'must NOT have additional properties'],
    ['a read-only property', queue({ QueueUrl: 'https://x' }), 'property QueueUrl is read-only'],
    [
      'a value outside an enum',
      withProperties(FUNCTION, { TracingConfig: { Mode: 'Loud' } }),
      'property TracingConfig/Mode must be equal to one of the allowed values',
    ],
    [
      'a string that does not match its pattern',
      withProperties(FUNCTION, { Role: 'role/worker' }),
      'property Role must match pattern',
    ],
    [
      'a string that is too long',
      withProperties(FUNCTION, { Description: 'x'.repeat(257) }),
      'property Description must NOT have more than 256 characters',
    ],
    [
      'a missing property',
      { Type: 'AWS::IAM::Role' },
      "must have required property 'AssumeRolePolicyDocument'",
    ],
    [
      'two definitions of an alarm’s metric',
      withProperties(ALARM, { Metrics: [] }),
      'must pass "requiredXor" keyword validation',
    ],
    [
      'a type that no region has',
      { Type: 'AWS::SQS::Stack' },
      'the type AWS::SQS::Stack is not in the registry',
    ],
  ])('and refused for %s', (_case, resource, problem) => {
    const problems = problemsOf({ Role: ROLE, Bad: resource });

    expect(problems.join('\n')).toContain(problem);
  });

  it('with ARNs of the partition', () => {
    const role = withProperties(ROLE, {
      ManagedPolicyArns: [{ 'Fn::Sub': 'arn:${AWS::Partition}:iam::aws:policy/A' }],
    });
    const wrong = withProperties(FUNCTION, { Role: { 'Fn::Sub': '${AWS::Partition}:role' } });

    expect(problemsOf({ Role: role, Wrong: wrong }, { region: 'cn-north-1' })).toEqual([
      expect.stringContaining('Wrong (AWS::Lambda::Function): property Role must match pattern'),
    ]);
  });
});

describe('a template is checked against limits that no schema contains', () => {
  const many = (count: number, resource: Resources[string]) =>
    Object.fromEntries(Array.from({ length: count }, (_unused, index) => [`R${index}`, resource]));
  const outputs = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_unused, index) => [`O${index}`, { Value: 'x' }]));

  it.each<[string, { resources?: Resources; sections?: object }, string]>([
    ['501 resources', { resources: many(501, queue({})) }, 'the resources are 501 resources, more than 500.'],
    ['201 outputs', { sections: { Outputs: outputs(201) } }, 'the outputs are 201 outputs, more than 200.'],
    [
      'over a megabyte',
      { sections: { Metadata: { a: 'x'.repeat(1_048_576) } } },
      'bytes, more than 1048576.',
    ],
    ['a long description', { sections: { Description: 'é'.repeat(513) } }, 'the description has 1026 bytes'],
    [
      'a hyphen in a logical id',
      { resources: { 'My-Queue': queue({}) } },
      'My-Queue cannot be a logical id.',
    ],
    [
      'an output that is a list',
      { sections: { Outputs: { A: { Value: ['x'] } } } },
      'output A is not a text.',
    ],
    [
      'environment variables over 4 KB',
      {
        resources: {
          Role: ROLE,
          A: withProperties(FUNCTION, { Environment: { Variables: { BIG: 'x'.repeat(4096) } } }),
        },
      },
      'the environment variables have 4106 bytes, more than 4096.',
    ],
    [
      'inline policies over 10,240 characters, all of a role together',
      {
        resources: {
          Role: withProperties(ROLE, { Policies: [inlinePolicy(6000)] }),
          More: {
            Type: 'AWS::IAM::Policy',
            Properties: { ...inlinePolicy(6000), Roles: [{ Ref: 'Role' }] },
          },
        },
      },
      'Role: the inline policies have 122',
    ],
    [
      'a managed policy over 6,144 characters',
      {
        resources: {
          Readers: {
            Type: 'AWS::IAM::ManagedPolicy',
            Properties: { PolicyDocument: inlinePolicy(6200).PolicyDocument },
          },
        },
      },
      'more than 6144.',
    ],
    ...['Orders', '', 'arn:aws'].map((resource): [string, { resources: Resources }, string] => [
      `the resource "${resource}" of a policy, which is no ARN`,
      {
        resources: {
          Role: withProperties(ROLE, {
            Policies: [
              {
                PolicyName: 'a',
                PolicyDocument: { ...TRUST, Statement: [statement({ Resource: resource })] },
              },
            ],
          }),
        },
      },
      `the resource ${resource} is neither an ARN nor *.`,
    ]),
    [
      'a trust policy over 2,048 characters',
      {
        resources: {
          Role: withProperties(ROLE, {
            AssumeRolePolicyDocument: { ...TRUST, Statement: Array(30).fill(TRUST.Statement[0]) },
          }),
        },
      },
      'Role: the trust policy has',
    ],
    [
      '21 statements for a queue',
      { resources: { Queue: queue({}), Policy: queuePolicy(Array(21).fill(statement())) } },
      'the policy has 21 statements, more than 20.',
    ],
    [
      '8 actions in a statement for a queue',
      {
        resources: { Queue: queue({}), Policy: queuePolicy([statement({ Action: Array(8).fill('sqs:A') })]) },
      },
      'a statement has 8 actions, more than 7.',
    ],
    [
      '51 principals for a queue',
      {
        resources: {
          Queue: queue({}),
          Policy: queuePolicy([statement({ Principal: { AWS: Array(51).fill('111122223333') } })]),
        },
      },
      'the policy has 51 principals, more than 50.',
    ],
    [
      'a FIFO queue without its suffix',
      { resources: { A: queue({ FifoQueue: true, QueueName: 'a' }) } },
      'a cannot be',
    ],
    [
      'an attribute that is not a key',
      {
        resources: {
          A: withProperties(TABLE, {
            AttributeDefinitions: ['id', 'b'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
          }),
        },
      },
      'the attribute b must be both defined and a key.',
    ],
    [
      'an alarm over more than a day',
      { resources: { A: withProperties(ALARM, { EvaluationPeriods: 1441 }) } },
      'the alarm looks at 86460 seconds, more than 86400.',
    ],
    [
      'an alarm with six actions',
      {
        resources: { A: withProperties(ALARM, { AlarmActions: Array(6).fill('arn:aws:sns:eu-west-1:1:a') }) },
      },
      'a state has 6 actions, more than 5.',
    ],
    [
      '501 widgets',
      { resources: { A: dashboard(Array(501).fill(widgetOf(1))) } },
      'has 501 widgets, more than 500.',
    ],
    ['501 metrics in a widget', { resources: { A: dashboard([widgetOf(501)]) } }, 'a widget has 501 metrics'],
    [
      '2,501 metrics on a dashboard',
      { resources: { A: dashboard([1, 500, 500, 500, 500, 500].map(widgetOf)) } },
      'the dashboard has 2501 metrics, more than 2500.',
    ],
    [
      'a visibility timeout shorter than the function’s timeout',
      {
        resources: {
          Role: ROLE,
          Function: FUNCTION,
          Queue: queue({ VisibilityTimeout: 29 }),
          Mapping: MAPPING,
        },
      },
      'Mapping: the function has 30 seconds for messages that are hidden for a shorter time, more than 29.',
    ],
    [
      'a batching window on a FIFO queue',
      {
        resources: {
          Role: ROLE,
          Function: FUNCTION,
          Queue: queue({ FifoQueue: true }),
          Mapping: withProperties(MAPPING, { MaximumBatchingWindowInSeconds: 1 }),
        },
      },
      'Mapping: a FIFO queue has batches of ten at most, and no batching window.',
    ],
    [
      'a dead-letter queue of the other kind',
      {
        resources: {
          Queue: queue({}),
          A: queue({
            FifoQueue: true,
            RedrivePolicy: { deadLetterTargetArn: QUEUE_ARN, maxReceiveCount: 3 },
          }),
        },
      },
      'A: its dead-letter queue is of the other kind.',
    ],
  ])('and refused for %s', (_case, { resources = {}, sections }, problem) => {
    const problems = problemsOf(resources, sections === undefined ? {} : { sections });

    expect(problems.join('\n')).toContain(problem);
  });
});
