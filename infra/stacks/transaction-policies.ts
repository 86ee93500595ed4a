import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

import { TRANSACTIONS_TABLE } from '../../shared/dynamodb/table.ts';
import type { DataTable } from '../constructs/data-table.ts';
import { OperatorPolicies, READ_DEAD_LETTERS } from '../constructs/operator-policies.ts';
import { permission } from '../constructs/permission.ts';
import type { Deployment } from '../deployment.ts';
import type { TransactionsConfig } from '../transactions-config.ts';
import type { EventPublication } from './event-publication.ts';
import type { Reconciliation } from './reconciliation.ts';
import type { Rewards } from './rewards.ts';
import type { WebhookIntake } from './webhook-intake.ts';

type TransactionPoliciesProps = {
  deployment: Deployment;
  transactionsConfig: TransactionsConfig;
  transactions: DataTable;
  positions: DataTable;
  quarantine: DataTable;
  intake: WebhookIntake;
  reconciliation: Reconciliation;
  publication: EventPublication;
  rewards: Rewards | undefined;
};

/** The managed policies for the people who run the publisher's side. */
export function addTransactionPolicies(scope: Construct, props: TransactionPoliciesProps): void {
  const { deployment, transactions, positions, quarantine, intake, reconciliation, publication } = props;
  const deliverySecretsArn = props.rewards?.deliverySecretsArn;
  const queues = [
    intake.deferredWebhooks,
    reconciliation.reads,
    ...(props.rewards ? [props.rewards.rewardQueue] : []),
  ];
  new OperatorPolicies(scope, 'TransactionPolicies', {
    deployment,
    side: 'Transaction',
    read: [
      ...readTransactions(props),
      permission(['dynamodb:DescribeTable', 'dynamodb:GetItem', 'dynamodb:Query'], positions.tableArn),
      permission(['dynamodb:DescribeTable', 'dynamodb:GetItem', 'dynamodb:Query'], quarantine.tableArn),
      onQueues(['sqs:GetQueueAttributes'], [...queues.map(({ queue }) => queue), publication.failures]),
      onQueues(
        READ_DEAD_LETTERS,
        queues.map(({ deadLetterQueue }) => deadLetterQueue),
      ),
      permission(['secretsmanager:GetSecretValue'], reconciliation.apiKey.arn),
      permission(['secretsmanager:GetSecretValue'], intake.secrets.arn),
      ...(deliverySecretsArn === undefined
        ? []
        : [permission(['secretsmanager:GetSecretValue'], deliverySecretsArn)]),
      // Metrics are not resources that a policy could name.
      permission(['cloudwatch:GetMetricData'], '*'),
    ],
    change: [
      permission(['dynamodb:DeleteItem', 'dynamodb:PutItem'], transactions.tableArn),
      permission(['dynamodb:PutItem', 'dynamodb:UpdateItem'], positions.tableArn),
      permission(['dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], quarantine.tableArn),
      onQueues(
        ['sqs:SendMessage'],
        queues.map(({ queue }) => queue),
      ),
      onQueues(
        ['sqs:DeleteMessage'],
        queues.map(({ deadLetterQueue }) => deadLetterQueue),
      ),
      permission(['events:PutEvents'], publication.bus.eventBusArn),
    ],
  });
}

function readTransactions({
  transactions: { tableArn },
  transactionsConfig: { shopperField },
}: TransactionPoliciesProps): PolicyStatement[] {
  return [
    permission(
      ['dynamodb:BatchGetItem', 'dynamodb:DescribeTable', 'dynamodb:GetItem', 'dynamodb:Scan'],
      tableArn,
    ),
    ...(shopperField === 'none'
      ? []
      : [permission(['dynamodb:Query'], `${tableArn}/index/${TRANSACTIONS_TABLE.shopperIndex.name}`)]),
  ];
}

function onQueues(actions: string[], queues: readonly Queue[]): PolicyStatement {
  return permission(
    actions,
    queues.map(({ queueArn }) => queueArn),
  );
}
