import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import * as z from 'zod';
import { resourceSchema } from './resource-schema.ts';
import type { ResourceSchema } from './resource-schema.ts';

/**
 * The registry's schemas are JSON Schema with keywords of AWS's and cfn-lint's own. Those that say which
 * values are refused are added; the others only describe a resource. Formats name types of resources.
 */
const ajv = new Ajv2020({
  strict: false,
  validateFormats: false,
  allErrors: true,
  code: { regExp: Object.assign(patternOf, { code: 'patternOf' }) },
});

/**
 * A schema's pattern is one of Python's: `\A` and `\Z` are the text's ends, and any character may be escaped,
 * which the flag `u` forbids.
 */
function patternOf(pattern: string): RegExp {
  return new RegExp(pattern.replace(/^\\A/, '^').replace(/\\Z$/, '$'));
}

const names = z.array(z.string());
const isPresent = (data: object, name: string): boolean => Object.hasOwn(data, name);
ajv.addKeyword({
  keyword: 'requiredXor',
  type: 'object',
  validate: (keyword: unknown, data: object) =>
    names.parse(keyword).filter((name) => isPresent(data, name)).length === 1,
});
ajv.addKeyword({
  keyword: 'requiredOr',
  type: 'object',
  validate: (keyword: unknown, data: object) => names.parse(keyword).some((name) => isPresent(data, name)),
});
ajv.addKeyword({
  keyword: 'dependentExcluded',
  type: 'object',
  validate: (keyword: unknown, data: object) =>
    Object.entries(z.record(z.string(), names).parse(keyword)).every(
      ([name, excluded]) => !isPresent(data, name) || !excluded.some((other) => isPresent(data, other)),
    ),
});

const validators = new Map<ResourceSchema, ValidateFunction>();

function validatorOf(schema: ResourceSchema): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const { $schema: _draft7, $id: _id, ...content } = schema;
  const validator = ajv.compile(content);
  validators.set(schema, validator);
  return validator;
}

/**
 * What CloudFormation's registry has against the properties of a resource (types, enums, patterns, lengths,
 * what is required, excluded or read-only), one sentence each. Intrinsic functions must be resolved.
 */
export function propertyProblems(
  type: string,
  properties: Record<string, unknown>,
  region: string,
): string[] {
  const schema = resourceSchema(type, region);
  if (schema === undefined) return [`the type ${type} is not in the registry of ${region}.`];
  const readOnly = schema.readOnlyProperties
    .map((pointer) => pointer.replace('/properties/', ''))
    .filter((name) => isPresent(properties, name))
    .map((name) => `property ${name} is read-only.`);
  const validate = validatorOf(schema);
  const refused = validate(properties) ? [] : (validate.errors ?? []).map(sentence);
  return [...readOnly, ...refused];
}

function sentence({ instancePath, message = 'is not valid', keyword, params }: ErrorObject): string {
  const detail =
    keyword === 'additionalProperties' || keyword === 'enum' ? `: ${JSON.stringify(params)}` : '';
  return `property ${instancePath.slice(1)} ${message}${detail}.`.replace('  ', ' ');
}
