import { describe, expect, it } from 'vitest';

import { StageConfigSchema } from '../../../infra/config.ts';
import { synthesizeStage } from '../synthesized-stage.ts';

const stage = synthesizeStage({ stage: 'development', transactions: { publisherApi: { rateLimit: 7 } } });

describe('the publisher API', () => {
  it('is off unless its setting turns it on', () => {
    const without = synthesizeStage({ stage: 'development', transactions: {} });

    expect(without.templateText).not.toContain('PublisherApi');
    expect(stage.outputs('Transactions')).toEqual(
      expect.arrayContaining(['PublisherApiUrl', 'PublisherApiArn']),
    );
  });

  it('grants access by IAM only, on every route, and is throttled', () => {
    const routes = stage
      .resources('AWS::ApiGatewayV2::Route')
      .filter(({ Properties }) => String(Properties['RouteKey']).startsWith('GET '));
    const stages = stage.resources('AWS::ApiGatewayV2::Stage').map(({ Properties }) => Properties);

    expect(
      routes.map(({ Properties: { RouteKey, AuthorizationType } }) => [RouteKey, AuthorizationType]),
    ).toEqual(
      ['/v1/rewards', '/v1/transactions', '/v1/transaction'].map((path) => [`GET ${path}`, 'AWS_IAM']),
    );
    expect(stages).toContainEqual(
      expect.objectContaining({
        DefaultRouteSettings: { ThrottlingRateLimit: 7, ThrottlingBurstLimit: 100 },
      }),
    );
    expect(stages.filter(({ AccessLogSettings }) => AccessLogSettings === undefined)).toHaveLength(1);
  });

  it('may only read transactions, by key and by shopper', () => {
    const role = stage
      .resources('AWS::IAM::Role')
      .find(({ logicalId }) => logicalId.startsWith('PublisherApiFunctionRole'));
    const statements = JSON.stringify(role?.Properties['Policies']).matchAll(/"(dynamodb:\w+)"/g);

    expect([...statements].map(([, action]) => action)).toEqual(['dynamodb:GetItem', 'dynamodb:Query']);
  });

  it('has an alarm that fires when it keeps failing', () => {
    const alarms = stage.resources('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);

    expect(alarms).toContainEqual(
      expect.objectContaining({
        AlarmName: expect.stringContaining('PublisherApiErrors') as string,
        MetricName: '5xx',
        EvaluationPeriods: 3,
      }),
    );
  });

  it('needs the index by shopper', () => {
    const result = StageConfigSchema.safeParse({
      stage: 'development',
      transactions: { shopperField: 'none', publisherApi: {} },
    });

    expect(result.error?.issues).toMatchObject([{ path: ['transactions', 'shopperField'] }]);
  });
});
