import { createButtonHttp } from '../../shared/button/button-http.ts';
import { dynamodb, secretsManager } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composeOrderReporter } from './compose.ts';

export const { handler, prime } = lambda(composeOrderReporter, {
  aws: { dynamodb, secretsManager },
  openButton: createButtonHttp,
});
