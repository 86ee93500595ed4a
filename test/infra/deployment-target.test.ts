import { describe, expect, it } from 'vitest';

import { StageConfigSchema } from '../../infra/config.ts';
import { misplacedArns, targetOf } from '../../infra/deployment-target.ts';
import { BRAND_STAGE, synthesizeStage } from './synthesized-stage.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:on-call';
const CERTIFICATE = 'arn:aws:acm:eu-west-1:111122223333:certificate/abc';

function config({ topicArn = TOPIC, certificateArn = CERTIFICATE, producer = '' } = {}) {
  return StageConfigSchema.parse({
    stage: 'production',
    orderReporting: { brands: [{ id: 'acme', producers: producer === '' ? [] : [producer] }] },
    transactions: { webhookDomain: { name: 'hooks.example.com', certificateArn } },
    alarms: { ticket: { topicArn } },
  });
}

const IRELAND = { account: '111122223333', region: 'eu-west-1' };
const UNKNOWN = { account: undefined, region: undefined };

describe('targetOf', () => {
  const credentials = { CDK_DEFAULT_ACCOUNT: '444455556666', CDK_DEFAULT_REGION: 'us-east-1' };

  it('is what the configuration says, or else what the credentials belong to', () => {
    expect(targetOf({ account: '111122223333', region: 'eu-west-1' }, credentials)).toEqual(IRELAND);
    expect(targetOf({ account: undefined, region: undefined }, credentials)).toEqual({
      account: '444455556666',
      region: 'us-east-1',
    });
    expect(targetOf({ account: undefined, region: undefined }, {})).toEqual(UNKNOWN);
  });
});

describe('misplacedArns', () => {
  it('finds nothing wrong if everything is in the account and region of the stacks', () => {
    const producer = 'arn:aws:iam::444455556666:role/shop';

    expect(misplacedArns(config({ producer }), IRELAND)).toEqual([]);
    expect(misplacedArns(config({ producer }), UNKNOWN)).toEqual([]);
  });

  it.each([
    [
      'a topic of another region, which alarms refuse',
      { topicArn: TOPIC.replace('eu-west-1', 'us-east-1') },
      ['alarms.ticket.topicArn: is in the region us-east-1, but the stacks are deployed to eu-west-1'],
    ],
    [
      'a certificate of another region, as for CloudFront',
      { certificateArn: CERTIFICATE.replace('eu-west-1', 'us-east-1') },
      [
        'transactions.webhookDomain.certificateArn: is in the region us-east-1, but the stacks are deployed to eu-west-1',
      ],
    ],
    [
      'a certificate of another account',
      { certificateArn: CERTIFICATE.replace('111122223333', '444455556666') },
      [
        'transactions.webhookDomain.certificateArn: is in the account 444455556666, but the stacks are deployed to 111122223333',
      ],
    ],
    [
      'a topic of another account, whose policy may allow alarms',
      { topicArn: TOPIC.replace('1111', '4444') },
      [],
    ],
    [
      'a producer of another partition',
      { producer: 'arn:aws-cn:iam::444455556666:role/shop' },
      ['orderReporting.brands.0.producers.0: is in the partition aws-cn, but the stacks are deployed to aws'],
    ],
  ])('finds %s', (_fault, change, problems) => {
    expect(misplacedArns(config(change), IRELAND)).toEqual(problems);
  });

  it('compares ARNs with each other if the region is not known yet', () => {
    const topicArn = TOPIC.replace('eu-west-1', 'us-east-1');

    expect(misplacedArns(config({ topicArn }), UNKNOWN)).toEqual([
      'transactions.webhookDomain.certificateArn: is in the region eu-west-1, but the stacks are deployed to us-east-1',
    ]);
  });

  it.each([
    ['cn-north-1', 'aws-cn'],
    ['us-gov-west-1', 'aws-us-gov'],
  ])('knows the partition of %s', (region, partition) => {
    const topicArn = `arn:${partition}:sns:${region}:111122223333:on-call`;
    const certificateArn = `arn:${partition}:acm:${region}:111122223333:certificate/abc`;

    expect(misplacedArns(config({ topicArn, certificateArn }), { ...IRELAND, region })).toEqual([]);
    expect(
      misplacedArns(config({ topicArn: topicArn.replace(partition, 'aws') }), { ...UNKNOWN, region }),
    ).toContain(
      `alarms.ticket.topicArn: is in the partition aws, but the stacks are deployed to ${partition}`,
    );
  });
});

describe('AWS, requirement 10: a stage with an account and a region', () => {
  it('is deployed nowhere else: each stack names both, and the CDK refuses credentials of another account', () => {
    const named = synthesizeStage({ ...BRAND_STAGE, account: '111122223333', region: 'eu-west-1' });

    expect(new Set(named.environments)).toEqual(new Set(['aws://111122223333/eu-west-1']));
    expect(new Set(synthesizeStage(BRAND_STAGE).environments)).toEqual(
      new Set(['aws://unknown-account/unknown-region']),
    );
  });
});
