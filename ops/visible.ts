/** What a terminal obeys instead of showing it. */
const OBEYED = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** The same, with the rest of a colour of ours behind it. */
const OBEYED_OR_COLOUR = new RegExp(`${OBEYED.source}(\\[(?:1|22|31|32|33|39)m)?`, 'gu');
const ESCAPE = '\u001B';

/**
 * A text that a terminal only shows: every control character is written as JSON escapes it, so that a value
 * can neither move the cursor nor hide anything. Lines, tabs, and our own colours stay. Pure.
 */
export function visible(text: string): string {
  return text.replaceAll(OBEYED_OR_COLOUR, (found: string) => {
    const [character = '', ...rest] = found;
    if (character === '\n' || character === '\t') return found;
    return character === ESCAPE && rest.length > 0 ? found : escaped(character) + rest.join('');
  });
}

/** The same on one line, without colours, so that a value cannot pass for another line. Pure. */
export function onOneLine(text: string): string {
  return text.replaceAll(OBEYED, escaped);
}

function escaped(character: string): string {
  const short = JSON.stringify(character).slice(1, -1);
  if (short !== character) return short;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
