import { dynamodb } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composeCustomerExpiry } from './compose.ts';

export const { handler, prime } = lambda(composeCustomerExpiry, { aws: { dynamodb } });
