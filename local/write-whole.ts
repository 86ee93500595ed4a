import { rename, writeFile } from 'node:fs/promises';

/** Writes a file at once: a process that waits for it must not read half of it. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, text);
  await rename(unfinished, file);
}
