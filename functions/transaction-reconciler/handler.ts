import { createButtonHttp } from '../../shared/button/button-http.ts';
import { dynamodb, secretsManager, sqs } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composeTransactionReconciler } from './compose.ts';

export const { handler, prime } = lambda(composeTransactionReconciler, {
  aws: { dynamodb, secretsManager, sqs },
  openButton: createButtonHttp,
});
