import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { UsageError } from '../usage-error.ts';

const FOLDER = 'button-fix-';

/**
 * Opens a message in the user's editor (`VISUAL`, `EDITOR` or vi), indented if it is JSON, and returns the
 * file once the editor has ended. Only the user can read the file. It may name a person: `fix` deletes it
 * with `discardEdited` once the message is reported; until then the user may want to correct it once more.
 * Throws a `UsageError` if the editor fails, or if nothing was changed; then there is no file.
 */
export async function editMessage(body: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), FOLDER)), 'message.json');
  try {
    await edit(file, { text: `${indented(body)}\n`, env });
  } catch (error) {
    await discardEdited(file);
    throw error;
  }
  return file;
}

/** Deletes a file that `editMessage` made, with its folder; no other file. */
export async function discardEdited(file: string): Promise<void> {
  const folder = dirname(file);
  if (dirname(folder) !== tmpdir() || !basename(folder).startsWith(FOLDER)) return;
  await rm(folder, { recursive: true, force: true });
}

async function edit(file: string, { text, env }: { text: string; env: NodeJS.ProcessEnv }): Promise<void> {
  await writeFile(file, text, { mode: 0o600 });
  const editor = env['VISUAL'] || env['EDITOR'] || 'vi';
  // The shell splits what may have arguments, such as `code --wait`.
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit', env });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new UsageError(`the editor ${editor} failed; --body names a file instead`);
  if ((await readFile(file, 'utf8')) === text)
    throw new UsageError('nothing was changed, so nothing is sent');
}

function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}
