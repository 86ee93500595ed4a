import * as z from 'zod';
import { arnOf } from '../cloud.ts';
import { ResourcePolicySchema } from '../iam/policy-document.ts';
import { defineResource, physicalName } from '../resource-definition.ts';

/** Who may use queues besides the roles that may, and who may not. `Queues` are URLs. */
export const sqsQueuePolicy = defineResource({
  type: 'AWS::SQS::QueuePolicy',
  properties: { PolicyDocument: ResourcePolicySchema, Queues: z.array(z.string()) },
  withoutLocalEffect: {},
  create({ PolicyDocument: { Statement: statements }, Queues: urls }, site) {
    const detach = urls.map((url) => {
      const arn = arnOf(site.cloud, 'sqs', url.split('/').at(-1) ?? '');
      return site.cloud.access.addResourcePolicy(arn, statements);
    });
    return {
      physicalId: physicalName(site, { maxLength: 128 }),
      attributes: {},
      remove: () => {
        for (const remove of detach) remove();
      },
    };
  },
});
