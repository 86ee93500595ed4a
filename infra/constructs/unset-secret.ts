import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

import { alarmTopicArn } from '../alarm-topics.ts';
import { dataRemovalPolicy, type Deployment } from '../deployment.ts';

/** What distinguishes one secret from another. */
export type UnsetSecretProps = {
  deployment: Deployment;
  /** The permanent logical id: the value that somebody set is state. */
  logicalId: string;
  /** What to set it to, and where to find that. */
  description: string;
};

/**
 * A secret without a value, to be set by hand after the deployment: no template, environment or log ever
 * contains one.
 *
 * With neither `SecretString` nor `GenerateSecretString` the secret stays empty. Source:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
 */
export class UnsetSecret extends Construct {
  /** The secret's ARN; CloudFormation chooses its name. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { deployment, logicalId, description }: UnsetSecretProps) {
    super(scope, id);
    const secret = new CfnSecret(this, 'Secret', { description });
    secret.overrideLogicalId(logicalId);
    secret.applyRemovalPolicy(dataRemovalPolicy(deployment));
    this.arn = secret.ref;
    this.#reportDeletion(deployment, description);
  }

  /**
   * Pages as soon as somebody schedules the deletion: the secret can be restored for 7 to 30 days, and
   * functions cannot read it any more. EventBridge gets these calls only if a trail of CloudTrail logs the
   * account's management events.
   *
   * Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/monitoring-eventbridge.html
   */
  #reportDeletion(deployment: Deployment, description: string): void {
    const { arn } = this;
    new CfnRule(this, 'DeletionRule', {
      description: 'A secret of Button is scheduled for deletion.',
      eventPattern: {
        source: ['aws.secretsmanager'],
        'detail-type': ['AWS API Call via CloudTrail'],
        detail: {
          eventSource: ['secretsmanager.amazonaws.com'],
          eventName: ['DeleteSecret'],
          // The request may name the secret by its ARN or by its name; the response has its ARN, in this
          // spelling.
          $or: [{ requestParameters: { secretId: [arn] } }, { responseElements: { aRN: [arn] } }],
        },
      },
      targets: [
        {
          id: 'Page',
          arn: alarmTopicArn(this, deployment, 'page'),
          input: JSON.stringify(
            `Somebody scheduled a secret in use for deletion. ${description} First: aws secretsmanager restore-secret --secret-id ${arn} Then: docs/runbook.md#a-secret-is-to-be-deleted`,
          ),
        },
      ],
    });
  }
}
