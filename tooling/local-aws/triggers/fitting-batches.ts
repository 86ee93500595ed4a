import { PAYLOAD_LIMIT_BYTES } from '../lambda/local-function.ts';

/** What an event has around its records. */
const ENVELOPE_BYTES = Buffer.byteLength('{"Records":[]}');

/**
 * Divides records into batches that fit into the payload of one invocation each, in their order. A mapping
 * passes on all records of a batch "up to the payload limit for synchronous invocation (6 MB)".
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html, BatchSize
 */
export function fittingBatches<Item>(items: readonly Item[], toRecord: (item: Item) => unknown): Item[][] {
  const batches: Item[][] = [];
  let batch: Item[] = [];
  let bytes = ENVELOPE_BYTES;
  for (const item of items) {
    // With the comma between records.
    const recordBytes = Buffer.byteLength(JSON.stringify(toRecord(item))) + 1;
    if (batch.length > 0 && bytes + recordBytes > PAYLOAD_LIMIT_BYTES.sync) {
      batches.push(batch);
      batch = [];
      bytes = ENVELOPE_BYTES;
    }
    batch.push(item);
    bytes += recordBytes;
  }
  return batch.length === 0 ? batches : [...batches, batch];
}
