import { dynamodb } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composePersonalDataExpiry } from './compose.ts';

export const { handler, prime } = lambda(composePersonalDataExpiry, { aws: { dynamodb } });
