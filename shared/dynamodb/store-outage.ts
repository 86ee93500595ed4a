import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';

import { RetryableError } from '../runtime/errors.ts';

/**
 * Whether an error says that a store can't be reached or can't take more just now, so that the same work may
 * succeed later: anything the client throws but DynamoDB's verdict on the request itself. What is left is a
 * fault of our own.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
export function isStoreOutage(error: unknown): boolean {
  if (error instanceof RetryableError) return true;
  if (error instanceof DynamoDBServiceException) return error.name !== 'ValidationException';
  // The client notes its tries on every error it throws, those of the network too.
  return error instanceof Error && '$metadata' in error;
}
