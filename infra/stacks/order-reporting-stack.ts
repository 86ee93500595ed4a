import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import { CUSTOMER_EXPIRY_KEY, ORDER_LEDGER_TABLE, QUARANTINE_TABLE } from '../../shared/dynamodb/table.ts';
import { ExplainedAlarm, STANDS_FOR_A_DAY } from '../constructs/alarm.ts';
import { createDataTable, type DataTable } from '../constructs/data-table.ts';
import { saveFailuresQuery } from '../constructs/failures-query.ts';
import { FunctionAlarms } from '../constructs/function-alarms.ts';
import { leadingKeys, permission } from '../constructs/permission.ts';
import { ScheduledWorker } from '../constructs/scheduled-worker.ts';
import type { Deployment } from '../deployment.ts';
import { EXPIRY_SCHEDULE, EXPIRY_SILENCE_MINUTES, TIMEOUT_SECONDS } from '../fixed-settings.ts';
import { customerExpiryEnvironment } from '../function-environments.ts';
import { stageMetrics } from '../metrics.ts';
import type { OrderReportingConfig } from '../order-reporting-config.ts';
import { addOrderPolicies } from './order-policies.ts';

/** What the stack is created from. */
export type OrderReportingStackProps = StackProps & {
  deployment: Deployment;
  orderReporting: OrderReportingConfig;
};

/**
 * An order's age is measured when it is due: over less time than its longest wait, the oldest order may be
 * missing.
 */
function everyWaitingOrderIsDueWithin({ brands }: OrderReportingConfig): Duration {
  const seconds = Math.max(...brands.map(({ retryMaxSeconds }) => retryMaxSeconds));
  return Duration.minutes(Math.ceil(seconds / 60) + 5);
}

/**
 * What all brands share: the tables, and the alarms for all brands. Each brand also has a stack of its own.
 */
export class OrderReportingStack extends Stack {
  /** The ledger: what is known of each order, and what was reported. */
  readonly orderLedger: DataTable;
  /** Refused messages with their reasons. */
  readonly quarantine: DataTable;

  constructor(
    scope: Construct,
    id: string,
    { deployment, orderReporting, ...stackProps }: OrderReportingStackProps,
  ) {
    super(scope, id, stackProps);
    const { dueIndex, partitionKey } = ORDER_LEDGER_TABLE;
    const orderLedger = createDataTable(this, 'OrderLedger', {
      deployment,
      table: 'orderLedger',
      keys: { partitionKey },
      index: dueIndex,
    });
    this.orderLedger = orderLedger;
    const quarantine = createDataTable(this, 'OrderQuarantine', {
      deployment,
      table: 'orderQuarantine',
      keys: QUARANTINE_TABLE,
      index: QUARANTINE_TABLE.orderIndex,
    });
    this.quarantine = quarantine;
    addOrderPolicies(this, { deployment, orderLedger, quarantine });
    addCustomerExpiry(this, { deployment, orderReporting, orderLedger });
    new FunctionAlarms(this, 'Functions', { deployment, name: 'OrderFunctions' });
    saveFailuresQuery(this, { deployment, subject: 'Orders' });
    new CfnOutput(this, 'OrderLedgerTableName', { value: orderLedger.tableName });
    new CfnOutput(this, 'OrderQuarantineTableName', { value: quarantine.tableName });
    const metrics = stageMetrics(deployment);
    new ExplainedAlarm(this, 'OldestOrderAlarm', {
      deployment,
      name: 'OldestOrder',
      severity: 'page',
      metric: metrics.overall('OldestDueOrderAgeSeconds', everyWaitingOrderIsDueWithin(orderReporting)),
      above: 3600,
      impact: 'Orders have waited for an hour: Button is down, slow or refuses the key.',
      firstCommand: `aws dynamodb scan --table-name ${orderLedger.tableName} --index-name ${dueIndex.name} --max-items 20`,
      runbookSection: 'orders-are-getting-old',
    });
    new ExplainedAlarm(this, 'KeyRefusedAlarm', {
      deployment,
      name: 'KeyRefused',
      severity: 'page',
      metric: metrics.overall('ButtonKeyRefused'),
      above: 0,
      impact: "Button refuses a brand's API key: its orders wait until the right key is set.",
      firstCommand: `aws dynamodb scan --table-name ${orderLedger.tableName} --filter-expression "breaker.cause = :refused" --expression-attribute-values '{":refused":{"S":"key-refused"}}' --projection-expression pk`,
      runbookSection: 'orders-are-getting-old',
    });
    new ExplainedAlarm(this, 'BrandPausedAlarm', {
      deployment,
      name: 'BrandPaused',
      severity: 'ticket',
      metric: metrics.overall('BrandPaused'),
      above: 0,
      impact:
        'An operator has paused a brand: its orders wait, and Button learns of none until somebody resumes it.',
      firstCommand: `aws dynamodb scan --table-name ${orderLedger.tableName} --filter-expression "breaker.cause = :paused" --expression-attribute-values '{":paused":{"S":"paused"}}' --projection-expression "pk,breaker"`,
      runbookSection: 'a-brand-is-paused',
    });
    new ExplainedAlarm(this, 'UnreadableAlarm', {
      deployment,
      name: 'Unreadable',
      severity: 'ticket',
      metric: metrics.overall('UnreadableLedgerItems', Duration.hours(1)),
      ...STANDS_FOR_A_DAY,
      impact: 'Items of the order ledger are unreadable: messages about those orders are in quarantine.',
      firstCommand: `aws dynamodb scan --table-name ${quarantine.tableName} --filter-expression "reasons[0].code = :code" --expression-attribute-values '{":code":{"S":"ledger_entry_unreadable"}}' --projection-expression "kind,id,orderId"`,
      runbookSection: 'an-item-is-unreadable',
    });
  }
}

/**
 * One function for all brands: a scan reads every brand's orders anyway, and an idle brand costs nothing
 * more.
 */
function addCustomerExpiry(
  scope: Construct,
  {
    deployment,
    orderReporting,
    orderLedger,
  }: Pick<OrderReportingStackProps, 'deployment' | 'orderReporting'> & { orderLedger: DataTable },
): void {
  new ScheduledWorker(scope, 'CustomerExpiry', {
    deployment,
    name: 'customer-expiry',
    timeoutSeconds: TIMEOUT_SECONDS.customerExpiry,
    environment: customerExpiryEnvironment(orderReporting, { orderLedger: orderLedger.tableName }),
    permissions: [
      permission(['dynamodb:Scan', 'dynamodb:PutItem'], orderLedger.tableArn),
      permission(['dynamodb:GetItem'], orderLedger.tableArn, leadingKeys(CUSTOMER_EXPIRY_KEY)),
    ],
    failedRuns: 'dropped',
    schedules: [{ name: 'often', expression: EXPIRY_SCHEDULE, timeZone: 'UTC' }],
    silence: {
      name: 'CustomerExpiry',
      severity: 'ticket',
      minutes: EXPIRY_SILENCE_MINUTES,
      impact: 'The customers of old orders are not erased: they are kept longer than the settings promise.',
      firstCommand: `aws scheduler list-schedules --name-prefix Button-${deployment.config.stage}`,
      runbookSection: 'a-schedule-does-not-run',
    },
  });
}
