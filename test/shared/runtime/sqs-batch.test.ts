import type { SQSRecord } from 'aws-lambda';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { RetryableError } from '../../../shared/runtime/errors.ts';
import { processBatch } from '../../../shared/runtime/sqs-batch.ts';

function record(messageId: string, group?: string): SQSRecord {
  return {
    messageId,
    receiptHandle: `receipt-${messageId}`,
    body: '{}',
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '0',
      SenderId: 'sender',
      ApproximateFirstReceiveTimestamp: '0',
      ...(group === undefined ? {} : { MessageGroupId: group }),
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn',
    awsRegion: 'eu-west-1',
  };
}

async function failures(
  records: readonly SQSRecord[],
  handle: (record: SQSRecord) => Promise<void>,
  timeLeft: () => boolean = () => true,
): Promise<string[]> {
  const { batchItemFailures } = await processBatch({ records, handle, timeLeft });
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

// Failures are logged, and these tests cause some on purpose.
beforeEach(() => vi.spyOn(console, 'error').mockReturnValue());
afterEach(() => vi.restoreAllMocks());

describe('processBatch', () => {
  it('leaves a failed record and the later ones of its group on the queue, and goes on with other groups (A8)', async () => {
    const records = [record('a1', 'a'), record('b1', 'b'), record('a2', 'a'), record('b2', 'b')];
    const handled: string[] = [];

    const failed = await failures(records, ({ messageId }) => {
      handled.push(messageId);
      return messageId === 'a1' ? Promise.reject(new RetryableError('no')) : Promise.resolve();
    });

    expect(failed).toEqual(['a1', 'a2']);
    expect(handled.sort()).toEqual(['a1', 'b1', 'b2']);
  });

  it('reports a batch that failed as a whole instead of throwing, which would slow the queue down (A9)', async () => {
    const records = [record('1'), record('2')];

    expect(await failures(records, () => Promise.reject(new Error('down')))).toEqual(['1', '2']);
  });

  it('starts nothing without time for it (A24)', async () => {
    let started = 0;

    const failed = await failures(
      [record('1', 'g'), record('2', 'g'), record('3', 'g')],
      () => {
        started += 1;
        return Promise.resolve();
      },
      () => started < 1,
    );

    expect(failed).toEqual(['2', '3']);
  });

  it('handles groups in parallel: every group has started before any is done', async () => {
    const records = ['a', 'b', 'c'].map((group) => record(group, group));
    let begun = 0;
    const allBegun = Promise.withResolvers<undefined>();

    const failed = await failures(records, async () => {
      begun += 1;
      if (begun === records.length) allBegun.resolve(undefined);
      await allBegun.promise;
    });

    expect(failed).toEqual([]);
  });

  it('agrees with a simple oracle on 10,000 batches, in the very form that SQS reads (A8, A9, A10)', async () => {
    const batch = fc.array(
      fc.record({
        group: fc.constantFrom('a', 'b', 'c', undefined),
        fate: fc.constantFrom('done', 'done', 'rejected', 'thrown'),
      }),
      { maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(batch, fc.nat(12), async (items, timeFor) => {
        const records = items.map(({ group }, index) => record(`m${index}`, group));
        const fateOf = new Map(items.map(({ fate }, index) => [`m${index}`, fate]));
        const handled: string[] = [];
        const refused = new Set<string>();

        const response = await processBatch({
          records,
          timeLeft: () => handled.length < timeFor,
          handle: ({ messageId }) => {
            handled.push(messageId);
            const fate = fateOf.get(messageId);
            if (fate !== 'done') refused.add(messageId);
            if (fate === 'thrown') throw new Error('no');
            return fate === 'rejected' ? Promise.reject(new Error('no')) : Promise.resolve();
          },
        });

        // A message returns if it was not handled, was refused, or comes after one of these in its group. No
        // other returns.
        const done = new Set(handled.filter((messageId) => !refused.has(messageId)));
        const failed = response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
        expect(Object.keys(response)).toEqual(['batchItemFailures']);
        for (const failure of response.batchItemFailures)
          expect(Object.keys(failure)).toEqual(['itemIdentifier']);
        expect(failed.toSorted()).toEqual(
          [...fateOf.keys()].filter((messageId) => !done.has(messageId)).sort(),
        );
        expect(handled.length).toBe(new Set(handled).size);
        expect(handled.length).toBeLessThanOrEqual(timeFor);
        for (const [index, { group }] of items.entries()) {
          const earlier = items.flatMap((item, at) => (at < index && item.group === group ? [`m${at}`] : []));
          if (group !== undefined && earlier.some((messageId) => failed.includes(messageId)))
            expect(failed).toContain(`m${index}`);
          if (group !== undefined && handled.includes(`m${index}`))
            expect(earlier.every((messageId) => done.has(messageId))).toBe(true);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
