import type { Check } from './check.ts';
import { bootstrap } from './checks/bootstrap.ts';
import { concurrency } from './checks/concurrency.ts';
import { domain } from './checks/domain.ts';
import { names } from './checks/names.ts';
import { producers } from './checks/producers.ts';
import { quotas } from './checks/quotas.ts';
import { secrets } from './checks/secrets.ts';
import { stackStates } from './checks/stacks.ts';
import { existingTables } from './checks/tables.ts';
import { target } from './checks/target.ts';
import { topics } from './checks/topics.ts';

/** Every check, in the order of the report. */
export const CHECKS: readonly Check[] = [
  target,
  bootstrap,
  stackStates,
  names,
  existingTables,
  concurrency,
  quotas,
  topics,
  domain,
  producers,
  secrets,
];
