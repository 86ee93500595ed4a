import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { callerPath } from './caller-path.ts';

/** What `npx cdk deploy --all --outputs-file` is asked to write in the docs. */
export const DEFAULT_OUTPUTS_FILE = 'cdk-outputs.json';

/** What `npm start` writes, and takes away when it ends. */
const LOCAL_OUTPUTS_FILE = resolve(import.meta.dirname, '../.local/cdk-outputs.json');

/**
 * The outputs file of a command that names none: that of a deployment, else that of the system on this
 * machine.
 */
export function defaultOutputsFile(): string {
  const deployed = callerPath(DEFAULT_OUTPUTS_FILE);
  return existsSync(deployed) || !existsSync(LOCAL_OUTPUTS_FILE) ? deployed : LOCAL_OUTPUTS_FILE;
}
