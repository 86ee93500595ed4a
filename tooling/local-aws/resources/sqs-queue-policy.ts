import { defineResource, physicalName } from '../resource-definition.ts';

/** Who may use a queue. Everybody on this machine may use every queue. */
export const sqsQueuePolicy = defineResource({
  type: 'AWS::SQS::QueuePolicy',
  properties: {},
  withoutLocalEffect: {
    PolicyDocument: 'there is no IAM here',
    Queues: 'there is no IAM here',
  },
  create: (_properties, site) => ({ physicalId: physicalName(site, { maxLength: 128 }), attributes: {} }),
});
