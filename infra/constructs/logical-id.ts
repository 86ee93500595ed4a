import { CfnElement } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/**
 * Fixes the logical id of a resource that holds state, so that moving code cannot replace the resource.
 *
 * Throws if the construct is not a single CloudFormation resource.
 */
export function pinLogicalId<Resource extends Construct>(resource: Resource, logicalId: string): Resource {
  const element = resource.node.defaultChild;
  if (!CfnElement.isCfnElement(element)) throw new Error(`${resource.node.path} is not a single resource.`);
  element.overrideLogicalId(logicalId);
  return resource;
}
