import { ManagedPolicy, type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

import { alarmTopicArn } from '../alarm-topics.ts';
import type { Deployment } from '../deployment.ts';
import { permission } from './permission.ts';

/** A side of a stage, as the names of its policies and outputs begin. */
type Side = 'Order' | 'Transaction';

type OperatorPolicyName = `${Side}${'Readers' | 'Operators'}`;

/** The fixed name of a policy in the account. */
export function operatorPolicyName(
  name: OperatorPolicyName,
  { stage, region }: { stage: string; region: string },
): string {
  return `Button-${stage}-${name}-${region}`;
}

/** What one side of a stage lets the people who run it do. */
export type OperatorPoliciesProps = {
  deployment: Deployment;
  side: Side;
  /** What the commands that change nothing need. */
  read: PolicyStatement[];
  /** What the commands that change something need besides. */
  change: PolicyStatement[];
};

/**
 * Two managed policies with exactly the rights that `npm run ops` needs: one for readers, who can run every
 * command that changes nothing and every dry run, and one for operators, who can run every command. They are
 * attached to nobody.
 *
 * The names are fixed, because permission sets of IAM Identity Center refer to customer managed policies by
 * name. IAM has no regions, so the names contain the stage's.
 *
 * Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/howtocmp.html
 */
export class OperatorPolicies extends Construct {
  constructor(scope: Construct, id: string, { deployment, side, read, change }: OperatorPoliciesProps) {
    super(scope, id);
    const reading = [...read, listSubscribers(this, deployment), READ_QUOTAS];
    this.#createPolicy(deployment, { name: `${side}Readers`, statements: reading });
    this.#createPolicy(deployment, { name: `${side}Operators`, statements: [...reading, ...change] });
  }

  #createPolicy(
    { config: { stage } }: Deployment,
    { name, statements }: { name: OperatorPolicyName; statements: PolicyStatement[] },
  ): void {
    const policy = new ManagedPolicy(this, name, {
      managedPolicyName: operatorPolicyName(name, { stage, region: Stack.of(this).region }),
      // A change of the description would replace the policy, which fails while it is attached.
      description: 'What npm run ops needs.',
      statements: statements.map((statement) => statement.copy()),
    });
    new CfnOutput(this, `${name}Arn`, {
      value: policy.managedPolicyArn,
      description: 'Attach it to the roles of the people who run npm run ops.',
    }).overrideLogicalId(`${name}PolicyArn`);
  }
}

/** `doctor` says whether anybody is notified of alarms. */
function listSubscribers(scope: Construct, deployment: Deployment): PolicyStatement {
  const topics = (['page', 'ticket'] as const).map((severity) => alarmTopicArn(scope, deployment, severity));
  return permission(['sns:ListSubscriptionsByTopic'], topics);
}

/**
 * `doctor` compares the account's concurrent executions with what the stage uses. The action knows no
 * resource.
 *
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
 */
const READ_QUOTAS = permission(['lambda:GetAccountSettings'], '*');

/** Takes messages off a dead-letter queue and gives them back: `dead-letters-list`, `doctor`. */
export const READ_DEAD_LETTERS = [
  'sqs:ChangeMessageVisibility',
  'sqs:GetQueueAttributes',
  'sqs:GetQueueUrl',
  'sqs:ReceiveMessage',
];
