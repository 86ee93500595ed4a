import { dynamodb, secretsManager, sqs } from '../../shared/lambda/aws-clients.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { composeWebhookReceiver } from './compose.ts';

export const { handler, prime } = lambda(composeWebhookReceiver, { aws: { dynamodb, secretsManager, sqs } });
