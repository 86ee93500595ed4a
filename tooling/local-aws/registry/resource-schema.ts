import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readRegions, SCHEMAS_FOLDER } from './regions.ts';

const Pointers = z.array(z.string()).default([]);
const ResourceSchemaSchema = z.looseObject({
  typeName: z.string(),
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).default([]),
  readOnlyProperties: Pointers,
  createOnlyProperties: Pointers,
  conditionalCreateOnlyProperties: Pointers,
  primaryIdentifier: Pointers,
});

/** A resource type as CloudFormation's registry describes it: JSON Schema, and keywords of AWS's own. */
export type ResourceSchema = z.infer<typeof ResourceSchemaSchema>;

const { regions } = readRegions();
const read = new Map<string, ResourceSchema>();

/** Regions with a schema set: a commercial one, GovCloud and China. */
export const REGISTRY_REGIONS = Object.keys(regions);

/** The region whose schemas stand for those of every region in its partition. */
function registryRegion(region: string): string {
  if (region.startsWith('cn-')) return 'cn-north-1';
  return region.startsWith('us-gov-') ? 'us-gov-west-1' : 'eu-west-1';
}

/** The schema of a type; undefined for a type that the region does not have, or that is not kept here. */
export function resourceSchema(type: string, region: string): ResourceSchema | undefined {
  const file = regions[registryRegion(region)]?.[type];
  if (file === undefined) return undefined;
  const known = read.get(file);
  if (known !== undefined) return known;
  const schema = ResourceSchemaSchema.parse(
    JSON.parse(readFileSync(join(SCHEMAS_FOLDER, `${file}.json`), 'utf8')),
  );
  read.set(file, schema);
  return schema;
}
