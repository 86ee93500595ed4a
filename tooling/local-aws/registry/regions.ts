import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** Holds one file for each type, and one more where a region's schema differs. */
export const SCHEMAS_FOLDER = join(import.meta.dirname, 'schemas');

const RegionsSchema = z.object({
  source: z.string(),
  date: z.iso.date(),
  /** From region to type to the name of its file. A type that a region does not have is not there. */
  regions: z.record(z.string(), z.record(z.string(), z.string())),
});

/** Where the schemas are from, and which types each region has. */
export function readRegions(): z.infer<typeof RegionsSchema> {
  return RegionsSchema.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'regions.json'), 'utf8')));
}
