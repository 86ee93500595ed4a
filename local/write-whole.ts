import { rename, writeFile } from 'node:fs/promises';

/** Writes a file in one step, so that no process that waits for it reads half of it. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, text);
  await rename(unfinished, file);
}
