import { asJsonObject, type JsonObject } from './json-object.ts';

/**
 * A JSON Schema for producers in other languages, from the schema that zod derives.
 *
 * - Optional fields may also be null or empty text, and values of a map may be null.
 * - A pattern that ends with `$` accepts no line feed after it: in Python and other languages `$` also
 *   matches before a final line feed.
 */
export function describeInput(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(describeInput);
  const rules = asJsonObject(schema);
  if (!rules) return schema;
  const described = mapValues(rules, describeInput);
  return withoutTrailingLineFeed(withNullValues(withBlankFields(described)));
}

function withBlankFields(rules: JsonObject): JsonObject {
  const properties = asJsonObject(rules['properties']);
  if (!properties) return rules;
  const required: unknown = rules['required'];
  const isRequired = (name: string): boolean => Array.isArray(required) && required.includes(name);
  return {
    ...rules,
    properties: mapValues(properties, (field, name) =>
      isRequired(name) ? field : orOneOf(field, [null, '']),
    ),
  };
}

function withNullValues(rules: JsonObject): JsonObject {
  const values = asJsonObject(rules['additionalProperties']);
  const isMap = values !== undefined && Object.keys(values).length > 0;
  return isMap ? { ...rules, additionalProperties: orOneOf(values, [null]) } : rules;
}

function withoutTrailingLineFeed(rules: JsonObject): JsonObject {
  const { pattern, not } = rules;
  if (typeof pattern !== 'string' || !pattern.endsWith('$')) return rules;
  const lineFeed = { pattern: '\\n' };
  return { ...rules, not: not === undefined ? lineFeed : { anyOf: [not, lineFeed] } };
}

/** The description stays where readers look for it. */
function orOneOf(schema: unknown, values: readonly unknown[]): JsonObject {
  const { description, ...rules } = asJsonObject(schema) ?? {};
  return { ...(description === undefined ? {} : { description }), anyOf: [rules, { enum: values }] };
}

function mapValues(fields: JsonObject, change: (value: unknown, name: string) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, change(value, name)]));
}
