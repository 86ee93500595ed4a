import { readFile } from 'node:fs/promises';

import { parse } from 'jsonc-parser';

/**
 * The content of a configuration file, without comments, as the synthesis reads it. Throws if there is no
 * such file.
 */
export async function readConfig(file: string): Promise<unknown> {
  const content: unknown = parse(await readFile(file, 'utf8'), [], { allowTrailingComma: true });
  return content;
}
