import { createButtonHttp } from '../../shared/button/button-http.ts';
import { dynamodb, secretsManager, sqs } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composeReconciliationPlanner } from './compose.ts';

export const { handler, prime } = lambda(composeReconciliationPlanner, {
  aws: { dynamodb, secretsManager, sqs },
  openButton: createButtonHttp,
});
