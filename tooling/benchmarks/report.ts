import { cpus, totalmem } from 'node:os';

import { formatText } from '../format-text.ts';
import { goalOf, isMet, type Bar, type Headline, type Measurement } from './measurement.ts';
import { ownVersions, peerVersions } from './peers.ts';

/** Where and when something was measured. */
export type Occasion = { machine: string; node: string; date: string; effort: number; loadAverage: number };

/** Describes this machine and this moment. */
export function describeOccasion(effort: number, loadAverage: number): Occasion {
  const [cpu] = cpus();
  return {
    machine: `${process.platform} ${process.arch}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    effort,
    loadAverage,
  };
}

/** A case as Markdown: what it is, its table, its bars. */
export function toMarkdown({ title, explanation, figures, bars }: Measurement): string {
  const columns = [...new Set(figures.flatMap(({ values }) => Object.keys(values)))];
  const rows = figures.map(({ subject, values }) => [
    subject,
    ...columns.map((column) => numberText(values[column])),
  ]);
  return [
    `## ${title}`,
    '',
    explanation,
    '',
    table(['', ...columns], rows),
    '',
    table(
      ['bar', 'measured', 'quartiles', 'held to', 'goal', ''],
      bars.map((bar) => [
        bar.claim,
        numberText(bar.value),
        bar.quartiles === undefined ? '' : bar.quartiles.map(numberText).join(' to '),
        limitText(bar),
        limitText(goalOf(bar)),
        verdict(bar),
      ]),
    ),
    ...obstacles(bars),
  ].join('\n');
}

const LIST = new Intl.ListFormat('en');

/** What stands between bars and their goals: one paragraph for all bars that have the same obstacle. */
function obstacles(bars: readonly Bar[]): string[] {
  const withGoals = bars.flatMap(({ claim, goal }) => (goal ? [{ claim, ...goal }] : []));
  return [...Map.groupBy(withGoals, ({ obstacle }) => obstacle)].flatMap(([obstacle, group]) => {
    const between = group.length === 1 ? 'the bar and the goal' : 'the bars and the goals';
    return ['', `Between ${between} of ${LIST.format(group.map(({ claim }) => `_${claim}_`))}: ${obstacle}`];
  });
}

/** The table that the page begins with. */
function headlineTable(headlines: readonly Headline[]): string {
  const rows = headlines.map(({ figure, ours, peer, floor, goal }) => [
    figure,
    numberText(ours),
    peer === undefined ? '' : `${numberText(peer.value)} (${peer.name})`,
    numberText(floor),
    goal,
  ]);
  return table(['figure', 'ours', 'best peer', 'floor', 'goal'], rows);
}

/** The whole page, docs/benchmarks.md. */
export function toPage(measurements: readonly Measurement[], occasion: Occasion): string {
  const bars = measurements.flatMap((measurement) => measurement.bars);
  const missed = bars.filter((bar) => !isMet(bar));
  const versions = (all: Record<string, string>): string =>
    Object.entries(all)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ');
  return `${[
    '# Benchmarks',
    headlineTable(measurements.flatMap(({ headlines = [] }) => headlines)),
    'Written by `npm run bench`; do not edit. It bundles the functions as they are deployed, gives them events in processes of their own, against stand-ins for AWS and Button on this machine, and measures other designs in turn. What disturbs the machine disturbs all of them, so the ratios (medians over rounds, with their quartiles) can be relied on, and the milliseconds cannot. What stands between a bar and its goal was written by hand when the bar was set, with its shares of the CPU. No AWS was reached.',
    `${bars.length - missed.length} of ${bars.length} bars are met, and ${bars.filter((bar) => isMet(goalOf(bar))).length} goals.${missed.length === 0 ? '' : ` Missed bars: ${missed.map(({ claim }) => claim).join('; ')}.`}`,
    [
      `- **Machine:** ${occasion.machine}, Node.js ${occasion.node}, on ${occasion.date}; load average at the start ${occasion.loadAverage.toFixed(1)}${occasion.effort === 1 ? '' : '; with --quick'}.`,
      `- **Ours:** ${versions(ownVersions())}.`,
      `- **Others:** ${versions(peerVersions())}; the peers are in \`tooling/benchmarks/peers\`.`,
    ].join('\n'),
    [
      'The _typical stack_ is middy, zod, the SDK and Powertools’ logger and metrics; _every utility_ adds tracer, idempotency, parser and the document client. Both are bundled as NodejsFunction does when nothing is set. The _floor_ signs by hand and validates nothing: it shows what cannot be undercut, and nobody should run it.',
    ].join('\n'),
    ...measurements.map(toMarkdown),
  ].join('\n\n')}\n`;
}

/** A page as this project formats its documents. */
export async function formatPage(text: string): Promise<string> {
  return formatText('page.md', text);
}

/** A table in Markdown; numbers stand at the right of their columns. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const isNumber = (text: string | undefined): boolean => text === undefined || /^[-\d.,]*$/.test(text);
  const rule = header.map((_, column) => (rows.every((row) => isNumber(row[column])) ? '---:' : '---'));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

/** A number with three significant digits, whole from a hundred on. */
export function numberText(value: number | undefined): string {
  if (value === undefined) return '';
  if (value === 0 || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function limitText({ atMost, atLeast }: Pick<Bar, 'atMost' | 'atLeast'>): string {
  return atMost === undefined ? `≥ ${numberText(atLeast)}` : `≤ ${numberText(atMost)}`;
}

function verdict(bar: Bar): string {
  if (!isMet(bar)) return '**missed**';
  return isMet(goalOf(bar)) ? 'met' : 'goal missed';
}
