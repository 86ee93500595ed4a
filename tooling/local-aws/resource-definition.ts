import { hash } from 'node:crypto';
import * as z from 'zod';
import type { LocalCloud } from './cloud.ts';

/** Which resource is being deployed, and into what. */
export type ResourceSite = { stack: string; logicalId: string; cloud: LocalCloud };

/** A resource that stands. */
export type DeployedResource = {
  /** What `Ref` gives. */
  physicalId: string;
  /** What `Fn::GetAtt` gives. */
  attributes: Record<string, string>;
};

/** A resource type that can be deployed locally. */
export type ResourceDefinition = {
  type: string;
  /** Throws, naming stack, logical id, type and property, for what is not understood. */
  deploy(properties: Record<string, unknown>, site: ResourceSite): Promise<DeployedResource>;
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
  create(
    properties: z.infer<z.ZodObject<Shape>>,
    site: ResourceSite,
  ): DeployedResource | Promise<DeployedResource>;
}): ResourceDefinition {
  const schema = z.object(definition.properties);

  return {
    type: definition.type,
    async deploy(properties, site) {
      const fail = (message: string, cause?: unknown) => {
        const place = `Stack ${site.stack}, resource ${site.logicalId} (${definition.type})`;
        return new Error(`${place}: ${message}`, { cause });
      };
      const known = { ...definition.properties, ...definition.withoutLocalEffect };
      const unknown = Object.keys(properties).filter((name) => !Object.hasOwn(known, name));
      if (unknown.length > 0) throw fail(`property ${unknown.join(', ')} is not supported locally.`);
      const parsed = schema.safeParse(properties);
      if (!parsed.success) throw fail(parsed.error.issues.map(describeIssue).join('; '));
      try {
        return await definition.create(parsed.data, site);
      } catch (error) {
        throw fail(error instanceof Error ? error.message : String(error), error);
      }
    },
  };
}

/**
 * The name that CloudFormation would give: stack, logical id, and a suffix that is random there and the same
 * at each deployment here.
 */
export function physicalName(site: ResourceSite, limits: { maxLength: number; suffix?: string }): string {
  const unique = hash('sha256', `${site.stack}/${site.logicalId}`).slice(0, 12);
  const suffix = `-${unique.toUpperCase()}${limits.suffix ?? ''}`;
  return `${site.stack}-${site.logicalId}`.slice(0, limits.maxLength - suffix.length) + suffix;
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `property ${path}: ${issue.message}.`;
  const names = issue.keys.map((key) => (path === '' ? key : `${path}.${key}`));
  return `property ${names.join(', ')} is not supported locally.`;
}
