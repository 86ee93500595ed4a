/** What the embedded metric format has to know of a metric. */
type Definition = { unit: string; dimensions: readonly string[] };

type Measured<Name extends string> = {
  name: Name;
  value: number;
  dimensions?: Readonly<Record<string, string>>;
};

/** Metrics that are held until they are flushed, so that one invocation writes few lines. */
export type BufferedMetrics<Name extends string> = {
  add(measured: Measured<Name>): void;
  /** Writes what was added since the last flush, one line for each set of dimensions, and forgets it. */
  flush(): void;
};

/** What metrics are made of. */
export type MetricsOptions<Name extends string> = {
  namespace: string;
  definitions: Readonly<Record<Name, Definition>>;
  write?: (line: string) => void;
  now?: () => number;
};

/** The format's limit for the values of one metric in one line. */
const MAX_VALUES = 100;
const MAX_DIMENSION_LENGTH = 1024;

/**
 * Metrics in CloudWatch's embedded metric format: one JSON object a line, straight to standard output, because Lambda's JSON logging
 * wraps `console`.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function createMetrics<Name extends string>({
  namespace,
  definitions,
  write = (line) => void process.stdout.write(line),
  now = Date.now,
}: MetricsOptions<Name>): BufferedMetrics<Name> {
  let held: Measured<Name>[] = [];

  const documentOf = (measured: readonly Measured<Name>[]): Record<string, unknown> => {
    const byName = [...Map.groupBy(measured, ({ name }) => name)];
    const dimensions = Object.fromEntries(
      Object.entries(measured[0]?.dimensions ?? {}).map(([name, text]) => [name, dimensionValue(text)]),
    );
    return {
      _aws: {
        Timestamp: now(),
        CloudWatchMetrics: [
          {
            Namespace: namespace,
            Dimensions: [Object.keys(dimensions)],
            Metrics: byName.map(([name]) => ({ Name: name, Unit: definitions[name].unit })),
          },
        ],
      },
      ...dimensions,
      ...Object.fromEntries(
        byName.map(([name, same]) => [
          name,
          valueOf(
            same.map(({ value }) => value),
            definitions[name],
          ),
        ]),
      ),
    };
  };

  return {
    add(measured) {
      held.push(measured);
    },
    flush() {
      const groups = Map.groupBy(held, ({ dimensions = {} }) => JSON.stringify(Object.entries(dimensions)));
      held = [];
      for (const measured of groups.values()) write(`${JSON.stringify(documentOf(measured))}\n`);
    },
  };
}

/**
 * CloudWatch drops what has a dimension that is not printable ASCII, is blank or begins with a colon.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
 */
function dimensionValue(text: string): string {
  const printable = text.replaceAll(/[^ -~]|^:/g, '?').slice(0, MAX_DIMENSION_LENGTH);
  return printable.trim() === '' ? '?' : printable;
}

/** Times keep their single values, the longest if there are too many; anything else adds up to one number. */
function valueOf(values: readonly number[], { unit }: Definition): number | number[] {
  const sum = values.reduce((total, value) => total + value, 0);
  if (values.length === 1 || unit !== 'Seconds') return sum;
  return values.length <= MAX_VALUES
    ? [...values]
    : values.toSorted((one, other) => other - one).slice(0, MAX_VALUES);
}
