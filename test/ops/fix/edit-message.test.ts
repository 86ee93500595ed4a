import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
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
  ['the file is emptied', 'truncate -s0', 'the message is empty'],
  ['the file is deleted', 'rm', 'the message is empty'],
])('refuses to go on if %s, and leaves no file', async (_what, EDITOR, problem) => {
  const folder = await ownTemporaryFolder();

  await expect(editMessage('{}', { PATH, EDITOR })).rejects.toThrow(problem);
  expect(await readdir(folder)).toEqual([]);
});

it.each(['message.json', 'button-fix-of-mine/message.json', 'button-fix-a1B2c3/order.json'])(
  'discards no file that the user has made, such as %s',
  async (name) => {
    const file = join(await ownTemporaryFolder(), name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, '{}');

    await discardEdited(file);

    expect(await readFile(file, 'utf8')).toBe('{}');
  },
);

it.each(['/./', '//', '/../other/'])('discards the file also if TMPDIR has %s in it', async (odd) => {
  const folder = await ownTemporaryFolder();
  const other = join(folder, 'other');
  await mkdir(other);
  vi.stubEnv('TMPDIR', odd === '/../other/' ? `${other}${odd}` : `${folder}${odd}other`);

  const file = await editMessage('1', { PATH, EDITOR: 'sed -i s/1/2/' });
  await discardEdited(file);

  expect(await readdir(other)).toEqual([]);
});

it('discards the file with whatever the editor has left beside it, and by a relative path', async () => {
  const folder = await ownTemporaryFolder();
  const file = await editMessage('1', { PATH, EDITOR: 'sed -i.bak s/1/2/' });
  expect(await readdir(dirname(file))).toEqual(['message.json', 'message.json.bak']);
  vi.stubEnv('INIT_CWD', dirname(file));

  await discardEdited('message.json');

  expect(await readdir(folder)).toEqual([]);
});

it.each(['SIGTERM', 'SIGHUP'] as const)(
  'leaves no file if %s ends it while the editor is open, and Ctrl-C is for the editor',
  async (signal) => {
    const folder = await ownTemporaryFolder();
    const editing = editMessage('1', { PATH, EDITOR: 'exec sleep 60 #' });
    const result = expect(editing).rejects.toThrow('it was interrupted');
    await vi.waitUntil(() => process.listenerCount('SIGINT') > 0);

    process.emit('SIGINT', 'SIGINT');
    process.emit(signal, signal);

    await result;
    expect(await readdir(folder)).toEqual([]);
    expect([signal, 'SIGINT'].map((name) => process.listenerCount(name))).toEqual([0, 0]);
  },
);

it('shows on standard error what the editor draws, if the result is piped', () => {
  const script = `
    import { editMessage } from './ops/fix/edit-message.ts';
    await editMessage('1', process.env).catch(() => undefined);
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH, EDITOR: 'echo drawn; false' },
    encoding: 'utf8',
  });

  expect({ stdout, stderr }).toMatchObject({
    stdout: '',
    stderr: expect.stringContaining('drawn') as unknown,
  });
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
