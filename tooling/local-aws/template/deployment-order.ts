import { referencesIn } from './intrinsics.ts';
import type { Template, TemplateResource } from './template.ts';

/**
 * The resources of a template, each after those it refers to or names in DependsOn. Throws when they go round
 * in a circle, or when one depends on something that the template does not have.
 */
export function deploymentOrder(template: Template): [string, TemplateResource][] {
  const ordered = new Map<string, TemplateResource>();

  const visit = (logicalId: string, path: string[]) => {
    if (ordered.has(logicalId)) return;
    if (path.includes(logicalId))
      throw new Error(`Circular dependency: ${[...path, logicalId].join(' -> ')}.`);
    const resource = template.Resources[logicalId];
    if (resource === undefined)
      throw new Error(`${path.at(-1) ?? 'Template'} depends on ${logicalId}, which does not exist.`);
    for (const dependency of dependenciesOf(resource, template)) visit(dependency, [...path, logicalId]);
    ordered.set(logicalId, resource);
  };
  for (const logicalId of Object.keys(template.Resources)) visit(logicalId, []);
  return [...ordered];
}

function dependenciesOf(resource: TemplateResource, template: Template): string[] {
  const references = referencesIn(resource.Properties).filter(
    (name) => !Object.hasOwn(template.Parameters, name),
  );
  return [...references, ...[resource.DependsOn].flat()];
}
