// Runs `npm run dashboard -- …` without npm.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { until } from '../../../local/tour/until.ts';
import { makeStateDirectory, type StateDirectory } from '../../flows/state-directory.ts';
import { descendantsOf, isAlive } from '../process-tree.ts';

const MAIN = resolve(import.meta.dirname, '..', '..', '..', 'local', 'dashboard', 'main.ts');

let directory: StateDirectory;

beforeAll(async () => {
  directory = await makeStateDirectory();
});

afterAll(() => directory.remove());

/** `npm run dashboard -- …` without npm. */
function run(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => (printed[name] += chunk));
  return { pid: child.pid ?? 0, child, printed, ended: once(child, 'close').then(() => child.exitCode) };
}

describe('npm run dashboard', () => {
  it(
    'runs the system, plays traffic, writes the boards with its data, and leaves no process behind',
    { tags: ['long'] },
    async () => {
      const file = join(directory.path, 'made', 'boards.html');
      const { pid, printed, ended } = run('--quick', '--out', file);
      await until('traffic', () => Promise.resolve(printed.stdout.includes('Bad messages') || undefined));
      const started = descendantsOf(pid);

      const code = await ended;

      expect({ code, stderr: printed.stderr }).toEqual({ code: 0, stderr: '' });
      expect(printed.stdout).toContain(`The boards are in ${file}`);
      expect(started).not.toEqual([]);
      // The kernel takes a moment to end killed processes.
      await until('its processes to end', () => Promise.resolve(!started.some(isAlive) || undefined));
      const html = await readFile(file, 'utf8');
      expect(figure(tile(html, 'Reported, by brand'), 'acme')).toBeGreaterThan(10);
      expect(figure(tile(html, 'Not reported, by brand'), 'acme')).toBe(3);
      expect(figure(html, 'WebhooksFromButton')).toBeGreaterThan(10);
      expect(figure(html, 'MissingTransactionsRepaired')).toBeGreaterThan(0);
      expect(html).toMatch(/<em class="state alarm">ALARM<\/em> Acme Quarantine/u);
      expect(html).not.toContain('Malformed, and so ignored');
    },
  );

  it('says what is wrong with its arguments, or how to call it, and starts nothing', async () => {
    const [wrong, help] = [run('--fast'), run('--help')];

    expect([await wrong.ended, wrong.printed.stderr]).toEqual([
      2,
      expect.stringContaining('--fast') as unknown,
    ]);
    expect([await help.ended, help.printed.stdout]).toEqual([
      0,
      expect.stringContaining('--out FILE') as unknown,
    ]);
  });

  it.each([
    [{ orderReporting: {}, transactions: {}, dashboards: false }, 'it needs "dashboards": true'],
    [{ transactions: {} }, 'the boards are shown with both'],
  ])('says, before it builds anything, that a configuration has no boards', async (config, problem) => {
    const file = join(directory.path, 'none.html');
    const configFile = await directory.writeConfig('no-boards', { stage: 'local', ...config });
    const command = run('--config', configFile, '--out', file);

    expect(await command.ended).toBe(1);
    expect(command.printed.stderr).toContain(problem);
    expect(command.printed.stdout).toBe('');
    expect(existsSync(file)).toBe(false);
  });
});

/** The page from the tile whose title starts with `title`. */
function tile(html: string, title: string): string {
  return html.slice(html.indexOf(`<h3 title="${title}`));
}

/** The figure next to the first line with this label. */
function figure(html: string, label: string): number {
  const [, text = ''] = new RegExp(`<span>${label}</span><b[^>]*>([\\d,.]+)`, 'u').exec(html) ?? [];
  return Number(text.replaceAll(',', ''));
}
