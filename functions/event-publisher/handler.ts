import { dynamodb, eventBridge } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composeEventPublisher } from './compose.ts';

export const { handler, prime } = lambda(composeEventPublisher, { aws: { dynamodb, eventBridge } });
