import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';

import { RetryableError } from '../runtime/errors.ts';

/**
 * Whether an error means that a store cannot be reached or cannot accept more at the moment, so that the same
 * work may succeed later: anything that the client throws, except DynamoDB's answers that the request itself
 * is wrong. Everything else is a fault of our own.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
export function isStoreOutage(error: unknown): boolean {
  if (error instanceof RetryableError) return true;
  if (error instanceof DynamoDBServiceException) return error.name !== 'ValidationException';
  // The client records its tries on every error that it throws, including network errors.
  return error instanceof Error && '$metadata' in error;
}
