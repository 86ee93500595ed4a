import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { DriftTally } from '../rules/drift.ts';
import { POSITIONS_TABLE } from '../../dynamodb/table.ts';

/** The account and day of a report: `yyyy-mm-dd`, in UTC, the day on which the drift was found. */
export type DriftReportKey = { account: string; day: string };

const CountersSchema = z.record(z.string(), z.number());

/** The key of a report. */
export function reportKey({ account, day }: DriftReportKey): Record<string, AttributeValue> {
  return { [POSITIONS_TABLE.partitionKey]: { S: account }, [POSITIONS_TABLE.sortKey]: { S: `drift-${day}` } };
}

/** Counters for a report, and when that expires. */
export type ReportAddition = {
  table: string;
  report: DriftReportKey;
  drift: DriftTally;
  expiresAtEpochSeconds: number;
};

/** Replaces the report, whatever it contains, with these counters. */
export function beginReport({
  table,
  report,
  drift,
  expiresAtEpochSeconds,
}: ReportAddition): TransactWriteItem {
  const counters = marshall({ ...drift, [POSITIONS_TABLE.timeToLive]: expiresAtEpochSeconds });
  return { Put: { TableName: table, Item: { ...counters, ...reportKey(report) } } };
}

/** Adds counters to a report, which need not exist yet. */
export function addToReport({
  table,
  report,
  drift,
  expiresAtEpochSeconds,
}: ReportAddition): TransactWriteItem {
  const counters = Object.entries(drift);
  const numbered = counters.map(([name, value], index) => ({ name, value, place: String(index) }));
  return {
    Update: {
      TableName: table,
      Key: reportKey(report),
      UpdateExpression: `SET #expiry = :expiry ADD ${numbered.map(({ place }) => `#c${place} :c${place}`).join(', ')}`,
      ExpressionAttributeNames: {
        '#expiry': POSITIONS_TABLE.timeToLive,
        ...Object.fromEntries(numbered.map(({ name, place }) => [`#c${place}`, name])),
      },
      ExpressionAttributeValues: {
        ':expiry': { N: String(expiresAtEpochSeconds) },
        ...Object.fromEntries(numbered.map(({ value, place }) => [`:c${place}`, { N: String(value) }])),
      },
    },
  };
}

/** The counters of a stored report. */
export function countersOf(item: Record<string, AttributeValue>): DriftTally {
  const { partitionKey, sortKey, timeToLive } = POSITIONS_TABLE;
  const {
    [partitionKey]: _account,
    [sortKey]: _stream,
    [timeToLive]: _expiry,
    ...counters
  } = unmarshall(item);
  return CountersSchema.parse(counters);
}
