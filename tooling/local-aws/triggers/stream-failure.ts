import { randomUUID } from 'node:crypto';

/** Why records were given up. */
export type FailureReason = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

type GivenUpRecord = { dynamodb: { SequenceNumber: string; ApproximateCreationDateTime: number } };

/** How many records, which stand oldest first, are past the maximum age; -1 is no maximum. */
export function countExpired(
  records: GivenUpRecord[],
  { maximumAgeSeconds, nowMs }: { maximumAgeSeconds: number; nowMs: number },
): number {
  if (maximumAgeSeconds < 0) return 0;
  const oldestEpochSeconds = nowMs / 1000 - maximumAgeSeconds;
  return records.filter(({ dynamodb }) => dynamodb.ApproximateCreationDateTime < oldestEpochSeconds).length;
}

/**
 * What an on-failure destination is told about records that were given up; the records themselves are not in
 * it.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-errors.html, "Configuring destinations".
 */
export function createFailureNotice(
  records: GivenUpRecord[],
  about: { reason: FailureReason; attempts: number; functionArn: string; streamArn: string; shardId: string },
) {
  const first = records[0]?.dynamodb;
  const last = records.at(-1)?.dynamodb;
  return {
    requestContext: {
      requestId: randomUUID(),
      functionArn: about.functionArn,
      condition: about.reason,
      approximateInvokeCount: about.attempts,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: new Date().toISOString(),
    DDBStreamBatchInfo: {
      shardId: about.shardId,
      startSequenceNumber: first?.SequenceNumber,
      endSequenceNumber: last?.SequenceNumber,
      approximateArrivalOfFirstRecord: isoTime(first?.ApproximateCreationDateTime),
      approximateArrivalOfLastRecord: isoTime(last?.ApproximateCreationDateTime),
      batchSize: records.length,
      streamArn: about.streamArn,
    },
  };
}

function isoTime(epochSeconds: number | undefined): string | undefined {
  return epochSeconds === undefined ? undefined : new Date(epochSeconds * 1000).toISOString();
}
