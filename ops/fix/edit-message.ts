import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { callerPath } from '../caller-path.ts';
import { UsageError } from '../usage-error.ts';

const FOLDER = 'button-fix-';
/** A file that `editMessage` has made, within the temporary directory. */
const EDITED = /^button-fix-[A-Za-z0-9]{6}\/message\.json$/;

/**
 * Opens a message in the user's editor (`VISUAL`, `EDITOR` or vi), indented if it is JSON, and returns the
 * file once the editor has ended. Only the user can read the file. It may name a person: `fix` deletes it
 * with `discardEdited` once the message is reported; until then the user may want to correct it once more.
 * Throws a `UsageError` if the editor fails or is interrupted, or if nothing was changed or left; then there
 * is no file.
 */
export async function editMessage(body: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const file = join(await mkdtemp(join(resolve(tmpdir()), FOLDER)), 'message.json');
  try {
    await edit(file, { text: `${indented(body)}\n`, env });
  } catch (error) {
    await discardEdited(file);
    throw error;
  }
  return file;
}

/** Deletes a file that `editMessage` made, with what the editor has left beside it; no other file. */
export async function discardEdited(file: string): Promise<void> {
  const [path, temporary] = [callerPath(file), `${resolve(tmpdir())}/`];
  if (!path.startsWith(temporary) || !EDITED.test(path.slice(temporary.length))) return;
  await rm(dirname(path), { recursive: true, force: true });
}

/** They would end this process before it has deleted the file. Ctrl-C is for the editor alone. */
const ENDING = ['SIGTERM', 'SIGHUP'] as const;
const ignore = (): void => undefined;

async function edit(file: string, { text, env }: { text: string; env: NodeJS.ProcessEnv }): Promise<void> {
  await writeFile(file, text, { mode: 0o600 });
  const editor = env['VISUAL'] || env['EDITOR'] || 'vi';
  // What an editor draws must not be part of a result that is piped.
  const output = process.stdout.isTTY ? 'inherit' : process.stderr;
  // The shell splits what may have arguments, such as `code --wait`.
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], {
    stdio: ['inherit', output, 'inherit'],
    env,
  });
  const received: NodeJS.Signals[] = [];
  const end = (signal: NodeJS.Signals): void => {
    received.push(signal);
    child.kill(signal);
  };
  process.on('SIGINT', ignore);
  for (const signal of ENDING) process.on(signal, end);
  try {
    await once(child, 'close');
  } finally {
    process.off('SIGINT', ignore);
    for (const signal of ENDING) process.off(signal, end);
  }
  if (received.length > 0) throw new UsageError('it was interrupted, so nothing is sent');
  if (child.exitCode !== 0) throw new UsageError(`the editor ${editor} failed; --body names a file instead`);
  const edited = await readFile(file, 'utf8').catch(() => '');
  if (edited.trim() === '') throw new UsageError('the message is empty, so nothing is sent');
  if (edited === text) throw new UsageError('nothing was changed, so nothing is sent');
}

function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}
