import { dynamodb, sqs } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composeRetrySweep } from './compose.ts';

export const { handler, prime } = lambda(composeRetrySweep, { aws: { dynamodb, sqs } });
