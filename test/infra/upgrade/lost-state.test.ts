import { describe, expect, it } from 'vitest';

import { lostState, stateOf } from '../../../infra/upgrade/lost-state.ts';
import { parseTemplates } from '../../../infra/upgrade/templates.ts';

type Resource = { Type: string; Properties?: object; DeletionPolicy?: string };

const TABLE = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
  },
};
const DEPLOYED: Record<string, Resource> = {
  Orders: TABLE,
  Queue: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true, VisibilityTimeout: 60 } },
  Secret: { Type: 'AWS::SecretsManager::Secret', Properties: {} },
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'a', ProtocolType: 'HTTP' } },
  Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: { Ref: 'Api' }, StageName: '$default' } },
  Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'ButtonTransactions-production' } },
  Worker: { Type: 'AWS::Lambda::Function', Properties: { PackageType: 'Zip' } },
};

const templates = (Resources: Record<string, Resource>) => parseTemplates({ Stack: { Resources } });
const lostBy = (change: Record<string, Resource>) =>
  lostState(templates(DEPLOYED), templates({ ...DEPLOYED, ...change }));
const table = (properties: object): Resource => ({
  ...TABLE,
  Properties: { ...TABLE.Properties, ...properties },
});

describe('lostState (F9)', () => {
  it.each([
    ['another key', 'Orders', table({ KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] }), 'KeySchema'],
    [
      'another type of a key',
      'Orders',
      table({ AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'N' }] }),
      'AttributeDefinitions',
    ],
    ['a name', 'Orders', table({ TableName: 'orders' }), 'TableName'],
    [
      'another stream',
      'Orders',
      table({ StreamSpecification: { StreamViewType: 'KEYS_ONLY' } }),
      'StreamSpecification',
    ],
    ['no stream', 'Orders', table({ StreamSpecification: undefined }), 'StreamSpecification'],
    ['another kind of queue', 'Queue', { Type: 'AWS::SQS::Queue', Properties: {} }, 'FifoQueue'],
    [
      'a name for a secret',
      'Secret',
      { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'a' } },
      'Name',
    ],
    ['another name of the bus', 'Bus', { Type: 'AWS::Events::EventBus', Properties: { Name: 'b' } }, 'Name'],
    ['another type', 'Queue', { Type: 'AWS::SNS::Topic' }, 'type'],
  ])('reports %s', (_change, logicalId, resource, cause) => {
    const lost = lostBy({ [logicalId]: resource });

    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatch(new RegExp(`^Stack: ${logicalId} \\(AWS::.+\\) would be .+ \\(${cause}\\)\\.$`));
  });

  it('reports the consequence of a replacement: a new API has a new URL', () => {
    expect(
      lostBy({ Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'WEBSOCKET' } } }),
    ).toEqual([
      'Stack: Api (AWS::ApiGatewayV2::Api) would be replaced by an empty one (ProtocolType).',
      'Stack: Stage (AWS::ApiGatewayV2::Stage) would be replaced by an empty one (ApiId).',
    ]);
  });

  it('reports a missing logical id, even if the resource would be kept', () => {
    const { Orders, ...others } = DEPLOYED;
    const kept = { ...DEPLOYED, Orders: { ...TABLE, DeletionPolicy: 'Retain' } };
    const renamed = templates({ ...others, Reports: Orders ?? TABLE });

    expect(lostState(templates(DEPLOYED), renamed)).toEqual([
      'Stack: Orders (AWS::DynamoDB::Table) would be deleted.',
    ]);
    expect(lostState(templates(kept), renamed)).toEqual([
      'Stack: Orders (AWS::DynamoDB::Table) would be left behind, and a new one created under another logical id.',
    ]);
  });

  it('reports everything in a stack that is gone or has another name', () => {
    const lost = lostState(templates(DEPLOYED), parseTemplates({ Other: { Resources: DEPLOYED } }));

    expect(lost).toHaveLength(Object.keys(DEPLOYED).length - 1);
  });

  it('ignores what is added, changed in place, or holds no state', () => {
    const changed = {
      Orders: table({
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'due', AttributeType: 'S' },
        ],
        GlobalSecondaryIndexes: [{ IndexName: 'due' }],
      }),
      Queue: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true, VisibilityTimeout: 90 } },
      Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'b', ProtocolType: 'HTTP' } },
      Worker: { Type: 'AWS::Lambda::Function', Properties: { PackageType: 'Image' } },
      More: TABLE,
    };

    expect(lostBy(changed)).toEqual([]);
  });
});

describe('stateOf', () => {
  it('keeps what holds state and nothing else', () => {
    const { Worker, ...stateful } = DEPLOYED;

    expect(Worker).toBeDefined();
    expect(stateOf(templates(DEPLOYED))).toEqual({ Stack: { Resources: stateful } });
  });
});
