/** The name of a metric. Different dimensions make a different metric, even if some are the same. */
export type MetricIdentity = {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
};

/** A value that was reported `count` times at one instant. */
export type Sample = { atMs: number; value: number; count: number };

/** From the first instant to just before the second. */
export type Span = { fromMs: number; untilMs: number };

/** The metrics of a CloudWatch, with every single value. Time is the caller's: real or virtual. */
export type MetricStore = {
  /** Values may arrive in any order. Throws for a value or an instant that is not a finite number. */
  put(metric: MetricIdentity, sample: { atMs: number; value: number; count?: number }): void;
  /** Every metric that has a value. */
  metrics(): MetricIdentity[];
  /** The metric's values within the span, oldest first; none for an unknown metric. */
  samples(metric: MetricIdentity, span: Span): Sample[];
  /** From the oldest value to just after the newest; undefined while there is none. */
  span(): Span | undefined;
};

type StoredMetric = { identity: MetricIdentity; samples: Sample[] };

/** A store without metrics. */
export function createMetricStore(): MetricStore {
  const stored = new Map<string, StoredMetric>();
  return {
    put(metric, { atMs, value, count = 1 }) {
      if (![atMs, value, count].every(Number.isFinite)) {
        throw new Error(`The metric ${metric.name} got a value or an instant that is no number.`);
      }
      const key = keyOf(metric);
      const known = stored.get(key);
      if (known === undefined) stored.set(key, { identity: metric, samples: [{ atMs, value, count }] });
      else known.samples.splice(positionAfter(known.samples, atMs), 0, { atMs, value, count });
    },
    metrics: () => [...stored.values()].map(({ identity }) => identity),
    samples(metric, { fromMs, untilMs }) {
      const samples = stored.get(keyOf(metric))?.samples ?? [];
      return samples.slice(positionOf(samples, fromMs), positionOf(samples, untilMs));
    },
    span() {
      if (stored.size === 0) return undefined;
      const ends = [...stored.values()].map(({ samples }) => ({
        first: samples[0]?.atMs ?? Infinity,
        last: samples.at(-1)?.atMs ?? -Infinity,
      }));
      return {
        fromMs: Math.min(...ends.map(({ first }) => first)),
        untilMs: Math.max(...ends.map(({ last }) => last)) + 1,
      };
    },
  };
}

function keyOf({ namespace, name, dimensions }: MetricIdentity): string {
  const entries = Object.entries(dimensions).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([namespace, name, entries]);
}

/** The index of the first sample at `atMs` or later. */
function positionOf(samples: readonly Sample[], atMs: number): number {
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle]?.atMs ?? Infinity) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where a new sample goes: after those of the same instant. Nearly always that is the end. */
function positionAfter(samples: readonly Sample[], atMs: number): number {
  const last = samples.at(-1);
  return last === undefined || last.atMs <= atMs ? samples.length : positionOf(samples, atMs + 1);
}
