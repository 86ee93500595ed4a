import { isDeepStrictEqual } from 'node:util';
import { resourceSchema } from '../registry/resource-schema.ts';

type Properties = Record<string, unknown>;

/**
 * The properties whose change makes CloudFormation replace the resource, out of those that differ.
 *
 * Source: the registry's `createOnlyProperties`, see
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
 */
export function replacingProperties(
  { type, region }: { type: string; region: string },
  { before, after }: { before: Properties; after: Properties },
): string[] {
  const schema = resourceSchema(type, region);
  if (schema === undefined) throw new Error(`What replaces a resource of type ${type} is not known here.`);
  return [...schema.createOnlyProperties, ...schema.conditionalCreateOnlyProperties]
    .map((pointer) => pointer.replace('/properties/', ''))
    .filter((path) => !isDeepStrictEqual(valueAt(path, before), valueAt(path, after)));
}

function valueAt(path: string, properties: Properties): unknown {
  return path
    .split('/')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null
          ? Object.entries(value).find(([key]) => key === name)?.[1]
          : undefined,
      properties,
    );
}
