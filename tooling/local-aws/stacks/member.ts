import type { LocalCloud } from '../cloud.ts';
import type { Deployed, ResourceDefinition } from '../resource-definition.ts';
import { RESOURCE_DEFINITIONS } from '../resource-registry.ts';
import type { TemplateResource } from '../template/template.ts';

/** A deployed resource of a stack. */
export type Member = Deployed & {
  stack: string;
  logicalId: string;
  /** The construct's path in the CDK app, for example `Orders/Queue/Resource`. */
  constructPath: string;
  type: string;
  generation: number;
  deletionPolicy: TemplateResource['DeletionPolicy'];
};

/** A resource as a template asks for it, with its properties resolved. */
export type WantedMember = Omit<Member, 'resource' | 'generation'>;

/** Creates a resource. Throws if another resource of the account already has its name. */
export async function createMember(wanted: WantedMember, cloud: LocalCloud): Promise<Member> {
  const { stack, logicalId, type, properties } = wanted;
  const definition = definitionOf(type);
  const place = `${stack}/${logicalId}`;
  const generation = cloud.generations.get(place) ?? 0;
  const name = nameOf(definition, properties);
  if (name !== undefined && cloud.namesInUse.has(name))
    throw new Error(`Stack ${stack}, resource ${logicalId} (${type}): ${name.split(' ')[1]} already exists.`);

  cloud.generations.set(place, generation + 1);
  if (name !== undefined) cloud.namesInUse.set(name, place);
  try {
    const resource = await definition.deploy(properties, { stack, logicalId, cloud, generation });
    return { ...wanted, resource, generation };
  } catch (error) {
    if (name !== undefined) cloud.namesInUse.delete(name);
    throw error;
  }
}

/** Changes a resource in place: it keeps its id and its contents. */
export async function updateMember(before: Member, wanted: WantedMember, cloud: LocalCloud): Promise<Member> {
  const { stack, logicalId, type, properties } = wanted;
  const { generation } = before;
  const site = { stack, logicalId, cloud, generation };
  const resource = await definitionOf(type).update(properties, { before, site });
  return { ...wanted, resource, generation };
}

/** Deletes a resource and frees its name. */
export async function removeMember({ type, properties, resource }: Member, cloud: LocalCloud): Promise<void> {
  await resource.remove?.();
  const name = nameOf(definitionOf(type), properties);
  if (name !== undefined) cloud.namesInUse.delete(name);
}

/** Whether the template gives both the same name: then one cannot be created while the other exists. */
export function haveOneName(one: WantedMember, other: WantedMember): boolean {
  const definition = definitionOf(one.type);
  const name = nameOf(definition, one.properties);
  return name !== undefined && name === nameOf(definition, other.properties);
}

function definitionOf(type: string): ResourceDefinition {
  const definition = RESOURCE_DEFINITIONS.get(type);
  if (definition === undefined) throw new Error(`The type ${type} is not supported locally.`);
  return definition;
}

/** The name that the template gives, if it gives one; generated names never clash. */
function nameOf(
  { type, nameProperty }: ResourceDefinition,
  properties: Record<string, unknown>,
): string | undefined {
  const name = nameProperty === undefined ? undefined : properties[nameProperty];
  return typeof name === 'string' ? `${type} ${name}` : undefined;
}
