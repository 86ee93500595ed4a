import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, it, onTestFinished, vi } from 'vitest';

import { discardEdited, editMessage } from '../../../ops/fix/edit-message.ts';

const PATH = process.env['PATH'];

it('returns the file that the editor has saved, which only the user can read', async () => {
  const file = await editMessage('{"total":1,"currency":"USD"}', { PATH, EDITOR: 'sed -i s/1,/2,/' });

  expect(await readFile(file, 'utf8')).toBe('{\n  "total": 2,\n  "currency": "USD"\n}\n');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await discardEdited(file);
  await expect(stat(dirname(file))).rejects.toThrow('ENOENT');
});

it('prefers VISUAL, and opens what is not JSON as it is', async () => {
  const env = { PATH, EDITOR: 'false', VISUAL: 'sed -i s/total/TOTAL/' };

  const file = await editMessage('{"total":', env);

  expect(await readFile(file, 'utf8')).toBe('{"TOTAL":\n');
  await discardEdited(file);
});

it.each([
  ['the editor fails', 'false', 'the editor false failed'],
  ['nothing was changed', 'true', 'nothing was changed'],
])('refuses to go on if %s, and leaves no file', async (_what, EDITOR, problem) => {
  const folder = await ownTemporaryFolder();

  await expect(editMessage('{}', { PATH, EDITOR })).rejects.toThrow(problem);
  expect(await readdir(folder)).toEqual([]);
});

it('discards no file that the user has named', async () => {
  const file = join(await ownTemporaryFolder(), 'message.json');
  await writeFile(file, '{}');

  await discardEdited(file);

  expect(await readFile(file, 'utf8')).toBe('{}');
});

/** A new folder that is the temporary directory for the rest of the test. */
async function ownTemporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edit-message-'));
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    return rm(folder, { recursive: true });
  });
  return folder;
}
