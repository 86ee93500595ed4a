import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

import type { Deployment } from '../deployment.ts';
import { ownOrderTableName } from '../existing-tables.ts';

/** A table as the stacks of brands refer to it: by its fixed name. */
export type TableReference = { tableName: string; tableArn: string };

/** The tables that all brands of a stage share. */
export type OrderTables = {
  /** The ledger: what is known of each order, and what was reported. */
  orderLedger: TableReference;
  /** Refused messages with their reasons. */
  quarantine: TableReference;
};

/**
 * The names of the tables that all brands of a stage share: those in the configuration, or the fixed ones.
 * Brands' stacks refer to them by name. A CloudFormation reference would be an export, and the exporting
 * stack could not change it while another stack imports it.
 *
 * docs/decisions/0018-stack-per-brand.md explains the decision.
 */
function orderTableNames({ config: { stage, existingTables } }: Pick<Deployment, 'config'>): {
  [Table in keyof OrderTables]: string;
} {
  const nameOf = (table: 'orderLedger' | 'orderQuarantine'): string =>
    existingTables[table] ?? ownOrderTableName(table, stage);
  return { orderLedger: nameOf('orderLedger'), quarantine: nameOf('orderQuarantine') };
}

/** The shared tables in the account and region of the scope's stack. */
export function referToOrderTables(scope: Construct, deployment: Pick<Deployment, 'config'>): OrderTables {
  const refer = (tableName: string): TableReference => ({
    tableName,
    tableArn: Stack.of(scope).formatArn({
      service: 'dynamodb',
      resource: 'table',
      resourceName: tableName,
    }),
  });
  const { orderLedger, quarantine } = orderTableNames(deployment);
  return { orderLedger: refer(orderLedger), quarantine: refer(quarantine) };
}
