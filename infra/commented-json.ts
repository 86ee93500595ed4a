import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';

/**
 * Reads JSON with comments and trailing commas, as editors accept it for configurations. Throws an error that
 * says where the first mistake is: `line 4, column 3: comma expected`.
 */
export function parseCommentedJson(text: string): unknown {
  const errors: ParseError[] = [];
  const content: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first)
    throw new SyntaxError(`${placeOf(first.offset, text)}: ${inWords(printParseErrorCode(first.error))}`);
  return content;
}

function placeOf(offset: number, text: string): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** `CommaExpected` as `comma expected`. */
function inWords(code: string): string {
  return code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}
