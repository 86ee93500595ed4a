// @module-tag long
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { receive, simulate } from './simulation.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

type Process = ChildProcessByStdio<null, Readable, Readable>;

function start(...args: string[]): Process {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** What it prints until it is ready. */
async function welcomeOf(child: Process): Promise<string> {
  let printed = '';
  for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += String(chunk);
    if (printed.includes('Ctrl-C')) return printed;
  }
  return printed;
}

async function endOf(child: Process) {
  const [stdout, stderr, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code: exit[0] as number };
}

describe('npm run button-simulator', () => {
  it('prints its URLs and ends cleanly with Ctrl-C', async () => {
    const child = start('--port', '0', '--brand-api-key', 'sk-mine');

    const welcome = await welcomeOf(child);
    const url = /Button's API +(\S+)/.exec(welcome)?.[1] ?? '';
    const answered = await fetch(`${url}/order/none`, {
      headers: { authorization: `Basic ${btoa('sk-mine:')}` },
    });
    child.kill('SIGINT');
    const exit = await once(child, 'exit');

    expect(answered.status).toBe(404);
    expect(welcome).toContain(`curl -u sk-mine: -H 'content-type: application/json' ${url}/order`);
    expect(exit).toEqual([0, null]);
  });

  it('sends webhooks to the given URL', async () => {
    let arrived: (headers: unknown) => void = () => undefined;
    const arrival = new Promise((resolve) => (arrived = resolve));
    const { webhook } = await receive(({ body }) => {
      arrived(body.event_type);
      return 200;
    });
    const child = start('--port', '0', '--webhook-url', webhook.url, '--webhook-secret', webhook.secret);
    const controlUrl = /control API +(\S+)/.exec(await welcomeOf(child))?.[1] ?? '';

    await fetch(`${controlUrl}/transactions`, { method: 'POST', body: '{}' });

    expect(await arrival).toBe('tx-validated');
  });

  it('says in one line that its port is in use', async () => {
    const { simulator } = await simulate();
    const { port } = new URL(simulator.url);

    const { stdout, stderr, code } = await endOf(start('--port', port));

    expect({ stdout, stderr, code }).toEqual({
      stdout: '',
      stderr: `Port ${port} is taken; choose another with --port.\n`,
      code: 1,
    });
  });

  it.each([
    ['--port', 'eighty'],
    ['--port', '65536'],
    ['--webhook-url', 'example.com/webhook'],
    ['--unknown', 'option'],
  ])('says in one line that %s %s is invalid', async (...args) => {
    const { stderr, code } = await endOf(start(...args));

    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(code).toBe(1);
  });

  it('prints its help', async () => {
    const { stdout, code } = await endOf(start('--help'));

    expect(stdout).toContain('--publisher-api-key');
    expect(code).toBe(0);
  });
});
