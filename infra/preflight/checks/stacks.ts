import { notChecked, ok, problem, type Check, type Finding } from '../check.ts';
import type { DeployedStack } from '../deployed-stacks.ts';

/** States of a stack whose first deployment failed: it can only be deleted. */
const FAILED_CREATIONS = ['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED'];

/** Of those, the states in which CloudFormation could not delete everything: tables are protected from it. */
const LEFT_OVER = ['ROLLBACK_FAILED', 'DELETE_FAILED'];

/** Whether the stage's stacks are in a state in which they can be updated. */
export const stackStates: Check = {
  name: 'stacks',
  explains:
    'If the first deployment of a stack failed, the next cdk deploy deletes the stack, but its termination protection forbids that, and so does the protection of its tables. A stack whose rollback failed, or that is being changed, cannot be updated.',
  async run({ config, stacks }) {
    const found = await stacks();
    if (found.length === 0) return [ok(`the stage ${config.stage} is not deployed yet`)];
    return found.map(stateOf);
  },
};

/** Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html */
function stateOf({ name, status, isProtected }: DeployedStack): Finding {
  if (status.endsWith('_IN_PROGRESS')) {
    return problem(`${name} is being changed (${status})`, 'Wait until it ends.');
  }
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    return problem(`${name}: ${status}`, `aws cloudformation continue-update-rollback --stack-name ${name}`);
  }
  if (FAILED_CREATIONS.includes(status)) {
    if (!isProtected && LEFT_OVER.includes(status)) {
      return problem(
        `${name}: its creation failed, and something of it could not be deleted (${status}): tables are protected`,
        'Delete its tables (docs/operations.md, "The first deployment failed").',
      );
    }
    return isProtected
      ? problem(
          `${name}: its creation failed (${status}), and it is protected from deletion, which must come first`,
          `aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${name} (docs/operations.md, "The first deployment failed")`,
        )
      : notChecked(`${name}: its creation failed (${status})`, 'cdk deploy deletes and creates it again.');
  }
  return ok(`${name}: ${status}`);
}
