import { ProjectionType, type Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import { ORDER_LEDGER_TABLE, QUARANTINE_TABLE } from '../../shared/store/table.ts';
import { ExplainedAlarm } from '../constructs/alarm.ts';
import { createDataTable, text } from '../constructs/data-table.ts';
import type { Deployment } from '../deployment.ts';
import { stageMetrics } from '../metrics.ts';
import { brandName, type OrderReportingConfig } from '../order-reporting-config.ts';
import { BrandOrders } from './brand-orders.ts';

/** What the stack is built from. */
export type OrderReportingStackProps = StackProps & {
  deployment: Deployment;
  orderReporting: OrderReportingConfig;
};

/**
 * An order's age is measured when it is due: over a shorter time than its longest wait, the oldest may be
 * missing.
 */
function everyWaitingOrderIsDueWithin({ brands }: OrderReportingConfig): Duration {
  const seconds = Math.max(...brands.map(({ retryMaxSeconds }) => retryMaxSeconds));
  return Duration.minutes(Math.ceil(seconds / 60) + 5);
}

/** A brand's side: from the order queue of each brand to Button's Order API. */
export class OrderReportingStack extends Stack {
  /** Each configured brand's part, by its id. */
  readonly brands: ReadonlyMap<string, BrandOrders>;
  /** The ledger: what is known of each order, and what was reported. */
  readonly orderLedger: Table;
  /** Refused messages with their reasons. */
  readonly quarantine: Table;

  constructor(
    scope: Construct,
    id: string,
    { deployment, orderReporting, ...stackProps }: OrderReportingStackProps,
  ) {
    super(scope, id, stackProps);
    const { dueIndex, partitionKey } = ORDER_LEDGER_TABLE;
    const orderLedger = createDataTable(this, 'OrderLedger', { deployment, keys: { partitionKey } });
    this.orderLedger = orderLedger;
    orderLedger.addGlobalSecondaryIndex({
      indexName: dueIndex.name,
      partitionKey: text(dueIndex.partitionKey),
      sortKey: text(dueIndex.sortKey),
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: [...dueIndex.nonKeyAttributes],
    });
    const quarantine = createDataTable(this, 'OrderQuarantine', { deployment, keys: QUARANTINE_TABLE });
    this.quarantine = quarantine;
    const { quarantineRetentionDays, verifyBefore } = orderReporting;
    this.brands = new Map(
      orderReporting.brands.map((brand) => [
        brand.id,
        new BrandOrders(this, brandName(brand.id), {
          deployment,
          brand,
          orderLedger,
          quarantine,
          quarantineRetentionDays,
          verifyBefore,
        }),
      ]),
    );
    new CfnOutput(this, 'OrderLedgerTableName', { value: orderLedger.tableName });
    new CfnOutput(this, 'OrderQuarantineTableName', { value: quarantine.tableName });
    this.#addOutputs();
    const metrics = stageMetrics(deployment);
    new ExplainedAlarm(this, 'OldestOrderAlarm', {
      deployment,
      metric: metrics.overall('OldestDueOrderAgeSeconds', everyWaitingOrderIsDueWithin(orderReporting)),
      above: 3600,
      impact: 'Orders have waited for an hour: Button is down, slow or refuses the key.',
      firstCommand: `aws dynamodb scan --table-name ${orderLedger.tableName} --index-name ${dueIndex.name} --max-items 20`,
      runbookSection: 'orders-are-getting-old',
    });
    new ExplainedAlarm(this, 'KeyRefusedAlarm', {
      deployment,
      metric: metrics.overall('ButtonKeyRefused'),
      above: 0,
      impact: "Button refuses a brand's API key: its orders wait until the right one is set.",
      firstCommand: `aws dynamodb scan --table-name ${orderLedger.tableName} --filter-expression "breaker.cause = :refused" --expression-attribute-values '{":refused":{"S":"key-refused"}}' --projection-expression pk`,
      runbookSection: 'orders-are-getting-old',
    });
  }

  /** Lets a commerce system send a brand's orders. Throws for a brand that isn't configured. */
  grantSendOrders(brandId: string, producer: IGrantable): Grant {
    const brand = this.brands.get(brandId);
    if (!brand)
      throw new Error(`There is no brand "${brandId}"; there are: ${[...this.brands.keys()].join(', ')}.`);
    return brand.grantSendOrders(producer);
  }

  #addOutputs(): void {
    for (const [brandId, { queue, apiKey }] of this.brands) {
      const name = brandName(brandId);
      new CfnOutput(this, `OrderQueueUrl${name}`, {
        value: queue.queueUrl,
        description: `Where orders of ${brandId} are sent.`,
      });
      new CfnOutput(this, `OrderQueueArn${name}`, { value: queue.queueArn });
      new CfnOutput(this, `ApiKeySecretArn${name}`, {
        value: apiKey.arn,
        description: `Put the Button API key of ${brandId} in here.`,
      });
    }
  }
}
