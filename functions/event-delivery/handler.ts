import { secretsManager, sqs } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composeEventDelivery } from './compose.ts';
import { openPost } from './post.ts';

export const { handler, prime } = lambda(composeEventDelivery, { aws: { secretsManager, sqs }, openPost });
