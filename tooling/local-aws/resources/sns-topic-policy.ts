import { defineResource, physicalName } from '../resource-definition.ts';

/** Who may publish to a topic. */
export const snsTopicPolicy = defineResource({
  type: 'AWS::SNS::TopicPolicy',
  properties: {},
  withoutLocalEffect: {
    PolicyDocument: 'there is no IAM here',
    Topics: 'there is no IAM here',
  },
  create: (_properties, site) => ({ physicalId: physicalName(site, { maxLength: 128 }), attributes: {} }),
});
