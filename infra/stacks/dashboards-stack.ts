import { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { Aws, CfnCondition, CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import type { Deployment } from '../deployment.ts';
import { alarmWidgets, type StageAlarm } from './alarm-widgets.ts';
import { businessWidgets } from './business-board.ts';
import { technicalWidgets } from './technical-board.ts';

/** What the stack is created from. */
export type DashboardsStackProps = StackProps & {
  deployment: Deployment;
  /** Every alarm of the stage. */
  alarms: readonly StageAlarm[];
};

/**
 * A business board of what our code counts, and a technical board of what AWS counts.
 *
 * Boards only, and nothing of another stack by reference: our own metrics have names that are known
 * beforehand, and AWS's are found by the stack's name in theirs. (A board may search; an alarm may not.)
 * Alarms have names that are known beforehand too: the business board shows the states of those that page,
 * the technical board of all.
 */
export class DashboardsStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, alarms, ...stackProps }: DashboardsStackProps) {
    super(scope, id, stackProps);
    const pages = alarms.filter(({ severity }) => severity === 'page');
    const tickets = alarms.filter(({ severity }) => severity === 'ticket');
    const business = new Dashboard(this, 'Business', {
      widgets: [...alarmWidgets(this, 'Alarms that page', pages), ...businessWidgets(deployment)],
    });
    const technical = new Dashboard(this, 'Technical', {
      widgets: [
        ...alarmWidgets(this, 'Alarms: page', pages),
        ...alarmWidgets(this, 'Alarms: ticket', tickets),
        ...technicalWidgets(deployment),
      ],
    });
    const consoleHost = this.#consoleHost();
    const urlOf = ({ dashboardName }: Dashboard): string =>
      `https://${this.region}.${consoleHost}/cloudwatch/home?region=${this.region}#dashboards/dashboard/${dashboardName}`;
    new CfnOutput(this, 'BusinessDashboardUrl', { value: urlOf(business) });
    new CfnOutput(this, 'TechnicalDashboardUrl', { value: urlOf(technical) });
  }

  /**
   * Each partition has a console of its own.
   *
   * Source: https://docs.aws.amazon.com/general/latest/gr/mgmt-console.html
   */
  #consoleHost(): string {
    const isIn = (partition: string, id: string): string =>
      new CfnCondition(this, id, { expression: Fn.conditionEquals(Aws.PARTITION, partition) }).logicalId;
    const elsewhere = Fn.conditionIf(
      isIn('aws-cn', 'IsChina'),
      'console.amazonaws.cn',
      'console.aws.amazon.com',
    );
    return Fn.conditionIf(
      isIn('aws-us-gov', 'IsGovCloud'),
      'console.amazonaws-us-gov.com',
      elsewhere,
    ).toString();
  }
}
