import type { Counted } from './operations.ts';
import type { Quantities } from './prices.ts';

/**
 * Assumptions about what cannot be counted here. CPU is what `npm run bench` measures, rounded up; a function
 * with 512 MB has 512/1769 of a processor. Latencies are rather too high than too low.
 */
export const ASSUMED = {
  memoryGb: 0.5,
  cpuSlowdown: 1769 / 512,
  awsCallMs: 5,
  buttonOrderMs: 300,
  buttonPageMs: 200,
  webhookCpuMs: 1.5,
  orderCpuMs: 3,
  rowCpuMs: 0.6,
  eventCpuMs: 0.3,
  /** X-Ray's default sampling rule: the first request of each second, and this share of the others. */
  tracedShare: 0.05,
  /** Lambda polls an idle queue with this many pollers, each of which asks every twenty seconds. */
  pollers: 5,
  pollSeconds: 20,
} as const;

/** Timing of a number of items: the invocations, the CPU of each item, and how long each invocation waits. */
export type Timing = { items: number; invocations: number; cpuMs: number; waitMs: number };

/** Scales counts and timing to a million items. */
export function perMillion(counted: Counted, { items, invocations, cpuMs, waitMs }: Timing): Quantities {
  const scale = 1e6 / items;
  const milliseconds = Math.ceil((cpuMs * items * ASSUMED.cpuSlowdown) / invocations + waitMs);
  return {
    lambdaRequest: invocations * scale,
    lambdaGbSecond: ((invocations * milliseconds) / 1000) * ASSUMED.memoryGb * scale,
    dynamodbReadUnit: counted.readUnits * scale,
    dynamodbWriteUnit: counted.writeUnits * scale,
    logIngestion: (counted.logBytes * scale) / 1e9,
  };
}

/** Number of calls to AWS, for all events together. */
export function callsToAws({ calls }: Pick<Counted, 'calls'>): number {
  return Object.values(calls).reduce((sum, number) => sum + number, 0);
}

const MONTH_SECONDS = 30 * 86_400;

/**
 * The number of traces that X-Ray records of requests at random moments of thirty days: the first of each
 * second, and a share of the rest.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
 */
export function tracesRecorded(requests: number): number {
  const firstOfTheirSecond = MONTH_SECONDS * (1 - Math.exp(-requests / MONTH_SECONDS));
  return firstOfTheirSecond + ASSUMED.tracedShare * (requests - firstOfTheirSecond);
}
