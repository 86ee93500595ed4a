import { isDeepStrictEqual } from 'node:util';
import type { Stack } from '../template/assembly.ts';
import { deploymentOrder } from '../template/deployment-order.ts';
import { resolveValue } from '../template/intrinsics.ts';
import type { Scope } from '../template/intrinsics.ts';
import type { TemplateResource } from '../template/template.ts';
import type { Account, DeployedStack } from './account.ts';
import { createMember, haveOneName, removeMember, updateMember } from './member.ts';
import type { Member, WantedMember } from './member.ts';
import { replacingProperties } from './replacement.ts';
import { createScope } from './scope.ts';

/** Resources that are to become what a template says, and the way back. */
export type StackChange = {
  /** What of the template has been deployed so far. */
  members: Map<string, Member>;
  scope: Scope;
  /** The exports that the template has imported. */
  imports: Set<string>;
  /** Makes, updates and replaces resources in the order of their references. Throws at the first failure. */
  apply(): Promise<void>;
  /** Brings back what was there before. Throws if that fails. */
  rollBack(): Promise<void>;
  /** Deletes what was replaced or has left the template, as policies say; what cannot be deleted stays. */
  cleanUp(): Promise<void>;
};

/** Prepares a change; nothing happens yet. */
export function prepareChange(
  stack: Stack,
  { account, before }: { account: Account; before: DeployedStack | undefined },
): StackChange {
  const { cloud, exports } = account;
  const members = new Map<string, Member>();
  const imports = new Set<string>();
  const importValue = (name: string): string => {
    imports.add(name);
    return exports.read(name, stack.name);
  };
  const scope = createScope(stack, { cloud, members, importValue });
  const undo: (() => Promise<void>)[] = [];
  const replaced: Member[] = [];

  const create = async (wanted: WantedMember): Promise<Member> => {
    const created = await createMember(wanted, cloud);
    // Without RetainExceptOnCreate, a retained resource outlives even the operation that made it.
    if (wanted.deletionPolicy !== 'Retain') undo.push(() => removeMember(created, cloud));
    return created;
  };
  const bring = async (wanted: WantedMember, resource: TemplateResource): Promise<Member> => {
    const old = before?.members.get(wanted.logicalId);
    if (old === undefined) return create(wanted);
    if (isDeepStrictEqual(old.properties, wanted.properties)) return { ...old, ...wanted };
    const place = { type: wanted.type, region: cloud.region };
    if (replacingProperties(place, { before: old.properties, after: wanted.properties }).length === 0) {
      let current: Member = { ...old, properties: wanted.properties };
      undo.push(async () => {
        before?.members.set(old.logicalId, await updateMember(current, old, cloud));
      });
      current = await updateMember(old, wanted, cloud);
      return current;
    }
    refuseCustomName(old, wanted);
    const created = await create(wanted);
    if (resource.UpdateReplacePolicy === 'Delete') replaced.push(old);
    return created;
  };

  return {
    members,
    scope,
    imports,
    async apply() {
      for (const [logicalId, resource] of deploymentOrder(stack.template)) {
        if (resource.Condition !== undefined && !scope.condition(resource.Condition)) continue;
        const wanted = wantedMember(logicalId, { resource, stack, scope });
        members.set(logicalId, await bring(wanted, resource));
      }
    },
    async rollBack() {
      for (const step of undo.toReversed()) await step();
    },
    async cleanUp() {
      const gone = [...(before?.members.values() ?? [])].filter(
        ({ logicalId, deletionPolicy }) => !members.has(logicalId) && deletionPolicy === 'Delete',
      );
      for (const member of [...gone.toReversed(), ...replaced.toReversed()])
        await removeMember(member, cloud).catch(() => undefined);
    },
  };
}

function refuseCustomName(old: Member, wanted: WantedMember): void {
  if (!haveOneName(old, wanted)) return;
  const place = `Stack ${wanted.stack}, resource ${wanted.logicalId} (${wanted.type})`;
  throw new Error(
    `${place}: CloudFormation cannot update a stack when a custom-named resource requires replacing. ` +
      'Rename it and update the stack again.',
  );
}

function wantedMember(
  logicalId: string,
  { resource, stack, scope }: { resource: TemplateResource; stack: Stack; scope: Scope },
): WantedMember {
  const place = `Stack ${stack.name}, resource ${logicalId} (${resource.Type})`;
  return {
    stack: stack.name,
    logicalId,
    constructPath: resource.Metadata['aws:cdk:path'] ?? stack.constructPaths.get(logicalId) ?? logicalId,
    type: resource.Type,
    properties: resolveProperties(resource.Properties, { scope, place }),
    deletionPolicy: resource.DeletionPolicy,
  };
}

function resolveProperties(
  properties: Record<string, unknown>,
  { scope, place }: { scope: Scope; place: string },
): Record<string, unknown> {
  const resolved = Object.entries(properties).map(([name, value]) => {
    try {
      return [name, resolveValue(value, scope)] as const;
    } catch (error) {
      throw new Error(`${place}: property ${name}: ${String(error)}`, { cause: error });
    }
  });
  return Object.fromEntries(resolved.filter(([, value]) => value !== undefined));
}
