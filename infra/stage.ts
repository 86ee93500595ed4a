import type { App } from 'aws-cdk-lib/core';

import { retainsData } from './config.ts';
import type { Deployment } from './deployment.ts';
import { DashboardsStack } from './stacks/dashboards-stack.ts';
import { OrderReportingStack } from './stacks/order-reporting-stack.ts';
import { TransactionsStack } from './stacks/transactions-stack.ts';

/** Adds the stacks that a stage's configuration asks for. Each stands alone: none refers to another. */
export function addStacks(app: App, deployment: Deployment): void {
  const { config } = deployment;
  const common = { deployment, terminationProtection: retainsData(config) };
  const stackName = (part: string): string => `Button-${config.stage}-${part}`;
  if (config.orderReporting) {
    new OrderReportingStack(app, stackName('OrderReporting'), {
      ...common,
      orderReporting: config.orderReporting,
      description: `Reports brands' orders to Button.`,
    });
  }
  if (config.transactions) {
    new TransactionsStack(app, stackName('Transactions'), {
      ...common,
      transactionsConfig: config.transactions,
      description: `Takes in a publisher's transactions from Button.`,
    });
  }
  if (config.dashboards) {
    new DashboardsStack(app, stackName('Dashboards'), {
      ...common,
      description: 'Shows how orders and transactions do.',
    });
  }
}
