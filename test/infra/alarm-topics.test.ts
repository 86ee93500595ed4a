import { describe, expect, it } from 'vitest';

import { STAGES } from './stages.ts';
import { DEVELOPMENT_STAGE, PRODUCTION_STAGE, synthesizeStage } from './synthesized-stage.ts';

const production = synthesizeStage({
  ...PRODUCTION_STAGE,
  orderReporting: DEVELOPMENT_STAGE.orderReporting,
  transactions: { ...DEVELOPMENT_STAGE.transactions, rewardQueue: {} },
});
const alarms = production.resources('AWS::CloudWatch::Alarm');

/** The topic of a severity, by its name in the stack of alarms. */
const topic = (severity: string) => ({
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':sns:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      `:Button-production-${severity}`,
    ],
  ],
});

/** The names of the alarms that notify the topic. */
const notifying = (severity: string) =>
  alarms
    .filter(
      ({ Properties }) => JSON.stringify(Properties['AlarmActions']) === JSON.stringify([topic(severity)]),
    )
    .map(({ Properties }) => String(Properties['AlarmName']).replace('Button/production/', ''))
    .sort();

describe('AWS, requirement 11: alarms', () => {
  it('page for problems that get worse until somebody acts, under names that stay', () => {
    expect(notifying('page')).toEqual([
      'Brand-acme/AcmeFunctionsRecursion',
      'Brand-acme/AcmeReporterAge',
      'Brand-acme/AcmeReporterDeadLetters',
      'Brand-acme/AcmeReporterDeadLettersExpiring',
      'Brand-acme/AcmeRetrySweepSilence',
      'OrderReporting/KeyRefused',
      'OrderReporting/OldestOrder',
      'OrderReporting/OrderFunctionsRecursion',
      'Transactions/FunctionsRecursion',
      'Transactions/IntakeDeferredWebhooksAge',
      'Transactions/IntakeDeferredWebhooksDeadLetters',
      'Transactions/IntakeDeferredWebhooksDeadLettersExpiring',
      'Transactions/IntakeDeferredWebhooksDeaths',
      'Transactions/IntakeFailures',
      'Transactions/IntakeMalformedSecrets',
      'Transactions/PublicationBehind',
      'Transactions/PublicationFailures',
      'Transactions/PublicationFailuresExpiring',
      'Transactions/PublicationUnread',
      'Transactions/ReconciliationAccounts',
      'Transactions/ReconciliationKey',
      'Transactions/ReconciliationPlannerSilence',
      'Transactions/ReconciliationReconcilerDeadLettersExpiring',
      'Transactions/ReconciliationStale',
      'Transactions/RewardsAge',
      'Transactions/RewardsDeadLetters',
      'Transactions/RewardsDeadLettersExpiring',
    ]);
  });

  it('make a ticket of what can wait: a refused order, a conflict, and what later reads fix', () => {
    expect(notifying('ticket')).toEqual([
      'Alarms/Concurrency',
      'Alarms/ReminderFailures',
      'Brand-acme/AcmeDrift',
      'Brand-acme/AcmeFunctionsThrottles',
      'Brand-acme/AcmeQuarantine',
      'OrderReporting/BrandPaused',
      'OrderReporting/CustomerExpirySilence',
      'OrderReporting/OrderFunctionsThrottles',
      'OrderReporting/Unreadable',
      'Transactions/FunctionsThrottles',
      'Transactions/IntakeQuarantine',
      'Transactions/IntakeSilence',
      'Transactions/PersonalDataExpirySilence',
      'Transactions/PublicationCategories',
      'Transactions/PublicationConflicts',
      'Transactions/PublicationUnreadable',
      'Transactions/PublisherApiErrors',
      'Transactions/ReconciliationDrift',
      'Transactions/ReconciliationGap',
      'Transactions/ReconciliationMalformedAccounts',
      'Transactions/ReconciliationPosition',
      'Transactions/ReconciliationReadMessages',
      'Transactions/ReconciliationReconcilerAge',
      'Transactions/ReconciliationReconcilerDeadLetters',
      'Transactions/ReconciliationRunaway',
    ]);
  });

  it('each have one of the two severities, notify the same topic when they end as when they start, and have a name of their own', () => {
    expect(notifying('page').length + notifying('ticket').length).toBe(alarms.length);
    expect(new Set(alarms.map(({ Properties }) => Properties['AlarmName'])).size).toBe(alarms.length);
    for (const { logicalId, Properties } of alarms) {
      expect(Properties['OKActions']).toEqual(Properties['AlarmActions']);
      // CloudFormation would refuse an id that changed without its name: the name would still be in use.
      expect(Properties['AlarmName']).toMatch(new RegExp(`/${logicalId.replace(/Alarm$/, '')}$`));
    }
  });

  it.each(STAGES)('each have a name, an action and an OK action: $name', ({ config }) => {
    const all = synthesizeStage(config).resources('AWS::CloudWatch::Alarm');

    expect(all.length).toBeGreaterThan(5);
    for (const { Properties } of all) {
      expect(Properties['AlarmName']).toMatch(new RegExp(`^Button/${config.stage}/[A-Za-z-]+/\\w+$`));
      expect(Properties['AlarmActions']).toHaveLength(1);
      expect(Properties['OKActions']).toHaveLength(1);
      expect(Properties['ActionsEnabled'] ?? true).toBe(true);
    }
  });

  it('warn at 80% of the concurrency that the configuration states for the account', () => {
    const stage = synthesizeStage({ ...DEVELOPMENT_STAGE, alarms: { lambdaConcurrency: 10 } });
    const thresholds = [production, stage].map(
      (it) =>
        it.resources('AWS::CloudWatch::Alarm', 'Alarms').map(({ Properties }) => Properties['Threshold'])[0],
    );

    expect(thresholds).toEqual([800, 8]);
  });
});

describe('the topics', () => {
  const EMAIL = 'on-call@example.com';
  const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:on-call';

  it('are created for every stage, and an address is enough to be notified', () => {
    const stage = synthesizeStage({ ...DEVELOPMENT_STAGE, alarms: { page: { email: EMAIL } } });

    expect(stage.resources('AWS::SNS::Topic').map(({ Properties }) => Properties['TopicName'])).toEqual([
      'Button-development-page',
      'Button-development-ticket',
    ]);
    expect(stage.resources('AWS::SNS::Subscription').map(({ Properties }) => Properties)).toEqual([
      {
        Protocol: 'email',
        Endpoint: EMAIL,
        TopicArn: { Ref: expect.stringMatching(/^PageTopic/) as string },
      },
    ]);
  });

  it('accept messages of alarms and rules of this account, over TLS, and of nobody else', () => {
    const policies = production.resources('AWS::SNS::TopicPolicy').map(({ Properties }) => {
      const { Statement } = Properties['PolicyDocument'] as { Statement: Record<string, unknown>[] };
      return Statement.map(({ Effect, Principal, Condition }) => [
        Effect,
        Principal,
        JSON.stringify(Condition),
      ]);
    });

    expect(policies).toHaveLength(2);
    for (const [denied, alarm, rule, ...others] of policies) {
      expect(denied).toEqual(['Deny', '*', '{"Bool":{"aws:SecureTransport":"false"}}']);
      expect(alarm?.slice(0, 2)).toEqual(['Allow', { Service: 'cloudwatch.amazonaws.com' }]);
      expect(alarm?.[2]).toMatch(/ArnLike.+aws:SourceArn.+:cloudwatch:.+AWS::AccountId.+:alarm:\*/);
      expect(rule?.slice(0, 2)).toEqual(['Allow', { Service: 'events.amazonaws.com' }]);
      expect(rule?.[2]).toMatch(/ArnLike.+aws:SourceArn.+:events:.+AWS::AccountId.+:rule\/\*/);
      expect(others).toEqual([]);
    }
  });

  it('are those of the configuration if it names some, for alarms, secrets and reminders alike', () => {
    const stage = synthesizeStage({
      ...DEVELOPMENT_STAGE,
      alarms: { page: { topicArn: TOPIC }, ticket: { topicArn: TOPIC } },
    });

    expect(stage.resources('AWS::SNS::Topic')).toEqual([]);
    for (const { Properties } of stage.resources('AWS::CloudWatch::Alarm')) {
      expect(Properties['AlarmActions']).toEqual([TOPIC]);
      expect(Properties['OKActions']).toEqual([TOPIC]);
    }
    expect(stage.templateText).not.toContain(':Button-development-page');
    expect(stage.templateText).not.toContain(':Button-development-ticket');
  });
});

describe('a secret that somebody schedules for deletion', () => {
  it('pages at once, whether the call names it by its ARN or by its name', () => {
    const rules = production
      .resources('AWS::Events::Rule')
      // The rule of the reward queue is one of the stage's own bus.
      .filter(({ Properties }) => 'EventPattern' in Properties && !('EventBusName' in Properties));

    expect(rules).toHaveLength(3);
    for (const { Properties } of rules) {
      const [[target], pattern] = [
        Properties['Targets'] as { Arn: unknown }[],
        Properties['EventPattern'] as { detail: Record<string, unknown> },
      ];
      const { secretId } = (pattern.detail['$or'] as [{ requestParameters: { secretId: unknown[] } }])[0]
        .requestParameters;
      expect(target?.Arn).toEqual(topic('page'));
      // Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
      expect(pattern).toEqual({
        source: ['aws.secretsmanager'],
        'detail-type': ['AWS API Call via CloudTrail'],
        detail: {
          eventSource: ['secretsmanager.amazonaws.com'],
          eventName: ['DeleteSecret'],
          $or: [{ requestParameters: { secretId } }, { responseElements: { aRN: secretId } }],
        },
      });
    }
    const secrets = production.resources('AWS::SecretsManager::Secret').map(({ logicalId }) => logicalId);
    for (const secret of secrets) expect(JSON.stringify(rules)).toContain(`{"Ref":"${secret}"}`);
  });
});

describe('AWS, requirement 11: the reminder', () => {
  it('runs once a day', () => {
    const rules = production
      .resources('AWS::Events::Rule')
      .flatMap(({ Properties }) => Properties['ScheduleExpression'] ?? []);

    expect(rules).toEqual(['cron(0 8 * * ? *)']);
  });
});
