import { randomUUID } from 'node:crypto';
import { findFunction } from '../cloud.ts';
import { defineResource } from '../resource-definition.ts';
import { MappingSchema } from '../triggers/mapping-properties.ts';
import { mapQueue } from '../triggers/sqs-mapping.ts';
import { mapStream } from '../triggers/stream-mapping.ts';

/** Feeds a function from a queue or from a table's stream. */
export const lambdaEventSourceMapping = defineResource({
  type: 'AWS::Lambda::EventSourceMapping',
  properties: MappingSchema.shape,
  withoutLocalEffect: { Tags: 'nothing reads them' },
  async create(properties, site) {
    const target = findFunction(site.cloud, properties.FunctionName);
    const service = properties.EventSourceArn.split(':')[2];

    if (service === 'sqs') await mapQueue(properties, { target, cloud: site.cloud });
    else if (service === 'dynamodb') mapStream(properties, { target, cloud: site.cloud });
    else throw new Error(`A mapping from ${String(service)} is not supported locally.`);
    const id = randomUUID();
    return { physicalId: id, attributes: { Id: id } };
  },
});
