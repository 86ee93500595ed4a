import { readFile } from 'node:fs/promises';

import * as z from 'zod';

import { callerPath } from '../caller-path.ts';
import { checkedAsText, checkMessages } from '../check/check-messages.ts';
import { configuredSettings } from '../check/configured-settings.ts';
import { defineOfflineCommand, type OfflineContext } from '../command.ts';
import { UsageError } from '../usage-error.ts';

/** Judges order messages in a file. */
export const check = defineOfflineCommand({
  name: 'check',
  summary:
    "Checks the order messages of a file, or of standard input (-), by the reporter's rules. The input is one message, a JSON list, or one message on each line. Works offline.",
  usage: '(FILE | -) [--config FILE [--brand ID]]',
  options: { config: { type: 'string' }, brand: { type: 'string' } },
  input: z.object({
    arguments: z.tuple([z.string({ error: 'names the file, or - for standard input' }).min(1)]),
    config: z.string().optional(),
    brand: z.string().optional(),
  }),
  async run({ arguments: [file], config, brand }, context) {
    const settings = await configuredSettings(config, brand);
    const messages = await checkMessages(await readText(file, context), settings);
    if (messages.length === 0) throw new UsageError(`${file} contains no message`);
    const refused = messages.filter(({ verdict }) => verdict === 'refused').length;
    return {
      outcome: refused > 0 ? 'refused' : 'done',
      found: { count: messages.length, refused, messages },
      text: checkedAsText(messages),
    };
  },
});

async function readText(file: string, { readInput }: OfflineContext): Promise<string> {
  if (file === '-') return readInput();
  const path = callerPath(file);
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`The file ${path} cannot be read`, { cause: error });
  });
}
