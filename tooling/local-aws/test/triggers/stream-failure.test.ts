import { expect, it } from 'vitest';
import { countExpired, createFailureNotice } from '../../triggers/stream-failure.ts';
import { textLike } from '../match.ts';

const records = [100, 150, 200].map((epochSeconds, index) => ({
  dynamodb: { SequenceNumber: String(index + 1), ApproximateCreationDateTime: epochSeconds },
}));

// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
it.each([
  [-1, 0],
  [60, 2],
  [105, 1],
  [604_800, 0],
])('with a maximum age of %d s, %d of the records are too old', (maximumAgeSeconds, count) => {
  expect(countExpired(records, { maximumAgeSeconds, nowMs: 215_000 })).toBe(count);
});

// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-errors.html
it('describes the position in the stream of records that were given up', () => {
  const notice = createFailureNotice(records, {
    reason: 'RecordAgeExceeded',
    attempts: 0,
    functionArn: 'arn:function',
    streamArn: 'arn:stream',
    shardId: 'shard',
  });

  expect(notice).toEqual({
    requestContext: {
      requestId: textLike(/^[0-9a-f-]{36}$/),
      functionArn: 'arn:function',
      condition: 'RecordAgeExceeded',
      approximateInvokeCount: 0,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: textLike(/Z$/),
    DDBStreamBatchInfo: {
      shardId: 'shard',
      startSequenceNumber: '1',
      endSequenceNumber: '3',
      approximateArrivalOfFirstRecord: '1970-01-01T00:01:40.000Z',
      approximateArrivalOfLastRecord: '1970-01-01T00:03:20.000Z',
      batchSize: 3,
      streamArn: 'arn:stream',
    },
  });
});
