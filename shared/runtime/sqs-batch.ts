import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';

import { errorName, log } from './logger.ts';

/** How the records of one SQS batch are handled. */
export type BatchWork = {
  records: readonly SQSRecord[];
  /** Returns when the record is handled for good; throws to leave it on the queue. */
  handle: (record: SQSRecord) => Promise<void>;
  /** Called before each record: false leaves it, and the rest of its group, on the queue. */
  timeLeft: () => boolean;
};

/**
 * Handles a batch: message groups concurrently, and each group in order. A record without a group is a group
 * of its own.
 *
 * Once a record fails, it and the later ones of its group are reported as failed, so that SQS delivers them
 * again in order; other groups continue. A record that is not known to be done counts as failed. Never
 * throws: a thrown error makes Lambda poll the whole queue more slowly.
 *
 * Source:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export async function processBatch({ records, handle, timeLeft }: BatchWork): Promise<SQSBatchResponse> {
  const groups = Map.groupBy(records, (record) => record.attributes.MessageGroupId ?? record.messageId);
  const failed = await Promise.all(
    [...groups.values()].map((group) => processGroup({ records: group, handle, timeLeft })),
  );
  return { batchItemFailures: failed.flat().map((record) => ({ itemIdentifier: record.messageId })) };
}

/** Returns the records that are not done: the first that failed and all behind it. */
async function processGroup({ records, handle, timeLeft }: BatchWork): Promise<SQSRecord[]> {
  for (const [index, record] of records.entries()) {
    if (!timeLeft()) return records.slice(index);
    try {
      await handle(record);
    } catch (error) {
      log.error('message_left_on_queue', {
        messageId: record.messageId,
        error: errorName(error),
        cause: error instanceof Error && error.cause !== undefined ? errorName(error.cause) : undefined,
      });
      return records.slice(index);
    }
  }
  return [];
}
