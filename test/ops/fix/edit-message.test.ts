import { readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { expect, it } from 'vitest';

import { editMessage } from '../../../ops/fix/edit-message.ts';

const PATH = process.env['PATH'];

it('returns the file that the editor has saved, which only the user can read', async () => {
  const file = await editMessage('{"total":1,"currency":"USD"}', { PATH, EDITOR: 'sed -i s/1,/2,/' });

  expect(await readFile(file, 'utf8')).toBe('{\n  "total": 2,\n  "currency": "USD"\n}\n');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await rm(dirname(file), { recursive: true });
});

it('prefers VISUAL, and opens what is not JSON as it is', async () => {
  const env = { PATH, EDITOR: 'false', VISUAL: 'sed -i s/total/TOTAL/' };

  const file = await editMessage('{"total":', env);

  expect(await readFile(file, 'utf8')).toBe('{"TOTAL":\n');
  await rm(dirname(file), { recursive: true });
});

it.each([
  ['the editor fails', 'false', 'the editor false failed'],
  ['nothing was changed', 'true', 'nothing was changed'],
])('refuses to go on if %s', async (_what, EDITOR, problem) => {
  await expect(editMessage('{}', { PATH, EDITOR })).rejects.toThrow(problem);
});
