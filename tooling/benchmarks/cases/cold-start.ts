import { statSync } from 'node:fs';

import { transactionRow, webhookEvent } from '../events.ts';
import { runOnce, type Run } from '../handler-process.ts';
import type { Laboratory } from '../laboratory.ts';
import type { Bar, Figure, Measurement } from '../measurement.ts';
import { inRounds, median, namesOf, ratioOf, type Spread } from '../statistics.ts';

const THREE_MORE_CALLS =
  'a new environment also reads when the system started and the Brands’ finalization windows, and writes the alias of the purchase: three calls more than the typical stack makes, each about 2% of the CPU. Two of them are made before the first event. Compiling the bundle takes about 12%, making zod’s schemas 9%, and Node.js’s crypto and TLS modules 6%. Most of the rest is code of the SDK that runs for the first time.';

/** The first webhook of a new process: CPU of loading, of the first event, and memory (B1, B2, B4). */
export async function measureColdStart(laboratory: Laboratory): Promise<Measurement> {
  const { bundles, env, effort } = laboratory;
  const files = {
    ours: bundles.ours('webhook-receiver').entry,
    'ours, not primed': bundles.ours('webhook-receiver').code,
    'ours, bundled by default': bundles.oursByDefault('webhook-receiver').entry,
    'official client, naive checks': bundles.peer('webhook-official').entry,
    'typical stack': bundles.peer('webhook-typical').entry,
    'every utility': bundles.peer('webhook-everything').entry,
    'hand-written floor': bundles.peer('webhook-floor').entry,
    'bare handler': bundles.peer('bare').entry,
  } as const;
  const names = namesOf(files);
  let webhooks = 0;
  const runs = await inRounds(names, Math.ceil(15 * effort), (name) => {
    webhooks += 1;
    return runOnce({ file: files[name], env }, [webhookEvent(transactionRow(webhooks))]);
  });

  const figures = names.map((name) => figureOf(name, runs[name]));
  const ratio = (of: (run: Run) => number, to: keyof typeof files): Spread =>
    ratioOf(runs.ours.map(of), runs[to].map(of));
  const coldOf = (name: keyof typeof files): number => median(runs[name].map(cold));
  return {
    id: 'cold-start',
    title: 'A cold webhook receiver',
    explanation:
      'CPU of a new process that loads the function and applies one webhook: secret read, signature checked, one conditional write over TLS. Load is what Lambda does before the first event, with a whole processor; what remains for the first event runs with a part of one.',
    figures,
    bars: [
      {
        claim: 'cold CPU, ours / typical stack',
        ...ratio(cold, 'typical stack'),
        atMost: 0.8,
        goal: { value: 0.66, obstacle: THREE_MORE_CALLS },
      },
      {
        claim: 'cold CPU, ours / every utility',
        ...ratio(cold, 'every utility'),
        atMost: 0.6,
        goal: { value: 0.5, obstacle: THREE_MORE_CALLS },
      },
      {
        claim: 'cold CPU, ours / hand-written floor',
        ...ratio(cold, 'hand-written floor'),
        atMost: 3.9,
        goal: { value: 3.2, obstacle: THREE_MORE_CALLS },
      },
      { claim: 'first event, ours / typical stack', ...ratio(first, 'typical stack'), atMost: 0.3 },
      { claim: 'first event, ours / every utility', ...ratio(first, 'every utility'), atMost: 0.2 },
      { claim: 'peak memory, ours / typical stack', ...ratio(memory, 'typical stack'), atMost: 0.85 },
      { claim: 'peak memory, ours / bare handler', ...ratio(memory, 'bare handler'), atMost: 1.5 },
    ],
    headlines: [
      {
        figure: 'a cold webhook, CPU ms',
        ours: coldOf('ours'),
        peer: { name: 'typical stack', value: coldOf('typical stack') },
        floor: coldOf('hand-written floor'),
        goal: '≤ 0.66 × typical stack, ≤ 3.2 × floor',
      },
    ],
  };
}

const cold = ({ loadMs, cpuMs }: Run): number => loadMs + cpuMs;
const first = ({ cpuMs }: Run): number => cpuMs;
const memory = ({ peakRssMb }: Run): number => peakRssMb;

function figureOf(subject: string, runs: readonly Run[]): Figure {
  return {
    subject,
    values: {
      'load, CPU ms': median(runs.map(({ loadMs }) => loadMs)),
      'first event, CPU ms': median(runs.map(first)),
      'cold, CPU ms': median(runs.map(cold)),
      'peak memory, MiB': median(runs.map(memory)),
    },
  };
}

/**
 * Loading each function, against the same sources as NodejsFunction bundles them by default; and what each
 * weighs (B1, B3).
 */
export async function measureLoading({ bundles, env, effort }: Laboratory): Promise<Measurement> {
  const subjects = bundles.names.flatMap((name) => [`ours ${name}`, `default ${name}`]);
  const fileOf = (subject: string): string => {
    const [kind, name = ''] = subject.split(' ');
    return kind === 'ours' ? bundles.ours(name).code : bundles.oursByDefault(name).entry;
  };
  const bare = 'bare';
  const runs = await inRounds([...subjects, bare], Math.ceil(7 * effort), (subject) =>
    runOnce({ file: subject === bare ? bundles.peer('bare').entry : fileOf(subject), env }, []),
  );
  const loads = (subject: string): number[] => (runs[subject] ?? []).map(({ loadMs }) => loadMs);
  const bytes = (file: string): number => statSync(file).size / 1000;

  const figures: Figure[] = bundles.names.map((name) => ({
    subject: name,
    values: {
      'bundle, KB': bytes(bundles.ours(name).code),
      'bundled by default, KB (the SDK left out)': bytes(bundles.oursByDefault(name).code),
      'load, CPU ms': median(loads(`ours ${name}`)),
      'bundled by default, CPU ms': median(loads(`default ${name}`)),
      'ours / by default': ratioOf(loads(`ours ${name}`), loads(`default ${name}`)).value,
    },
  }));
  figures.push({ subject: 'bare handler', values: { 'load, CPU ms': median(loads(bare)) } });
  const bars: Bar[] = bundles.names.map((name) => ({
    claim: `load, ${name} / bundled by default`,
    ...ratioOf(loads(`ours ${name}`), loads(`default ${name}`)),
    atMost: 0.7,
  }));
  return {
    id: 'loading',
    title: 'Loading each function',
    explanation:
      "CPU of loading each function's bundle in a new process, without what it awaits before its first event; against the same sources as CDK's NodejsFunction bundles them by default, the SDK then coming from a warm disk.",
    figures,
    bars,
  };
}
