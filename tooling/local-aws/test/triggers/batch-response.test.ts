import { describe, expect, it } from 'vitest';
import { unfinishedItems } from '../../triggers/batch-response.ts';

const itemIds = ['a', 'b'];

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html, "Success and failure
// conditions"
describe('a batch response', () => {
  it.each([[null], [{}], [{ batchItemFailures: null }], [{ batchItemFailures: [] }]])(
    '%j means that all is done',
    (payload) => {
      const unfinished = unfinishedItems(
        { status: 'succeeded', payload },
        { itemIds, reportsItemFailures: true },
      );

      expect(unfinished).toEqual(new Set());
    },
  );

  it.each([
    ['text'],
    [7],
    [{ batchItemFailures: 'a' }],
    [{ batchItemFailures: ['a'] }],
    [{ batchItemFailures: [{ itemIdentifier: '' }] }],
    [{ batchItemFailures: [{ itemIdentifier: null }] }],
    [{ batchItemFailures: [{ itemidentifier: 'a' }] }],
    [{ batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'stranger' }] }],
  ])('%j means that nothing is done', (payload) => {
    const unfinished = unfinishedItems(
      { status: 'succeeded', payload },
      { itemIds, reportsItemFailures: true },
    );

    expect(unfinished).toBe('all');
  });

  it('names what is not done', () => {
    const payload = { batchItemFailures: [{ itemIdentifier: 'b' }] };

    const unfinished = unfinishedItems(
      { status: 'succeeded', payload },
      { itemIds, reportsItemFailures: true },
    );

    expect(unfinished).toEqual(new Set(['b']));
  });

  it('is ignored without ReportBatchItemFailures', () => {
    const payload = { batchItemFailures: [{ itemIdentifier: 'b' }] };

    const unfinished = unfinishedItems(
      { status: 'succeeded', payload },
      { itemIds, reportsItemFailures: false },
    );

    expect(unfinished).toEqual(new Set());
  });

  it('of a failed invocation means that nothing is done', () => {
    const error = { errorType: 'Error', errorMessage: '', stackTrace: [] };

    const unfinished = unfinishedItems({ status: 'failed', error }, { itemIds, reportsItemFailures: true });

    expect(unfinished).toBe('all');
  });
});
