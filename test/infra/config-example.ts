import * as z from 'zod';

import { StageConfigSchema } from '../../infra/config.ts';

type Schema = z.core.JSONSchema.BaseSchema;
type Setting = { name: string; schema: Schema; given: unknown; isRequired: boolean; depth: number };

/**
 * The text of a configuration with every setting, generated from the schema. Settings that the default leaves
 * out are commented out.
 */
export function exampleConfig(): string {
  const schema = z.toJSONSchema(StageConfigSchema, { io: 'input' });
  const introduction = [
    '// Every setting that there is, with its default where it has one. Leave out what you do not change:',
    '// {"stage": "production", "transactions": {}} is a whole configuration. docs/configuration.md has the same as a table.',
  ];
  return [...introduction, ...groupLines(schema, {}, 0), ''].join('\n');
}

function groupLines(group: Schema, given: Record<string, unknown>, depth: number): string[] {
  const required = new Set(group.required ?? []);
  const settings = Object.entries(group.properties ?? {}).flatMap(([name, schema]) =>
    typeof schema === 'boolean'
      ? []
      : [{ name, schema, given: given[name], isRequired: required.has(name), depth }],
  );
  return ['{', ...settings.flatMap((setting) => indent(settingLines(setting))), '}'];
}

function settingLines({ name, schema, given, isRequired, depth }: Setting): string[] {
  const comment = `// ${[schema.description, ...limitsOf(schema)].join(' ')}`;
  const value = given ?? schema.default ?? schema.examples?.[0];
  const isLeftOut = given === undefined && !isRequired && isLeftOutByDefault(schema, depth);
  const lines = [
    comment,
    ...named(name, valueLines(schema, isLeftOut ? schema.examples?.[0] : value, depth)),
  ];
  return isLeftOut ? lines.map((line, index) => (index === 0 ? line : `// ${line}`)) : lines;
}

/** The two flows are shown. Any other setting without a default, or with an empty one, is commented out. */
function isLeftOutByDefault(schema: Schema, depth: number): boolean {
  if (schema.type === 'object') return depth > 0 && schema.default === undefined;
  return schema.default === undefined || (Array.isArray(schema.default) && schema.default.length === 0);
}

function valueLines(schema: Schema, value: unknown, depth: number): string[] {
  if (schema.type === 'object')
    return groupLines(schema, (value ?? {}) as Record<string, unknown>, depth + 1);
  const item = schema.items as Schema | undefined;
  if (schema.type !== 'array' || item?.type !== 'object') return [JSON.stringify(value)];
  const [first = {}, ...others] = (value ?? []) as Record<string, unknown>[];
  const items = [groupLines(item, first, depth + 1), ...others.map((other) => [JSON.stringify(other)])];
  return [
    '[',
    ...indent(items.flatMap((lines, index) => (index < items.length - 1 ? withComma(lines) : lines))),
    ']',
  ];
}

function limitsOf({ type, enum: values, minimum, maximum }: Schema): string[] {
  if (values && values.length <= 5) return [`One of ${values.map((value) => String(value)).join(', ')}.`];
  return type === 'integer' ? [`From ${String(minimum)} to ${String(maximum)}.`] : [];
}

/** Every setting ends in a comma, so that any of them may be commented out. */
function named(name: string, [first = '', ...others]: string[]): string[] {
  return withComma([`"${name}": ${first}`, ...others]);
}

function withComma(lines: string[]): string[] {
  return lines.map((line, index) => (index === lines.length - 1 ? `${line},` : line));
}

function indent(lines: string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
