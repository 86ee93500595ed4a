import { dynamodb, sqs } from '../../shared/lambda/aws-clients.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { composeRetrySweep } from './compose.ts';

export const { handler, prime } = lambda(composeRetrySweep, { aws: { dynamodb, sqs } });
