import * as z from 'zod';

import { defineOfflineCommand } from '../command.ts';
import { CODES, explain as explainCode } from '../explain/catalog.ts';
import { suggestion } from '../suggestion.ts';
import { UsageError } from '../usage-error.ts';

/** Says what a code means. */
export const explain = defineOfflineCommand({
  name: 'explain',
  summary: 'Explains a code: the rule, its source, how to fix it, a bad and a good example. Works offline.',
  usage: 'CODE',
  options: {},
  input: z.object({ arguments: z.tuple([z.string({ error: 'is a code such as total_not_sum' }).min(1)]) }),
  run({ arguments: [code] }) {
    const meanings = explainCode(code);
    if (meanings.length === 0) {
      return Promise.reject(new UsageError(`There is no code "${code}".${suggestion(code, CODES)}`));
    }
    const text = meanings
      .map(
        ({ where, rule, fix, source, bad, good }) =>
          `${code} (${where})\n  ${rule}\n  Fix:    ${fix}\n  Source: ${source}\n  Bad:    ${bad}\n  Good:   ${good}\n`,
      )
      .join('\n');
    return Promise.resolve({ outcome: 'done', found: { code, meanings }, text });
  },
});
