import type { Operation } from '../operation-log.ts';
import type { Moment } from '../timeline/finding.ts';

/** The operations about one of the ids, from the record of operations. Pure. */
export function momentsByHand(operations: readonly Operation[], ids: readonly string[]): Moment[] {
  const quoted = ids.map((id) => JSON.stringify(id));
  return operations
    .filter(({ settings }) => quoted.some((id) => settings.includes(id)))
    .map(({ at, command, by, outcome }) => ({ at, what: `By hand: ${command} by ${by}: ${outcome}` }));
}
