import { dynamodb, secretsManager, sqs } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composeWebhookReceiver } from './compose.ts';

export const { handler, prime } = lambda(composeWebhookReceiver, { aws: { dynamodb, secretsManager, sqs } });
