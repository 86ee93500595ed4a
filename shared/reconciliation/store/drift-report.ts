import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

import type { DriftTally } from '../rules/drift.ts';
import { POSITIONS_TABLE } from '../../dynamodb/table.ts';

/** Whose report of which day: `yyyy-mm-dd`, in UTC, when it was found. */
export type DriftReportKey = { account: string; day: string };

const CountersSchema = z.record(z.string(), z.number());

/** The key of a report. */
export function reportKey({ account, day }: DriftReportKey): Record<string, AttributeValue> {
  return { [POSITIONS_TABLE.partitionKey]: { S: account }, [POSITIONS_TABLE.sortKey]: { S: `drift-${day}` } };
}

/** A tally for a report, and when that expires. */
export type ReportAddition = {
  table: string;
  report: DriftReportKey;
  drift: DriftTally;
  expiresAtEpochSeconds: number;
};

/** Puts a report with this tally alone in the place of whatever is there. */
export function beginReport({
  table,
  report,
  drift,
  expiresAtEpochSeconds,
}: ReportAddition): TransactWriteItem {
  const counters = marshall({ ...drift, [POSITIONS_TABLE.timeToLive]: expiresAtEpochSeconds });
  return { Put: { TableName: table, Item: { ...counters, ...reportKey(report) } } };
}

/** Adds a tally to a report, which need not be there yet. */
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

/** The counters of a report as it is stored. */
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
