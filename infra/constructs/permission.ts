import { PolicyStatement, type Conditions } from 'aws-cdk-lib/aws-iam';

/**
 * One right of a function or of people. Actions and resources are written out where the role or the policy is
 * declared.
 */
export function permission(
  actions: string[],
  resources: string | string[],
  conditions: Conditions = {},
): PolicyStatement {
  return new PolicyStatement({ actions, resources: [resources].flat(), conditions });
}

/**
 * Limits DynamoDB actions to items whose partition key begins with `prefix`. A request that names no
 * partition key, such as a scan, is rejected: `ForAllValues` alone would allow it, because it holds if there
 * is no value.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function leadingKeys(prefix: string): Conditions {
  return {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${prefix}*`] },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  };
}
