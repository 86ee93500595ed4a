import { describe, expect, it } from 'vitest';

import { synthesizeStage } from '../synthesized-stage.ts';

const TWO_BRANDS = {
  brands: [
    { id: 'acme', buttonTimeoutMs: 5000 },
    { id: 'north-shop', retrySweep: { maxRetriesPerSweep: 7 } },
  ],
};
const stage = synthesizeStage({ stage: 'development', orderReporting: TWO_BRANDS });

describe('the stacks of order reporting', () => {
  it('gives each brand its own queue, secret, reporter and sweep over one ledger', () => {
    const ids = (type: string) => stage.resources(type).map(({ logicalId }) => logicalId);

    expect(ids('AWS::SQS::Queue').sort()).toEqual([
      'OrdersAcme',
      'OrdersAcmeDeadLetters',
      'OrdersNorthShop',
      'OrdersNorthShopDeadLetters',
    ]);
    expect(ids('AWS::SecretsManager::Secret')).toEqual(['ButtonApiKeyAcme', 'ButtonApiKeyNorthShop']);
    expect(ids('AWS::Lambda::Function')).toHaveLength(5);
    expect(ids('AWS::DynamoDB::Table')).toEqual(['OrderLedger', 'OrderQuarantine']);
    expect(stage.outputs('Brand-north-shop')).toContain('OrderQueueUrlNorthShop');
  });

  it("lets only its own reporter work on a brand's queue: another brand's million messages delay nobody (A14)", () => {
    const mappings = stage.resources('AWS::Lambda::EventSourceMapping').map(({ Properties }) => {
      const { EventSourceArn: source, FunctionName: name } = Properties;
      return [JSON.stringify(source), JSON.stringify(name)] as const;
    });
    const brandOf = (text: string) => ['Acme', 'NorthShop'].filter((brand) => text.includes(brand));

    expect(mappings).toHaveLength(2);
    expect(mappings.map(([queue]) => brandOf(queue))).toEqual([['Acme'], ['NorthShop']]);
    for (const [queue, reporter] of mappings) expect(brandOf(reporter)).toEqual(brandOf(queue));
  });

  it('configures each reporter with the time from which the ledger can be trusted, if it was restored', () => {
    const restored = synthesizeStage({
      stage: 'development',
      orderReporting: { ...TWO_BRANDS, verifyBefore: '2026-06-01T14:00:00+02:00' },
    });
    const instants = restored
      .resources('AWS::Lambda::Function')
      .map(
        ({ Properties }) => (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables,
      )
      .filter((variables) => 'BUTTON_API_URL' in variables)
      .map((variables) => variables['VERIFY_BEFORE']);

    expect(instants).toEqual(['2026-06-01T14:00:00+02:00', '2026-06-01T14:00:00+02:00']);
  });

  it('configures each reporter with its brand, its secret and its settings', () => {
    const environments = stage
      .resources('AWS::Lambda::Function')
      .map(
        ({ Properties }) => (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables,
      );

    expect(environments).toContainEqual({
      BRAND_ID: 'acme',
      ORDER_LEDGER_TABLE: 'Button-development-OrderLedger',
      QUARANTINE_TABLE: 'Button-development-OrderQuarantine',
      API_KEY_SECRET_ID: { Ref: 'ButtonApiKeyAcme' },
      BUTTON_API_URL: 'https://api.usebutton.com',
      BUTTON_TIMEOUT_MS: '5000',
      QUIET_TIME_SECONDS: '60',
      RETRY_BASE_SECONDS: '30',
      RETRY_MAX_SECONDS: '1800',
      QUARANTINE_RETENTION_DAYS: '90',
      ORDER_BY: 'sequence',
      TEST_TOKENS: 'refuse',
      ALLOW_FINALIZATION_DATE: 'false',
      METRICS_NAMESPACE: 'ButtonServerless/development',
    });
    expect(environments).toContainEqual({
      BRAND_ID: 'north-shop',
      ORDER_LEDGER_TABLE: 'Button-development-OrderLedger',
      ORDER_QUEUE_URL: { Ref: 'OrdersNorthShop' },
      MAX_RETRIES_PER_SWEEP: '7',
      METRICS_NAMESPACE: 'ButtonServerless/development',
    });
  });

  it('sweeps as often as each brand asks for, by default once a minute', () => {
    const brands = [
      { id: 'acme' },
      { id: 'north-shop', retrySweep: { schedule: 'cron(0/5 8-20 ? * MON-FRI *)', silenceMinutes: 1440 } },
    ];
    const swept = synthesizeStage({ stage: 'development', orderReporting: { brands } });
    const schedulesOf = (stack: string) =>
      swept
        .resources('AWS::Scheduler::Schedule', stack)
        .map(({ Properties }) => [
          Properties['ScheduleExpression'],
          Properties['ScheduleExpressionTimezone'],
          Properties['State'] ?? 'ENABLED',
        ]);

    expect(schedulesOf('Brand-acme')).toEqual([['rate(1 minute)', 'UTC', 'ENABLED']]);
    expect(schedulesOf('Brand-north-shop')).toEqual([['cron(0/5 8-20 ? * MON-FRI *)', 'UTC', 'ENABLED']]);
  });

  it('drops a sweep that fails or is late: the next one runs within a minute (F6)', () => {
    const [config] = stage.resources('AWS::Lambda::EventInvokeConfig');
    const [schedule] = stage.resources('AWS::Scheduler::Schedule');

    expect(config?.Properties).toMatchObject({ MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 });
    expect(schedule?.Properties['Target']).toMatchObject({ RetryPolicy: { MaximumEventAgeInSeconds: 60 } });
  });

  it('looks for the oldest order over a time in which every waiting order is tried', () => {
    const slow = synthesizeStage({
      stage: 'development',
      orderReporting: { brands: [{ id: 'acme' }, { id: 'north-shop', retryMaxSeconds: 7200 }] },
    });
    const oldest = (synthesized: typeof stage) =>
      synthesized
        .resources('AWS::CloudWatch::Alarm')
        .filter(({ logicalId }) => logicalId.startsWith('OldestOrderAlarm'))
        .map(({ Properties: { Period, Threshold } }) => ({ Period, Threshold }));

    expect(oldest(stage)).toEqual([{ Period: 35 * 60, Threshold: 3600 }]);
    expect(oldest(slow)).toEqual([{ Period: 125 * 60, Threshold: 3600 }]);
  });

  it('finds waiting orders by a sparse index that shows how old they are and whether they failed', () => {
    const [orderLedger] = stage.resources('AWS::DynamoDB::Table');

    expect(orderLedger?.Properties['GlobalSecondaryIndexes']).toEqual([
      {
        IndexName: 'due',
        KeySchema: [
          { AttributeName: 'dueShard', KeyType: 'HASH' },
          { AttributeName: 'dueAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['receivedAt', 'attempts'] },
      },
    ]);
  });
});
