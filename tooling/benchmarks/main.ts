import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';

import { readArguments, USAGE, type Arguments } from './arguments.ts';
import { measureBilledOperations } from './cases/billed-operations.ts';
import { measureColdStart, measureLoading } from './cases/cold-start.ts';
import { measureLocalStart } from './cases/local-start.ts';
import { measureOrderBatches } from './cases/order-batches.ts';
import { measurePublisherRequests } from './cases/publisher-requests.ts';
import { measureGrowth, measureReconciliation } from './cases/reconciliation.ts';
import { measureThroughput } from './cases/throughput.ts';
import { measureVerification } from './cases/verification.ts';
import { measureWarmWebhooks } from './cases/warm-webhooks.ts';
import { costsPage } from './costs.ts';
import { openLaboratory, type Laboratory } from './laboratory.ts';
import { isMet, type Measurement } from './measurement.ts';
import { installPeers } from './peers.ts';
import { describeOccasion, formatPage, toMarkdown, toPage } from './report.ts';
import { scalingPage } from './scaling.ts';

const ROOT = join(import.meta.dirname, '../..');

const CASES: Readonly<Record<string, (laboratory: Laboratory) => Promise<Measurement>>> = {
  'cold-start': measureColdStart,
  loading: measureLoading,
  'warm-webhooks': measureWarmWebhooks,
  verification: measureVerification,
  'billed-operations': measureBilledOperations,
  'order-batches': measureOrderBatches,
  reconciliation: measureReconciliation,
  growth: measureGrowth,
  'publisher-requests': measurePublisherRequests,
  throughput: measureThroughput,
  'local-start': measureLocalStart,
};

async function main(): Promise<number> {
  const reading = readArguments(process.argv.slice(2));
  if ('problem' in reading) {
    process.stderr.write(`${reading.problem} (--help lists the options)\n`);
    return 2;
  }
  const { options } = reading;
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const unknown = options.cases.filter((id) => !(id in CASES));
  if (unknown.length > 0) {
    process.stderr.write(
      `There is no case ${unknown.join(', ')}: there are ${Object.keys(CASES).join(', ')}\n`,
    );
    return 2;
  }
  if (options.costs) return writeEstimates();
  installPeers();
  return measure(options);
}

/** Counts, and writes the pages that follow from counts, prices and quotas. */
async function writeEstimates(): Promise<number> {
  const laboratory = await openLaboratory({ effort: 1, rows: 0, peers: false });
  try {
    await writePage('costs.md', await costsPage(laboratory));
  } finally {
    await laboratory.close();
  }
  await writePage('scaling.md', scalingPage());
  process.stdout.write('Wrote docs/costs.md and docs/scaling.md\n');
  return 0;
}

/** On two idle cores, all cases together then take two minutes. */
const QUICK_EFFORT = 0.2;

async function measure({ json, quick, rows, cases }: Arguments): Promise<number> {
  const effort = quick ? QUICK_EFFORT : 1;
  const occasion = describeOccasion(effort, loadavg()[0] ?? 0);
  const laboratory = await openLaboratory({ effort, rows, peers: true });
  const measurements: Measurement[] = [];
  try {
    for (const [id, measureCase] of Object.entries(CASES)) {
      if (cases.length > 0 && !cases.includes(id)) continue;
      const startedAt = performance.now();
      const measurement = await measureCase(laboratory);
      measurements.push(measurement);
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      if (!json) process.stdout.write(`${toMarkdown(measurement)}\n\n(${seconds} s)\n\n`);
    }
  } finally {
    await laboratory.close();
  }
  if (!quick && cases.length === 0) await writePage('benchmarks.md', toPage(measurements, occasion));

  const missed = measurements.flatMap(({ bars }) => bars).filter((bar) => !isMet(bar));
  const result = { occasion, measurements, missed };
  await mkdir(join(ROOT, '.bench'), { recursive: true });
  await writeFile(join(ROOT, '.bench', 'results.json'), JSON.stringify(result, null, 2));
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  for (const { claim, value } of missed) process.stderr.write(`Missed: ${claim} is ${value.toFixed(3)}\n`);
  return missed.length === 0 ? 0 : 1;
}

async function writePage(name: string, text: string): Promise<void> {
  await writeFile(join(ROOT, 'docs', name), await formatPage(text));
}

process.exitCode = await main();
