import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LocalCloud } from '../../cloud.ts';
import { RESOURCE_DEFINITIONS } from '../../resource-registry.ts';

const FILES = readdirSync(new URL('../../resources/', import.meta.url));

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
describe('the resource types', () => {
  it.each([...RESOURCE_DEFINITIONS.values()])(
    '$type refuses an unknown property, and names it',
    async (definition) => {
      // Never used: a property is refused before anything is created.
      const cloud = {} as LocalCloud;

      const deploying = definition.deploy(
        { Bogus: 1 },
        { stack: 'Stack', logicalId: 'Thing', cloud, generation: 0 },
      );

      await expect(deploying).rejects.toThrow(
        `Stack Stack, resource Thing (${definition.type}): property Bogus is not supported locally.`,
      );
    },
  );

  it('have a file each, named for the type', () => {
    const names = [...RESOURCE_DEFINITIONS.keys()].map((type) =>
      type.replace('AWS::', '').split('::').map(kebab).join('-'),
    );

    expect(names.map((name) => `${name}.ts`).toSorted()).toEqual(FILES.toSorted());
  });
});

/** ApiGatewayV2 -> apigatewayv2 as a service, EventSourceMapping -> event-source-mapping as a resource. */
function kebab(part: string, index: number): string {
  return index === 0 ? part.toLowerCase() : part.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}
