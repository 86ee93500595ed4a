import { randomUUID } from 'node:crypto';
import { findFunction } from '../cloud.ts';
import type { LocalCloud } from '../cloud.ts';
import type { LocalFunction } from '../lambda/local-function.ts';
import { defineResource } from '../resource-definition.ts';
import { MappingSchema } from '../triggers/mapping-properties.ts';
import type { MappingProperties } from '../triggers/mapping-properties.ts';
import { mapQueue } from '../triggers/sqs-mapping.ts';
import { mapStream } from '../triggers/stream-mapping.ts';
import { startOfStream } from '../triggers/stream-position.ts';
import type { StreamPosition } from '../triggers/stream-position.ts';

/** Feeds a function from a queue or from a table's stream. */
export const lambdaEventSourceMapping = defineResource({
  type: 'AWS::Lambda::EventSourceMapping',
  properties: MappingSchema.shape,
  withoutLocalEffect: { Tags: 'nothing reads them' },
  async create(properties, site) {
    const target = findFunction(site.cloud, properties.FunctionName);
    refuseMissingRights(properties, target, site.cloud);
    const service = properties.EventSourceArn.split(':')[2];

    const { cloud, physicalId: id = randomUUID() } = site;

    if (service !== 'sqs' && service !== 'dynamodb')
      throw new Error(`A mapping from ${String(service)} is not supported locally.`);
    const trigger =
      service === 'sqs'
        ? await mapQueue(properties, { target, cloud })
        : mapStream(properties, { target, cloud, position: positionOf(cloud, id) });
    const stop = trigger && cloud.triggers.add(trigger);
    return { physicalId: id, attributes: { Id: id }, ...(stop && { remove: stop }) };
  },
});

/** Where the mapping is in its stream, which it keeps when it is updated. */
function positionOf({ streamPositions }: LocalCloud, id: string): StreamPosition {
  const position = streamPositions.get(id) ?? startOfStream();
  streamPositions.set(id, position);
  return position;
}

/**
 * What a mapping does, it does under the function's role.
 *
 * Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions,
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
 */
const POLLING_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  sqs: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
  dynamodb: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
};

/** Lambda refuses a mapping whose function's role may not poll, or not send what failed. */
function refuseMissingRights(
  { EventSourceArn: source, DestinationConfig: destinations }: MappingProperties,
  { configuration }: LocalFunction,
  { access }: LocalCloud,
): void {
  const service = source.split(':')[2] ?? '';
  const polled = (POLLING_RIGHTS[service] ?? []).map((action) => ({ action, resource: source }));
  const listed =
    service === 'dynamodb'
      ? [{ action: 'dynamodb:ListStreams', resource: source.replace(/\/stream\/.*$/u, '/stream/*') }]
      : [];
  const failed = destinations
    ? [{ action: 'sqs:SendMessage', resource: destinations.OnFailure.Destination }]
    : [];
  access.check(configuration.roleArn, [...polled, ...listed, ...failed]);
}
