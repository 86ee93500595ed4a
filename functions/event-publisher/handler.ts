import { eventBridge } from '../../shared/lambda/aws-clients.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { composeEventPublisher } from './compose.ts';

export const { handler, prime } = lambda(composeEventPublisher, { aws: { eventBridge } });
