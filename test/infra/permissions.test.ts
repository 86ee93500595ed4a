import { describe, expect, it } from 'vitest';

import { DEVELOPMENT_STAGE, PRODUCTION_STAGE, synthesizeStage } from './synthesized-stage.ts';

type Statement = {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
};
type Policy = { PolicyDocument: { Statement: Statement[] } };

const stage = synthesizeStage(PRODUCTION_STAGE);

const TRACES = 'xray:PutTelemetryRecords, xray:PutTraceSegments on *';
const LOGS = 'logs:CreateLogStream, logs:PutLogEvents on';
const MESSAGES = 'sqs:DeleteMessage, sqs:GetQueueAttributes, sqs:ReceiveMessage on';
const ORDER_TABLE = 'arn:AWS::Partition:dynamodb:AWS::Region:AWS::AccountId:table/Button-production-Order';
const ACME_ONLY =
  'if {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["acme#*"]},"Null":{"dynamodb:LeadingKeys":"false"}}';
const ACME_BREAKER_ONLY = ACME_ONLY.replace('acme#*', 'acme#breaker*');
const DEPLOYMENT_ONLY = ACME_ONLY.replace('acme#*', '#deployment*');
const FINALIZATION_ONLY = ACME_ONLY.replace('acme#*', '#finalization*');
const ERASURES_ONLY = ACME_ONLY.replace('acme#*', '#erasures*');
const CONFLICTS_ONLY = ACME_ONLY.replace('acme#*', '#conflicts*');
const CHECKOUTS_ONLY = ACME_ONLY.replace('acme#*', 'checkout#*');
const CUSTOMER_EXPIRY_ONLY = ACME_ONLY.replace('acme#*', '#customer-expiry*');
const EXPIRY_PASS_ONLY = ACME_ONLY.replace('acme#*', '#personal-data-expiry*');

/** The default group: every schedule of this project is in it. */
const SCHEDULE_GROUP = {
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':scheduler:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ':schedule-group/default',
    ],
  ],
};

/** All permissions, by role. The test fails for a statement that is only here, or not here. */
const PERMISSIONS: Record<string, string[]> = {
  ReminderRole: [
    'cloudwatch:DescribeAlarms on arn:AWS::Partition:cloudwatch:AWS::Region:AWS::AccountId:alarm:*',
    'sns:Publish on arn:AWS::Partition:sns:AWS::Region:AWS::AccountId:Button-production-ticket',
  ],
  ReminderRuleRole: ['states:StartExecution on ReminderStateMachine'],
  AcmeReporterWorkerRole: [
    `${LOGS} AcmeReporterWorkerLogs`,
    TRACES,
    `${MESSAGES} OrdersAcme`,
    `dynamodb:GetItem, dynamodb:PutItem on ${ORDER_TABLE}Ledger ${ACME_ONLY}`,
    `dynamodb:PutItem, dynamodb:UpdateItem on ${ORDER_TABLE}Quarantine`,
    'secretsmanager:GetSecretValue on ButtonApiKeyAcme',
  ],
  AcmeRetrySweepWorkerRole: [
    `${LOGS} AcmeRetrySweepWorkerLogs`,
    TRACES,
    `dynamodb:Query on ${ORDER_TABLE}Ledger/index/due ${ACME_ONLY}`,
    `dynamodb:GetItem, dynamodb:PutItem on ${ORDER_TABLE}Ledger ${ACME_BREAKER_ONLY}`,
    'sqs:SendMessage on OrdersAcme',
  ],
  AcmeRetrySweepSchedulerRole: ['lambda:InvokeFunction on AcmeRetrySweepWorkerFunction'],
  CustomerExpiryWorkerRole: [
    `${LOGS} CustomerExpiryWorkerLogs`,
    TRACES,
    'dynamodb:PutItem, dynamodb:Scan on OrderLedger',
    `dynamodb:GetItem on OrderLedger ${CUSTOMER_EXPIRY_ONLY}`,
  ],
  CustomerExpirySchedulerRole: ['lambda:InvokeFunction on CustomerExpiryWorkerFunction'],
  IntakeReceiverRole: [
    `${LOGS} IntakeReceiverLogs`,
    TRACES,
    'dynamodb:GetItem, dynamodb:PutItem on Transactions',
    `dynamodb:GetItem, dynamodb:PutItem on Positions ${DEPLOYMENT_ONLY}`,
    `dynamodb:GetItem on Positions ${FINALIZATION_ONLY}`,
    `dynamodb:PutItem on Positions ${CONFLICTS_ONLY}`,
    'dynamodb:PutItem, dynamodb:UpdateItem on WebhookQuarantine',
    'sqs:SendMessage on DeferredWebhooksQueue',
    'secretsmanager:GetSecretValue on WebhookSecrets',
  ],
  IntakeDeferredWebhooksWorkerRole: [
    `dynamodb:GetItem on Positions ${ERASURES_ONLY}`,
    `${LOGS} IntakeDeferredWebhooksWorkerLogs`,
    TRACES,
    `${MESSAGES} DeferredWebhooksQueue`,
    'sqs:ChangeMessageVisibility on DeferredWebhooksQueue',
    'dynamodb:GetItem, dynamodb:PutItem on Transactions',
    `dynamodb:GetItem, dynamodb:PutItem on Positions ${DEPLOYMENT_ONLY}`,
    `dynamodb:GetItem on Positions ${FINALIZATION_ONLY}`,
    `dynamodb:PutItem on Positions ${CONFLICTS_ONLY}`,
    'dynamodb:PutItem, dynamodb:UpdateItem on WebhookQuarantine',
  ],
  ReconciliationPlannerWorkerRole: [
    `${LOGS} ReconciliationPlannerWorkerLogs`,
    TRACES,
    'dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem on Positions',
    'sqs:SendMessage on ReadQueue',
    'secretsmanager:GetSecretValue on ButtonApiKey',
  ],
  ReconciliationPlannerSchedulerRole: ['lambda:InvokeFunction on ReconciliationPlannerWorkerFunction'],
  ReconciliationReconcilerWorkerRole: [
    `${LOGS} ReconciliationReconcilerWorkerLogs`,
    TRACES,
    `${MESSAGES} ReadQueue`,
    'dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem on Positions',
    'dynamodb:BatchGetItem, dynamodb:GetItem, dynamodb:PutItem on Transactions',
    'dynamodb:PutItem, dynamodb:UpdateItem on WebhookQuarantine',
    'sqs:SendMessage on ReadQueue',
    'secretsmanager:GetSecretValue on ButtonApiKey',
  ],
  PersonalDataExpiryWorkerRole: [
    `${LOGS} PersonalDataExpiryWorkerLogs`,
    TRACES,
    'dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Scan on Transactions',
    `dynamodb:GetItem, dynamodb:PutItem on Positions ${EXPIRY_PASS_ONLY}`,
    `dynamodb:GetItem on Positions ${FINALIZATION_ONLY}`,
  ],
  PersonalDataExpirySchedulerRole: ['lambda:InvokeFunction on PersonalDataExpiryWorkerFunction'],
  PublicationPublisherRole: [
    `${LOGS} PublicationPublisherLogs`,
    TRACES,
    'dynamodb:DescribeStream, dynamodb:GetRecords, dynamodb:GetShardIterator on Transactions.StreamArn',
    'dynamodb:ListStreams on Transactions/stream/*',
    `dynamodb:BatchGetItem, dynamodb:PutItem on Transactions ${CHECKOUTS_ONLY}`,
    'events:PutEvents on ButtonTransactions',
    'sqs:SendMessage on EventPublisherFailures',
  ],
};

const ACCESS_TAG = 'aws:ResourceTag/button-serverless:brand-resource';
const taggedAs = (kind: string): string => `if {"StringEquals":{"${ACCESS_TAG}":"production/${kind}"}}`;
const QUEUES = 'arn:AWS::Partition:sqs:AWS::Region:AWS::AccountId:*';
const SECRETS = 'arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret:*';
const TOPIC = 'arn:AWS::Partition:sns:AWS::Region:AWS::AccountId:Button-production-';
const READ_TABLE = 'dynamodb:DescribeTable, dynamodb:GetItem, dynamodb:Query on';
const CHANGE_TABLE = 'dynamodb:DeleteItem, dynamodb:PutItem, dynamodb:UpdateItem on';
const READ_DEAD_LETTERS =
  'sqs:ChangeMessageVisibility, sqs:GetQueueAttributes, sqs:GetQueueUrl, sqs:ReceiveMessage on';
const SUBSCRIBERS = `sns:ListSubscriptionsByTopic on ${TOPIC}page, ${TOPIC}ticket`;
const QUOTAS = 'lambda:GetAccountSettings on *';

const ORDER_READERS = [
  'dynamodb:DescribeTable, dynamodb:GetItem, dynamodb:Scan on OrderLedger',
  'dynamodb:Query on OrderLedger/index/due',
  `${READ_TABLE} OrderQuarantine`,
  'dynamodb:Query on OrderQuarantine/index/byOrder',
  `sqs:GetQueueAttributes on ${QUEUES} ${taggedAs('orders')}`,
  `${READ_DEAD_LETTERS} ${QUEUES} ${taggedAs('dead-letters')}`,
  `secretsmanager:GetSecretValue on ${SECRETS} ${taggedAs('api-key')}`,
  SUBSCRIBERS,
  QUOTAS,
];
const TRANSACTION_READERS = [
  'dynamodb:BatchGetItem, dynamodb:DescribeTable, dynamodb:GetItem, dynamodb:Scan on Transactions',
  'dynamodb:Query on Transactions/index/byShopper',
  `${READ_TABLE} Positions`,
  `${READ_TABLE} WebhookQuarantine`,
  'sqs:GetQueueAttributes on DeferredWebhooksQueue, ReadQueue, EventPublisherFailures',
  `${READ_DEAD_LETTERS} DeferredWebhooksQueueDeadLetters, ReadQueueDeadLetters`,
  'secretsmanager:GetSecretValue on ButtonApiKey',
  'secretsmanager:GetSecretValue on WebhookSecrets',
  'cloudwatch:GetMetricData on *',
  SUBSCRIBERS,
  QUOTAS,
];

/** All rights of the managed policies for people: test/flows/operator-policies.test.ts uses each of them. */
const POLICIES: Record<string, string[]> = {
  OrderReaders: ORDER_READERS,
  OrderOperators: [
    ...ORDER_READERS,
    'dynamodb:PutItem on OrderLedger',
    `${CHANGE_TABLE} OrderQuarantine`,
    `sqs:SendMessage on ${QUEUES} ${taggedAs('orders')}`,
    `sqs:DeleteMessage on ${QUEUES} ${taggedAs('dead-letters')}`,
  ],
  TransactionReaders: TRANSACTION_READERS,
  TransactionOperators: [
    ...TRANSACTION_READERS,
    'dynamodb:DeleteItem, dynamodb:PutItem on Transactions',
    'dynamodb:PutItem, dynamodb:UpdateItem on Positions',
    `${CHANGE_TABLE} WebhookQuarantine`,
    'sqs:SendMessage on DeferredWebhooksQueue, ReadQueue',
    'sqs:DeleteMessage on DeferredWebhooksQueueDeadLetters, ReadQueueDeadLetters',
    'events:PutEvents on ButtonTransactions',
  ],
};

describe('AWS, requirement 2: permissions', () => {
  const roles = stage.resources('AWS::IAM::Role');

  it('are exactly those of the table, for every role', () => {
    const actual = Object.fromEntries(
      roles.map(({ logicalId, Properties }) => [
        withoutHash(logicalId),
        (Properties['Policies'] as Policy[])
          .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
          .map(describeStatement)
          .sort(),
      ]),
    );

    const expected = Object.entries(PERMISSIONS).map(([role, statements]) => [role, statements.sort()]);
    expect(actual).toEqual(Object.fromEntries(expected));
  });

  it('of people are exactly those of the table, in policies that are attached to nobody', () => {
    const policies = stage.resources('AWS::IAM::ManagedPolicy').map(({ Properties }) => {
      const { PolicyDocument, ManagedPolicyName, Roles, Users, Groups } = Properties as Policy &
        Record<string, unknown>;
      expect([Roles, Users, Groups]).toEqual([undefined, undefined, undefined]);
      const name = describeResource(ManagedPolicyName);
      const [, role = ''] = /^Button-production-(.*)-AWS::Region$/.exec(name) ?? [];
      return [role, PolicyDocument.Statement.map(describeStatement).sort()];
    });

    const expected = Object.entries(POLICIES).map(([name, statements]) => [name, statements.sort()]);
    expect(Object.fromEntries(policies)).toEqual(Object.fromEntries(expected));
    for (const name of Object.keys(POLICIES))
      expect(stage.outputValue(`${name}PolicyArn`)).toEqual({ Ref: expect.any(String) as string });
  });

  it('of functions stand in the roles themselves and nowhere else', () => {
    expect(stage.resources('AWS::IAM::Policy')).toEqual([]);
    for (const { Properties } of roles) expect(Properties).not.toHaveProperty('ManagedPolicyArns');
  });

  it('go to Lambda, and to Scheduler, EventBridge and Step Functions of this account', () => {
    const services: Record<string, string> = { ReminderRole: 'states', ReminderRuleRole: 'events' };
    const serviceOf = (role: string) =>
      services[role] ?? (role.endsWith('SchedulerRole') ? 'scheduler' : 'lambda');
    const trusted = roles.map(({ logicalId, Properties }): [string, Statement[]] => [
      serviceOf(withoutHash(logicalId)),
      (Properties['AssumeRolePolicyDocument'] as Policy['PolicyDocument']).Statement,
    ]);

    for (const [service, statements] of trusted) {
      expect(statements).toEqual([
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Principal: { Service: `${service}.amazonaws.com` },
          ...(service !== 'lambda' && {
            Condition: {
              StringEquals: {
                'aws:SourceAccount': { Ref: 'AWS::AccountId' },
                ...(service === 'scheduler' && { 'aws:SourceArn': SCHEDULE_GROUP }),
              },
            },
          }),
        },
      ]);
    }
  });

  it('let only the webhook API invoke a function', () => {
    const invocations = stage.resources('AWS::Lambda::Permission').map(({ Properties }) => ({
      principal: Properties['Principal'],
      source: describeResource(Properties['SourceArn']),
    }));

    expect(invocations).toEqual([
      {
        principal: 'apigateway.amazonaws.com',
        source: 'arn:AWS::Partition:execute-api:AWS::Region:AWS::AccountId:WebhookApi/*/*/webhooks/button',
      },
    ]);
  });
});

describe("a queue's policy", () => {
  it('grants access to nobody, unless the configuration names a producer (S13)', () => {
    expect(allowedBy(synthesizeStage(DEVELOPMENT_STAGE))).toEqual([]);
  });

  it('lets a named producer of another account send orders, and nothing else (S13)', () => {
    const producer = 'arn:aws:iam::111122223333:role/shop';

    const withProducer = synthesizeStage({
      stage: 'development',
      orderReporting: { brands: [{ id: 'acme', producers: [producer] }, { id: 'north-shop' }] },
    });

    expect(allowedBy(withProducer)).toEqual([
      {
        Effect: 'Allow',
        Principal: { AWS: producer },
        Action: ['sqs:GetQueueUrl', 'sqs:SendMessage'],
        Resource: { 'Fn::GetAtt': ['OrdersAcme', 'Arn'] },
      },
    ]);
  });
});

function allowedBy(synthesized: ReturnType<typeof synthesizeStage>): Statement[] {
  return synthesized
    .resources('AWS::SQS::QueuePolicy')
    .flatMap(({ Properties }) => (Properties['PolicyDocument'] as Policy['PolicyDocument']).Statement)
    .filter(({ Effect }) => Effect !== 'Deny')
    .map((statement) => ({ ...statement, Action: [statement.Action].flat().sort() }));
}

function describeStatement({ Effect, Action, Resource, Condition }: Statement): string {
  const resources = [Resource].flat().map(describeResource).join(', ');
  const actions = [Action].flat().sort().join(', ');
  const condition = Condition === undefined ? '' : ` if ${JSON.stringify(Condition)}`;
  return `${Effect === 'Allow' ? '' : `${Effect} `}${actions} on ${resources}${condition}`;
}

function describeResource(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const {
    Ref,
    'Fn::GetAtt': attribute,
    'Fn::Join': join,
  } = resource as {
    Ref?: string;
    'Fn::GetAtt'?: [string, string];
    'Fn::Join'?: [string, unknown[]];
  };
  if (Ref !== undefined) return withoutHash(Ref);
  if (attribute) return withoutHash(attribute[0]) + (attribute[1] === 'Arn' ? '' : `.${attribute[1]}`);
  if (join) return join[1].map(describeResource).join(join[0]);
  throw new Error(`Not a resource: ${JSON.stringify(resource)}`);
}

function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}
