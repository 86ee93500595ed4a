import type { App } from 'aws-cdk-lib/core';

import { retainsData } from './config.ts';
import { ExplainedAlarm } from './constructs/alarm.ts';
import type { Deployment } from './deployment.ts';
import type { StageAlarm } from './stacks/alarm-widgets.ts';
import { AlarmsStack } from './stacks/alarms-stack.ts';
import { BrandStack } from './stacks/brand-stack.ts';
import { DashboardsStack } from './stacks/dashboards-stack.ts';
import { OrderReportingStack } from './stacks/order-reporting-stack.ts';
import { TransactionsStack } from './stacks/transactions-stack.ts';

/**
 * Adds the stacks that a stage's configuration asks for. No stack imports a value of another; dependencies
 * only order the deployment.
 */
export function addStacks(app: App, deployment: Deployment): void {
  const { config } = deployment;
  const { account, region } = config;
  const common = {
    deployment,
    terminationProtection: retainsData(config),
    // With these, the CDK rejects credentials for another account.
    env: { ...(account !== undefined && { account }), ...(region !== undefined && { region }) },
  };
  const stackName = (part: string): string => `Button-${config.stage}-${part}`;
  const alarms = new AlarmsStack(app, stackName('Alarms'), {
    ...common,
    description: 'Notifies people of alarms, and reminds them of alarms that are still on.',
  });
  if (config.orderReporting) {
    const { orderReporting } = config;
    const shared = new OrderReportingStack(app, stackName('OrderReporting'), {
      ...common,
      orderReporting,
      description: 'Stores the orders of all brands.',
    });
    shared.addStackDependency(alarms);
    for (const brand of orderReporting.brands) {
      const brandStack = new BrandStack(app, stackName(`Brand-${brand.id}`), {
        ...common,
        brand,
        orderReporting,
        description: `Reports the orders of the brand ${brand.id} to Button.`,
      });
      // Only for the order of deployment: the tables have to exist first.
      brandStack.addStackDependency(shared);
    }
  }
  if (config.transactions) {
    const transactions = new TransactionsStack(app, stackName('Transactions'), {
      ...common,
      transactionsConfig: config.transactions,
      description: `Takes in a publisher's transactions from Button.`,
    });
    transactions.addStackDependency(alarms);
  }
  if (config.dashboards) {
    new DashboardsStack(app, stackName('Dashboards'), {
      ...common,
      alarms: alarmsOf(app),
      description: 'Shows the state of orders and transactions.',
    });
  }
}

/** The alarms of every stack that has been added. */
function alarmsOf(app: App): StageAlarm[] {
  return app.node
    .findAll()
    .flatMap((construct) =>
      construct instanceof ExplainedAlarm
        ? [{ name: construct.alarmName, severity: construct.severity }]
        : [],
    );
}
