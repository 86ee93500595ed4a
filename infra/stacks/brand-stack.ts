import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import type { Deployment } from '../deployment.ts';
import { brandName, type BrandConfig, type OrderReportingConfig } from '../order-reporting-config.ts';
import { BrandOrders } from './brand-orders.ts';
import { referToOrderTables } from './order-tables.ts';

/** What the stack is created from. */
export type BrandStackProps = StackProps & {
  deployment: Deployment;
  brand: BrandConfig;
  /** The settings for all brands. */
  orderReporting: Pick<OrderReportingConfig, 'quarantineRetentionDays' | 'verifyBefore'>;
};

/**
 * One brand: from its order queue to Button's Order API. The stack depends only on the brand's own settings
 * and on those for all brands, so that it does not change when another brand is added or removed.
 */
export class BrandStack extends Stack {
  /** The brand's queue, functions and key. */
  readonly orders: BrandOrders;

  constructor(
    scope: Construct,
    id: string,
    { deployment, brand, orderReporting, ...stackProps }: BrandStackProps,
  ) {
    super(scope, id, stackProps);
    const name = brandName(brand.id);
    // CloudFormation may cut off the stack's name in a resource's name before the brand: the brand's name in
    // the logical id says whose resource it is.
    this.orders = new BrandOrders(this, name, {
      deployment,
      brand,
      tables: referToOrderTables(this, deployment),
      quarantineRetentionDays: orderReporting.quarantineRetentionDays,
      verifyBefore: orderReporting.verifyBefore,
    });
    const { queue, apiKey } = this.orders;
    // Named after the brand, because readers of outputs merge those of all stacks.
    new CfnOutput(this, `OrderQueueUrl${name}`, {
      value: queue.queueUrl,
      description: `Where orders of ${brand.id} are sent.`,
    });
    new CfnOutput(this, `OrderQueueArn${name}`, { value: queue.queueArn });
    new CfnOutput(this, `OrderSettings${name}`, {
      value: JSON.stringify({
        orderBy: brand.orderBy,
        testTokens: brand.testTokens,
        allowFinalizationDate: brand.allowFinalizationDate,
        quarantineRetentionDays: orderReporting.quarantineRetentionDays,
        buttonApiUrl: deployment.config.buttonApiUrl,
      }),
      description: `What the reporter of ${brand.id} accepts: the client's brandSettings. npm run ops reads it too.`,
    });
    new CfnOutput(this, `ApiKeySecretArn${name}`, {
      value: apiKey.arn,
      description: `Put the Button API key of ${brand.id} here.`,
    });
  }
}
