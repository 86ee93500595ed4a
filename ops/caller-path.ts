import { resolve } from 'node:path';

/**
 * A path relative to where the user typed it: npm runs scripts in the project's directory, and `INIT_CWD`
 * says where it was called.
 */
export function callerPath(file: string): string {
  return resolve(process.env['INIT_CWD'] ?? '', file);
}
