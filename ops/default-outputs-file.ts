import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { callerPath } from './caller-path.ts';

/** The file that the docs name for `npx cdk deploy --all --outputs-file`. */
export const DEFAULT_OUTPUTS_FILE = 'cdk-outputs.json';

/** The file that `npm start` writes, and deletes when it ends. */
const LOCAL_OUTPUTS_FILE = resolve(import.meta.dirname, '../.local/cdk-outputs.json');

/**
 * The outputs file of a command that names none: that of a deployment, or else that of the system on this
 * machine.
 */
export function defaultOutputsFile(): string {
  const deployed = callerPath(DEFAULT_OUTPUTS_FILE);
  return existsSync(deployed) || !existsSync(LOCAL_OUTPUTS_FILE) ? deployed : LOCAL_OUTPUTS_FILE;
}
