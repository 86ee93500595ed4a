import { defineResource, physicalName } from '../resource-definition.ts';

/** Who may publish to a topic. */
export const snsTopicPolicy = defineResource({
  type: 'AWS::SNS::TopicPolicy',
  properties: {},
  withoutLocalEffect: {
    PolicyDocument: 'nothing is published',
    Topics: 'nothing is published',
  },
  create: (_properties, site) => ({ physicalId: physicalName(site, { maxLength: 128 }), attributes: {} }),
});
