import { spawn } from 'node:child_process';
import { join } from 'node:path';

import type { Laboratory } from '../laboratory.ts';
import type { Measurement } from '../measurement.ts';
import { median, spreadOf } from '../statistics.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** What the tour prints once the first order is at Button. */
const REPORTED = 'Button knows it as';

/** How long a start with unchanged sources takes to the first reported order, and to the end of its tour. */
export async function measureLocalStart({ effort }: Laboratory): Promise<Measurement> {
  // The first start synthesizes, and is not measured.
  await startOnce();
  const runs: Start[] = [];
  for (let round = 0; round < Math.ceil(5 * effort); round += 1) runs.push(await startOnce());
  const reported = runs.map(({ reportedMs }) => reportedMs / 1000);
  return {
    id: 'local-start',
    title: 'A warm `npm start`',
    explanation:
      'Wall time from the command to the first order that Button has, and to the end of the tour. The sources have not changed since the last start. Unlike all others, these are seconds of this machine.',
    figures: [
      {
        subject: 'seconds',
        values: {
          'first order reported': median(reported),
          'whole tour': median(runs.map(({ endedMs }) => endedMs / 1000)),
        },
      },
    ],
    bars: [{ claim: 'seconds to the first order reported', ...spreadOf(reported), atMost: 4 }],
    headlines: [
      { figure: '`npm start`, warm, s to the first order reported', ours: median(reported), goal: '≤ 4' },
    ],
  };
}

type Start = { reportedMs: number; endedMs: number };

function startOnce(): Promise<Start> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['start', '--', '--once'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let [printed, reportedMs] = ['', NaN];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk;
      if (Number.isNaN(reportedMs) && printed.includes(REPORTED)) reportedMs = performance.now() - startedAt;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve({ reportedMs, endedMs: performance.now() - startedAt });
      else reject(new Error(`npm start ended with ${code ?? 'a signal'}`));
    });
  });
}
