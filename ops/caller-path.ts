import { resolve } from 'node:path';

/**
 * A path as the person who typed it means it: npm runs scripts in the project's directory and says in
 * `INIT_CWD` where it was called.
 */
export function callerPath(file: string): string {
  return resolve(process.env['INIT_CWD'] ?? '', file);
}
