import { resolve } from 'node:path';

import * as z from 'zod';

import { defineOfflineCommand } from '../command.ts';
import { completionScript, SHELLS } from '../completion/completion-script.ts';

/** Prints a shell's completion script. */
export const completion = defineOfflineCommand({
  name: 'completion',
  summary:
    'Prints a script that defines the shell function ops, which runs these commands from anywhere, and completes their names and options.',
  usage: '(bash | zsh | fish)',
  options: {},
  input: z.object({ arguments: z.tuple([z.enum(SHELLS, { error: 'is bash, zsh or fish' })]) }),
  run({ arguments: [shell] }, { commands }) {
    const directory = resolve(import.meta.dirname, '../..');
    const script = completionScript(shell, { directory, commands });
    return Promise.resolve({ outcome: 'done', found: { script }, text: script });
  },
});
