import type { Span } from '@button-serverless/local-aws/cloudwatch';
import { escapeHtml } from './escape.ts';
import { formatElapsed, formatFigure, ticks } from './figures.ts';
import type { Line } from './widget-data.ts';

/** A phase of the run, shown behind the lines under its number. */
export type Phase = Span & { title: string };

/** The data of a chart. */
export type Chart = {
  span: Span;
  lines: readonly Line[];
  rules: readonly { value: number; label: string }[];
  phases: readonly Phase[];
  isStacked: boolean;
  width: number;
  height: number;
};

const MARGIN = { left: 46, right: 10, top: 14, bottom: 20 };

/** The number of lines with their own colour. */
export const COLOURS = 8;

/**
 * If a threshold is so far above the lines that it would flatten them, only its label is shown, at the top.
 */
const RULE_REACH = 4;

/** Narrower bands go without their number. */
const ROOM_FOR_A_NUMBER = 9;
/** From one line of text to the next. */
const LINE_HEIGHT = 13;

type Scale = { x: (atMs: number) => number; y: (value: number) => number; values: number[] };

/**
 * Draws lines over time as a self-contained SVG; the page provides the colours. Every point shows its figure
 * when the pointer hovers over it.
 */
export function drawChart(chart: Chart): string {
  const lines = chart.isStacked ? stack(chart.lines) : chart.lines;
  const scale = scaleOf(chart, lines);
  return [
    `<svg class="chart" viewBox="0 0 ${chart.width} ${chart.height}" role="img">`,
    ...chart.phases.map((phase, index) => drawPhase(phase, { number: index + 1, chart, scale })),
    ...scale.values.map((value) => drawGridLine(value, { chart, scale })),
    ...drawTimes(chart, scale),
    ...lines.toReversed().map((line, index) => drawLine(line, { scale, colour: lines.length - 1 - index })),
    ...drawRules({ chart, scale }),
    ...drawHovers(chart, { lines: chart.lines, scale }),
    '</svg>',
  ].join('');
}

function stack(lines: readonly Line[]): Line[] {
  const sums = new Map<number, number>();
  return lines.map((line) => ({
    ...line,
    points: line.points.map(({ atMs, value }) => {
      if (value !== undefined) sums.set(atMs, (sums.get(atMs) ?? 0) + value);
      return { atMs, value: value === undefined ? undefined : sums.get(atMs) };
    }),
  }));
}

function scaleOf({ span, rules, width, height }: Chart, lines: readonly Line[]): Scale {
  const values = lines.flatMap(({ points }) => points.flatMap(({ value }) => value ?? []));
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  const lowest = values.reduce((least, value) => Math.min(least, value), 0);
  const near = rules.map(({ value }) => value).filter((value) => value <= RULE_REACH * highest);
  const marks = ticks(lowest, Math.max(highest, ...near, lowest === highest ? 1 : 0), 4);
  const [bottom, top] = [marks[0] ?? 0, marks.at(-1) ?? 1];
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  return {
    // The first period may begin a little before the run.
    x: (atMs) => {
      const share = (Math.max(atMs, span.fromMs) - span.fromMs) / (span.untilMs - span.fromMs);
      return round(MARGIN.left + share * inner.width);
    },
    y: (value) => round(MARGIN.top + ((top - value) / (top - bottom)) * inner.height),
    values: marks,
  };
}

type Canvas = { chart: Chart; scale: Scale };

function drawPhase(
  { fromMs, untilMs }: Phase,
  { number, chart, scale }: Canvas & { number: number },
): string {
  const [from, until] = [scale.x(fromMs), scale.x(untilMs)];
  const height = chart.height - MARGIN.top - MARGIN.bottom;
  const band = `<rect class="phase${number % 2 === 0 ? ' even' : ''}" x="${from}" y="${MARGIN.top}" width="${round(until - from)}" height="${height}"/>`;
  const mark = `<text class="phase" x="${round((from + until) / 2)}" y="${MARGIN.top - 4}" text-anchor="middle">${number}</text>`;
  return until - from < ROOM_FOR_A_NUMBER ? band : band + mark;
}

function drawGridLine(value: number, { chart, scale }: Canvas): string {
  const y = scale.y(value);
  return `<line class="grid" x1="${MARGIN.left}" x2="${chart.width - MARGIN.right}" y1="${y}" y2="${y}"/><text class="axis" x="${MARGIN.left - 6}" y="${y + 3.5}" text-anchor="end">${formatFigure(value)}</text>`;
}

function drawTimes({ span, height, width }: Chart, scale: Scale): string[] {
  const lastMs = span.untilMs - span.fromMs;
  const room = Math.max(2, Math.floor(width / 90));
  const stepMs =
    [5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400]
      .map((seconds) => seconds * 1000)
      .find((step) => lastMs / step <= room) ?? lastMs;
  return Array.from({ length: Math.floor(lastMs / stepMs) + 1 }, (_, index) => {
    const x = scale.x(span.fromMs + index * stepMs);
    const anchor = index === 0 ? 'start' : x > width - 24 ? 'end' : 'middle';
    return `<text class="axis" x="${x}" y="${height - 5}" text-anchor="${anchor}">${formatElapsed(index * stepMs)}</text>`;
  });
}

/**
 * Consecutive points are joined; other points are joined faintly, because nothing is known of the time
 * between. A point without a neighbour is a dot.
 */
function drawLine({ points }: Line, { scale, colour }: { scale: Scale; colour: number }): string {
  const runs: string[][] = [[]];
  for (const { atMs, value } of points) {
    if (value === undefined) runs.push([]);
    else runs.at(-1)?.push(`${scale.x(atMs)},${scale.y(value)}`);
  }
  const shapes = runs.flatMap((run) => {
    const [first] = run;
    if (first === undefined) return [];
    const [x = '', y = ''] = first.split(',');
    return run.length === 1
      ? `<circle cx="${x}" cy="${y}" r="2.4"/>`
      : `<polyline points="${run.join(' ')}"/>`;
  });
  const whole = shapes.length > 1 ? `<polyline class="faint" points="${runs.flat().join(' ')}"/>` : '';
  const dashes = colour >= COLOURS ? ' dashed' : '';
  return `<g class="line${dashes} c${colour % COLOURS}">${whole}${shapes.join('')}</g>`;
}

/** Thresholds that are in sight; the others are named at the top, one below the other. */
function drawRules({ chart, scale }: Canvas): string[] {
  const x = chart.width - MARGIN.right - 2;
  const highest = scale.values.at(-1) ?? 0;
  const labelled = chart.rules.map(({ value, label }) => ({
    value,
    text: escapeHtml(`${label} ${formatFigure(value)}`.trim()),
  }));
  const outOfSight = labelled.filter(({ value }) => value > highest);
  const inSight = labelled.filter(({ value }) => value <= highest);
  return [
    ...outOfSight.map(({ text }, index) => {
      const y = MARGIN.top + 9 + index * LINE_HEIGHT;
      return `<text class="rule" x="${x}" y="${y}" text-anchor="end">▲ ${text}</text>`;
    }),
    ...inSight.map(({ value, text }) => {
      const y = scale.y(value);
      return `<line class="rule" x1="${MARGIN.left}" x2="${chart.width - MARGIN.right}" y1="${y}" y2="${y}"/><text class="rule" x="${x}" y="${y - 4}" text-anchor="end">${text}</text>`;
    }),
  ];
}

/** For each period with a value, a strip that shows the values of all lines. */
function drawHovers(chart: Chart, { lines, scale }: { lines: readonly Line[]; scale: Scale }): string[] {
  const byInstant = new Map<number, string[]>();
  for (const { label, points } of lines) {
    for (const { atMs, value } of points) {
      if (value !== undefined)
        byInstant.set(atMs, [...(byInstant.get(atMs) ?? []), `${label}: ${formatFigure(value)}`]);
    }
  }
  const periodMs = lines.reduce((least, line) => Math.min(least, line.periodMs), Infinity);
  return [...byInstant].map(([atMs, texts]) => {
    const x = Math.max(MARGIN.left, scale.x(atMs - periodMs / 2));
    const width = round(Math.min(scale.x(atMs + periodMs / 2), chart.width - MARGIN.right) - x);
    const title = [formatElapsed(atMs - chart.span.fromMs), ...texts].join('\n');
    return `<rect class="hover" x="${x}" y="${MARGIN.top}" width="${Math.max(1, width)}" height="${chart.height - MARGIN.top - MARGIN.bottom}"><title>${escapeHtml(title)}</title></rect>`;
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
