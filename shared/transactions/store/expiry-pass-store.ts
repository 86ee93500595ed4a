import * as z from 'zod';

import { EXPIRY_PASS_PARTITION, POSITIONS_TABLE } from '../../dynamodb/table.ts';
import { createPassStore, PASS_FIELDS, type PassStore, type WeeklyPass } from '../../dynamodb/weekly-pass.ts';
import type { TableAccess } from '../../dynamodb/table-access.ts';
import type { StalePending } from '../rules/stale-pending.ts';

/** The pass over all transactions, with its counts so far. */
export type ExpiryPass = WeeklyPass & { stalePending: StalePending };

const PassSchema = z.object({
  ...PASS_FIELDS,
  stalePending: z.object({
    transactions: z.int().nonnegative(),
    amountsMinor: z.record(z.string(), z.int()),
  }),
});

/** The pass over all transactions in DynamoDB: one item of the positions table, in a partition of its own. */
export function createExpiryPassStore(positions: TableAccess): PassStore<ExpiryPass> {
  const key = {
    [POSITIONS_TABLE.partitionKey]: { S: EXPIRY_PASS_PARTITION },
    [POSITIONS_TABLE.sortKey]: { S: 'pass' },
  };
  return createPassStore({ ...positions, key, schema: PassSchema });
}
