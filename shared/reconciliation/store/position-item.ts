import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';

import type { Position } from '../rules/position.ts';

const SCHEMA_VERSION = 1;

const count = z.int().nonnegative();
const instant = z.iso.datetime();
const text = z.string();

const PositionSchema = z.object({
  account: z.string(),
  stream: z.string(),
  fence: count,
  chain: text.exactOptional(),
  handedOnAt: instant.exactOptional(),
  readThrough: instant,
  historicalBefore: instant.nullable(),
  timeField: z.literal('created_date').exactOptional(),
  readFrom: instant.exactOptional(),
  readUntil: instant.exactOptional(),
  window: z
    .object({
      start: instant,
      end: instant,
      next: z
        .object({
          cursor: text.nullable(),
          printed: text.nullable(),
          after: z.object({ first: z.number(), last: z.number() }).exactOptional(),
        })
        .nullable(),
      pages: count,
      rows: count,
      repaired: count,
      restarts: count.exactOptional(),
      failures: count.exactOptional(),
      smaller: z
        .object({ size: z.int().positive(), failed: z.int().positive().exactOptional() })
        .exactOptional(),
      endAtButton: instant.exactOptional(),
      trail: z.object({ markedPage: count, rows: text, next: text, emptyPages: count }).exactOptional(),
    })
    .exactOptional(),
  maxWindowSeconds: z.int().positive().exactOptional(),
  narrowUntil: instant.exactOptional(),
  evenUntil: instant.exactOptional(),
  notBefore: instant.exactOptional(),
  lastGap: z.object({ end: instant, seconds: z.int().positive() }).exactOptional(),
  pageSize: z.int().positive().exactOptional(),
  failedPageSize: z.object({ size: z.int().positive(), failedAt: instant }).exactOptional(),
  learnt: z
    .object({ form: z.enum(['cursor-and-filters', 'cursor-alone', 'printed-url']), learntAt: instant })
    .exactOptional(),
  retryAt: instant.exactOptional(),
  drift: z.record(z.string(), z.number()).exactOptional(),
  createdAt: instant.exactOptional(),
  completedAt: instant.exactOptional(),
  expiresAtEpochSeconds: count.exactOptional(),
});

/** The item that holds a position. */
export function toItem(position: object): Record<string, AttributeValue> {
  return marshall({ ...position, schemaVersion: SCHEMA_VERSION }, { removeUndefinedValues: true });
}

/** The position in an item; `unreadable` if it contains no valid position. */
export function fromItem(item: Record<string, AttributeValue>): Position | 'unreadable' {
  try {
    return PositionSchema.parse(unmarshall(item));
  } catch {
    return 'unreadable';
  }
}
