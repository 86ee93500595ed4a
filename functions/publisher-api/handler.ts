import { dynamodb } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composePublisherApi } from './compose.ts';

export const { handler, prime } = lambda(composePublisherApi, { aws: { dynamodb } });
