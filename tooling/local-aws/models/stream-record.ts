import { randomUUID } from 'node:crypto';
import type { StreamRecord, TableSettings } from './dynamodb-model.ts';
import { textFromBytes } from './dynamodb-wire.ts';

/**
 * A change as GetRecords shows it, bytes in base64. A deletion by time to live says that DynamoDB made it.
 *
 * Sources: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html,
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
 */
export function toStreamRecord(
  { sequenceNumber, atMs, before, after, isExpiry }: StreamRecord,
  { settings, region }: { settings: TableSettings; region: string },
): object {
  const names = [settings.partitionKey, settings.sortKey].filter((name) => name !== undefined);
  const item = after ?? before ?? {};
  return {
    eventID: randomUUID().replaceAll('-', ''),
    eventName: eventNameOf(before, after),
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(atMs / 1000),
      Keys: Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name))),
      ...(before && { OldImage: textFromBytes(before) }),
      ...(after && { NewImage: textFromBytes(after) }),
      SequenceNumber: sequenceNumber,
      SizeBytes: JSON.stringify(item).length,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    ...(isExpiry && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
  };
}

function eventNameOf(before: object | undefined, after: object | undefined): string {
  if (before === undefined) return 'INSERT';
  return after === undefined ? 'REMOVE' : 'MODIFY';
}
