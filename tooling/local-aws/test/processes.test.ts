import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { startProcesses } from '../processes.ts';
import { isRunning } from './child-processes.ts';

describe('processes of a deployment', () => {
  it('are all gone after closing', async () => {
    const processes = startProcesses();
    const sleeper = processes.spawn('/bin/sleep', ['600'], { cwd: '/', env: {} });

    await processes.close();

    expect(sleeper.signalCode).toBe('SIGKILL');
  });

  it('may be killed between their end and the event that reports it', async () => {
    const processes = startProcesses();
    const sleepers = Array.from({ length: 5 }, () =>
      processes.spawn('/bin/sleep', ['600'], { cwd: '/', env: {} }),
    );
    // Node reaps all ended processes before it emits the first `exit`.
    for (const { pid = 0 } of sleepers) process.kill(pid, 'SIGKILL');
    while (sleepers.some(({ pid = 0 }) => isRunning(pid)));

    await Promise.race(sleepers.map((sleeper) => once(sleeper, 'exit').then(() => processes.close())));

    expect(sleepers.map(({ signalCode }) => signalCode)).toEqual(sleepers.map(() => 'SIGKILL'));
  });

  it('die with the process that started them, even if that one is killed', async () => {
    const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [firstOutput] = (await once(parent.stdout, 'data')) as [Buffer];
    const childPid = Number(firstOutput.toString());
    expect(isRunning(childPid)).toBe(true);

    parent.kill('SIGKILL');

    await vi.waitFor(() => {
      expect(isRunning(childPid)).toBe(false);
    }, 120_000);
  });
});

const PARENT = `
import { startProcesses } from ${JSON.stringify(new URL('../processes.ts', import.meta.url).href)};
const child = startProcesses().spawn('/bin/sleep', ['600'], { cwd: '/', env: {} });
console.log(child.pid);
setInterval(() => {}, 1000);
`;
