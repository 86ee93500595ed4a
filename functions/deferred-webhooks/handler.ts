import { dynamodb, sqs } from '../../shared/lambda/aws-clients.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { composeDeferredWebhooks } from './compose.ts';

export const { handler, prime } = lambda(composeDeferredWebhooks, { aws: { dynamodb, sqs } });
