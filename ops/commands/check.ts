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
    'Judges the order messages of a file, or of standard input (-), as the reporter would: JSON, a JSON list, or one on each line. Offline.',
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
    if (messages.length === 0) throw new UsageError(`${file} holds no message`);
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
    throw new UsageError(`There is no file ${path} that can be read`, { cause: error });
  });
}
