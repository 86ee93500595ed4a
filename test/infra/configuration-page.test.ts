import { readdirSync, readFileSync } from 'node:fs';

import { expect, it } from 'vitest';
import * as z from 'zod';

import { StageConfigSchema } from '../../infra/config.ts';
import { TransactionsConfigSchema } from '../../infra/transactions-config.ts';

type Schema = z.core.JSONSchema.BaseSchema;

/** One line for each setting, from the schema: path, values, default and meaning. */
function settingRows(schema: Schema, path = ''): string[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    if (typeof property === 'boolean') return [];
    const isList = property.type === 'array';
    const inner = isList ? (property.items as Schema) : property;
    const here = `${path}${name}${isList ? '[]' : ''}`;
    const cells = [
      `\`${here}\``,
      describeValues(inner),
      describeDefault(property, required.has(name)),
      property.description ?? 'UNDOCUMENTED',
    ];
    return [`| ${cells.join(' | ')} |`.replaceAll(/ +/g, ' '), ...settingRows(inner, `${here}.`)];
  });
}

function describeValues({ type, enum: values, minimum, maximum }: Schema): string {
  if (type === 'object') return 'group';
  if (values && values.length <= 5) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (type === 'integer') return `${String(minimum)} to ${String(maximum)}`;
  if (type === 'boolean') return '`true`, `false`';
  return type === 'string' ? 'text' : 'number';
}

function describeDefault({ default: value, type }: Schema, isRequired: boolean): string {
  if (isRequired) return 'required';
  if (type === 'object' || value === undefined) return '';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : `${value.length} entries`;
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

it('docs/configuration.md lists every setting as in the schema, and no other', () => {
  const page = readFileSync('docs/configuration.md', 'utf8');
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.replaceAll(/ +/g, ' '));

  expect(rows).toEqual(settingRows(z.toJSONSchema(StageConfigSchema, { io: 'input' })));
});

const DOCS = new URL('../../docs/', import.meta.url);

/** What pages quote of a configuration: single settings of the transactions, and whole configurations. */
function quoted(): { page: string; config: unknown }[] {
  return readdirSync(DOCS)
    .filter((name) => name.endsWith('.md'))
    .flatMap((page) => {
      const text = readFileSync(new URL(page, DOCS), 'utf8');
      const settings = [...text.matchAll(/`("(\w+)": (?:\{.*?\}|[^`]*))`/g)]
        .filter(([, , name = '']) => name in TransactionsConfigSchema.shape)
        .map(([, setting = '']) => `{"stage": "production", "transactions": {${setting}}}`);
      const configs = [...text.matchAll(/```json\n(\{.*?\n?\})\n```/gs)]
        .map(([, block = '']) => block)
        .filter((block) => block.includes('"stage":'));
      return [...settings, ...configs].map((config) => ({ page, config: JSON.parse(config) as unknown }));
    });
}

it('the documents quote settings as they are written', () => {
  const found = quoted();

  const refused = found.flatMap(({ page, config }) =>
    (StageConfigSchema.safeParse(config).error?.issues ?? []).map(({ path, message }) => ({
      page,
      path,
      message,
    })),
  );

  expect(found.length).toBeGreaterThan(3);
  expect(refused).toEqual([]);
});
