import { StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import {
  EXPIRY_PASS_PARTITION,
  FINALIZATION_PARTITION,
  POSITIONS_TABLE,
  QUARANTINE_TABLE,
  TRANSACTIONS_TABLE,
} from '../../shared/dynamodb/table.ts';
import { createDataTable, type DataTable } from '../constructs/data-table.ts';
import { saveFailuresQuery } from '../constructs/failures-query.ts';
import { FunctionAlarms } from '../constructs/function-alarms.ts';
import { leadingKeys, permission } from '../constructs/permission.ts';
import { ScheduledWorker } from '../constructs/scheduled-worker.ts';
import type { WebhookEndpoint } from '../constructs/webhook-endpoint.ts';
import type { Deployment } from '../deployment.ts';
import { liveFromOf, personalDataExpiryEnvironment } from '../function-environments.ts';
import { EXPIRY_SCHEDULE, EXPIRY_SILENCE_MINUTES, TIMEOUT_SECONDS } from '../fixed-settings.ts';
import type { TransactionsConfig } from '../transactions-config.ts';
import { EventPublication } from './event-publication.ts';
import { PublisherApi } from './publisher-api.ts';
import { Reconciliation } from './reconciliation.ts';
import { Rewards } from './rewards.ts';
import { addTransactionPolicies } from './transaction-policies.ts';
import { WebhookIntake } from './webhook-intake.ts';

/** What the stack is created from. */
export type TransactionsStackProps = StackProps & {
  deployment: Deployment;
  transactionsConfig: TransactionsConfig;
};

/**
 * A publisher's side: Button's transactions by webhook and by reading them, and events about every change.
 */
export class TransactionsStack extends Stack {
  /** Every transaction, with an index by shopper. */
  readonly transactions: DataTable;
  /** How far each account has been read, and what was found. */
  readonly positions: DataTable;
  /** Authentic webhooks that could not be applied. */
  readonly quarantine: DataTable;
  /** Takes in webhooks. */
  readonly intake: WebhookIntake;
  /** Reads from Button on a schedule. */
  readonly reconciliation: Reconciliation;
  /** Publishes changes. */
  readonly publication: EventPublication;

  constructor(
    scope: Construct,
    id: string,
    { deployment, transactionsConfig, ...stackProps }: TransactionsStackProps,
  ) {
    super(scope, id, stackProps);
    const transactions = createTransactionsTable(this, { deployment, transactionsConfig });
    const positions = createDataTable(this, 'Positions', {
      deployment,
      table: 'positions',
      keys: POSITIONS_TABLE,
    });
    const quarantine = createDataTable(this, 'WebhookQuarantine', {
      deployment,
      table: 'webhookQuarantine',
      keys: QUARANTINE_TABLE,
    });
    const state = { deployment, transactionsConfig, transactions, positions, quarantine };
    this.transactions = transactions;
    this.positions = positions;
    this.quarantine = quarantine;
    this.intake = new WebhookIntake(this, 'Intake', state);
    this.reconciliation = new Reconciliation(this, 'Reconciliation', state);
    this.publication = new EventPublication(this, 'Publication', {
      deployment,
      transactions,
      streamArn: streamArn(transactions),
      includePersonalFields: transactionsConfig.includePersonalFields,
      finalizationDays: transactionsConfig.finalizationDays,
      eventArchiveDays: transactionsConfig.eventArchiveDays,
    });
    const { bus } = this.publication;
    const rewards =
      transactionsConfig.rewardQueue &&
      new Rewards(this, 'Rewards', { deployment, bus, config: transactionsConfig.rewardQueue });
    const { intake, reconciliation, publication } = this;
    addTransactionPolicies(this, { ...state, intake, reconciliation, publication, rewards });
    addPersonalDataExpiry(this, { deployment, transactionsConfig, transactions, positions });
    const { publisherApi } = transactionsConfig;
    if (publisherApi)
      new PublisherApi(this, 'PublisherApi', {
        deployment,
        transactionsConfig: { ...transactionsConfig, publisherApi },
        transactions,
      });
    new FunctionAlarms(this, 'Functions', { deployment, name: 'Functions' });
    saveFailuresQuery(this, { deployment, subject: 'Transactions' });
    new CfnOutput(this, 'TransactionsTableName', { value: transactions.tableName });
    new CfnOutput(this, 'PositionsTableName', { value: positions.tableName });
    new CfnOutput(this, 'WebhookQuarantineTableName', { value: quarantine.tableName });
    // What `npm run ops` needs in order to write like the functions.
    new CfnOutput(this, 'ShopperField', { value: transactionsConfig.shopperField });
    new CfnOutput(this, 'EventsNameShoppers', { value: String(transactionsConfig.includePersonalFields) });
    new CfnOutput(this, 'OverdueGraceDays', { value: String(transactionsConfig.overdueGraceDays) });
    new CfnOutput(this, 'FinalizationDays', { value: String(transactionsConfig.finalizationDays) });
    new CfnOutput(this, 'RewardableCategories', {
      value: JSON.stringify(transactionsConfig.rewardableCategories),
    });
    const liveFrom = liveFromOf(transactionsConfig);
    if (liveFrom !== undefined) new CfnOutput(this, 'LiveFrom', { value: liveFrom });
    new CfnOutput(this, 'ButtonApiUrl', { value: deployment.config.buttonApiUrl });
    this.#addOutputs();
  }

  /** Lets one of your systems read transactions, one by one or a shopper's by the index. */
  grantReadTransactions(reader: IGrantable): Grant {
    const { transactions } = this;
    const read = {
      grantee: reader,
      actions: ['dynamodb:GetItem', 'dynamodb:Query'],
      resourceArns: [
        transactions.tableArn,
        `${transactions.tableArn}/index/${TRANSACTIONS_TABLE.shopperIndex.name}`,
      ],
    };
    // The policy of an existing table is not part of this stack: its owner lets other accounts in.
    if (!(transactions instanceof Table)) return Grant.addToPrincipal(read);
    return Grant.addToPrincipalOrResource({
      ...read,
      resource: transactions,
      // A table's own policy cannot name the table: it does not exist yet.
      resourceSelfArns: ['*'],
    });
  }

  #addOutputs(): void {
    const { intake, reconciliation, publication } = this;
    this.#addAddresses(intake.endpoint);
    new CfnOutput(this, 'WebhookSecretsArn', {
      value: intake.secrets.arn,
      description: `Put a JSON list of {"name", "secret"} here, one for each webhook.`,
    });
    new CfnOutput(this, 'ApiKeySecretArn', {
      value: reconciliation.apiKey.arn,
      description: `Put the publisher's Button API key here.`,
    });
    new CfnOutput(this, 'ReadQueueUrl', { value: reconciliation.readQueue.queueUrl });
    new CfnOutput(this, 'ReadsStaleMinutes', { value: String(reconciliation.staleMinutes) });
    new CfnOutput(this, 'DeferredWebhooksQueueUrl', { value: intake.deferredWebhooksQueue.queueUrl });
    new CfnOutput(this, 'EventFailuresQueueUrl', { value: publication.failures.queueUrl });
    new CfnOutput(this, 'ReconciliationPlannerName', {
      value: reconciliation.plannerName,
      description: 'Invoke this function to compare with Button at once.',
    });
    new CfnOutput(this, 'EventBusName', { value: publication.bus.eventBusName });
    new CfnOutput(this, 'EventBusArn', { value: publication.bus.eventBusArn });
  }

  #addAddresses({ url, defaultUrl, domainTarget }: WebhookEndpoint): void {
    new CfnOutput(this, 'WebhookUrl', { value: url, description: `Enter this URL in Button's Dashboard.` });
    if (defaultUrl !== undefined && defaultUrl !== url) {
      new CfnOutput(this, 'WebhookDefaultUrl', {
        value: defaultUrl,
        description: 'Answers as well, until the configuration switches it off.',
      });
    }
    if (domainTarget !== undefined) {
      new CfnOutput(this, 'WebhookDomainTarget', {
        value: domainTarget,
        description: `Point a CNAME or ALIAS record of the webhook URL's host here.`,
      });
    }
  }
}

/**
 * A pass takes days, so a few late runs hurt nobody; but personal data that is never erased breaks a promise.
 */
function addPersonalDataExpiry(
  scope: Construct,
  {
    deployment,
    transactionsConfig,
    transactions,
    positions,
  }: TransactionsTableProps & { transactions: DataTable; positions: DataTable },
): void {
  const environment = personalDataExpiryEnvironment(transactionsConfig, {
    transactions: transactions.tableName,
    positions: positions.tableName,
  });
  new ScheduledWorker(scope, 'PersonalDataExpiry', {
    deployment,
    name: 'personal-data-expiry',
    timeoutSeconds: TIMEOUT_SECONDS.personalDataExpiry,
    environment,
    permissions: [
      // It deletes parts of large payloads; its condition keeps it from deleting anything else.
      permission(
        ['dynamodb:Scan', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
        transactions.tableArn,
      ),
      permission(
        ['dynamodb:GetItem', 'dynamodb:PutItem'],
        positions.tableArn,
        leadingKeys(EXPIRY_PASS_PARTITION),
      ),
      permission(['dynamodb:GetItem'], positions.tableArn, leadingKeys(FINALIZATION_PARTITION)),
    ],
    failedRuns: 'dropped',
    schedules: [{ name: 'often', expression: EXPIRY_SCHEDULE, timeZone: 'UTC' }],
    silence: {
      name: 'PersonalDataExpiry',
      severity: 'ticket',
      minutes: EXPIRY_SILENCE_MINUTES,
      impact: 'Personal data of old transactions is not erased: it is kept longer than the settings promise.',
      firstCommand: `aws scheduler list-schedules --name-prefix Button-${deployment.config.stage}`,
      runbookSection: 'a-schedule-does-not-run',
    },
  });
}

type TransactionsTableProps = Pick<TransactionsStackProps, 'deployment' | 'transactionsConfig'>;

function createTransactionsTable(
  scope: Construct,
  { deployment, transactionsConfig }: TransactionsTableProps,
): DataTable {
  const { partitionKey, shopperIndex, timeToLive } = TRANSACTIONS_TABLE;
  return createDataTable(scope, 'Transactions', {
    deployment,
    table: 'transactions',
    keys: { partitionKey, timeToLive },
    ...(transactionsConfig.shopperField !== 'none' && { index: shopperIndex }),
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
  });
}

function streamArn(table: DataTable): string {
  if (table.tableStreamArn === undefined) throw new Error(`The table ${table.node.path} has no stream.`);
  return table.tableStreamArn;
}
