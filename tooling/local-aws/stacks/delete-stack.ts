import type { Account } from './account.ts';
import { removeMember } from './member.ts';

/**
 * Deletes a stack as CloudFormation does: its resources in the reverse order of their making, but for those
 * whose policy keeps them in the account. Throws for a protected stack and for one whose exports are in use;
 * when a resource cannot be deleted, it stays with all that was to be deleted after it.
 *
 * Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-delete-stack.html
 */
export async function deleteStack(name: string, { cloud, exports, stacks }: Account): Promise<void> {
  const stack = stacks.get(name);
  if (stack === undefined) throw new Error(`Stack with id ${name} does not exist.`);
  if (stack.isProtected)
    throw new Error(`Stack [${name}] cannot be deleted while TerminationProtection is enabled.`);
  exports.set(name, { exports: new Map(), imports: new Set() });

  try {
    for (const member of [...stack.members.values()].toReversed()) {
      if (member.deletionPolicy === 'Delete') await removeMember(member, cloud);
      stack.members.delete(member.logicalId);
    }
    stacks.delete(name);
  } catch (error) {
    stack.status = 'DELETE_FAILED';
    throw error;
  }
}
