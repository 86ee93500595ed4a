import { readFile } from 'node:fs/promises';

import { parse, type ParseError } from 'jsonc-parser';

import { callerPath } from './caller-path.ts';
import { UsageError } from './usage-error.ts';

/**
 * The content of a configuration file, relative to where the user typed its name. Throws a `UsageError` that
 * begins with `argument` if there is no such file, or if it is not JSON.
 */
export async function readConfigFile(file: string, argument: string): Promise<unknown> {
  const path = callerPath(file);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${argument}: the file ${path} cannot be read`, { cause: error });
  });
  const errors: ParseError[] = [];
  const content: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0) throw new UsageError(`${argument}: ${path} is not JSON`);
  return content;
}
