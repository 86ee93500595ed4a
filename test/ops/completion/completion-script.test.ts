import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { SHELLS } from '../../../ops/completion/completion-script.ts';
import { COMMANDS, runOps } from '../../../ops/run.ts';

async function scriptOf(shell: string): Promise<string> {
  let out = '';
  const code = await runOps(['completion', shell], { out: (text) => (out += text), err: () => undefined });
  expect(code).toBe(0);
  return out;
}

/** What bash offers for the last word. */
async function bashOffers(...words: string[]): Promise<string[]> {
  const complete = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ops; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const script = `${await scriptOf('bash')}\n${complete}`;
  const out = execFileSync('bash', ['-c', script, 'bash', 'ops', ...words], { encoding: 'utf8' });
  return out.split('\n').filter((line) => line !== '');
}

describe('the completion script', () => {
  it('of bash offers every command', async () => {
    expect(await bashOffers('')).toEqual(COMMANDS.map(({ name }) => name));
    expect(await bashOffers('brand-')).toEqual(['brand-pause', 'brand-resume']);
  });

  it('of bash offers every option of the command, and files for anything else', async () => {
    for (const { name, options } of COMMANDS)
      expect(await bashOffers(name, '--')).toEqual(
        [...Object.keys(options), 'outputs-file', 'yes', 'json', 'help'].map((option) => `--${option}`),
      );
    expect(await bashOffers('brand-pause', '--re')).toEqual(['--reason']);
    expect(await bashOffers('fix', 'entry', '--body', 'mess')).toEqual([]);
    expect(await scriptOf('bash')).toContain('complete -o default -F _ops ops');
  });

  it.each(SHELLS)('of %s names every command and every option', async (shell) => {
    const script = await scriptOf(shell);

    for (const { name, options } of COMMANDS) {
      expect(script).toMatch(new RegExp(String.raw`\b${name}\b`));
      for (const option of Object.keys(options))
        expect(script).toContain(shell === 'fish' ? `-l ${option}` : `--${option}`);
    }
  });

  it.each(SHELLS)('of %s is valid for that shell, where it is installed', async (shell) => {
    const { status, error } = spawnSync(shell, ['-n'], { input: await scriptOf(shell) });

    expect([0, null]).toContain(status);
    if (status === null) expect(error).toMatchObject({ code: 'ENOENT' });
  });
});
