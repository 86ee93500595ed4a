import { format } from 'oxfmt';

import options from '../.oxfmtrc.json' with { type: 'json' };

/**
 * Formats a generated text as `npm run format` does. The extension of `fileName` names its language.
 * Throws if the text cannot be parsed.
 */
export async function formatText(fileName: string, text: string): Promise<string> {
  const { code, errors } = await format(fileName, text, {
    printWidth: options.printWidth,
    singleQuote: options.singleQuote,
    trailingComma: 'all',
  });
  const [error] = errors;
  if (error) throw new Error(`${fileName}: ${error.message}`);
  return code;
}
