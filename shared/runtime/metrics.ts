import { unitOf } from './metric-definitions.ts';

type Measured<Name extends string> = {
  name: Name;
  value: number;
  dimensions?: Readonly<Record<string, string>>;
  /**
   * Fields of the line that are neither metrics nor dimensions; of two with the same name in a line, the
   * later one is kept.
   */
  fields?: Readonly<Record<string, string>>;
};

/** Metrics that are collected until they are flushed, so that one invocation writes few lines. */
export type BufferedMetrics<Name extends string> = {
  add(measured: Measured<Name>): void;
  /** Writes what was added since the last flush, in as few lines as possible, and forgets it. */
  flush(): void;
};

/** What `createMetrics` needs. */
export type MetricsOptions = {
  namespace: string;
  write?: (line: string) => void;
  now?: () => number;
};

/** The format's limit for the values of one metric in one line. */
const MAX_VALUES = 100;
const MAX_DIMENSION_LENGTH = 1024;

/**
 * Metrics in CloudWatch's embedded metric format: one JSON object a line, straight to standard output,
 * because Lambda's JSON logging wraps `console`.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function createMetrics<Name extends string>({
  namespace,
  write = (line) => void process.stdout.write(line),
  now = Date.now,
}: MetricsOptions): BufferedMetrics<Name> {
  let held: Measured<Name>[] = [];

  const documentOf = (groups: readonly Group<Name>[]): Record<string, unknown> => ({
    _aws: {
      Timestamp: now(),
      CloudWatchMetrics: groups.map(({ dimensions, byName }) => ({
        Namespace: namespace,
        Dimensions: [Object.keys(dimensions)],
        Metrics: byName.map(([name]) => ({ Name: name, Unit: unitOf(name) })),
      })),
    },
    ...Object.fromEntries(
      groups.flatMap(({ dimensions, fields }) => [...Object.entries(dimensions), ...fields]),
    ),
    ...Object.fromEntries(
      groups.flatMap(({ byName }) => byName).map(([name, values]) => [name, valueOf(name, values)]),
    ),
  });

  return {
    add(measured) {
      held.push(measured);
    },
    flush() {
      const groups = inGroups(held);
      held = [];
      for (const line of inLines(groups)) write(`${JSON.stringify(documentOf(line))}\n`);
    },
  };
}

/** What was measured under one set of dimensions. */
type Group<Name extends string> = {
  dimensions: Readonly<Record<string, string>>;
  byName: [name: Name, values: number[]][];
  fields: [name: string, text: string][];
};

function inGroups<Name extends string>(measured: readonly Measured<Name>[]): Group<Name>[] {
  const groups = Map.groupBy(measured, ({ dimensions = {} }) => JSON.stringify(Object.entries(dimensions)));
  return [...groups.values()].map((same) => ({
    dimensions: Object.fromEntries(
      Object.entries(same[0]?.dimensions ?? {}).map(([name, text]) => [name, dimensionValue(text)]),
    ),
    byName: [...Map.groupBy(same, ({ name }) => name)].map(([name, ones]) => [
      name,
      ones.map(({ value }) => value),
    ]),
    fields: same.flatMap(({ fields = {} }) => Object.entries(fields)),
  }));
}

/**
 * As few lines as possible, because each costs: a line holds one value of a dimension, and each metric once.
 */
function inLines<Name extends string>(groups: readonly Group<Name>[]): Group<Name>[][] {
  const lines: Group<Name>[][] = [];
  for (const group of groups) {
    const line = lines.find((others) => others.every((other) => canShareLine(other, group)));
    if (line) line.push(group);
    else lines.push([group]);
  }
  return lines;
}

function canShareLine<Name extends string>(one: Group<Name>, other: Group<Name>): boolean {
  const isSameValue = ([name, value]: [string, string]): boolean => (one.dimensions[name] ?? value) === value;
  const names = new Set(one.byName.map(([name]) => name));
  return (
    Object.entries(other.dimensions).every(isSameValue) && !other.byName.some(([name]) => names.has(name))
  );
}

/**
 * CloudWatch drops metrics with a dimension that is not printable ASCII, is blank or begins with a colon.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
 */
function dimensionValue(text: string): string {
  const printable = text.replaceAll(/[^ -~]|^:/g, '?').slice(0, MAX_DIMENSION_LENGTH);
  return printable.trim() === '' ? '?' : printable;
}

/**
 * Times keep their single values (the longest, if there are too many). Everything else adds up to one number,
 * so a level is added once in each invocation.
 */
function valueOf(name: string, values: readonly number[]): number | number[] {
  const sum = values.reduce((total, value) => total + value, 0);
  if (values.length === 1 || unitOf(name) !== 'Seconds') return sum;
  return values.length <= MAX_VALUES
    ? [...values]
    : values.toSorted((one, other) => other - one).slice(0, MAX_VALUES);
}
