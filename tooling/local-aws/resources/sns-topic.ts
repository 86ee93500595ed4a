import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** A topic that alarms could ring; alarms never do here. */
export const snsTopic = defineResource({
  type: 'AWS::SNS::Topic',
  properties: { TopicName: z.string().optional() },
  nameProperty: 'TopicName',
  withoutLocalEffect: {
    DisplayName: 'nothing is published',
    KmsMasterKeyId: 'nothing is published',
    Subscription: 'nothing is published',
    TracingConfig: 'nothing is published',
    Tags: 'nothing reads them',
  },
  create(properties, site) {
    const name = properties.TopicName ?? physicalName(site, { maxLength: 256 });
    const arn = arnOf(site.cloud, 'sns', name);
    return { physicalId: arn, attributes: { TopicArn: arn, TopicName: name } };
  },
});
