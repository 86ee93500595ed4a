import type { LocalCloud } from '../cloud.ts';
import type { Exports } from './exports.ts';
import type { Member } from './member.ts';

/**
 * How the last operation on a stack ended, in CloudFormation's words. A stack that could not be made is
 * `ROLLBACK_COMPLETE`: the next deployment makes it anew, as the CDK does.
 */
export type StackStatus =
  | 'CREATE_COMPLETE'
  | 'ROLLBACK_COMPLETE'
  | 'ROLLBACK_FAILED'
  | 'UPDATE_COMPLETE'
  | 'UPDATE_ROLLBACK_COMPLETE'
  | 'UPDATE_ROLLBACK_FAILED'
  | 'DELETE_FAILED';

/** A deployed stack. */
export type DeployedStack = {
  status: StackStatus;
  /** In the order in which they were deployed. */
  members: Map<string, Member>;
  outputs: Record<string, string>;
  isProtected: boolean;
};

/** What is deployed. */
export type Account = { cloud: LocalCloud; exports: Exports; stacks: Map<string, DeployedStack> };
