import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const MAIN = join(import.meta.dirname, 'main.ts');

const ResultSchema = z.object({ runs: z.int(), firstSeed: z.int(), failedSeeds: z.array(z.int()) });

/** Runs `npm run simulate -- …` without npm. */
function simulate(...args: string[]): Promise<{ exitCode: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], (_error, stdout) => {
      resolve({ exitCode: child.exitCode, stdout });
    });
  });
}

describe('npm run simulate', () => {
  it('runs the requested number of schedules', { tags: ['long'] }, async () => {
    const { exitCode, stdout } = await simulate('--runs', '3', '--seed', '7', '--workers', '1', '--json');

    expect(ResultSchema.parse(JSON.parse(stdout))).toEqual({ runs: 3, firstSeed: 7, failedSeeds: [] });
    expect(exitCode).toBe(0);
  });

  it('fails if fewer schedules ran than requested, and says how many ran', async () => {
    const { exitCode, stdout } = await simulate(
      '--runs',
      '1000000',
      '--seconds',
      '0.1',
      '--seed',
      '7',
      '--workers',
      '1',
    );

    expect(stdout).toMatch(/^\d+ of 1000000 schedules \(the time was over\) from seed 7 on/);
    expect(exitCode).toBe(1);
  });

  it('runs for the requested time, from a seed that the commit determines', { tags: ['long'] }, async () => {
    const head = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' });

    const { exitCode, stdout } = await simulate('--seconds', '0.1', '--json');

    const { runs, firstSeed } = ResultSchema.parse(JSON.parse(stdout));
    expect(runs).toBeGreaterThan(0);
    expect(head.slice(0, 7)).toBe(firstSeed.toString(16).padStart(7, '0'));
    expect(exitCode).toBe(0);
  });
});
