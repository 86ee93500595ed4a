import { CfnManagedPolicy, CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnEventSourceMapping, CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { App, CfnDeletionPolicy, CfnResource, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';

import { ButtonChecks } from '../../../infra/compliance/button-checks.ts';

type Change = (resource: CfnResource) => void;

/** Names of the rules that one resource breaks. */
function broken(
  type: string,
  properties: object,
  { retainsData = false, change }: { retainsData?: boolean; change?: Change } = {},
) {
  const app = new App();
  const stack = new Stack(app, 'Test');
  const resource = new CfnResource(stack, 'It', { type, properties: { ...properties } });
  change?.(resource);
  return rulesBroken(app, retainsData);
}

function rulesBroken(app: App, retainsData: boolean): string[] {
  const { violations } = new ButtonChecks(app, { retainsData }).validateScope(app);
  return violations.map(({ ruleName }) => ruleName);
}

const retain: Change = ({ cfnOptions }) => {
  cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE;
  cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
};
const KEPT = { retainsData: true, change: retain };
const SAFE = {
  DeletionProtectionEnabled: true,
  PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
};
const UNSAFE = {
  DeletionProtectionEnabled: false,
  PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
};
const LOGGING = { LogGroup: 'logs', LogFormat: 'JSON', ApplicationLogLevel: 'INFO' };
const allow = (principal: unknown) => ({
  PolicyDocument: { Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sqs:SendMessage' }] },
});

describe('a table', () => {
  it('must be restorable and protected from deletion if its data is kept', () => {
    expect(broken('AWS::DynamoDB::Table', SAFE, KEPT)).toEqual([]);
    expect(broken('AWS::DynamoDB::Table', UNSAFE, KEPT)).toEqual([
      'Button-TableRestorable',
      'Button-TableUndeletable',
    ]);
    expect(broken('AWS::DynamoDB::Table', {}, KEPT)).toHaveLength(2);
    expect(broken('AWS::DynamoDB::Table', UNSAFE)).toEqual([]);
  });

  it('must be so in every region, if it is a global one', () => {
    const replicas = (...all: object[]) => ({ Replicas: all });

    expect(broken('AWS::DynamoDB::GlobalTable', replicas(SAFE, SAFE), KEPT)).toEqual([]);
    expect(broken('AWS::DynamoDB::GlobalTable', replicas(SAFE, UNSAFE), KEPT)).toHaveLength(2);
  });
});

describe('a resource with data', () => {
  it.each(['AWS::SQS::Queue', 'AWS::SecretsManager::Secret', 'AWS::Logs::LogGroup'])(
    'must outlive its stack if its data is kept: %s',
    (type) => {
      const deleteOnReplacement: Change = (resource) => {
        retain(resource);
        resource.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.DELETE;
      };

      expect(broken(type, {}, KEPT)).toEqual([]);
      expect(broken(type, {}, { retainsData: true })).toEqual(['Button-DataRetained']);
      expect(broken(type, {}, { retainsData: true, change: deleteOnReplacement })).toEqual([
        'Button-DataRetained',
      ]);
      expect(broken(type, {})).toEqual([]);
    },
  );
});

describe('a queue and its worker', () => {
  const mapped = (visibilityTimeout: number) => {
    const app = new App();
    const stack = new Stack(app, 'Test');
    const queue = new CfnQueue(stack, 'Queue', { visibilityTimeout });
    const worker = new CfnFunction(stack, 'Worker', {
      code: {},
      role: 'role',
      timeout: 30,
      loggingConfig: { logGroup: 'logs', logFormat: 'JSON', applicationLogLevel: 'INFO' },
    });
    new CfnEventSourceMapping(stack, 'Mapping', {
      functionName: worker.ref,
      eventSourceArn: queue.attrArn,
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: 2 },
    });
    return rulesBroken(app, false);
  };

  it('hide a message for six times as long as the worker may run (A11)', () => {
    expect(mapped(180)).toEqual([]);
    expect(mapped(179)).toEqual(['Button-LambdaEventSourceSQSVisibilityTimeout']);
  });

  it('try a message at least three times before it is moved to the dead-letter queue', () => {
    const redrive = (maxReceiveCount?: number) => ({ RedrivePolicy: { maxReceiveCount } });

    expect(broken('AWS::SQS::Queue', {})).toEqual([]);
    expect(broken('AWS::SQS::Queue', redrive(3))).toEqual([]);
    for (const count of [1, 2, undefined])
      expect(broken('AWS::SQS::Queue', redrive(count))).toEqual(['Button-RedeliveryForgiving']);
  });
});

describe('a mapping', () => {
  const MAPPING = {
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 2 },
  };

  it.each([
    ['receives the whole batch again', { FunctionResponseTypes: [] }, 'BatchItemFailuresReported'],
    ['filters (A19)', { FilterCriteria: { Filters: [{ Pattern: '{}' }] } }, 'NothingFiltered'],
    ['is unbounded (A13)', { ScalingConfig: undefined }, 'ConcurrencyBounded'],
  ])('is refused that %s', (_fault, change, rule) => {
    expect(broken('AWS::Lambda::EventSourceMapping', MAPPING)).toEqual([]);
    expect(broken('AWS::Lambda::EventSourceMapping', { ...MAPPING, ...change })).toEqual([`Button-${rule}`]);
  });

  it('of a stream has no maximum concurrency', () => {
    const ofStream = { ...MAPPING, ScalingConfig: undefined, StartingPosition: 'TRIM_HORIZON' };

    expect(broken('AWS::Lambda::EventSourceMapping', ofStream)).toEqual([]);
  });
});

describe('AWS, requirement 1: a function that may start itself', () => {
  type Right = {
    action: string;
    isOwnQueue?: boolean;
    /** A statement's resource, instead of a queue of the stack. */
    resource?: unknown;
    isAttached?: boolean | 'managed' | 'managed by the role';
    recursiveLoop?: string;
  };
  const QUEUE_TAKEN = { Effect: 'Allow', Action: ['sqs:ReceiveMessage'] };

  const withRight = ({ action, isOwnQueue = true, resource, isAttached = false, recursiveLoop }: Right) => {
    const app = new App();
    const stack = new Stack(app, 'Test');
    const [queue, other] = ['Queue', 'Other'].map(
      (id) => new CfnQueue(stack, id, { visibilityTimeout: 180 }),
    );
    const right = {
      Effect: 'Allow',
      Action: action,
      Resource: resource ?? (isOwnQueue ? queue : other)?.attrArn,
    };
    const taken = { ...QUEUE_TAKEN, Resource: queue?.attrArn };
    const policy = (statements: object[]) => ({
      policyName: 'Rights',
      policyDocument: { Statement: statements },
    });
    const role = new CfnRole(stack, 'Role', {
      assumeRolePolicyDocument: {},
      policies: [policy(isAttached === false ? [taken, right] : [taken])],
    });
    if (isAttached === 'managed')
      new CfnManagedPolicy(stack, 'Managed', { ...policy([right]), roles: [role.ref] });
    if (isAttached === 'managed by the role')
      role.managedPolicyArns = [new CfnManagedPolicy(stack, 'Managed', policy([right])).ref];
    if (isAttached === true) new CfnPolicy(stack, 'Policy', { ...policy([right]), roles: [role.ref] });
    const worker = new CfnFunction(stack, 'Worker', {
      code: {},
      role: role.attrArn,
      timeout: 30,
      loggingConfig: { logGroup: 'logs', logFormat: 'JSON', applicationLogLevel: 'INFO' },
      ...(recursiveLoop !== undefined && { recursiveLoop }),
    });
    new CfnEventSourceMapping(stack, 'Mapping', {
      functionName: worker.ref,
      eventSourceArn: queue?.attrArn ?? '',
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: 2 },
    });
    return rulesBroken(app, false);
  };

  it.each<Right>([
    { action: 'sqs:SendMessage' },
    { action: 'sqs:Send*' },
    { action: 'sqs:*', isAttached: true },
    { action: 'sqs:SendMessage', recursiveLoop: 'Terminate' },
    { action: 'sqs:SendMessage', isAttached: 'managed' },
    { action: 'sqs:SendMessage', isAttached: 'managed by the role' },
    ...[
      '*',
      'arn:aws:sqs:*:*:*',
      'arn:*:sqs:eu-west-1:111122223333:Button-*',
      { 'Fn::Sub': 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:*' },
      { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':sqs:', { Ref: 'AWS::Region' }, ':*']] },
    ].map((resource): Right => ({ action: 'sqs:SendMessage', resource })),
  ])('must be declared as a loop: %j', (right) => {
    expect(withRight(right)).toEqual(['Button-LoopDeclared']);
  });

  it.each<Right>([
    { action: 'sqs:SendMessage', recursiveLoop: 'Allow' },
    { action: 'sqs:SendMessage', isOwnQueue: false },
    { action: 'sqs:ChangeMessageVisibility' },
    ...['arn:aws:sqs:eu-west-1:111122223333:other', 'arn:aws:sns:*:*:*'].map((resource): Right => ({
      action: 'sqs:SendMessage',
      resource,
    })),
  ])('is accepted if it is declared, or if there is no loop: %j', (right) => {
    expect(withRight(right)).toEqual([]);
  });
});

describe('a function', () => {
  it.each([
    ['reserves concurrency (A13)', { ReservedConcurrentExecutions: 1 }, 'NothingReserved'],
    ['has no separate log group', { LoggingConfig: { ...LOGGING, LogGroup: undefined } }, 'LogsComplete'],
    ['logs text', { LoggingConfig: { ...LOGGING, LogFormat: 'Text' } }, 'LogsComplete'],
    ['drops its metrics', { LoggingConfig: { ...LOGGING, ApplicationLogLevel: 'WARN' } }, 'LogsComplete'],
    ['is given a key (S5)', { Environment: { Variables: { API_KEY: 'x' } } }, 'NoSecretInEnvironment'],
    [
      'is given a secret by reference (S5)',
      { Environment: { Variables: { SETTING: '{{resolve:secretsmanager:x}}' } } },
      'NoSecretInEnvironment',
    ],
  ])('is refused that %s', (_fault, change, rule) => {
    const good = { LoggingConfig: LOGGING, Environment: { Variables: { API_KEY_SECRET_ID: 'arn' } } };

    expect(broken('AWS::Lambda::Function', good)).toEqual([]);
    expect(broken('AWS::Lambda::Function', { ...good, ...change })).toEqual([`Button-${rule}`]);
  });
});

describe('a principal', () => {
  it.each([
    ['AWS::SQS::QueuePolicy', allow('*')],
    ['AWS::SNS::TopicPolicy', allow({ AWS: '*' })],
    ['AWS::SQS::QueuePolicy', allow({ AWS: ['arn:aws:iam::111122223333:root', '*'] })],
    ['AWS::Events::EventBusPolicy', { Statement: { Effect: 'Allow', Principal: '*' } }],
    ['AWS::SecretsManager::ResourcePolicy', { ResourcePolicy: allow('*').PolicyDocument }],
  ])('must be named: not everybody, in %s (S13)', (type, policy) => {
    expect(broken(type, policy)).toEqual(['Button-NobodyUnnamed']);
  });

  it('may be a named one, and everybody may be denied (S13)', () => {
    const denied = { PolicyDocument: { Statement: [{ Effect: 'Deny', Principal: { AWS: '*' } }] } };

    expect(broken('AWS::SQS::QueuePolicy', allow({ AWS: 'arn:aws:iam::111122223333:root' }))).toEqual([]);
    expect(broken('AWS::SQS::QueuePolicy', denied)).toEqual([]);
  });

  it('enters through one API, and never through a function URL (S23)', () => {
    const permission = { Principal: 'apigateway.amazonaws.com', SourceArn: 'arn' };

    expect(broken('AWS::Lambda::Permission', permission)).toEqual([]);
    expect(broken('AWS::Lambda::Permission', { ...permission, Principal: '*' })).toEqual([
      'Button-InvokersNamed',
    ]);
    expect(broken('AWS::Lambda::Permission', { ...permission, SourceArn: undefined })).toHaveLength(1);
    expect(broken('AWS::Lambda::Url', { AuthType: 'AWS_IAM' })).toEqual(['Button-NoFunctionUrl']);
  });

  it('enters through TLS 1.2 or newer, over a domain of ours', () => {
    const domain = (...policies: unknown[]) => ({
      DomainNameConfigurations: policies.map((SecurityPolicy) => ({ SecurityPolicy })),
    });

    expect(broken('AWS::ApiGatewayV2::DomainName', domain('TLS_1_2'))).toEqual([]);
    for (const policies of [[], [undefined], ['TLS_1_2', 'TLS_1_0']])
      expect(broken('AWS::ApiGatewayV2::DomainName', domain(...policies))).toEqual(['Button-DomainModern']);
  });
});

describe('a secret', () => {
  it('has no value, given or generated (F10)', () => {
    expect(broken('AWS::SecretsManager::Secret', { Description: 'a key' })).toEqual([]);
    expect(broken('AWS::SecretsManager::Secret', { SecretString: 'sk-x' })).toEqual(['Button-SecretUnset']);
    expect(broken('AWS::SecretsManager::Secret', { GenerateSecretString: {} })).toEqual([
      'Button-SecretUnset',
    ]);
  });
});

describe('an alarm', () => {
  const ALARM = { AlarmName: 'Button/x', AlarmActions: ['arn'], OKActions: ['arn'] };

  it.each([
    ['has no name', { AlarmName: undefined }],
    ['notifies nobody', { AlarmActions: [] }],
    ['does not report its end', { OKActions: undefined }],
    ['has its actions switched off', { ActionsEnabled: false }],
  ])('is refused that %s', (_fault, change) => {
    for (const type of ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm']) {
      expect(broken(type, ALARM)).toEqual([]);
      expect(broken(type, { ...ALARM, ...change })).toEqual(['Button-AlarmNotifies']);
    }
  });
});
