import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { UsageError } from '../usage-error.ts';

/**
 * Opens a message in the user's editor (`VISUAL`, `EDITOR` or vi), indented if it is JSON, and returns the
 * file once the editor has ended. Only the user can read the file. It may name a person, so whoever has used
 * it deletes it. Throws a `UsageError` if the editor fails, or if nothing was changed.
 */
export async function editMessage(body: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'button-fix-')), 'message.json');
  const text = `${indented(body)}\n`;
  await writeFile(file, text, { mode: 0o600 });
  const editor = env['VISUAL'] || env['EDITOR'] || 'vi';
  // The shell splits what may have arguments, such as `code --wait`.
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit', env });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new UsageError(`the editor ${editor} failed; --body names a file instead`);
  if ((await readFile(file, 'utf8')) === text)
    throw new UsageError('nothing was changed, so nothing is sent');
  return file;
}

function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}
