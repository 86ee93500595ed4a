import { Template } from 'aws-cdk-lib/assertions';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { App } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';

import { StageConfigSchema } from '../../../infra/config.ts';
import { TransactionsStack } from '../../../infra/stacks/transactions-stack.ts';
import { TransactionsConfigSchema } from '../../../infra/transactions-config.ts';
import { UNCHECKED_APP } from '../../../infra/unchecked-app.ts';
import { createAccessLog, type AnsweredRequest } from '../../../tooling/local-aws/triggers/access-log.ts';
import { PUBLISHER_STAGE, synthesizeStage } from '../synthesized-stage.ts';
import { TINY_BUNDLES_FOLDER } from '../tiny-bundles.ts';

const stage = synthesizeStage(PUBLISHER_STAGE);
const tableOf = (synthesized: typeof stage, id: string) =>
  synthesized.resources('AWS::DynamoDB::Table').find(({ logicalId }) => logicalId === id)?.Properties;

const DOMAIN = {
  name: 'hooks.example.com',
  certificateArn: 'arn:aws:acm:eu-west-1:111122223333:certificate/abc',
};

describe('TransactionsStack', () => {
  it('streams every change of a transaction to the publisher until the record expires', () => {
    const mapping = stage
      .resources('AWS::Lambda::EventSourceMapping')
      .find(({ Properties }) => Properties['StartingPosition'] !== undefined);

    expect(tableOf(stage, 'Transactions')?.['StreamSpecification']).toEqual({
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    });
    expect(tableOf(stage, 'Transactions')?.['TimeToLiveSpecification']).toEqual({
      AttributeName: 'expiresAtEpochSeconds',
      Enabled: true,
    });
    expect(mapping?.Properties).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': ['Transactions', 'StreamArn'] },
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 100,
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: 23 * 3600,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['EventPublisherFailures', 'Arn'] } } },
    });
  });

  it("finds a shopper's transactions by an index", () => {
    expect(tableOf(stage, 'Transactions')?.['GlobalSecondaryIndexes']).toMatchObject([
      { IndexName: 'byShopper', Projection: { ProjectionType: 'INCLUDE' } },
    ]);
  });

  it('leaves the index by shopper out if nobody asks for it', () => {
    const without = synthesizeStage({ stage: 'development', transactions: { shopperField: 'none' } });

    expect(tableOf(without, 'Transactions')).not.toHaveProperty('GlobalSecondaryIndexes');
    expect(without.templateText).toContain('"SHOPPER_FIELD": "none"');
  });

  it('accepts webhooks on one route, with a throttle', () => {
    const capped = synthesizeStage({
      stage: 'development',
      transactions: { throttle: { rateLimit: 7, burstLimit: 9 } },
    });

    const [apiStage] = capped.resources('AWS::ApiGatewayV2::Stage');

    expect(
      stage.resources('AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties['RouteKey']),
    ).toEqual(['POST /webhooks/button']);
    expect(apiStage?.Properties).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 7, ThrottlingBurstLimit: 9 },
    });
  });

  it('has a route for each secret end of the path, and the plain one only while it is kept', () => {
    const [first, second] = ['3f1c0e5a9b7d42688a6f0c1d2e3b4a59', 'A-second_segment-'];
    const routesOf = (keepPlainPath: boolean) => {
      const webhookPath = { segments: [first, second], keepPlainPath };
      const withPath = synthesizeStage({ stage: 'development', transactions: { webhookPath } });
      expect(JSON.stringify(withPath.outputValue('WebhookUrl'))).toContain(`/webhooks/button/${first}`);
      return withPath.resources('AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties['RouteKey']);
    };
    const secret = [`POST /webhooks/button/${first}`, `POST /webhooks/button/${second}`];

    expect(routesOf(false)).toEqual(secret);
    expect(routesOf(true)).toEqual([...secret, 'POST /webhooks/button']);
  });

  it('writes no route into the access log, because its end may be secret', () => {
    const [apiStage] = stage.resources('AWS::ApiGatewayV2::Stage');

    expect(JSON.stringify(apiStage?.Properties['AccessLogSettings'])).not.toMatch(/routeKey|path/);
  });

  it('answers at your own domain if the configuration names one, and shows the DNS target (K16)', () => {
    const withDomain = synthesizeStage({
      stage: 'development',
      transactions: { webhookDomain: DOMAIN },
    });

    expect(withDomain.resources('AWS::ApiGatewayV2::DomainName')).toMatchObject([
      {
        logicalId: 'WebhookDomain',
        Properties: {
          DomainName: 'hooks.example.com',
          DomainNameConfigurations: [
            { CertificateArn: DOMAIN.certificateArn, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' },
          ],
        },
      },
    ]);
    expect(withDomain.resources('AWS::ApiGatewayV2::ApiMapping')).toMatchObject([
      {
        logicalId: 'WebhookDomainMapping',
        Properties: {
          ApiId: { Ref: 'WebhookApi' },
          DomainName: { Ref: 'WebhookDomain' },
          Stage: '$default',
        },
      },
    ]);
    expect(withDomain.resources('AWS::Route53::RecordSet')).toEqual([]);
    expect(withDomain.resources('AWS::ApiGatewayV2::Api')[0]?.Properties).not.toMatchObject({
      DisableExecuteApiEndpoint: true,
    });
    expect(withDomain.outputValue('WebhookUrl')).toBe('https://hooks.example.com/webhooks/button');
    expect(withDomain.outputValue('WebhookDomainTarget')).toEqual({
      'Fn::GetAtt': ['WebhookDomain', 'RegionalDomainName'],
    });
    expect(withDomain.outputs('Transactions')).toContain('WebhookDefaultUrl');
  });

  it("creates the DNS record itself in a hosted zone, and switches API Gateway's own URL off if configured", () => {
    const withZone = synthesizeStage({
      stage: 'development',
      transactions: {
        webhookDomain: { ...DOMAIN, hostedZoneId: 'Z0123456789ABCDEFGHIJ', keepDefaultUrl: false },
      },
    });

    expect(withZone.resources('AWS::Route53::RecordSet').map(({ Properties }) => Properties)).toEqual([
      {
        HostedZoneId: 'Z0123456789ABCDEFGHIJ',
        Name: 'hooks.example.com',
        Type: 'A',
        AliasTarget: {
          DNSName: { 'Fn::GetAtt': ['WebhookDomain', 'RegionalDomainName'] },
          HostedZoneId: { 'Fn::GetAtt': ['WebhookDomain', 'RegionalHostedZoneId'] },
        },
      },
    ]);
    expect(withZone.resources('AWS::ApiGatewayV2::Api')[0]?.Properties).toMatchObject({
      DisableExecuteApiEndpoint: true,
    });
    expect(withZone.outputs('Transactions')).not.toContain('WebhookDefaultUrl');
    expect(withZone.outputs('Transactions')).not.toContain('WebhookDomainTarget');
  });

  it("logs every request's outcome, but neither its body nor its caller's address (S14)", () => {
    const [apiStage] = stage.resources('AWS::ApiGatewayV2::Stage');

    const settings = apiStage?.Properties['AccessLogSettings'] as { Format: string } | undefined;

    expect(JSON.parse(settings?.Format ?? '')).toMatchObject({
      status: '$context.status',
      userAgent: '$context.identity.userAgent',
    });
    expect(settings?.Format).not.toMatch(/sourceIp|body|header/i);
  });

  // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
  it('counts a failed webhook whatever the error of its function contains, even quotes and line breaks (C7)', () => {
    const settings = stage.resources('AWS::ApiGatewayV2::Stage')[0]?.Properties['AccessLogSettings'];
    const { Format: format } = settings as { Format: string };
    const failed: AnsweredRequest = {
      requestId: 'request-1',
      receivedAt: new Date(),
      httpMethod: 'POST',
      path: '/webhooks/button',
      routeKey: 'POST /webhooks/button',
      protocol: 'HTTP/1.1',
      sourceIp: '192.0.2.1',
      userAgent: 'Button Webhooks/1.0',
      status: 500,
      responseBytes: 12,
      latencyMs: 20,
      integration: { latencyMs: 18, lambdaStatus: 200, functionStatus: undefined, error: '["a"]\n"b"' },
      gatewayMessage: 'Internal Server Error',
    };

    expect(JSON.parse(createAccessLog(format)(failed))).toMatchObject({ status: '500' });
  });

  it('counts at the gateway what Button counts before it pauses the webhook, and no forgeries (C7)', () => {
    const filters = stage.resources('AWS::Logs::MetricFilter').map(({ Properties }): [string, unknown] => {
      const [transformation] = Properties['MetricTransformations'] as [{ MetricName: string }];
      return [transformation.MetricName, Properties['FilterPattern']];
    });

    expect(Object.fromEntries(filters)).toEqual({
      WebhooksFromButton: '{ $.userAgent = "Button Webhooks*" }',
      WebhooksFailedForButton:
        '{ ($.status = "5*") || ($.status = "429") || (($.status != "2*") && ($.userAgent = "Button Webhooks*")) }',
    });
  });

  it('counts each of them once', () => {
    const values = stage
      .resources('AWS::Logs::MetricFilter')
      .flatMap(({ Properties }) => Properties['MetricTransformations'] as { MetricValue: string }[])
      .map(({ MetricValue }) => MetricValue);

    expect(values).toEqual(['1', '1']);
  });

  it('keeps an archive of the events if the configuration asks for one', () => {
    const archived = synthesizeStage({ stage: 'development', transactions: { eventArchiveDays: 30 } });

    expect(stage.resources('AWS::Events::Archive')).toEqual([]);
    expect(archived.resources('AWS::Events::Archive').map(({ Properties }) => Properties)).toMatchObject([
      {
        RetentionDays: 30,
        SourceArn: { 'Fn::GetAtt': ['ButtonTransactions', 'Arn'] },
        // Every event has a source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
        EventPattern: { source: [{ prefix: '' }] },
      },
    ]);
  });

  it('considers the publisher late after an hour, which the stream measures in milliseconds', () => {
    const [behind] = stage
      .resources('AWS::CloudWatch::Alarm')
      .filter(({ Properties }) => Properties['MetricName'] === 'IteratorAge');

    expect(behind?.Properties).toMatchObject({ Threshold: 3_600_000, Statistic: 'Maximum' });
  });

  it("evaluates failed webhooks by the hour, as Button's pause does (C7)", () => {
    const [failures] = stage
      .resources('AWS::CloudWatch::Alarm')
      .filter(({ logicalId }) => logicalId.startsWith('IntakeFailuresAlarm'));
    const metrics = failures?.Properties['Metrics'] as { MetricStat?: { Period: number } }[] | undefined;
    const periods = metrics?.flatMap(({ MetricStat }) => MetricStat?.Period ?? []);

    expect(periods).toEqual([3600, 3600]);
    expect(failures?.Properties['Threshold']).toBe(2);
  });

  it('names shoppers in events unless the configuration says not to (S16)', () => {
    const without = synthesizeStage({ stage: 'development', transactions: { includePersonalFields: false } });
    const publisherSettings = (synthesized: typeof stage) =>
      synthesized
        .resources('AWS::Lambda::Function')
        .filter(({ logicalId }) => logicalId.startsWith('PublicationPublisher'))
        .map(({ Properties }) => Properties['Environment']);

    expect(publisherSettings(stage)).toMatchObject([{ Variables: { INCLUDE_PERSONAL_FIELDS: 'true' } }]);
    expect(publisherSettings(without)).toMatchObject([{ Variables: { INCLUDE_PERSONAL_FIELDS: 'false' } }]);
    expect(without.outputValue('EventsNameShoppers')).toBe('false');
  });

  it('configures the function for deferred webhooks with its queue and the number of receives that SQS allows', () => {
    const [queue] = stage
      .resources('AWS::SQS::Queue')
      .filter(({ logicalId }) => logicalId === 'DeferredWebhooksQueue');
    const deferredWebhooks = stage
      .resources('AWS::Lambda::Function')
      .find(({ logicalId }) => logicalId.startsWith('IntakeDeferredWebhooks'));

    expect(deferredWebhooks?.Properties['Environment']).toMatchObject({
      Variables: { DEFERRED_WEBHOOKS_QUEUE_URL: { Ref: 'DeferredWebhooksQueue' }, MAX_RECEIVES: '1000' },
    });
    expect(queue?.Properties['RedrivePolicy']).toMatchObject({ maxReceiveCount: 1000 });
  });

  it('reads from Button more often in busy hours, and more widely at night, in the local time zone', () => {
    const ofPlanner = stage
      .resources('AWS::Scheduler::Schedule')
      .filter(({ logicalId }) => logicalId.startsWith('Reconciliation'));
    const schedules = ofPlanner.map(({ Properties }) => {
      const { Input } = Properties['Target'] as { Input: string };
      return [
        Properties['ScheduleExpression'],
        Properties['ScheduleExpressionTimezone'],
        JSON.parse(Input) as unknown,
      ];
    });

    expect(schedules).toEqual([
      ['cron(0/10 7-23 * * ? *)', 'America/New_York', { streams: ['incremental'] }],
      ['cron(0/25 0-6 * * ? *)', 'America/New_York', { streams: ['incremental'] }],
      ['cron(20 4 * * ? *)', 'America/New_York', { streams: ['sweep-daily'] }],
      ['cron(40 4 ? * SUN *)', 'America/New_York', { streams: ['sweep-weekly'] }],
    ]);
  });

  it('configures the cut-over for everything that stores transactions, and for replays of webhooks', () => {
    const liveFrom = '2026-06-01T00:00:00Z';
    const cutOver = synthesizeStage({ stage: 'development', transactions: { liveFrom } });

    const reported = cutOver
      .resources('AWS::Lambda::Function')
      .filter(({ Properties }) => JSON.stringify(Properties['Environment']).includes(liveFrom))
      .map(
        ({ logicalId }) =>
          /^(Intake(Receiver|DeferredWebhooks)|Reconciliation)/.exec(logicalId)?.[0] ?? logicalId,
      );

    expect(reported.sort()).toEqual(['IntakeDeferredWebhooks', 'IntakeReceiver', 'Reconciliation']);
    expect(cutOver.outputValue('LiveFrom')).toBe(liveFrom);
    const live = synthesizeStage({
      stage: 'development',
      transactions: { reconciler: { firstRead: 'live' } },
    });
    expect(live.outputValue('LiveFrom')).toBe('1970-01-01T00:00:00Z');
  });

  it('retries a planner that failed, because the next weekly sweep is a week away (F6)', () => {
    const retries = stage
      .resources('AWS::Lambda::EventInvokeConfig')
      .map(({ Properties: { MaximumEventAgeInSeconds, MaximumRetryAttempts } }) => [
        MaximumEventAgeInSeconds,
        MaximumRetryAttempts,
      ]);
    const ofSchedules = stage
      .resources('AWS::Scheduler::Schedule')
      .map(({ Properties }) => (Properties['Target'] as { RetryPolicy: unknown }).RetryPolicy);

    // The expiry runs again soon and continues where it stopped.
    expect(retries).toEqual([
      [21_600, 2],
      [60, 0],
    ]);
    expect(new Set(ofSchedules.map((policy) => JSON.stringify(policy)))).toEqual(
      new Set(['{"MaximumEventAgeInSeconds":21600}', '{"MaximumEventAgeInSeconds":60}']),
    );
  });

  it('configures planner and reconciler with their own settings', () => {
    const reported = synthesizeStage({
      stage: 'development',
      transactions: {
        quarantineRetentionDays: 11,
        reconciler: {
          ...{ firstRead: 'live', readFrom: '2020-02-02T00:00:00Z', sweepDays: 12, overlapSeconds: 13 },
          ...{ lagSeconds: 14, sliceSeconds: 15, pageSize: 16, driftRetentionDays: 17 },
          ...{ buttonTimeoutMs: 18_500, timeoutSeconds: 119 },
        },
      },
    });
    const [reconciler, planner] = ['ReconciliationReconciler', 'ReconciliationPlanner'].map((name) => {
      const found = reported
        .resources('AWS::Lambda::Function')
        .find(({ logicalId }) => logicalId.startsWith(name));
      return found?.Properties;
    });

    expect(reconciler).toMatchObject({
      Timeout: 119,
      Environment: {
        Variables: {
          ...{ OVERLAP_SECONDS: '13', LAG_SECONDS: '14', SLICE_SECONDS: '15', PAGE_SIZE: '16' },
          ...{ DRIFT_RETENTION_DAYS: '17', QUARANTINE_RETENTION_DAYS: '11', BUTTON_TIMEOUT_MS: '18500' },
        },
      },
    });
    // One call to Button, and half a minute for table and queue.
    expect(planner).toMatchObject({
      Timeout: 49,
      Environment: {
        Variables: {
          ...{ FIRST_READ: 'live', READ_FROM: '2020-02-02T00:00:00Z', SWEEP_DAYS: '12' },
          ...{ LAG_SECONDS: '14', BUTTON_TIMEOUT_MS: '18500' },
        },
      },
    });
  });

  it('compares the lists with each daily sweep if the configuration asks for it (K12)', () => {
    const inputs = synthesizeStage({
      stage: 'development',
      transactions: { reconciler: { crossCheck: true } },
    })
      .resources('AWS::Scheduler::Schedule')
      .map(({ Properties }) => (Properties['Target'] as { Input: string }).Input)
      .filter((input) => input.includes('cross-check'));

    expect(inputs).toEqual(['{"streams":["sweep-daily","cross-check"]}']);
  });

  it('gives the publisher time for a batch of a hundred events', () => {
    const publisher = stage
      .resources('AWS::Lambda::Function')
      .find(({ logicalId }) => logicalId.startsWith('PublicationPublisher'));

    expect(publisher?.Properties['Timeout']).toBe(30);
  });

  it('considers the queue of read messages late once its oldest message has waited for an hour', () => {
    const ages = stage
      .resources('AWS::CloudWatch::Alarm')
      .filter(({ Properties }) => String(Properties['AlarmName']).endsWith('/ReconciliationReconcilerAge'))
      .map(({ Properties: { Threshold, Statistic, EvaluationPeriods } }) => ({
        ...{ Threshold, Statistic, EvaluationPeriods },
      }));

    expect(ages).toEqual([{ Threshold: 3600, Statistic: 'Maximum', EvaluationPeriods: 2 }]);
  });

  it('gives the receiver less time than the gateway waits (S9)', () => {
    const receiver = stage
      .resources('AWS::Lambda::Function')
      .find(({ logicalId }) => logicalId.startsWith('IntakeReceiver'));

    expect(receiver?.Properties['Timeout']).toBe(10);
  });

  it('grants a system of yours read access to transactions, and nothing else', () => {
    const transactions = new TransactionsStack(new App(UNCHECKED_APP), 'Test', {
      deployment: { config: StageConfigSchema.parse(PUBLISHER_STAGE), bundlesFolder: TINY_BUNDLES_FOLDER },
      transactionsConfig: TransactionsConfigSchema.parse({}),
    });
    const reader = new Role(transactions, 'Reader', { assumedBy: new AccountRootPrincipal() });

    transactions.grantReadTransactions(reader).assertSuccess();

    const arn = { 'Fn::GetAtt': ['Transactions', 'Arn'] };
    Template.fromStack(transactions).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: ['dynamodb:GetItem', 'dynamodb:Query'],
            Resource: [arn, { 'Fn::Join': ['', [arn, '/index/byShopper']] }],
          },
        ],
      },
    });
  });

  it('calls an account stale only after more than two ticks, whatever their interval in the stage', () => {
    const slow = synthesizeStage({
      stage: 'development',
      transactions: { reconciler: { silenceMinutes: 1440 } },
    });
    const stale = (synthesized: typeof stage) =>
      synthesized
        .resources('AWS::CloudWatch::Alarm')
        .find(({ logicalId }) => logicalId.startsWith('ReconciliationStaleAlarm'))?.Properties;

    expect(stale(stage)).toMatchObject({ Threshold: 3 * 3600, Period: 2 * 3600, EvaluationPeriods: 1 });
    expect(stale(slow)).toMatchObject({ Threshold: 36 * 3600, Period: 24 * 3600, EvaluationPeriods: 1 });
  });

  it('lets personal data expire and counts what is overdue after the configured days', () => {
    const expiry = synthesizeStage({
      stage: 'development',
      transactions: { personalDataDays: 100, finalizationDays: 60, overdueGraceDays: 40 },
    });
    const isItsOwn = ({ logicalId }: { logicalId: string }) => logicalId.startsWith('PersonalDataExpiry');

    const [schedule] = expiry.resources('AWS::Scheduler::Schedule').filter(isItsOwn);
    const [worker] = expiry.resources('AWS::Lambda::Function').filter(isItsOwn);

    // A run ends before the next one starts, so that a pass of many runs has one worker.
    expect(schedule?.Properties).toMatchObject({ ScheduleExpression: 'rate(15 minutes)' });
    expect(worker?.Properties['Timeout']).toBe(15 * 60);
    expect(worker?.Properties['Environment']).toMatchObject({
      Variables: { PERSONAL_DATA_DAYS: '100', FINALIZATION_DAYS: '60', OVERDUE_GRACE_DAYS: '40' },
    });
  });

  it('AWS, requirement 1: lets only the reconciler start itself again and again', () => {
    const loops = stage
      .resources('AWS::Lambda::Function')
      .filter(({ Properties }) => Properties['RecursiveLoop'] !== undefined);

    expect(loops).toMatchObject([{ Properties: { RecursiveLoop: 'Allow' } }]);
    expect(loops[0]?.logicalId).toContain('Reconciler');
  });

  it('passes one read message at a time to a reconciler', () => {
    const readQueue = stage
      .resources('AWS::Lambda::EventSourceMapping')
      .find(({ Properties }) => JSON.stringify(Properties['EventSourceArn']).includes('ReadQueue'));

    expect(readQueue?.Properties['BatchSize']).toBe(1);
  });
});
