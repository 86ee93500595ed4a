import { resolveValue } from '../template/intrinsics.ts';
import { parseTemplate } from '../template/template.ts';
import type { Template } from '../template/template.ts';
import { propertyProblems } from './check-properties.ts';
import { relationProblems } from './relation-limits.ts';
import { resourceLimitProblems } from './resource-limits.ts';
import { sampleResources, sampleScope } from './sample-values.ts';
import type { Place, SampledResource } from './sample-values.ts';
import { templateLimitProblems } from './template-limits.ts';

/** A template as it is written, and where it would be deployed. */
export type TemplateToCheck = Place & { text: string };

/**
 * What CloudFormation and the services would refuse in a template, one sentence each, without deploying it:
 * by the registry's resource schemas of the region, and by limits that no schema contains.
 */
export function templateProblems({ text, ...place }: TemplateToCheck): string[] {
  const template = parseTemplate(place.stackName, JSON.parse(text));
  const resources = sampleResources(template, place);
  const refused = resources.flatMap(({ logicalId, type, properties }) =>
    propertyProblems(type, properties, place.region).map((problem) => `${logicalId} (${type}): ${problem}`),
  );
  return [
    ...templateLimitProblems({ stackName: place.stackName, text }, template),
    ...outputProblems(template, place),
    // Only where the shapes are right can limits be counted.
    ...(refused.length > 0 ? refused : limitProblems(resources)),
  ];
}

function limitProblems(resources: readonly SampledResource[]): string[] {
  const ofEach = resources.flatMap(({ logicalId, type, properties }) =>
    resourceLimitProblems(type, properties).map((problem) => `${logicalId} (${type}): ${problem}`),
  );
  return [...ofEach, ...relationProblems(resources)];
}

function outputProblems(template: Template, place: Place): string[] {
  const scope = sampleScope(template, place);
  return Object.entries(template.Outputs).flatMap(([name, { Value: value }]) =>
    typeof resolveValue(value, scope) === 'string' ? [] : [`output ${name} is not a text.`],
  );
}
