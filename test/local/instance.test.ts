import { spawnSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { claimInstance } from '../../local/instance.ts';

const newRoot = () => mkdtemp(join(tmpdir(), 'button-instance-'));

it('gives each running system a directory of its own, and one that ended its place to the next', async () => {
  const root = await newRoot();

  const [first, second] = [await claimInstance(root), await claimInstance(root)];
  await first.release();
  const third = await claimInstance(root);

  expect([first, second, third].map(({ stateDirectory }) => stateDirectory)).toEqual([
    root,
    join(root, '2'),
    root,
  ]);
});

it('takes the place of a system that was killed', async () => {
  const root = await newRoot();
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(join(root, 'running'), String(pid));

  expect(await claimInstance(root)).toMatchObject({ number: 1, stateDirectory: root });
});

it('says how many systems run where there is no place', async () => {
  const root = await newRoot();
  for (let number = 1; number <= 9; number += 1) await claimInstance(root);

  await expect(claimInstance(root)).rejects.toThrow('9 systems run on this machine already.');
});
