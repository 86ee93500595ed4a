import { hash } from 'node:crypto';
import * as z from 'zod';
import type { LocalCloud } from './cloud.ts';

/** Which resource is being deployed, and into what. */
export type ResourceSite = {
  stack: string;
  logicalId: string;
  cloud: LocalCloud;
  /** How many resources of the same stack and logical id there have been before: names are made from it. */
  generation: number;
  /** Of a resource that is updated in place: it keeps its id. */
  physicalId?: string;
};

/** A deployed resource. */
export type DeployedResource = {
  /** What `Ref` gives. */
  physicalId: string;
  /** What `Fn::GetAtt` gives. */
  attributes: Record<string, string>;
  /** Deletes it. Calling it twice is harmless. Without it, the resource is a name only. */
  remove?: () => Promise<void> | void;
};

/** A resource and the properties that it was deployed with. */
export type Deployed = { properties: Record<string, unknown>; resource: DeployedResource };

/** A resource type that can be deployed locally. */
export type ResourceDefinition = {
  type: string;
  /** Throws, naming stack, logical id, type and property, for what is not understood. */
  deploy(properties: Record<string, unknown>, site: ResourceSite): Promise<DeployedResource>;
  /** Changes a deployed resource in place. Throws as `deploy` does. */
  update(
    properties: Record<string, unknown>,
    change: { before: Deployed; site: ResourceSite },
  ): Promise<DeployedResource>;
  /** The property that names the resource: its value is unique in the account. */
  nameProperty?: string;
};

/** A promise why a property may be ignored here. */
export type Reason = string;

/**
 * Defines a resource type. Every property stands in exactly one of two lists: `properties`, which are
 * imitated, and `withoutLocalEffect`, each with the reason why nothing here depends on it. Any other is an
 * error.
 */
export function defineResource<Shape extends z.ZodRawShape>(definition: {
  type: string;
  properties: Shape;
  withoutLocalEffect: Record<string, Reason>;
  nameProperty?: keyof Shape & string;
  create(
    properties: z.infer<z.ZodObject<Shape>>,
    site: ResourceSite,
  ): DeployedResource | Promise<DeployedResource>;
  /** Without it, the resource is removed and made again with the same id: it holds nothing. */
  update?(
    properties: z.infer<z.ZodObject<Shape>>,
    change: { before: z.infer<z.ZodObject<Shape>>; resource: DeployedResource; site: ResourceSite },
  ): DeployedResource | Promise<DeployedResource>;
}): ResourceDefinition {
  const { type, nameProperty } = definition;
  const schema = z.object(definition.properties);
  const known = { ...definition.properties, ...definition.withoutLocalEffect };

  const parse = (properties: Record<string, unknown>, site: ResourceSite) => {
    const unknown = Object.keys(properties).filter((name) => !Object.hasOwn(known, name));
    if (unknown.length > 0) throw failure(`property ${unknown.join(', ')} is not supported locally.`, site);
    const parsed = schema.safeParse(properties);
    if (!parsed.success) throw failure(parsed.error.issues.map(describeIssue).join('; '), site);
    return parsed.data;
  };
  const failure = (message: string, { stack, logicalId }: ResourceSite, cause?: unknown) =>
    new Error(`Stack ${stack}, resource ${logicalId} (${type}): ${message}`, { cause });
  const naming = async (
    site: ResourceSite,
    work: () => DeployedResource | Promise<DeployedResource>,
  ): Promise<DeployedResource> => {
    try {
      return await work();
    } catch (error) {
      throw failure(error instanceof Error ? error.message : String(error), site, error);
    }
  };

  return {
    type,
    ...(nameProperty === undefined ? {} : { nameProperty }),
    async deploy(properties, site) {
      const parsed = parse(properties, site);
      return naming(site, () => definition.create(parsed, site));
    },
    async update(properties, { before, site }) {
      const parsed = parse(properties, site);
      const { resource } = before;
      const inPlace = { ...site, physicalId: resource.physicalId };
      return naming(site, async () => {
        if (definition.update)
          return definition.update(parsed, {
            before: parse(before.properties, site),
            resource,
            site: inPlace,
          });
        await resource.remove?.();
        return definition.create(parsed, inPlace);
      });
    },
  };
}

/**
 * The name that CloudFormation would give: stack, logical id, and a suffix that is random there and the same
 * at each deployment here.
 */
export function physicalName(site: ResourceSite, limits: { maxLength: number; suffix?: string }): string {
  const unique = siteDigest(site).slice(0, 12);
  const suffix = `-${unique.toUpperCase()}${limits.suffix ?? ''}`;
  return `${site.stack}-${site.logicalId}`.slice(0, limits.maxLength - suffix.length) + suffix;
}

/** What takes an entry out of a list of the cloud's; nothing if it is not there any more. */
export function removalFrom<Entry>(list: Entry[], entry: Entry): () => void {
  return () => {
    const index = list.indexOf(entry);
    if (index !== -1) list.splice(index, 1);
  };
}

/** The same at each deployment, and another for each resource that has the place. */
export function siteDigest({ stack, logicalId, generation }: ResourceSite): string {
  return hash('sha256', `${stack}/${logicalId}${generation === 0 ? '' : `/${generation}`}`);
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `property ${path}: ${issue.message}.`;
  const names = issue.keys.map((key) => (path === '' ? key : `${path}.${key}`));
  return `property ${names.join(', ')} is not supported locally.`;
}
