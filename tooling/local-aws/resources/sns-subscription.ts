import { arnOf } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** Who hears of alarms; they never ring here. */
export const snsSubscription = defineResource({
  type: 'AWS::SNS::Subscription',
  properties: {},
  withoutLocalEffect: {
    Protocol: 'nothing is published',
    Endpoint: 'nothing is published',
    TopicArn: 'nothing is published',
  },
  create(_properties, site) {
    const arn = arnOf(site.cloud, 'sns', physicalName(site, { maxLength: 128 }));
    return { physicalId: arn, attributes: { Arn: arn } };
  },
});
