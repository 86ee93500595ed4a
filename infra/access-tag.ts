import { Tags } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import type { Deployment } from './deployment.ts';

/** What the managed policies let people use of a brand. */
export type BrandResource = 'orders' | 'dead-letters' | 'api-key';

/**
 * The tag by which the managed policies of a stage find its brands' queues and keys. Each brand has a stack
 * of its own, so the policies cannot name its resources.
 *
 * Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-abac.html and
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_tags-abac.html
 */
export const ACCESS_TAG = 'button-serverless:brand-resource';

/** The tag's value for a resource of any brand of the stage. */
export function accessTagValue({ config: { stage } }: Deployment, resource: BrandResource): string {
  return `${stage}/${resource}`;
}

/** Lets the managed policies of the stage find a brand's resource. */
export function tagForAccess(construct: Construct, deployment: Deployment, resource: BrandResource): void {
  Tags.of(construct).add(ACCESS_TAG, accessTagValue(deployment, resource));
}
