import { SQSServiceException } from '@aws-sdk/client-sqs';

/** What every error for a wrong request says about its response. */
export const METADATA = { httpStatusCode: 400 };

/** What SQS throws for a request that it refuses. */
export function invalid(name: string, message: string): SQSServiceException {
  return new SQSServiceException({ name, message, $fault: 'client', $metadata: METADATA });
}
