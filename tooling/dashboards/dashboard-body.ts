import * as z from 'zod';

import type { MetricQuery } from '@button-serverless/local-aws/cloudwatch';

/** The place of a widget on the grid of 24 columns. */
export type Place = { x: number; y: number; width: number; height: number };

/** A line of a graph as the board asks for it. */
export type LineQuery = {
  id: string;
  periodMs: number;
  /** If it is empty, the line is named by what distinguishes it from the others. */
  label: string;
  isVisible: boolean;
};

/** Metrics to show, and how. */
export type MetricWidget = {
  kind: 'metric';
  title: string;
  view: 'timeSeries' | 'stacked' | 'singleValue';
  queries: MetricQuery[];
  lines: LineQuery[];
  /** Horizontal annotations. */
  rules: { value: number; label: string }[];
};

/** What a widget of a board shows. */
export type Widget = Place &
  (
    | { kind: 'text'; markdown: string }
    | MetricWidget
    | { kind: 'alarms'; title: string; alarmArns: string[] }
    | { kind: 'logQuery'; title: string; query: string }
  );

/** The last part of a line: options that it omits follow from the widget. Colours are the page's own. */
const OptionsSchema = z.strictObject({
  id: z.string().optional(),
  label: z.string().optional(),
  stat: z.string().optional(),
  period: z.number().optional(),
  visible: z.boolean().default(true),
  expression: z.string().optional(),
  region: z.string().optional(),
  color: z.string().optional(),
  yAxis: z.literal('left').optional(),
});

const MetricsSchema = z.array(z.array(z.union([z.string(), OptionsSchema])).min(1));

const PlaceSchema = { x: z.int(), y: z.int(), width: z.int(), height: z.int() };

const MetricPropertiesSchema = z.strictObject({
  view: z.enum(['timeSeries', 'singleValue']).default('timeSeries'),
  title: z.string().default(''),
  region: z.string().optional(),
  metrics: MetricsSchema,
  annotations: z
    .strictObject({
      horizontal: z
        .array(
          z.looseObject({
            value: z.number(),
            label: z.string().default(''),
            yAxis: z.literal('left').optional(),
          }),
        )
        .default([]),
    })
    .default({ horizontal: [] }),
  stacked: z.boolean().default(false),
  stat: z.string().default('Average'),
  period: z.number().default(300),
  // Of no effect here: the page has its own scales and always shows the whole run.
  yAxis: z.unknown().optional(),
  legend: z.unknown().optional(),
  liveData: z.unknown().optional(),
  setPeriodToTimeRange: z.unknown().optional(),
  singleValueFullPrecision: z.unknown().optional(),
  sparkline: z.unknown().optional(),
});

const WidgetSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...PlaceSchema,
    type: z.literal('text'),
    properties: z.looseObject({ markdown: z.string() }),
  }),
  z.strictObject({ ...PlaceSchema, type: z.literal('metric'), properties: MetricPropertiesSchema }),
  z.strictObject({
    ...PlaceSchema,
    type: z.literal('alarm'),
    properties: z.looseObject({ title: z.string().default('Alarms'), alarms: z.array(z.string()) }),
  }),
  z.strictObject({
    ...PlaceSchema,
    type: z.literal('log'),
    properties: z.looseObject({ title: z.string().default('Logs'), query: z.string() }),
  }),
]);

const BodySchema = z.looseObject({ widgets: z.array(z.unknown()) });

/**
 * Reads a DashboardBody. Throws, with the widget's name, for anything that it does not support.
 *
 * Source:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
export function readDashboard(body: string): Widget[] {
  return BodySchema.parse(JSON.parse(body)).widgets.map(readWidget);
}

function readWidget(described: unknown, index: number): Widget {
  const parsed = WidgetSchema.safeParse(described);
  if (!parsed.success)
    throw new Error(`Widget ${index + 1} of the board is not understood: ${z.prettifyError(parsed.error)}`);
  const { type, properties, ...place } = parsed.data;
  switch (type) {
    case 'text':
      return { ...place, kind: 'text', markdown: properties.markdown };
    case 'alarm':
      return { ...place, kind: 'alarms', title: properties.title, alarmArns: properties.alarms };
    case 'log':
      return { ...place, kind: 'logQuery', title: properties.title, query: properties.query };
    case 'metric':
      return { ...place, ...readMetrics(properties) };
  }
}

function readMetrics(properties: z.infer<typeof MetricPropertiesSchema>): MetricWidget {
  const { title, view, stacked, annotations } = properties;
  const rows = expandShorthand(properties.metrics).map((row, index) => readRow(row, { index, properties }));
  return {
    kind: 'metric',
    title,
    view: view === 'timeSeries' && stacked ? 'stacked' : view,
    queries: rows.map(({ query }) => query),
    lines: rows.map(({ line }) => line),
    rules: annotations.horizontal.map(({ value, label }) => ({ value, label })),
  };
}

type Options = z.infer<typeof OptionsSchema>;
type Row = { texts: string[]; options: Options };

/** "." repeats the value above it in the previous row, "..." all values up to the last few. */
function expandShorthand(metrics: z.infer<typeof MetricsSchema>): Row[] {
  let above: string[] = [];
  return metrics.map((row) => {
    const texts = row.filter((part) => typeof part === 'string');
    const options = row.find((part) => typeof part !== 'string') ?? { visible: true };
    const [first, ...rest] = texts;
    const long = first === '...' ? [...above.slice(0, above.length - rest.length), ...rest] : texts;
    above = long.map((text, index) => (text === '.' ? (above[index] ?? text) : text));
    return { texts: above, options };
  });
}

function readRow(
  { texts, options }: Row,
  { index, properties }: { index: number; properties: z.infer<typeof MetricPropertiesSchema> },
): { query: MetricQuery; line: LineQuery } {
  const { id = `line${index}`, label = '', visible: isVisible, expression } = options;
  if (label.includes('${')) throw new Error(`The dynamic label ${label} is not supported locally.`);
  const line = { id, label, isVisible, periodMs: (options.period ?? properties.period) * 1000 };
  if (expression !== undefined) return { query: { id, expression }, line };

  const [namespace = '', name = '', ...pairs] = texts;
  const dimensions = Object.fromEntries(
    pairs.flatMap((text, at) => (at % 2 === 0 ? [[text, pairs[at + 1] ?? '']] : [])),
  );
  return {
    query: { id, metric: { namespace, name, dimensions }, statistic: options.stat ?? properties.stat },
    line,
  };
}
