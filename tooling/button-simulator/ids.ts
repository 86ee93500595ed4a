import { createHash, randomBytes } from 'node:crypto';

/** Makes a new identifier each time. */
export type NewId = (prefix: string) => string;

/** A new identifier in Button's shape: the prefix and 16 lower-case hex digits. */
export function newId(prefix: string): string {
  return `${prefix}-${randomBytes(8).toString('hex')}`;
}

/** The identifier in Button's shape that always belongs to `name`: the same in every run of the simulator. */
export function idFor(prefix: string, name: string): string {
  return `${prefix}-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}
