import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

import { dataRemovalPolicy, type Deployment } from '../deployment.ts';

/** What tells one secret from another. */
export type UnsetSecretProps = {
  deployment: Deployment;
  /** The logical id, for good: the value that somebody put in is state. */
  logicalId: string;
  /** What has to be put in, and where it is found. */
  description: string;
};

/**
 * A secret without a value, to be set by hand after the deployment: no template, environment or log ever holds one.
 *
 * With neither `SecretString` nor `GenerateSecretString` the secret stays empty.
 * Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
 */
export class UnsetSecret extends Construct {
  /** The secret's ARN; its name is CloudFormation's choice. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { deployment, logicalId, description }: UnsetSecretProps) {
    super(scope, id);
    const secret = new CfnSecret(this, 'Secret', { description });
    secret.overrideLogicalId(logicalId);
    secret.applyRemovalPolicy(dataRemovalPolicy(deployment));
    this.arn = secret.ref;
  }
}
