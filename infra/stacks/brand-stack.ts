import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import type { Deployment } from '../deployment.ts';
import { brandName, type BrandConfig, type OrderReportingConfig } from '../order-reporting-config.ts';
import { BrandOrders } from './brand-orders.ts';
import { referToOrderTables } from './order-tables.ts';

/** What the stack is built from. */
export type BrandStackProps = StackProps & {
  deployment: Deployment;
  brand: BrandConfig;
  /** The settings that hold for all brands. */
  orderReporting: Pick<OrderReportingConfig, 'quarantineRetentionDays' | 'verifyBefore'>;
};

/**
 * One brand: from its order queue to Button's Order API. The stack depends on nothing but the brand's own
 * settings and those that all brands share, so that no other brand moves when one is added or taken away.
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
    // CloudFormation may cut the stack's name in a resource's before the brand: the brand's name in the
    // logical id says whose it is.
    this.orders = new BrandOrders(this, name, {
      deployment,
      brand,
      tables: referToOrderTables(this, deployment),
      quarantineRetentionDays: orderReporting.quarantineRetentionDays,
      verifyBefore: orderReporting.verifyBefore,
    });
    const { queue, apiKey } = this.orders;
    // Named by the brand, because those who read outputs put those of all stacks together.
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
