import { readFile } from 'node:fs/promises';

import { parse } from 'jsonc-parser';

/**
 * What a configuration file holds, comments left out, as the synthesis reads it. Throws if there is no such
 * file.
 */
export async function readConfig(file: string): Promise<unknown> {
  const content: unknown = parse(await readFile(file, 'utf8'), [], { allowTrailingComma: true });
  return content;
}
