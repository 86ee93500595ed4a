import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readRegions, SCHEMAS_FOLDER } from './regions.ts';

/**
 * Reads the schemas of the types in `regions.json` again from the data of a release of cfn-lint:
 *
 * `node tooling/local-aws/registry/update.ts <folder>/cfnlint/data/schemas 1.51.0 2026-05-20`
 *
 * More types: `... AWS::S3::Bucket AWS::KMS::Key`.
 */
const ANNOTATIONS = new Set([
  '$comment',
  'arnTemplate',
  'defaultReplacementStrategy',
  'description',
  'documentationUrl',
  'examples',
  'handlers',
  'markdownDescription',
  'propertyTransform',
  'relationshipRef',
  'resourceLink',
  'sourceUrl',
  'tagging',
  'title',
  'typeConfiguration',
]);

/** Under these, the keys are names of properties and say nothing about the schema. */
const NAMED = new Set(['properties', 'definitions', 'patternProperties']);

function withoutAnnotations(schema: unknown, keys: 'keywords' | 'names' = 'keywords'): unknown {
  if (Array.isArray(schema)) return schema.map((item) => withoutAnnotations(item));
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key]) => keys === 'names' || !ANNOTATIONS.has(key));
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      withoutAnnotations(value, keys === 'keywords' && NAMED.has(key) ? 'names' : 'keywords'),
    ]),
  );
}

/** cfn-lint's index of a region is a Python dictionary from type to file. */
function filesOf(folder: string, region: string): Map<string, string> {
  const index = readFileSync(join(folder, 'providers', `${region.replaceAll('-', '_')}.py`), 'utf8');
  return new Map(
    [...index.matchAll(/"(AWS::[\w:]+)": "(\w+)"/g)].map(([, type = '', file = '']) => [type, file]),
  );
}

const [folder, release, date, ...more] = z
  .tuple([z.string(), z.string(), z.iso.date()], z.string())
  .parse(process.argv.slice(2));
const { regions } = readRegions();
const types = new Set([...Object.values(regions).flatMap((files) => Object.keys(files)), ...more]);
rmSync(SCHEMAS_FOLDER, { recursive: true, force: true });
mkdirSync(SCHEMAS_FOLDER);

const fileByText = new Map<string, string>();
const updated: Record<string, Record<string, string>> = {};
for (const region of Object.keys(regions)) {
  const files = filesOf(folder, region);
  const ofRegion: Record<string, string> = {};
  for (const type of [...types].toSorted()) {
    const file = files.get(type);
    if (file === undefined) continue;
    const schema: unknown = JSON.parse(readFileSync(join(folder, 'resources', `${file}.json`), 'utf8'));
    const text = JSON.stringify(withoutAnnotations(schema), null, 2);
    const name = type.replace('AWS::', '').replaceAll('::', '-').toLowerCase();
    const isFirst = ![...fileByText.values()].includes(name);
    const written = fileByText.get(`${type}\n${text}`) ?? (isFirst ? name : `${name}.${region}`);
    fileByText.set(`${type}\n${text}`, written);
    writeFileSync(join(SCHEMAS_FOLDER, `${written}.json`), `${text}\n`);
    ofRegion[type] = written;
  }
  updated[region] = ofRegion;
}
const source = `AWS's published CloudFormation resource schemas, as cfn-lint ${release} carries them (MIT-0)`;
writeFileSync(
  join(import.meta.dirname, 'regions.json'),
  `${JSON.stringify({ source, date, regions: updated }, null, 2)}\n`,
);
