import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import * as z from 'zod';

import type { Laboratory } from '../laboratory.ts';
import type { Measurement } from '../measurement.ts';
import { median, ratioOf, type Spread } from '../statistics.ts';

const MeasuredSchema = z.record(z.string(), z.array(z.number()));

const DIGEST =
  'of its time, ours spends 18% on a digest of the line items, by which a row of the API is recognised as the same purchase, 3% on looking through every field for what Button has added, and 3% on looking for numbers with more digits than JavaScript keeps. Checking 20 fields takes 24%; the 13 fields of the other schema would take 15%.';

/** Checking and reading a webhook, without a table (B6, B7). */
export async function measureVerification({ effort }: Laboratory): Promise<Measurement> {
  const child = join(import.meta.dirname, '..', 'children', 'verify-loops.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [
    child,
    String(Math.ceil(7 * effort)),
    String(Math.ceil(10_000 * effort)),
  ]);
  const measured = MeasuredSchema.parse(JSON.parse(stdout));
  const ratio = (of: string, to: string): Spread => ratioOf(measured[of] ?? [], measured[to] ?? []);
  return {
    id: 'verification',
    title: 'Checking a signature and reading a webhook',
    explanation:
      "CPU of a body of 1.5 KB, no table involved. Ours compares in constant time and goes over the whole payload for what is odd about it; Button's own client compares with `===`.",
    figures: Object.entries(measured).map(([subject, values]) => ({
      subject,
      values: { 'CPU µs a webhook': median(values) },
    })),
    bars: [
      { claim: 'signature, ours / svix', ...ratio('ours: signature', 'svix: signature'), atMost: 0.35 },
      {
        claim: 'signature, ours / official client',
        ...ratio('ours: signature', 'official client: signature'),
        atMost: 1.7,
      },
      { claim: 'signature, ours / SHA-256', ...ratio('ours: signature', 'SHA-256 alone'), atMost: 3 },
      {
        claim: 'all, ours / standardwebhooks and zod',
        ...ratio('ours: all', 'standardwebhooks and zod: all'),
        atMost: 1.2,
      },
      {
        claim: 'all, ours / official client and zod',
        ...ratio('ours: all', 'official client and zod: all'),
        atMost: 2.5,
        goal: { value: 2.3, obstacle: DIGEST },
      },
    ],
  };
}
