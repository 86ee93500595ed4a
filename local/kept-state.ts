import { readFile } from 'node:fs/promises';

import { SimulatorStateSchema } from '@button-serverless/button-simulator';
import { StoredStateSchema } from '@button-serverless/local-aws';
import * as z from 'zod';

import { writeWhole } from './write-whole.ts';

const KeptStateSchema = z.object({ stored: StoredStateSchema, button: SimulatorStateSchema.optional() });

/** What a system on this machine stores at its end: tables, queues, and the state of its Button. */
export type KeptState = z.infer<typeof KeptStateSchema>;

/**
 * What an earlier system wrote into the file; undefined if there is no file. Throws, and tells the user what
 * to do, if the file is broken.
 */
export async function readKept(file: string): Promise<KeptState | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return KeptStateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file} is from another version, or broken. Delete it to start without it.`, { cause });
  }
}

/** Writes the state for the next system. */
export async function keep(file: string, state: KeptState): Promise<void> {
  await writeWhole(file, JSON.stringify(state));
}
