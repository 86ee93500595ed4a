import * as z from 'zod';
import type { MetricIdentity, MetricStore } from './metric-store.ts';

/** A value of a metric that an EMF line carries; an array counts each of its members. */
export type EmfSample = { metric: MetricIdentity; atMs: number; value: number };

/**
 * What a log line is to CloudWatch. A line that claims to be EMF (it has `_aws`) but is malformed gives no
 * metrics there, silently; here `problem` says why.
 */
export type EmfResult =
  | { kind: 'metrics'; samples: EmfSample[]; document: Record<string, unknown> }
  | { kind: 'no-emf' }
  | { kind: 'malformed'; problem: string };

const NameSchema = z.string().min(1).max(255);
const NumberSchema = z.number();

/** The limit of dimensions is PutMetricData's; the specification's older text says 9. */
const DocumentSchema = z.looseObject({
  _aws: z.looseObject({
    Timestamp: z.int(),
    CloudWatchMetrics: z.array(
      z.looseObject({
        Namespace: NameSchema,
        Dimensions: z.array(z.array(NameSchema).max(30)).min(1),
        Metrics: z.array(z.looseObject({ Name: NameSchema, Unit: z.string().optional() })).max(100),
      }),
    ),
  }),
});
type Document = z.infer<typeof DocumentSchema>;

const UNITS = new Set(
  [
    'Seconds Microseconds Milliseconds Percent Count None Count/Second',
    'Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits Terabits',
    'Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second',
    'Bits/Second Kilobits/Second Megabits/Second Gigabits/Second Terabits/Second',
  ].flatMap((line) => line.split(' ')),
);

const ARRAY_LIMIT = 100;
const OLDEST_MS = 14 * 86_400_000;
const FUTURE_MS = 2 * 3_600_000;

/**
 * Reads a log line that was written at `atMs`.
 *
 * Sources:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html;
 * how old a timestamp may be:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html.
 */
export function readEmf(line: string, atMs: number): EmfResult {
  const root = parseObject(line);
  if (root === undefined || !Object.hasOwn(root, '_aws')) return { kind: 'no-emf' };
  const parsed = DocumentSchema.safeParse(root);
  if (!parsed.success) return { kind: 'malformed', problem: z.prettifyError(parsed.error) };
  try {
    return { kind: 'metrics', samples: samplesOf(parsed.data, atMs), document: root };
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { kind: 'malformed', problem: error.message };
  }
}

/** Puts what was read into the store. */
export function putSamples(store: MetricStore, samples: readonly EmfSample[]): void {
  for (const { metric, ...sample } of samples) store.put(metric, sample);
}

class MalformedError extends Error {}

function samplesOf(document: Document, nowMs: number): EmfSample[] {
  const { Timestamp: atMs, CloudWatchMetrics: directives } = document._aws;
  if (atMs < nowMs - OLDEST_MS || atMs > nowMs + FUTURE_MS) {
    throw new MalformedError(`Timestamp is not within the last two weeks and the next two hours: ${atMs}`);
  }
  return directives.flatMap(({ Namespace: namespace, Dimensions: sets, Metrics: definitions }) =>
    sets.flatMap((set) => {
      const dimensions = Object.fromEntries(set.map((name) => [name, dimensionValue(document, name)]));
      return definitions.flatMap(({ Name: name, Unit: unit = 'None' }) => {
        if (!UNITS.has(unit)) throw new MalformedError(`${name} has the unit ${unit}, which there is not.`);
        const metric = { namespace, name, dimensions };
        return metricValues(document, name).map((value) => ({ metric, atMs, value }));
      });
    }),
  );
}

function dimensionValue(document: Document, name: string): string {
  const value = Object.hasOwn(document, name) ? document[name] : undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw new MalformedError(`The dimension ${name} is not a text at the root.`);
}

function metricValues(document: Document, name: string): number[] {
  const value = Object.hasOwn(document, name) ? document[name] : undefined;
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (values.length > ARRAY_LIMIT)
    throw new MalformedError(`${name} has more than ${ARRAY_LIMIT} values in one line.`);
  return values.map((item) => {
    const number = NumberSchema.safeParse(item);
    if (!number.success)
      throw new MalformedError(`The metric ${name} is not a number, or numbers, at the root.`);
    return number.data;
  });
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{') || !line.includes('"_aws"')) return undefined;
  try {
    return z.record(z.string(), z.unknown()).safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
