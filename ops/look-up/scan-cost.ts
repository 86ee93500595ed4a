import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';

import type { DynamoDB } from '../../shared/dynamodb/table-access.ts';

/** What reading whole tables costs. DynamoDB updates both numbers about every six hours. */
export type ScanCost = { items: number; bytes: number };

/** A strongly consistent read of this number of bytes is one read request unit. */
const BYTES_OF_A_UNIT = 4096;

/** US dollars for a million read request units on demand in us-east-1 (Amazon DynamoDB pricing). */
const DOLLARS_OF_A_MILLION_UNITS = 0.125;

/**
 * What a scan reads. Source: DynamoDB API reference, TableDescription. Throws if a table cannot be described.
 */
export async function scanCost(client: DynamoDB, tables: readonly string[]): Promise<ScanCost> {
  const described = await Promise.all(
    tables.map((table) => client.send(new DescribeTableCommand({ TableName: table }))),
  );
  const sum = (of: 'ItemCount' | 'TableSizeBytes'): number =>
    described.reduce((total, { Table: table }) => total + (table?.[of] ?? 0), 0);
  return { items: sum('ItemCount'), bytes: sum('TableSizeBytes') };
}

/** The cost in a sentence. Pure. */
export function costInWords({ items, bytes }: ScanCost): string {
  const units = Math.ceil(bytes / BYTES_OF_A_UNIT);
  const dollars = (units * DOLLARS_OF_A_MILLION_UNITS) / 1_000_000;
  const megabytes = (bytes / 1_000_000).toFixed(1);
  return `reads about ${items} items (${megabytes} MB, ${units} read request units, USD ${dollars.toFixed(4)})`;
}
