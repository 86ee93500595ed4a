import { createButtonHttp } from '../../shared/button/button-http.ts';
import { dynamodb, secretsManager } from '../../shared/lambda/aws-clients.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { composeOrderAudit } from './compose.ts';

export const { handler, prime } = lambda(composeOrderAudit, {
  aws: { dynamodb, secretsManager },
  openButton: createButtonHttp,
});
