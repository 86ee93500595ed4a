import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

import { ORDER_LEDGER_TABLE, QUARANTINE_TABLE } from '../../shared/dynamodb/table.ts';
import { ACCESS_TAG, accessTagValue, type BrandResource } from '../access-tag.ts';
import type { DataTable } from '../constructs/data-table.ts';
import { OperatorPolicies, READ_DEAD_LETTERS } from '../constructs/operator-policies.ts';
import { permission } from '../constructs/permission.ts';
import type { Deployment } from '../deployment.ts';

type OrderPoliciesProps = { deployment: Deployment; orderLedger: DataTable; quarantine: DataTable };

/**
 * The managed policies for the people who run the brands' side. They cover every brand, and do not change
 * when a brand is added: queues and keys of brands are recognised by their tag.
 */
export function addOrderPolicies(scope: Construct, props: OrderPoliciesProps): void {
  const { deployment, orderLedger, quarantine } = props;
  const ofBrands = brandPermissions(scope, deployment);
  new OperatorPolicies(scope, 'OrderPolicies', {
    deployment,
    side: 'Order',
    read: [
      permission(['dynamodb:DescribeTable', 'dynamodb:GetItem', 'dynamodb:Scan'], orderLedger.tableArn),
      permission(['dynamodb:Query'], `${orderLedger.tableArn}/index/${ORDER_LEDGER_TABLE.dueIndex.name}`),
      permission(['dynamodb:DescribeTable', 'dynamodb:GetItem', 'dynamodb:Query'], quarantine.tableArn),
      permission(['dynamodb:Query'], `${quarantine.tableArn}/index/${QUARANTINE_TABLE.orderIndex.name}`),
      ofBrands(['sqs:GetQueueAttributes'], 'orders'),
      ofBrands(READ_DEAD_LETTERS, 'dead-letters'),
      ofBrands(['secretsmanager:GetSecretValue'], 'api-key'),
    ],
    change: [
      permission(['dynamodb:PutItem'], orderLedger.tableArn),
      permission(['dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], quarantine.tableArn),
      ofBrands(['sqs:SendMessage'], 'orders'),
      ofBrands(['sqs:DeleteMessage'], 'dead-letters'),
    ],
  });
}

function brandPermissions(
  scope: Construct,
  deployment: Deployment,
): (actions: string[], resource: BrandResource) => PolicyStatement {
  const stack = Stack.of(scope);
  const queues = stack.formatArn({ service: 'sqs', resource: '*' });
  const secrets = stack.formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return (actions, resource) =>
    permission(actions, resource === 'api-key' ? secrets : queues, {
      StringEquals: { [`aws:ResourceTag/${ACCESS_TAG}`]: accessTagValue(deployment, resource) },
    });
}
