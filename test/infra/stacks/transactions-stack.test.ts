import { describe, expect, it } from 'vitest';

import { PUBLISHER_STAGE, synthesizeStage } from '../synthesized-stage.ts';

const stage = synthesizeStage(PUBLISHER_STAGE);
const tableOf = (synthesized: typeof stage, id: string) =>
  synthesized.resources('AWS::DynamoDB::Table').find(({ logicalId }) => logicalId === id)?.Properties;

describe('TransactionsStack', () => {
  it('streams every change of a transaction to the publisher until the record expires', () => {
    const mapping = stage
      .resources('AWS::Lambda::EventSourceMapping')
      .find(({ Properties }) => Properties['StartingPosition'] !== undefined);

    expect(tableOf(stage, 'Transactions')?.['StreamSpecification']).toEqual({
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    });
    expect(mapping?.Properties).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': ['Transactions', 'StreamArn'] },
      StartingPosition: 'TRIM_HORIZON',
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

  it('leaves the index by shopper out where nobody asks for it', () => {
    const without = synthesizeStage({ stage: 'development', transactions: { shopperField: 'none' } });

    expect(tableOf(without, 'Transactions')).not.toHaveProperty('GlobalSecondaryIndexes');
    expect(without.templateText).toContain('"SHOPPER_FIELD": "none"');
  });

  it('takes webhooks on one route, capped', () => {
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

  it("logs every request's outcome, and neither its body nor its caller's address (S14)", () => {
    const [apiStage] = stage.resources('AWS::ApiGatewayV2::Stage');

    const { Format } = apiStage?.Properties['AccessLogSettings'] as { Format: string };

    expect(JSON.parse(Format)).toMatchObject({
      status: '$context.status',
      userAgent: '$context.identity.userAgent',
    });
    expect(Format).not.toMatch(/sourceIp|body|header/i);
  });

  it('reads from Button more often in busy hours, in their own time zone', () => {
    const schedules = stage
      .resources('AWS::Scheduler::Schedule')
      .map(({ Properties }) => [Properties['ScheduleExpression'], Properties['ScheduleExpressionTimezone']]);

    expect(schedules).toEqual([
      ['cron(0/10 7-23 * * ? *)', 'America/New_York'],
      ['cron(0/30 0-6 * * ? *)', 'America/New_York'],
    ]);
  });

  it('hands one wake-up at a time to a reconciler', () => {
    const wakeUps = stage
      .resources('AWS::Lambda::EventSourceMapping')
      .find(({ Properties }) => JSON.stringify(Properties['EventSourceArn']).includes('WakeUps'));

    expect(wakeUps?.Properties['BatchSize']).toBe(1);
  });
});
