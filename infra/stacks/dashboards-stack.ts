import { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import type { Deployment } from '../deployment.ts';
import { businessWidgets } from './business-board.ts';
import { technicalWidgets } from './technical-board.ts';

/** What the stack is built from. */
export type DashboardsStackProps = StackProps & { deployment: Deployment };

/**
 * A business board of what our code counts, and a technical board of what AWS counts.
 *
 * Boards only, and nothing of another stack by reference: our own metrics have names that are known beforehand, and AWS's are found by
 * the stack's name in theirs. (A board may search; an alarm may not.) The alarms' states are not among them, because only a reference
 * would name an alarm: CloudWatch's own page of alarms shows them.
 */
export class DashboardsStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, ...stackProps }: DashboardsStackProps) {
    super(scope, id, stackProps);
    const business = new Dashboard(this, 'Business', { widgets: businessWidgets(deployment) });
    const technical = new Dashboard(this, 'Technical', { widgets: technicalWidgets(deployment) });
    new CfnOutput(this, 'BusinessDashboardUrl', { value: this.#consoleUrl(business) });
    new CfnOutput(this, 'TechnicalDashboardUrl', { value: this.#consoleUrl(technical) });
  }

  #consoleUrl({ dashboardName }: Dashboard): string {
    return `https://${this.region}.console.aws.amazon.com/cloudwatch/home?region=${this.region}#dashboards/dashboard/${dashboardName}`;
  }
}
