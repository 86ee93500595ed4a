import { readFile } from 'node:fs/promises';

import { callerPath } from './caller-path.ts';
import { UsageError } from './usage-error.ts';

/** The message in a file. Throws a `UsageError` if there is no such file, or if it is not JSON. */
export async function readMessageFile(file: string): Promise<string> {
  const path = callerPath(file);
  const body = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`--body: the file ${path} cannot be read`, { cause: error });
  });
  try {
    JSON.parse(body);
    return body;
  } catch (error) {
    throw new UsageError(`--body: ${path} is not JSON`, { cause: error });
  }
}
