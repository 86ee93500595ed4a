import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { startButtonSimulator } from '../simulator.ts';

const README = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');

/** Every line to paste, in order, but the one that starts the simulator. */
const lines = [...README.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
  .flatMap(([, block = '']) => block.split('\n'))
  .filter((line) => line !== '' && !line.startsWith('npm '));

it('every command of the README is accepted, one after the other', async () => {
  const simulator = await startButtonSimulator();
  onTestFinished(() => simulator.close());
  const setup = `curl() { command curl -sS --fail-with-body "$@" || { echo "FAILED: curl $*" >&2; exit 1; }; }; `;
  const script = lines
    .map((line) => line.replace(/^BUTTON=.*/, `BUTTON=${simulator.url}`))
    // Otherwise the fault would hit the examples that follow it.
    .map((line) => (line.startsWith('$F ') ? `${line}\ncurl -X DELETE $BUTTON/control/faults` : line));

  const { stdout } = await promisify(execFile)('bash', ['-c', setup + script.join('\n')]);

  expect(lines.length).toBeGreaterThan(50);
  expect(stdout).toContain('"order_id":"A-1"');
});
