import { dynamodb } from '../../shared/lambda/aws-clients.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { composePersonalDataExpiry } from './compose.ts';

export const { handler, prime } = lambda(composePersonalDataExpiry, { aws: { dynamodb } });
