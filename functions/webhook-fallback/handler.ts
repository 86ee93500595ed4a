import { dynamodb, sqs } from '../../shared/lambda/aws-clients.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { composeWebhookFallback } from './compose.ts';

export const { handler, prime } = lambda(composeWebhookFallback, { aws: { dynamodb, sqs } });
