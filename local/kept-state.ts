import { readFile } from 'node:fs/promises';

import { SimulatorStateSchema } from '@button-serverless/button-simulator';
import { StoredStateSchema } from '@button-serverless/local-aws';
import * as z from 'zod';

import { writeWhole } from './write-whole.ts';

const KeptStateSchema = z.object({ stored: StoredStateSchema, button: SimulatorStateSchema.optional() });

/** What a system on this machine has when it ends: tables, queues, and what its Button knows. */
export type KeptState = z.infer<typeof KeptStateSchema>;

/** What an earlier system left in the file, if there was one. Throws an error for people if it is broken. */
export async function readKept(file: string): Promise<KeptState | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return KeptStateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file} is from another version, or broken. Delete it to start without it.`, { cause });
  }
}

/** Leaves the state for the next system that reads the file. */
export async function keep(file: string, state: KeptState): Promise<void> {
  await writeWhole(file, JSON.stringify(state));
}
