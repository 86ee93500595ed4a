import type { Sample } from './metric-store.ts';

/**
 * One number for the samples of a period: Sum, Average, Minimum, Maximum, SampleCount, or a percentile such
 * as p99 or p99.9. Undefined when there is no sample; throws, naming it, for another statistic. A percentile
 * is exact here (nearest rank), where CloudWatch's may be a little off.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
 */
export function summarize(samples: readonly Sample[], statistic: string): number | undefined {
  const compute = computationOf(statistic);
  return samples.length === 0 ? undefined : compute(samples);
}

type Computation = (samples: readonly Sample[]) => number;

const COMPUTATIONS: ReadonlyMap<string, Computation> = new Map<string, Computation>([
  ['Sum', sum],
  ['SampleCount', count],
  ['Average', (samples) => sum(samples) / count(samples)],
  ['Minimum', (samples) => samples.reduce((least, { value }) => Math.min(least, value), Infinity)],
  ['Maximum', (samples) => samples.reduce((most, { value }) => Math.max(most, value), -Infinity)],
]);

function computationOf(statistic: string): Computation {
  const computation = COMPUTATIONS.get(statistic);
  if (computation !== undefined) return computation;
  const percentage = Number(/^p(\d{1,2}(?:\.\d+)?|100)$/.exec(statistic)?.[1]);
  if (Number.isNaN(percentage)) throw new Error(`The statistic ${statistic} is not supported locally.`);
  return (samples) => percentile(samples, percentage);
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, sample) => total + sample.value * sample.count, 0);
}

function count(samples: readonly Sample[]): number {
  return samples.reduce((total, sample) => total + sample.count, 0);
}

/** The smallest value that is at least as large as this percentage of the values. */
function percentile(samples: readonly Sample[], percentage: number): number {
  const sorted = samples.toSorted((one, other) => one.value - other.value);
  const rank = (count(samples) * percentage) / 100;
  let seen = 0;
  for (const sample of sorted) {
    seen += sample.count;
    if (seen >= rank && seen > 0) return sample.value;
  }
  return sorted.at(-1)?.value ?? Number.NaN;
}
