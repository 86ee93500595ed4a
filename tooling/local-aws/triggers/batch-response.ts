import * as z from 'zod';
import type { InvocationResult } from '../lambda/invocation-result.ts';

const BatchResponseSchema = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullable();

/**
 * Which items of a batch a function did not get done. Without ReportBatchItemFailures it is all or none. With
 * it, an empty or null response or list means none; a failed invocation, a response of another shape, and an
 * identifier that is null, empty or not in the batch mean all.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html, "Success and failure conditions".
 */
export function unfinishedItems(
  result: InvocationResult,
  batch: { itemIds: string[]; reportsItemFailures: boolean },
): 'all' | ReadonlySet<string> {
  if (result.status !== 'succeeded') return 'all';
  if (!batch.reportsItemFailures) return new Set();

  const response = BatchResponseSchema.safeParse(result.payload);
  if (!response.success) return 'all';
  const failed = response.data?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier) ?? [];
  return failed.every((id) => batch.itemIds.includes(id)) ? new Set(failed) : 'all';
}
