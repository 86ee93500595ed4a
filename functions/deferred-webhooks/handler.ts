import { dynamodb, sqs } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composeDeferredWebhooks } from './compose.ts';

export const { handler, prime } = lambda(composeDeferredWebhooks, { aws: { dynamodb, sqs } });
