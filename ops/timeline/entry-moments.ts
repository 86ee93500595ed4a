import { asJsonObject } from '@button-serverless/validation/json';
import type { QuarantinedItem, QuarantineSummary } from '../../shared/quarantine/quarantine-review.ts';
import type { Moment } from './finding.ts';
import { reasonsInWords } from './words.ts';

/** What happened to an entry of the quarantine, according to the entry. Pure. */
export function entryMoments(entry: QuarantineSummary, what: string): Moment[] {
  const { id, reasons, refusals, refusedAt, replayedAt, replayOf, refusedAgainAs } = entry;
  const often = refusals > 1 ? ` for the ${refusals}th time` : '';
  const replay = replayOf === undefined ? '' : ` (the replay of entry ${replayOf})`;
  const refused = {
    at: refusedAt,
    what: `Refused${often}: ${what}${replay} is in quarantine as entry ${id}. ${reasonsInWords(reasons)}`,
  };
  if (replayedAt === undefined) return [refused];
  const end = refusedAgainAs === undefined ? '' : `; the replay was refused as entry ${refusedAgainAs}`;
  return [refused, { at: replayedAt, what: `Replayed by hand: entry ${id}${end}` }];
}

/** Whether an entry still waits for somebody: its last refusal was not followed by a replay. Pure. */
export function isOpen({ replayedAt }: Pick<QuarantineSummary, 'replayedAt'>): boolean {
  return replayedAt === undefined;
}

const KIND_OF_TYPE: ReadonlyMap<unknown, string> = new Map([
  ['order.created.v1', 'created'],
  ['order.updated.v1', 'updated'],
  ['order.cancelled.v1', 'cancelled'],
]);

/** What an order message says it is, such as `version 3 (updated)`; only values of a known form. Pure. */
export function messageInWords({ bytes }: Pick<QuarantinedItem, 'bytes'>): string {
  const { sequence, type } = readObject(bytes);
  const kind = KIND_OF_TYPE.get(type) ?? 'of an unknown type';
  return typeof sequence === 'string' && /^\d{1,30}$/.test(sequence)
    ? `version ${sequence} (${kind})`
    : `a message (${kind})`;
}

function readObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return asJsonObject(JSON.parse(Buffer.from(bytes).toString('utf8'))) ?? {};
  } catch {
    return {};
  }
}
