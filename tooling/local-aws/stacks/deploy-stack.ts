import { RESOURCE_DEFINITIONS } from '../resource-registry.ts';
import type { Stack } from '../template/assembly.ts';
import { resolveValue } from '../template/intrinsics.ts';
import type { Scope } from '../template/intrinsics.ts';
import type { Account, DeployedStack } from './account.ts';
import { prepareChange } from './stack-change.ts';
import type { StackChange } from './stack-change.ts';

/** Throws, naming every one, when the stacks have resources of a type that cannot be deployed locally. */
export function refuseUnknownTypes(stacks: Stack[]): void {
  const unknown = stacks.flatMap(({ name, template }) =>
    Object.entries(template.Resources)
      .filter(([, { Type: type }]) => !RESOURCE_DEFINITIONS.has(type))
      .map(
        ([logicalId, { Type: type }]) =>
          `Stack ${name}, resource ${logicalId}: type ${type} is not supported locally.`,
      ),
  );
  if (unknown.length > 0) throw new Error(unknown.join('\n'));
}

/**
 * Makes a stack, or updates the one with its name, as CloudFormation does: resources are updated in place or
 * replaced, what has left the template is deleted last, and after a failure everything is as it was. Throws
 * what went wrong; the stack's status says how the way back ended.
 *
 * Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html,
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html,
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
 */
export async function deployStack(stack: Stack, account: Account): Promise<void> {
  const known = account.stacks.get(stack.name);
  const before = known?.status === 'ROLLBACK_COMPLETE' ? undefined : known;
  refuseUnfinished(stack.name, before);
  refuseOtherTypes(stack, before);
  const change = prepareChange(stack, { account, before });
  const { members, scope, imports } = change;
  try {
    await change.apply();
    const outputs = outputsOf(stack, scope);
    account.exports.set(stack.name, { exports: exportsOf(stack, scope), imports });
    const status = before ? 'UPDATE_COMPLETE' : 'CREATE_COMPLETE';
    account.stacks.set(stack.name, { status, members, outputs, isProtected: stack.isProtected });
  } catch (error) {
    account.stacks.set(stack.name, await rolledBack(change, before));
    throw error;
  }
  await change.cleanUp();
}

async function rolledBack(change: StackChange, before: DeployedStack | undefined): Promise<DeployedStack> {
  const operation = before ? 'UPDATE_ROLLBACK' : 'ROLLBACK';
  const earlier = before ?? { members: new Map(), outputs: {}, isProtected: false };
  try {
    await change.rollBack();
    return { ...earlier, status: `${operation}_COMPLETE` };
  } catch {
    return { ...earlier, status: `${operation}_FAILED` };
  }
}

function refuseUnfinished(name: string, before: DeployedStack | undefined): void {
  if (before === undefined || /_COMPLETE$/u.test(before.status)) return;
  throw new Error(`Stack ${name} is in ${before.status} state and can not be updated.`);
}

function refuseOtherTypes({ name, template }: Stack, before: DeployedStack | undefined): void {
  const changed = [...(before?.members.values() ?? [])].filter(({ logicalId, type }) => {
    const next = template.Resources[logicalId]?.Type;
    return next !== undefined && next !== type;
  });
  if (changed.length === 0) return;
  const ids = changed.map(({ logicalId }) => logicalId).join(', ');
  throw new Error(
    `Stack ${name}: Update of resource type is not permitted. The new template modifies resource type of ` +
      `the following resources: [${ids}].`,
  );
}

function outputsOf({ name: stackName, template }: Stack, scope: Scope): Record<string, string> {
  const outputs = Object.entries(template.Outputs)
    .filter(([, { Condition: condition }]) => condition === undefined || scope.condition(condition))
    .map(([name, { Value: value }]) => {
      const resolved = resolveValue(value, scope);
      if (typeof resolved !== 'string') throw new Error(`Stack ${stackName}: output ${name} is not a text.`);
      return [name, resolved] as const;
    });
  return Object.fromEntries(outputs);
}

function exportsOf(stack: Stack, scope: Scope): Map<string, string> {
  const outputs = outputsOf(stack, scope);
  return new Map(
    Object.entries(stack.template.Outputs).flatMap(([name, { Export: exported }]) => {
      const value = outputs[name];
      return exported === undefined || value === undefined
        ? []
        : [[String(resolveValue(exported.Name, scope)), value] as const];
    }),
  );
}
