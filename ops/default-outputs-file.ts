import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { callerPath } from './caller-path.ts';

/** The file that the docs name for `npx cdk deploy --all --outputs-file`. */
export const DEFAULT_OUTPUTS_FILE = 'cdk-outputs.json';

/** The files that `npm start` writes, and deletes when it ends: of the first system, the second and so on. */
const LOCAL_OUTPUTS_FILES = ['', '2', '3', '4', '5', '6', '7', '8', '9'].map((number) =>
  resolve(import.meta.dirname, '../.local', number, 'cdk-outputs.json'),
);

/**
 * The outputs file of a command that names none: that of a deployment, or else that of the first
 * system that runs on this machine.
 */
export function defaultOutputsFile(): string {
  const deployed = callerPath(DEFAULT_OUTPUTS_FILE);
  return [deployed, ...LOCAL_OUTPUTS_FILES].find((file) => existsSync(file)) ?? deployed;
}
