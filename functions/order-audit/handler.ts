import { createButtonHttp } from '../../shared/button/button-http.ts';
import { dynamodb, secretsManager } from '../../shared/runtime/aws-clients.ts';
import { lambda } from '../../shared/runtime/lambda.ts';
import { composeOrderAudit } from './compose.ts';

export const { handler, prime } = lambda(composeOrderAudit, {
  aws: { dynamodb, secretsManager },
  openButton: createButtonHttp,
});
